"""What have other processes written that is for us to do?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.delivery.lanes import Lanes
from bot.delivery.pull import backlog_rank
from bot.ports import Clock
from bot.store import Store
from bot.store.accounts import Hint
from bot.store.newest import Newcomer, Newest

ROWS_AT_ONCE = 1000


@dataclass(slots=True)
class News:
    """Wakes what new rows are about; whose share that is, the lanes know.

    Args:
        drains: of the mailboxes.
        sends: of the outbox.
        fresh_first_s: see `backlog_rank`.
    """

    store: Store
    drains: Lanes
    sends: Lanes
    clock: Clock
    fresh_first_s: float
    _letter: int = 0
    _parcel: int = 0
    _hinted: dict[str, float] = field(default_factory=dict)

    async def start(self) -> None:
        """Whatever is there already is no news."""
        self._letter, self._parcel = await Newest(self.store.database).last()

    async def look(self) -> list[Hint]:
        """Wake for what is new; returns the hints that are."""
        newest = Newest(self.store.database)
        self._letter = await self._each(newest.letters, self._letter, self.drains)
        self._parcel = await self._each(newest.parcels, self._parcel, self.sends)
        hints = await self.store.accounts.open_hints()
        new = [one for one in hints if self._hinted.get(one.open_kfid) != one.received_at]
        self._hinted = {one.open_kfid: one.received_at for one in hints}
        return new

    async def _each(
        self, read: Callable[[int, int], Awaitable[list[Newcomer]]], last: int, lanes: Lanes
    ) -> int:
        now, rows = self.clock.now(), await read(last, ROWS_AT_ONCE)
        while rows:
            for one in rows:
                if one.due_at > now:
                    lanes.wake_at(one.key, one.due_at, one.lane)
                elif one.is_open:
                    rank = backlog_rank(one.sent_at, one.sent_at, now, self.fresh_first_s)
                    lanes.wake(one.key, one.lane, rank)
            last = rows[-1].id
            rows = await read(last, ROWS_AT_ONCE) if len(rows) == ROWS_AT_ONCE else []
        return last
