"""What does one closed case contribute to the figures (docs/measuring-721.md)? Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.model import Because, Case, Step
from bot.model.cases import EXPERT, JUNIOR, RAISED
from bot.store import CaseRecord, Said

L1, L2, L3, UNSERVED, REOPENED = KINDS = ("L1", "L2", "L3", "unserved", "reopened")

BY_SYSTEM, NOT_TOLD = "by_system", "not_told"
"""Endings without a reason: silence or a lost session; a servicer ended it in the client and has
not said why."""

REOPENED_S = 48 * 3600.0
"""A case without people whose conversation's next case opens sooner was no solution (R-11.6)."""

LONGEST_WORK_S = 300.0
"""Most that one message of a servicer counts as work."""

_FIXED = frozenset({"", "reply", "escalation"})
"""Sources of a reason that are fixed texts: they acknowledge and answer nothing (R-11.8)."""

_GIVEN = frozenset({"wanted", "queued", "assigned", "taken"})
_BAD, _GOOD = 2, 4

Hours = Callable[[float, float, str], float]
"""Seconds of business hours between two moments at a kf account."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one case contributes.

    Args:
        kind: one of `KINDS`.
        reason: for which a person was first wanted, empty = for none.
        settling: whether a case without people may still be reopened.
        any_s: seconds to the first substantive reply and the same in business hours; infinite =
            none came, ``None`` = not in the sample.
        human_s: the same to the first message of a servicer since a person was wanted.
        worked_s: of servicers, by level.
        core: whether the customer is a core customer.
        ending: why its servicer ended it: a reason that he chose, `BY_SYSTEM` or `NOT_TOLD`;
            empty = nobody served.
    """

    kind: str
    open_kfid: str
    reason: str
    settling: bool
    resolved: bool
    any_s: tuple[float, float] | None
    human_s: tuple[float, float] | None
    worked_s: dict[int, float]
    core: bool
    invited: bool
    score: int | None
    ending: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the customer rated it 1 or 2."""
        return self.score is not None and self.score <= _BAD

    @property
    def is_good(self) -> bool:
        """Whether the customer rated it 4 or 5."""
        return self.score is not None and self.score >= _GOOD


def measure(record: CaseRecord, now: float, hours: Hours) -> Measure:
    """Measure one case."""
    case, kind = record.case, kind_of(record)
    bad = record.score is not None and record.score <= _BAD
    said_so = _says_solved(record.steps)
    return Measure(
        kind=kind,
        open_kfid=case.conversation.open_kfid,
        reason=case.reason,
        settling=kind == L1 and now - (case.closed_at or 0.0) < REOPENED_S,
        resolved=kind != UNSERVED and not bad and (said_so or not _came_back(record)),
        any_s=_spent(case, _first_wait(record), hours),
        human_s=_spent(case, _wait_for_person(record), hours),
        worked_s=_worked(record),
        core=any(step.name == "wanted" and bool(step.data.get("core")) for step in record.steps),
        invited=record.invited,
        score=record.score,
        ending=_ending(record) if case.answered_at is not None else "",
    )


def kind_of(record: CaseRecord) -> str:
    """The class of a case in the partition; needs only the case and its steps."""
    case = record.case
    if case.answered_at is not None:
        return L3 if case.served_level >= EXPERT else L2
    if case.wanted_at is not None or any(step.name in _GIVEN for step in record.steps):
        return UNSERVED
    return REOPENED if _came_back(record) else L1


def is_substantive(because: Because | None) -> bool:
    """Whether a message of the bot says more than a fixed text."""
    if because is None:
        return False
    if because.source != "burst":
        return because.source not in _FIXED
    return any(reason.get("source") not in _FIXED for reason in because.detail.get("reasons", ()))


def _ending(record: CaseRecord) -> str:
    if record.ended_for:
        return record.ended_for
    step = next((one for one in reversed(record.steps) if one.name == "closed"), None)
    by = "" if step is None else str(step.data.get("by", ""))
    if step is not None and by == "button":
        return step.reason
    return NOT_TOLD if by == "servicer" else BY_SYSTEM


def _says_solved(steps: Sequence[Step]) -> bool:
    """Whether the customer's last word is that it is solved: to want a person is another word."""
    words = [
        step.name
        for step in steps
        if step.name in ("solved", "unsolved") or (step.name == "wanted" and step.reason != RAISED)
    ]
    return words[-1:] == ["solved"]


def _came_back(record: CaseRecord) -> bool:
    closed_at = record.case.closed_at
    if closed_at is None or record.next_at is None:
        return False
    return record.next_at - closed_at < REOPENED_S


Wait = tuple[float, float]
"""When a wait began and when it ended, infinite = never."""


def _first_wait(record: CaseRecord) -> Wait | None:
    began = next((one.at for one in record.said if _waited(one)), None)
    if began is None:
        return None
    answers = [one.at for one in record.said if one.servicer and one.at >= began]
    answers += [at for at, because in record.replies if at >= began and is_substantive(because)]
    return began, min(answers, default=math.inf)


def _waited(said: Said) -> bool:
    return not said.servicer and not said.handled_by.startswith("greeting.")


def _wait_for_person(record: CaseRecord) -> Wait | None:
    first = next((one.name for one in record.steps if one.name in ("wanted", *_CAME)), None)
    case = record.case
    if first != "wanted" or case.wanted_at is None:
        return None
    return case.wanted_at, math.inf if case.answered_at is None else case.answered_at


_CAME = ("taken", "answered")
"""With one of these first, a servicer came before anybody wanted him."""


def _spent(case: Case, wait: Wait | None, hours: Hours) -> tuple[float, float] | None:
    if wait is None:
        return None
    began, ended = wait
    if math.isinf(ended):
        return math.inf, math.inf
    return ended - began, hours(began, ended, case.conversation.open_kfid)


def _worked(record: CaseRecord) -> dict[int, float]:
    worked: dict[int, float] = {}
    before = record.case.opened_at
    for said in record.said:
        if said.servicer:
            began = max(before, *(step.at for step in _given_to(said, record.steps)), 0.0)
            level = _level_of(said, record.steps)
            worked[level] = worked.get(level, 0.0) + min(said.at - began, LONGEST_WORK_S)
        before = said.at
    return worked


def _given_to(said: Said, steps: Sequence[Step]) -> Iterator[Step]:
    """Steps before this message by which its servicer got the case, which he had not before."""
    holder = ""
    for step in steps:
        if step.name not in _HELD or step.at >= said.at:
            continue
        if step.servicer == said.servicer != holder and step.name != "answered":
            yield step
        holder = step.servicer


_HELD = frozenset({"assigned", "taken", "answered"})


def _level_of(said: Said, steps: Sequence[Step]) -> int:
    """The level at which the servicer had the case last before this message."""
    level = JUNIOR
    for step in steps:
        if step.name in _HELD and step.servicer == said.servicer and step.at <= said.at:
            level = EXPERT if step.level >= EXPERT else JUNIOR
    return level
