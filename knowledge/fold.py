"""Which texts count as the same text? Folds what people type before it is compared."""

import importlib.util
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path

# What a customer can send is longer than any question; the rest costs time and adds nothing.
MAX_CHARACTERS = 300

# Left is read as right. Longest first, in one pass, so that no result is folded again.
SYNONYMS = {
    "怎么": "怎样 如何 咋样 怎么样才能 怎样才能 如何才能 怎么才能 咋 怎么去",
    "什么": "啥子 啥 甚么 神马",
    "能不能": "可不可以 能否 是否可以 可否 是否能 是否能够 能不能够 可以不可以",
    "是不是": "是否",
    "有没有": "有无 有木有",
    "你": "您 妳 你们 您们",
    "多少": "几多",
    "多久": "多长时间 多少时间 几天 多少天 多少日子 要几天",
    "什么时候": "何时 啥时候 几时 什么时间 啥时间 哪天 什么时侯",
    "为什么": "为啥 为何 咋回事 怎么回事",
    "哪里": "在哪里 在哪儿 哪儿 在哪",
    "哪个": "在哪个",
    "哪家": "在哪家",
    "没有": "没得 木有",
    "付款": "付钱 支付",
    "支付宝": "",
    "退款": "退钱",
    "运费": "邮费 快递费 配送费",
    "手机号": "手机号码",
    "修改": "更改 变更",
    "不能": "不可以 没法 无法 没办法",
    "要": "需要 想要",
}

_ZERO_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\u00ad]")
_FOLDED = {old: new for new, olds in SYNONYMS.items() for old in olds.split()}
_LATIN_OR_NUMBER = re.compile(r"[a-z]+|[0-9]+|[^a-z0-9\s]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_NOT_A_WORD = re.compile(r"[\W_]+")
_OPENING = re.compile(
    r"^(?:你好|hello|hi|在吗|请问|亲们?|老板|客服|麻烦|帮我|问一?下|想问一?下|我想问一?下|我想知道|咨询一?下)+"
)
_CLOSING = re.compile(
    r"(?:谢谢你?|多谢|啦|吗|嘛|呢|吧|啊|呀|哦|哈|哇|呗|哟|(?<![什怎多这那要])么)+$"
)


def tidy(text: str) -> str:
    """The text as an encoder reads it: its beginning, evened out, words untouched."""
    return even_out(text[:MAX_CHARACTERS])


def even_out(text: str) -> str:
    """The text in one width, case and script."""
    text = text.encode("utf-8", "ignore").decode()
    text = unicodedata.normalize("NFKC", text).lower().replace("\0", "")
    return _ZERO_WIDTH.sub("", text).translate(_simplified()).strip()


class Folding:
    """Tidies texts and evens out synonyms.

    Args:
        own: a deployment's synonyms beside those that are shipped, over which they win; both
            sides evened out. What is read as a word that is itself read as another follows it.
    """

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        own = {bare(old): new for old, new in (own or {}).items()}
        read_as = _FOLDED | own
        self._read_as = {old: _last_of(read_as, new) for old, new in read_as.items()}
        self.circles = frozenset(old for old in own if bare(self._read_as[old]) in read_as)
        """Which of a deployment's words are in the end read as themselves, or nearly."""
        # What a word is read as stands in the pattern too: it is left whole.
        self._pattern = literally(dict.fromkeys((*read_as, *SYNONYMS, *own.values())))

    def __call__(self, text: str) -> str:
        """The text as the indexes read it."""
        return self._pattern.sub(self._instead, tidy(text))

    def _instead(self, found: re.Match[str]) -> str:
        said = found[0]
        return self._read_as.get(said) or self._read_as.get(bare(said), said)


Fold = Callable[[str], str]
"""Evens out a text: `fold`, or a deployment's `Words.fold`."""


def fold(text: str) -> str:
    """The text tidied, with the shipped synonyms alone evened out."""
    return _SHIPPED(text)


def bare(word: str) -> str:
    """A word without the spaces in it."""
    return "".join(word.split())


def _last_of(read_as: Mapping[str, str], word: str) -> str:
    """What a word is read as in the end; in a circle, some word of it."""
    seen: set[str] = set()
    while (key := bare(word)) in read_as and key not in seen:
        seen.add(key)
        word = read_as[key]
    return word


def literally(words: Collection[str]) -> re.Pattern[str]:
    """Finds these words as they are written, the longest first.

    A latin word is not found inside a longer one. Where letters meet digits, and where a word
    holds a space, any space or none may stand: iPhone 15, iPhone15.
    """
    longest = sorted(words, key=lambda word: len(bare(word)), reverse=True)
    return re.compile("|".join(map(_literal, longest)) or "(?!)")


def _literal(word: str) -> str:
    pattern = r"\s*".join(map(re.escape, _LATIN_OR_NUMBER.findall(word)))
    before = "(?<![a-z0-9])" if _is_latin(word[:1]) else ""
    after = "(?![a-z0-9])" if _is_latin(word[-1:]) else ""
    return f"{before}{pattern}{after}"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


_SHIPPED = Folding()


def exact_key(folded: str) -> str:
    """What two folded texts share when they ask the same: no greeting, particle or punctuation."""
    text = _DECIMAL_POINT.sub("点", folded)
    text = _NOT_A_WORD.sub("", text)
    bare = _CLOSING.sub("", _OPENING.sub("", text))
    return bare or text


def lexical_key(folded: str) -> str:
    """What the lexical index counts n-grams of: every number is the same number."""
    return _NOT_A_WORD.sub("", _NUMBER.sub("0", folded))


def numbers_in(folded: str) -> frozenset[str]:
    """The numbers a folded text speaks of, in digits."""
    return frozenset(_NUMBER.findall(folded))


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified, one character for one.

    zhconv's table is read, its code is not imported: that would leave a file open and pull in
    `pkg_resources`. `str.translate` over it costs a microsecond.
    """
    spec = importlib.util.find_spec("zhconv")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "zhcdict.json"
    table = json.loads(path.read_bytes())["zh2Hans"]
    return {ord(old): new for old, new in table.items() if len(old) == 1 and len(new) == 1}
