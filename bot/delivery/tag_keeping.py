"""Which tags have lapsed, and of which changed persons must WeCom be told?"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import Conflict
from bot.model import Lane
from bot.ports import Clock
from bot.store import Store, Unit
from bot.store.projecting import ask_projection, project
from bot.store.tag_statements import taken_off

AT_ONCE = 200
FOLLOWER = "projection"

_LAPSED = (
    "SELECT external_userid, name FROM customer_tags WHERE expires_at <= ?"
    " ORDER BY expires_at LIMIT ?"
)
_MERGES = ("customer.merged", "customer.unmerged")


@dataclass(frozen=True, slots=True)
class TagKeeping:
    """Takes off what has lapsed (reading left it out already), and lets merges reach WeCom.

    Args:
        woken: told which queue of the outbox has something to send.
    """

    store: Store
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def look(self) -> int:
        """Look once; returns how many tags were taken off."""
        lapsed = await self._take_off()
        await self._follow_merges()
        return lapsed

    async def _take_off(self) -> int:
        now, unit, queues = self.clock.now(), Unit(), list[str]()
        rows = await self.store.database.fetch(_LAPSED, now, AT_ONCE)
        for row in rows:
            key, customer = secrets.token_hex(8), row["external_userid"]
            unit.statements += taken_off(
                key,
                "external_userid = ? AND name = ? AND expires_at <= ?",
                (customer, row["name"], now),
                rule="lapsed",
                at=now,
            )
            queues += await ask_projection(self.store, unit, customer, [key], now)
        if rows:
            await self.store.database.commit(unit)
        self._wake(queues)
        return len(rows)

    async def _follow_merges(self) -> None:
        """Tags are those of the person: who became one, or two again, has others now."""
        changes, now = self.store.changes, self.clock.now()
        was = await changes.place_of(FOLLOWER)
        merged = await changes.after(was or 0, _MERGES, AT_ONCE)
        if not merged:
            return
        unit, queues = Unit(), list[str]()
        for one in merged:
            for customer in (one.external_userid, str(one.data["with"])):
                queues += await project(self.store, unit, customer, now)
        changes.move(unit, FOLLOWER, was, merged[-1].id, now)
        try:
            await self.store.database.commit(unit)
        except Conflict:  # another look was quicker
            return
        self._wake(queues)

    def _wake(self, queues: list[str]) -> None:
        for queue in dict.fromkeys(queues):
            self.woken(queue, Lane.BACKGROUND)
