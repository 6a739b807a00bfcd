"""Which questions does one message ask? Pure.

Split is only what means the same alone: where one sentence tells something, the others rest on it
and the message stays whole. A question that is left whole is merely offered less; one that is torn
from its story is answered wrongly.
"""

import re

from knowledge.context import is_bare
from knowledge.fold import even_out

MAX_PARTS = 4
"""More than these are a form to fill in, and no reply would hold their answers."""

_SENTENCE = re.compile(r"[？?！!。；;\n…]+")
_NUMBERING = re.compile(r"(?:^|(?<=\s))[（(]?(?:\d{1,2}[)）、.．](?!\d)|[①-⑨])\s*")
_COMMA = re.compile(r"[，,]+")
_GAP = re.compile(r"\s+")
_AND = re.compile("还有|另外|然后|以及|再就是|顺便(?:再?问一?下?)?")
_BEGINS = re.compile(
    "^(?:(?:你好|您好|亲|老板|客服|请问一?下?|我?想?(?:问|咨询)一?下|麻烦问一?下|另外|然后|以及|再就是|还有|顺便"
    "(?:再?问一?下)?|我?想(?:问|知道))[，,、 ]?)+"
)
_POLITE = re.compile(
    "(?:你好|您好|亲们?|老板|客服|在吗|在么|在不在|有人吗|请问|另外|还有|然后|顺便再?问?|谢谢你?您?|多谢|感谢|麻烦了?|辛苦了?|拜托了?|急+|"
    "[啦了哦啊呀哈]|一下|你)*"
)
_ASKS = re.compile(
    "怎么|怎样|如何|咋|多少|多久|多长|多大|多远|几[天点个件号时种]|什么|啥|哪|谁|能否|是否|可否|有无|"
    r"([\u4e00-\u9fff])[不没]\1|[吗么嘛不]$|[吗嘛么][呀啊呢哦]?$"
)
_CONDITION = re.compile("^(?:如果|要是|假如|假设|万一|若|比如)|的话$")
_TOPIC = re.compile("^.{1,8}的(?:.{1,2})?$")
_LEANS = re.compile("^(?:它|他|这|那|该|但|可是|不过|因为|所以|而且|否则|不然|还是|要不|或者|那么)")


def split(text: str) -> list[str]:
    """The questions of a message in order; empty unless it is at least two, and nothing else."""
    parts: list[str] = []
    for sentence in _SENTENCE.split(_NUMBERING.sub("\n", even_out(text))):
        found = _questions(sentence)
        if found is None:
            return []
        parts += found
    parts = list(dict.fromkeys(parts))
    if not 2 <= len(parts) <= MAX_PARTS or any(_rests_on_others(part) for part in parts):
        return []
    return parts


def _questions(sentence: str) -> list[str] | None:
    """The questions of a sentence, ``None`` when it tells something."""
    found: list[str] = []
    before = ""
    for clause in _clauses(sentence):
        if _POLITE.fullmatch(clause):
            continue
        if _asks(clause):
            found.append(f"{before}{_BEGINS.sub('', clause) or clause}")
            before = ""
        elif not before and (_CONDITION.search(clause) or _TOPIC.match(clause)):
            before = f"{clause}，"
        else:
            return None
    return None if before else found


def _clauses(sentence: str) -> list[str]:
    clauses: list[str] = []
    for between_commas in _COMMA.split(sentence):
        rest = between_commas.strip()
        while rest:
            clause, rest = _first(rest)
            clauses.append(clause)
    return clauses


def _first(text: str) -> tuple[str, str]:
    """The first question of a clause that has several, and what follows it."""
    for pattern in (_GAP, _AND):
        for cut in pattern.finditer(text):
            left, right = text[: cut.start()].strip(), text[cut.end() :].strip()
            if left and right and (_asks(left) or _POLITE.fullmatch(left)) and _asks(right):
                return left, right
    return text, ""


def _asks(clause: str) -> bool:
    return _ASKS.search(clause) is not None


def _rests_on_others(part: str) -> bool:
    return is_bare(part) or _LEANS.match(part) is not None
