"""What does a message that was cut short mean after the entry that was said before it?

"那多少钱" and "那新疆呢" lack what was just spoken of. Pure: texts in, texts out. A question
that names what it is about is complete: it keeps a word when all words that ask are struck out.
"""

import re
from collections.abc import Sequence

import msgspec

from knowledge.entries import Decision, FaqEntry, Match, Verdict
from knowledge.fold import Fold, exact_key, fold

MAX_NEW = 5
"""Characters that a message may add to the subject; more of them is a question of its own."""

CHOICES = 3
CHOICE_FLOOR = 0.08
"""A bare question fits anything a little: less than this is no choice."""

_ASKING = """
什么时候 什么地方 什么 为什么 怎么办 怎么样 哪些 怎么 多少钱 多少 多久 多长 多大 几点 几天
几个 几号 哪里 哪儿 哪个 哪 能不能 会不会 要不要 是不是 有没有 好不好 行不行 可以 谁
"""
_AROUND = """
需要 想要 要 能 会 是 有 没有 还 都 也 在 得 该 的 了 吗 呢 么 吧 啊 呀 不 钱 这个 那个 它 他 这 那
"""
_VAGUE = """
弄 办 怎么办理 操作 用 算 做 看 查 查看 填 选 买 拿 领 领取 申请 开 收 加 扣 送 送到 寄 到 到账
到货 收到 放 放到 存 保存 保留 过期 到期 失效 洗 退 换 修 获得 攒 设置 参加 报名 安全 贵 便宜 划算
方便 值 行 好 好处 区别 条件 要求 地方
"""


def _any_of(*lists: str) -> str:
    return "|".join(sorted(" ".join(lists).split(), key=len, reverse=True))


_LEAD = re.compile("^(?:那么|那要是|那如果|那我?想问|那请问|那|然后|还有|如果是|要是|换成|改成)+")
_PRONOUN = re.compile("^(?:这个|那个|它|他|这|那)(?:们)?")
_ALL_ASKING = re.compile(_any_of(_ASKING, _AROUND, _VAGUE))
_ONLY_ASKING = re.compile(_any_of(_ASKING, "吗 呢 么"))
_EDGES = re.compile(
    "^(?:可以|能不能|能|会(?!员)|要|是|有|在|去|请)+|(?:可以|能|会|要|是|有|的|了|办|吗|呢)+$"
)
_IS_QUESTION = re.compile(f"{_any_of(_ASKING)}|[吗呢么]")
_SPEAKER = re.compile("[我你]")
_INSTEAD = re.compile("^(.{1,6}?)的?(?:呢|咧)?$")
_VERBS = "退换修寄送取"


class Followup(msgspec.Struct, frozen=True):
    """How a message that was cut short reads with its subject.

    Args:
        texts: candidates, the likeliest first.
        asked: the message itself, folded.
        about: what it adds to the subject, ``""`` = nothing; an answer has to speak of it.
    """

    texts: tuple[str, ...]
    asked: str
    about: str = ""

    def is_answered_by(self, entry: FaqEntry, fold: Fold = fold) -> bool:
        """Whether the entry speaks of what the customer has added."""
        said = fold("\n".join((*entry.questions, entry.answer)))
        return all(character in said for character in self.about) and (
            len(self.about) < 2 or any(pair in said for pair in _pairs(self.about))
        )


def rewrite(text: str, last: FaqEntry, fold: Fold = fold) -> Followup | None:
    """The message with the subject carried over, ``None`` when it speaks for itself.

    Args:
        text: what the customer wrote.
        last: the entry that was said before it.
        fold: with the deployment's own synonyms.
    """
    key = exact_key(fold(text))
    bare = _PRONOUN.sub("", _LEAD.sub("", key))
    new = _instead(text, key)
    if is_bare(text) and (not new or new not in _VERBS):
        return _with_subject(bare, last, fold)
    if new:
        return _with_other(new, last, fold)
    if key != _LEAD.sub("", key) and _IS_QUESTION.search(key):
        new = _ALL_ASKING.sub("", bare)
        if 0 < len(new) <= MAX_NEW and not _SPEAKER.search(new):
            return msgspec.structs.replace(_with_subject(bare, last, fold), about=new)
    return None


