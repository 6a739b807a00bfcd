"""What do the cases of a window add up to (docs/measuring-721.md)?"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from bot.measuring.measure import KINDS, L1, L2, L3, REOPENED, Hours, Measure, kind_of, measure
from bot.measuring.statistics import Share, Waits, share_of, waits_of
from bot.measuring.window import Window
from bot.model.cases import EXPERT, JUNIOR
from bot.store import Measured

TARGETS = {L1: 0.7, L2: 0.2, L3: 0.1}
"""Of the source of 7-2-1 (B30)."""

TOLERANCE = 0.05
_HAIR = 1e-9

Verdict = Literal["met", "off", "too_few", ""]


class Class(msgspec.Struct, frozen=True):
    """One class of the partition; without a target there is no verdict."""

    kind: str
    share: Share
    target: float | None
    verdict: Verdict


class Work(msgspec.Struct, frozen=True):
    """Human minutes of a level, and their share of all."""

    level: int
    minutes: float
    share: float | None


class Core(msgspec.Struct, frozen=True):
    """Core customers: their share of cases, and of human minutes."""

    cases: Share
    minutes: float
    work_share: float | None


class Satisfaction(msgspec.Struct, frozen=True):
    """Ratings 1 to 5."""

    invited: int
    rated: int
    mean: float | None
    top2: Share
    response: Share
    follow_ups: int


class AccountPart(msgspec.Struct, frozen=True):
    """The partition of one kf account."""

    open_kfid: str
    n: int
    kinds: dict[str, int]


class ReasonPart(msgspec.Struct, frozen=True):
    """What became of the cases for which a person was first wanted for one reason."""

    reason: str
    n: int
    kinds: dict[str, int]


class Ending(msgspec.Struct, frozen=True):
    """For how many of the cases that people served one reason was given at the end."""

    reason: str
    share: Share


class Suggesting(msgspec.Struct, frozen=True):
    """Texts of customers to which suggestions stood ready, and what members did (R-11.7).

    Args:
        sent: shares of `n`; `sent` unchanged is the ratio of substitution.
    """

    n: int
    sent: Share
    edited: Share
    rejected: Share
    untouched: Share


def suggesting_of(fates: Mapping[str, int]) -> Suggesting:
    """The shares of what became of suggestions."""
    n = sum(fates.values())
    return Suggesting(
        n,
        *(share_of(fates.get(fate, 0), n) for fate in ("sent", "edited", "rejected", "untouched")),
    )


class Report(msgspec.Struct, frozen=True):
    """Every figure of a window.

    Args:
        open_kfid: of one account only, empty = of all.
        minimum: with fewer cases there is no verdict.
        settling: cases without people that may still be reopened.
    """

    since: float
    until: float
    open_kfid: str
    minimum: int
    n: int
    settling: int
    classes: list[Class]
    reopen_rate: Share
    substitution: Share
    frt_any: Waits
    frt_any_hours: Waits
    frt_human: Waits
    frt_human_hours: Waits
    work: list[Work]
    core: Core
    resolution: Share
    satisfaction: Satisfaction
    accounts: list[AccountPart]
    reasons: list[ReasonPart]
    endings: list[Ending] = []
    suggesting: Suggesting = suggesting_of({})

    def share(self, kind: str) -> Share:
        """The share of one class."""
        return next(one.share for one in self.classes if one.kind == kind)


def _sample() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Tally:
    """Adds up cases one by one; grows by a few numbers a case."""

    kinds: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    flags: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    worked_s: dict[int, float] = field(default_factory=lambda: {JUNIOR: 0.0, EXPERT: 0.0})
    core_s: float = 0.0
    scores: Counter[int] = field(default_factory=Counter)
    any_s: "array[float]" = field(default_factory=_sample)
    any_hours_s: "array[float]" = field(default_factory=_sample)
    human_s: "array[float]" = field(default_factory=_sample)
    human_hours_s: "array[float]" = field(default_factory=_sample)

    def add(self, one: Measure) -> None:
        """Count one case."""
        self.kinds[one.kind] += 1
        self.accounts.setdefault(one.open_kfid, Counter())[one.kind] += 1
        if one.reason:
            self.reasons.setdefault(one.reason, Counter())[one.kind] += 1
        for level, seconds in one.worked_s.items():
            self.worked_s[level] += seconds
        self._flag(one)
        if one.ending:
            self.endings[one.ending] += 1
        if one.score is not None:
            self.scores[one.score] += 1
        for wait, all_day, in_hours in (
            (one.any_s, self.any_s, self.any_hours_s),
            (one.human_s, self.human_s, self.human_hours_s),
        ):
            if wait is not None:
                all_day.append(wait[0])
                in_hours.append(wait[1])

    def _flag(self, one: Measure) -> None:
        self.flags["settling"] += one.settling
        self.flags["resolved"] += one.resolved
        self.flags["alone"] += one.resolved and one.kind == L1
        self.flags["invited"] += one.invited
        self.flags["bad"] += one.is_bad
        self.flags["good"] += one.is_good
        if one.core:
            self.flags["core"] += 1
            self.core_s += sum(one.worked_s.values())

    def report(self, window: Window, open_kfid: str, minimum: int) -> Report:
        """What it has added up to."""
        n, flags = self.kinds.total(), self.flags
        alone = self.kinds[L1] + self.kinds[REOPENED]
        return Report(
            since=window.since,
            until=window.until,
            open_kfid=open_kfid,
            minimum=minimum,
            n=n,
            settling=flags["settling"],
            classes=[_class(kind, self.kinds[kind], n, minimum) for kind in KINDS],
            reopen_rate=share_of(self.kinds[REOPENED], alone),
            substitution=share_of(flags["alone"], n),
            frt_any=waits_of(self.any_s),
            frt_any_hours=waits_of(self.any_hours_s),
            frt_human=waits_of(self.human_s),
            frt_human_hours=waits_of(self.human_hours_s),
            work=self._work(),
            core=self._core(n),
            resolution=share_of(flags["resolved"], n),
            satisfaction=self._satisfaction(),
            accounts=[
                AccountPart(account, kinds.total(), _every_kind(kinds))
                for account, kinds in sorted(self.accounts.items())
            ],
            reasons=[
                ReasonPart(reason, kinds.total(), _every_kind(kinds))
                for reason, kinds in sorted(
                    self.reasons.items(), key=lambda item: (-item[1].total(), item[0])
                )
            ],
            endings=[
                Ending(reason, share_of(count, self.endings.total()))
                for reason, count in sorted(
                    self.endings.items(), key=lambda item: (-item[1], item[0])
                )
            ],
        )

    def _work(self) -> list[Work]:
        whole = sum(self.worked_s.values())
        return [
            Work(level, seconds / 60, seconds / whole if whole else None)
            for level, seconds in self.worked_s.items()
        ]

    def _core(self, n: int) -> Core:
        whole = sum(self.worked_s.values())
        share = self.core_s / whole if whole else None
        return Core(share_of(self.flags["core"], n), self.core_s / 60, share)

    def _satisfaction(self) -> Satisfaction:
        rated, invited = self.scores.total(), self.flags["invited"]
        points = sum(score * count for score, count in self.scores.items())
        return Satisfaction(
            invited=invited,
            rated=rated,
            mean=points / rated if rated else None,
            top2=share_of(self.flags["good"], rated),
            response=share_of(rated, invited),
            follow_ups=self.flags["bad"],
        )


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reads the cases of a window and adds them up.

    Args:
        hours: business hours of a kf account.
        minimum: with fewer cases there is no verdict.
    """

    cases: Measured
    hours: Hours
    minimum: int

    async def kinds(self, window: Window) -> Counter[str]:
        """How many cases of a window are in each class: the part that is cheap to read."""
        kinds = Counter[str]()
        async for page in self.cases.closed(window.since, window.until, in_full=False):
            kinds.update(kind_of(record) for record in page)
        return kinds

    async def report(self, window: Window, now: float, open_kfid: str = "") -> Report:
        """Every figure of a window.

        Args:
            now: Unix seconds; decides what may still be reopened.
            open_kfid: of one account only.
        """
        tally = Tally()
        async for page in self.cases.closed(window.since, window.until, open_kfid):
            for record in page:
                tally.add(measure(record, now, self.hours))
        fates = await self.cases.suggested(window.since, window.until, open_kfid)
        report = tally.report(window, open_kfid, self.minimum)
        return msgspec.structs.replace(report, suggesting=suggesting_of(fates))


def _class(kind: str, count: int, n: int, minimum: int) -> Class:
    share, target = share_of(count, n), TARGETS.get(kind)
    verdict: Verdict = ""
    if target is not None:
        is_near = share.share is not None and abs(share.share - target) <= TOLERANCE + _HAIR
        verdict = "too_few" if n < minimum else "met" if is_near else "off"
    return Class(kind, share, target, verdict)


def _every_kind(kinds: Counter[str]) -> dict[str, int]:
    return {kind: kinds[kind] for kind in KINDS}
