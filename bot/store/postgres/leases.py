"""How do several processes divide the work among them, so that each share has one owner?

Two tables: `workers` says who lives, `leases` whose a share is. A worker says that it lives by one
row; it keeps all its shares by that. Each change is a unit like any other, so all of them have one
order, and a share is taken from the dead only. Time is the database's clock: ours may step.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from bot.errors import LeaseLost, StoreFailed
from bot.store.database import Database, Row, Unit
from bot.store.fences import Fence, current_fence
from bot.store.leases import LOOPS, SHARDS, Beat

_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)"
_LIVING = f"SELECT owner FROM workers WHERE lease_until > {_NOW}"
_SIGN_OF_LIFE = (
    f"INSERT INTO workers (owner, started_at, lease_until) VALUES (?, {_NOW}, {_NOW} + ?)"
    " ON CONFLICT (owner) DO UPDATE SET lease_until = excluded.lease_until"
)
_NAMED = "INSERT INTO leases (name) VALUES (?) ON CONFLICT DO NOTHING"
_ACCOUNTS = (
    "INSERT INTO leases (name) SELECT 'pull:' || open_kfid FROM accounts ON CONFLICT DO NOTHING"
)
_TAKE = (
    "UPDATE leases SET owner = ?, epoch = epoch + 1 WHERE name = ?"
    # ours, and we do not know of it: the answer to an earlier taking was lost
    f" AND (owner = ? OR owner NOT IN ({_LIVING})) RETURNING name, epoch"
)
_GIVE = "UPDATE leases SET owner = '' WHERE name = ? AND owner = ?"
_FORGET_AFTER_S = 3600.0

BEATS = 5
"""Signs of life in the time that one of them is good for, if that is more than one a second."""


class SharedLeases:
    """The shares of one worker.

    Args:
        owner: names it; no two processes ever have the same.
        lease_s: how long after its last sign of life others take over.
        monotonic: seconds that never step, for what must not be asked of the database.
    """

    works, shared = True, True

    def __init__(
        self,
        database: Database,
        owner: str,
        lease_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner, self.every_s = owner, min(1.0, lease_s / BEATS)
        self._db, self._lease_s, self._monotonic = database, lease_s, monotonic
        self._held: dict[str, int] = {}
        self._going: set[str] = set()
        self._alive_until = 0.0
        self._named = False
        self.living = 1

    @property
    def held(self) -> frozenset[str]:
        """Shares that are ours, those that were let go too."""
        return frozenset(self._held)

    def holds(self, name: str) -> bool:
        """Whether something of this share may be begun."""
        return name in self._held and name not in self._going

    def fence(self, name: str) -> Fence | None:
        """What is committed for this share must carry this."""
        if name not in self._held:
            raise LeaseLost
        return Fence(name, self._held[name])

    def check(self) -> None:
        """Who was stopped for long learns it here, before it tells the world anything."""
        fence = current_fence()
        if fence is not None and (
            self._held.get(fence.name) != fence.epoch or self._monotonic() > self._alive_until
        ):
            raise LeaseLost

    async def beat(self) -> Beat:
        """Say that we live, see whose everything is, and take what is nobody's."""
        began, unit = self._monotonic(), Unit()
        if not self._named:
            for name in (*SHARDS, LOOPS):
                unit.add(_NAMED, name)
        unit.add(_ACCOUNTS)
        unit.add(f"DELETE FROM workers WHERE lease_until < {_NOW} - ?", _FORGET_AFTER_S)
        unit.add(_SIGN_OF_LIFE, self.owner, self._lease_s)
        unit.add(f"{_LIVING} ORDER BY owner")
        unit.add("SELECT name, owner, epoch FROM leases ORDER BY name")
        *_, living, leases = await self._db.commit(unit)
        self._named, self.living = True, max(1, len(living))
        lost = self._compare(leases)
        self._alive_until = began + self._lease_s
        wanted, surplus = self._shared_out(leases, [row["owner"] for row in living])
        return Beat(await self._take(wanted), lost, surplus)

    def let_go(self, names: frozenset[str]) -> None:
        """Begin nothing more of these."""
        self._going |= names & self._held.keys()

    async def give(self, names: frozenset[str]) -> None:
        """Others may have these, as soon as they look."""
        unit = Unit()
        for name in sorted(names & self._held.keys()):
            unit.add(_GIVE, name, self.owner)
        await self._db.commit(unit)
        self._drop(names)

    async def leave(self) -> None:
        """Others may have everything."""
        unit = Unit()
        unit.add("UPDATE leases SET owner = '' WHERE owner = ?", self.owner)
        unit.add("DELETE FROM workers WHERE owner = ?", self.owner)
        await self._db.commit(unit)
        self._drop(self._held.keys())

    def _compare(self, leases: Sequence[Row]) -> frozenset[str]:
        ours = {row["name"]: row["epoch"] for row in leases if row["owner"] == self.owner}
        lost = frozenset(name for name, epoch in self._held.items() if ours.get(name) != epoch)
        self._drop(lost)
        return lost

    def _drop(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._held.pop(name, None)
            self._going.discard(name)

    async def _take(self, wanted: Sequence[str]) -> frozenset[str]:
        if not wanted:
            return frozenset()
        unit = Unit()
        for name in wanted:
            unit.add(_TAKE, self.owner, name, self.owner)
        try:
            found = await self._db.commit(unit)
        except StoreFailed:  # what was lost must be told all the same; the next look takes them
            return frozenset()
        taken = {rows[0]["name"]: rows[0]["epoch"] for rows in found if rows}
        self._held |= taken
        return frozenset(taken)

    def _shared_out(
        self, leases: Sequence[Row], living: Sequence[str]
    ) -> tuple[list[str], frozenset[str]]:
        """What we want of what is nobody's, and what others should have; for each kind of share."""
        wanted: list[str] = []
        surplus: set[str] = set()
        kinds = groupby(leases, lambda row: str(row["name"]).partition(":")[0])
        for place, (_, rows) in enumerate(kinds):
            names = [(row["name"], row["owner"]) for row in rows]
            # the odd ones of each kind go to another worker
            rank = (living.index(self.owner) + place) % len(living)
            fair = len(names) // len(living) + (rank < len(names) % len(living))
            ours = [name for name, _ in names if name in self._held]
            free = [n for n, owner in names if owner not in living or owner == self.owner]
            wanted += [name for name in free if name not in self._held][: max(0, fair - len(ours))]
            surplus.update(ours[fair:])
        return wanted, frozenset(surplus)