def answer_to(
    followup: Followup,
    last: FaqEntry,
    verdicts: Sequence[Verdict],
    plain: Verdict,
    fold: Fold = fold,
) -> Verdict | None:
    """What to say to a followup, ``None`` = nothing better than to the message alone.

    The texts that were asked hold the words of `last`, which therefore scores high in any case:
    it is said again only when one of its phrasings asks just this, and where it outdoes the
    others, these are offered, never said.

    Args:
        verdicts: one for each of its texts.
        plain: what was found for the message alone.
        fold: with the deployment's own synonyms.
    """
    for verdict in verdicts:
        best = verdict.matches[0].entry if verdict.matches else None
        if verdict.decision is not Decision.ANSWER or best is None:
            continue
        is_new = best.id != last.id or _asks_just(last, followup, fold)
        if is_new and followup.is_answered_by(best, fold):
            return verdict
    choices = _choices(followup, last, [*verdicts, plain], fold)
    if not choices or (plain.decision is Decision.OFFER and choices == list(plain.matches)):
        return None
    return Verdict(Decision.OFFER, tuple(choices), verdicts[0].how)


def _asks_just(last: FaqEntry, followup: Followup, fold: Fold) -> bool:
    return any(followup.asked in exact_key(fold(text)) for text in last.questions)


def _choices(
    followup: Followup, last: FaqEntry, verdicts: Sequence[Verdict], fold: Fold
) -> list[Match]:
    """Up to three others that may be meant; those that follow on `last` anyway come first."""
    best: dict[str, Match] = {}
    for match in (match for verdict in verdicts for match in verdict.matches):
        entry = match.entry
        if entry.id == last.id or not followup.is_answered_by(entry, fold):
            continue
        if match.score < CHOICE_FLOOR and not followup.about and entry.id not in last.menu:
            continue
        if entry.id not in best or best[entry.id].score < match.score:
            best[entry.id] = match
    ranked = sorted(best.values(), key=lambda one: (one.entry.id not in last.menu, -one.score))
    return ranked[:CHOICES]


def is_bare(text: str) -> bool:
    """Whether a message asks without saying about what."""
    key = _key(text)
    asks = _IS_QUESTION.search(fold(text)) is not None
    return asks and bool(key) and not _ALL_ASKING.sub("", _LEAD.sub("", key))


def subject_of(entry: FaqEntry, fold: Fold = fold) -> tuple[str, ...]:
    """What an entry is about, the shortest first: its question without the words that ask."""
    question = exact_key(fold(entry.question))
    parts = [_EDGES.sub("", part) for part in _ONLY_ASKING.split(question)]
    kept = [part for part in parts if part]
    head = kept[:1] if kept and question.startswith(kept[0]) else []
    return tuple(dict.fromkeys([*head, "".join(kept)] if kept else [question]))


def _instead(text: str, key: str) -> str:
    """The other thing in "那新疆呢"; nothing in a sentence that asks or tells by itself."""
    leads = _LEAD.search(key) is not None
    if not leads and not re.search("[呢咧][？?。!！~ ]*$", text.strip()):
        return ""
    found = _INSTEAD.match(_LEAD.sub("", key))
    new = found[1] if found else ""
    if not new or _IS_QUESTION.search(new) or len(new) > MAX_NEW or "了" in new[:-1]:
        return ""
    return new.removesuffix("的")


def _with_subject(bare: str, last: FaqEntry, fold: Fold) -> Followup:
    return Followup(tuple(subject + bare for subject in subject_of(last, fold)), bare)


def _with_other(new: str, last: FaqEntry, fold: Fold) -> Followup:
    question = exact_key(fold(last.question))
    texts = [new + question, *(new + subject for subject in subject_of(last, fold))]
    old = [verb for verb in _VERBS if verb in question]
    if new in _VERBS and old:
        texts.insert(0, question.replace(old[0], new))
    return Followup(tuple(dict.fromkeys(texts)), new, new)


def _key(text: str) -> str:
    return exact_key(fold(text))


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]
