"""What was asked in past conversations, how did it end, and what was the answer? Pure.

Nothing is noted down while customers are served: what happened is read out of the transcript.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from knowledge.fold import Fold, exact_key, fold, lexical_key
from knowledge.gaps import Asked, Why
from knowledge.lexical import NgramIndex, grams

AGAIN_S = 600  # who asks the like within 10 minutes was not helped
ANSWERED_WITHIN_S = 24 * 3600  # what a servicer writes later belongs to something else
TAPPED_WITHIN_S = 1800
TAP = "faq:"  # a menu item's id is this and the entry's id

_ALIKE = 0.3  # share of pairs of characters (Dice): 退货运费谁出 and 退货的运费谁付
_SAME_ANSWER = 0.6  # cosine from which a servicer said what an entry says
_SHORTEST_QUESTION = 2
_SHORTEST_ANSWER = 6
_NOT_ASKED_OF_US = (
    "escalation.",
    "greeting.",
    "human.",
    "media.",
    "satisfaction.",
    "staff.",
    "welcome.",
    "engine.",
)
_COURTESY = re.compile(
    r"您好|你好|亲|在的|请问|有什么|可以|帮到?您?|为您|服务|很高兴|客服|稍等|一下|马上|帮您?查"
    r"|感谢|谢谢|不客气|再见|祝您|生活|愉快|哦|呢|的|吗|我|看"
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a conversation.

    Args:
        key: names it for good.
        conversation: customer and account.
        who: the customer.
        by_servicer: a servicer wrote it, otherwise the customer.
        tapped: id of the menu item, when it is the echo of a tap.
        outcome: what became of it: ``answered``, ``missed``, ``silent`` …
        source: why it was answered so: ``faq``, ``model``, ``offer`` …
        ref: the entry that was said.
    """

    key: str
    conversation: str
    who: str
    at: float
    text: str
    by_servicer: bool = False
    tapped: str = ""
    handled_by: str = ""
    outcome: str = ""
    source: str = ""
    ref: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was answered, and nothing spoke against the answer."""

    text: str
    entry: str


class _Open(msgspec.Struct, kw_only=True):
    """A question while the conversation goes on."""

    line: Line
    why: Why | None
    entry: str | None = None
    answer: str = ""


def read(
    lines: Iterable[Line], says_unsolved: Callable[[str], bool], *, fold: Fold = fold
) -> tuple[list[Asked], list[Told]]:
    """What was asked and not simply answered, and what was.

    Args:
        lines: by conversation, each in the order of time.
        says_unsolved: whether a customer's text complains about the answer.
        fold: with the deployment's own synonyms.
    """
    asked: list[Asked] = []
    told: list[Told] = []
    for _, talk in groupby(lines, key=lambda line: line.conversation):
        for one in _questions(list(talk), says_unsolved, fold):
            line = one.line
            if one.why is None:
                told.append(Told(text=line.text, entry=line.ref))
                continue
            asked.append(
                Asked(
                    key=line.key,
                    text=line.text,
                    at=line.at,
                    who=line.who,
                    why=one.why,
                    entry=one.entry,
                    answer=one.answer,
                )
            )
    return asked, told


def entry_said(
    answers: Sequence[tuple[str, str]], texts: Sequence[str], *, fold: Fold = fold
) -> list[str | None]:
    """Which entry says what a servicer wrote, for each text.

    Args:
        answers: id and answer of every entry.
    """
    index = NgramIndex([lexical_key(fold(answer)) for _, answer in answers])
    found: list[str | None] = []
    for text in texts:
        cosines = index.cosines(lexical_key(fold(text)))
        best = int(cosines.argmax()) if len(cosines) else -1
        found.append(answers[best][0] if best >= 0 and cosines[best] >= _SAME_ANSWER else None)
    return found


def _questions(
    talk: Sequence[Line], says_unsolved: Callable[[str], bool], fold: Fold
) -> Iterator[_Open]:
    """The questions of one conversation; a tap, a repeat or a servicer tells how each ended."""
    before: list[_Open] = []
    for line in talk:
        last = before[-1] if before else None
        if line.by_servicer:
            _answered_by_people(before, line)
        elif line.tapped:
            if last and line.tapped.startswith(TAP) and line.at - last.line.at <= TAPPED_WITHIN_S:
                _chosen(last, line.tapped.removeprefix(TAP))
        elif says_unsolved(line.text):
            if last and last.why is None:
                last.why = "unsolved"
        elif _is_question(line):
            if last and last.why is None and _asks_again(last.line, line, fold):
                last.why = "again"
            before.append(_Open(line=line, why=_why(line)))
    # What people were asked and did not answer is nothing that one can learn from.
    return (one for one in before if one.why != "people" or one.answer)


def _why(line: Line) -> Why | None:
    if line.outcome == "silent":
        return "people"
    if line.source == "offer":
        return "offered"
    return None if line.outcome == "answered" and line.source in ("faq", "model") else "missed"


def _is_question(line: Line) -> bool:
    if line.outcome == "history" or line.handled_by.startswith(_NOT_ASKED_OF_US):
        return line.outcome == "silent" and len(exact_key(fold(line.text))) > _SHORTEST_ANSWER
    return len(exact_key(fold(line.text))) >= _SHORTEST_QUESTION


def _chosen(last: _Open, entry: str) -> None:
    if last.why in ("offered", "missed") and last.entry is None:
        last.entry = entry


def _answered_by_people(before: Sequence[_Open], line: Line) -> None:
    """The first substantive reply is the answer to what was asked last and is still open."""
    if len(_COURTESY.sub("", exact_key(fold(line.text)))) < _SHORTEST_ANSWER:
        return
    for one in reversed(before):
        if line.at - one.line.at > ANSWERED_WITHIN_S or one.answer:
            return
        if one.why is not None and one.entry is None:
            one.answer = line.text
            return


def _asks_again(first: Line, second: Line, fold: Fold) -> bool:
    if second.at - first.at > AGAIN_S:
        return False
    one, other = (set(_pairs(fold(line.text))) for line in (first, second))
    return 2 * len(one & other) >= _ALIKE * (len(one) + len(other)) if one and other else False


def _pairs(folded: str) -> list[str]:
    key = lexical_key(folded)
    return [gram for gram in grams(key) if len(gram) == 2] or [key]
