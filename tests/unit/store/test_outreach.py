"""What was planned while somebody counted is either counted or makes his own plan fail."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.model.outreach import Outreach
from bot.store import Database, Store, Unit, UnitConflict
from bot.store.database import Row
from bot.store.outreach import NOT_ASKED, Outreaches

LAN, NEWS = "wm_lan", Outreach(feature="campaign", reason="上新")


class FakeInterrupted:
    """A database in which `then` happens before the read number `before`, counted from 0."""

    def __init__(self, database: Database, before: int, then: Callable[[], Awaitable[None]]):
        self._db, self._left, self._then = database, before, then

    async def fetch(self, sql: str, *params: Any) -> list[Row]:
        await self._tick()
        return await self._db.fetch(sql, *params)

    async def fetch_one(self, sql: str, *params: Any) -> Row | None:
        await self._tick()
        return await self._db.fetch_one(sql, *params)

    async def _tick(self) -> None:
        if self._left == 0:
            await self._then()
        self._left -= 1


@pytest.mark.parametrize("before", range(4))
async def test_what_is_planned_between_the_reads_of_a_budget_is_not_overlooked(
    store: Store, before: int
) -> None:
    async def another_plans() -> None:
        unit = Unit()
        store.outreach.plan(unit, LAN, NEWS, 1.0, last=NOT_ASKED, msgid="")
        await store.database.commit(unit)

    database: Any = FakeInterrupted(store.database, before, another_plans)
    budget = await Outreaches(database).budget(LAN, 2.0)
    if before == 3:
        await another_plans()  # after the last read
    unit = Unit()
    store.outreach.plan(unit, LAN, NEWS, 2.0, last=budget.last, msgid="")
    if before == 0:
        await store.database.commit(unit)
        assert len(budget.made) == 1
        return
    with pytest.raises(UnitConflict):
        await store.database.commit(unit)
