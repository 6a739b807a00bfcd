"""How does a test kill the product between any two steps of what it does at WeCom?

Each step is a commit, or one side of a call: the product is cut off there, and begins again with
nothing but its database.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.delivery.contact_access import ContactApi
from bot.wecom.contacts import Contacts
from bot.wecom.mass_sends import MassSendTasks
from bot.wecom.tags import TagLibrary
from bot.wecom.transfers import Transfers
from bot.wecom.ways import ContactWays
from tests.friends import Town

MOST_STEPS = 80

every_step = pytest.mark.parametrize(
    "stride", [pytest.param(5, id="some"), pytest.param(1, id="all", marks=pytest.mark.deep)]
)


class Killed(BaseException):
    """Nothing of the product may catch this."""


class Bomb:
    """Goes off at its step, counted over everything that is wrapped."""

    def __init__(self, step: int) -> None:
        self._left = step

    def tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed

    def around(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same work, with a step before and after it."""

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            self.tick()
            result = await work(*arguments, **named)
            self.tick()
            return result

        return wrapped

    @property
    def went_off(self) -> bool:
        return self._left <= 0


class BombedCalls:
    """The calls of customer contact, each with a step before and after it."""

    def __init__(self, calls: Any, bomb: Bomb) -> None:
        self.call = bomb.around(calls.call)


@asynccontextmanager
async def armed(town: Town, step: int) -> AsyncIterator[Bomb]:
    """The product as it is, with a bomb in it; afterwards a new life without one."""
    bomb, database = Bomb(step), town.store.database
    access: Any = town.parts.access
    api: ContactApi = access._apis["app"]  # the only way in from outside is the constructor
    calls: Any = BombedCalls(vars(api.contacts)["_calls"], bomb)
    bombed = replace(
        api,
        contacts=Contacts(calls),
        library=TagLibrary(calls),
        ways=ContactWays(calls),
        mass_sends=MassSendTasks(calls),
        transfers=Transfers(calls),
    )
    access._apis = {"app": bombed}
    access._accepted = None
    commit = database.commit
    database.commit = bomb.around(commit)  # type: ignore[method-assign, assignment]
    try:
        yield bomb
    except Killed:
        pass
    finally:
        database.commit = commit  # type: ignore[method-assign]
        town.begins_again()


async def until_nothing_is_left(
    town: Town, stride: int, story: Callable[[int, int], Awaitable[bool]]
) -> int:
    """Play the story with a bomb at its steps in turn; returns how far they go."""
    for step in range(1 + stride // 2, MOST_STEPS, stride):
        if not await story(step, step):
            return step - 1
        town.clock.reach(town.clock.now() + 3600)
    raise AssertionError("a story without end")
