"""What should a campaign come to? The rules once more, by brute force over all that was told."""

from dataclasses import dataclass, field
from typing import NamedTuple

HOUR_S, DAY_S = 3600.0, 86_400.0
FREEZE_S, CAP = 5 * HOUR_S, 3
POOL = ("zhangsan", "lisi")
TIERS = {1: "five", 2: "twenty", 3: "cup"}
CODES, CUPS, POINTS = 2, 1, 50


class Told(NamedTuple):
    """An event as it was told, in the order of the telling."""

    at: float
    who: str
    member: str
    began: bool
    code: str = ""
    by: str = ""


@dataclass
class Model:
    """Everything is worked out anew from `told` whenever somebody asks.

    Args:
        end: last moment of the campaign, `midnight` the begin of each local day before it.
        phases: from when on it was open or not.
        pool: whose friendship, or which groups, keep an invitation alive.
    """

    start: float
    end: float
    observe_s: float
    midnights: list[float]
    told: list[Told] = field(default_factory=list)
    phases: list[tuple[float, bool]] = field(default_factory=list)
    credited: dict[Told, int] = field(default_factory=dict)
    given: dict[tuple[str, int], str] = field(default_factory=dict)
    pool: tuple[str, ...] = POOL

    # ------------------------------------------------------------------ being told

    def hears(self, event: Told) -> None:
        """An event is told, perhaps once more."""
        if event in self.told:
            return
        before = {code: self.of(code, event.at) for code in {one.code for one in self.told}}
        self.told.append(event)
        if event.began and event.code and self._counts(event, before):
            self.credited[event] = len(self.credited)

    def _counts(self, event: Told, before: dict[str, list[Told]]) -> bool:
        if not self._runs(event.at) or event.who == event.code:
            return False
        if any(one.who == event.who for one in self._alive()):
            return False  # credited before, or it is the return of who was
        if any(one.who == event.who and one.at < event.at for one in self.told):
            return False
        if self._leads_to(event.code, event.who):
            return False
        day = max(one for one in self.midnights if one <= event.at)
        same = [one for one in before.get(event.code, []) if day <= one.at < day + DAY_S]
        return len(same) < CAP

    def _alive(self) -> list[Told]:
        """Those that were credited and still are the first thing known of their person."""
        return [
            one
            for one in self.credited
            if not any(other.who == one.who and other.at < one.at for other in self.told)
        ]

    def of(self, code: str, _now: float) -> list[Told]:
        """What an inviter was credited with."""
        return [one for one in self._alive() if one.code == code]

    def _leads_to(self, inviter: str, newcomer: str) -> bool:
        seen: set[str] = set()
        while inviter not in seen:
            seen.add(inviter)
            above = [
                one for one in self._alive() if one.who == inviter and self._left_at(one) is None
            ]
            if not above:
                return False
            inviter = above[0].code
            if inviter == newcomer:
                return True
        return False

    # ------------------------------------------------------------------ how it stands

    def standings(self, code: str, now: float) -> dict[str, int]:
        """How many of an inviter's invitations are pending, valid and revoked."""
        found: dict[str, int] = {}
        for one in self.of(code, now):
            since = self._waits_since(one)
            if self._left_at(one) is not None:
                standing = "revoked"
            else:
                standing = "valid" if now >= since + FREEZE_S else "pending"
            found[standing] = found.get(standing, 0) + 1
        return found

    def _left_at(self, credit: Told) -> float | None:
        left, _ = self._lived(credit)
        return left

    def _waits_since(self, credit: Told) -> float:
        _, since = self._lived(credit)
        return since

    def _lived(self, credit: Told) -> tuple[float | None, float]:
        mine = [
            one
            for one in self.told
            if one.who == credit.who and one.member in (*self.pool, credit.member)
        ]
        order = sorted(range(len(mine)), key=lambda n: (mine[n].at, n))
        left, since = None, credit.at
        for place, n in enumerate(order):
            one = mine[n]
            if one.began and left is not None and one.code == credit.code and self._runs(one.at):
                left, since = None, one.at
            if one.began or one.by != "customer" or left is not None:
                continue
            friends = {
                member
                for member in {other.member for other in mine}
                if self._is_friend(member, [mine[k] for k in order[: place + 1]])
            }
            if not friends and credit.at <= one.at <= self.end + self.observe_s:
                left = one.at
        return left, since

    @staticmethod
    def _is_friend(member: str, so_far: list[Told]) -> bool:
        own = [one for one in so_far if one.member == member]
        return bool(own) and own[-1].began

    def _runs(self, at: float) -> bool:
        is_open = [opened for since, opened in self.phases if since <= at]
        return bool(is_open) and is_open[-1] and self.start <= at <= self.end
