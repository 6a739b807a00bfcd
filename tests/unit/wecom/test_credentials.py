"""Is a token fetched by one process for all, and does nobody wait for one that cannot?"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import RetryLater
from bot.wecom.credentials import CLAIM_S, NOTHING, Credential, Credentials, NoShelf

LASTS_S = 7200.0


class FakeShelf:
    """A shelf in memory that claims end on. Drive it with `now`; `things` may be looked into."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.things: dict[str, bytes] = {}
        self._claims: dict[str, float] = {}

    async def look(self, name: str) -> bytes | None:
        return self.things.get(name)

    async def put(self, name: str, sealed: bytes, seconds: float) -> None:
        self.things[name] = sealed

    async def claim(self, name: str, seconds: float) -> bool:
        if self._claims.get(name, 0) > self.now:
            return False
        self._claims[name] = self.now + seconds
        return True

    async def release(self, name: str) -> None:
        self._claims.pop(name, None)


class FakeWeCom:
    """Issues tokens, each another one; `slow` is awaited before."""

    def __init__(self, shelf: FakeShelf, slow: Callable[[], Awaitable[None]] | None = None) -> None:
        self._shelf, self._slow, self.issued = shelf, slow, 0

    async def fetch(self) -> Credential:
        if self._slow:
            await self._slow()
        self.issued += 1
        return Credential.lasting(f"token-{self.issued}", self._shelf.now, LASTS_S)


@pytest.fixture
def shelf() -> FakeShelf:
    return FakeShelf()


def a_process(shelf: FakeShelf, secret: str = "the-secret") -> Credentials:
    async def sleep(seconds: float) -> None:
        shelf.now += seconds
        await asyncio.sleep(0)

    return Credentials(shelf, "ww1", secret, clock=lambda: shelf.now, sleep=sleep)


async def test_processes_that_start_at_once_fetch_one_token(shelf: FakeShelf) -> None:
    wecom = FakeWeCom(shelf, lambda: asyncio.sleep(0))
    started = (a_process(shelf).obtain("token", wecom.fetch, NOTHING) for _ in range(5))
    assert {one.value for one in await asyncio.gather(*started)} == {"token-1"}
    assert wecom.issued == 1


async def test_the_next_token_is_fetched_once_and_nobody_waits_while_the_old_one_serves(
    shelf: FakeShelf,
) -> None:
    wecom = FakeWeCom(shelf)
    one, other = a_process(shelf), a_process(shelf)
    old = await one.obtain("token", wecom.fetch, NOTHING)
    assert await other.obtain("token", wecom.fetch, NOTHING) == old
    shelf.now = old.refresh_at
    going_on = asyncio.Event()
    wecom._slow = going_on.wait  # type: ignore[assignment]
    fetching = asyncio.create_task(one.obtain("token", wecom.fetch, old))
    await asyncio.sleep(0)
    assert await other.obtain("token", wecom.fetch, old) == old
    going_on.set()
    new = await fetching
    assert (await other.obtain("token", wecom.fetch, old), wecom.issued) == (new, 2)


async def test_a_token_that_wecom_refused_is_replaced_by_one_and_taken_by_the_other(
    shelf: FakeShelf,
) -> None:
    wecom = FakeWeCom(shelf)
    one, other = a_process(shelf), a_process(shelf)
    bad = await one.obtain("token", wecom.fetch, NOTHING)
    good = await one.obtain("token", wecom.fetch, NOTHING, refused=bad.value)
    assert await other.obtain("token", wecom.fetch, NOTHING, refused=bad.value) == good
    assert (good.value, wecom.issued) == ("token-2", 2)


async def test_the_claim_of_a_process_that_died_ends(shelf: FakeShelf) -> None:
    one, wecom = a_process(shelf), FakeWeCom(shelf)
    assert await shelf.claim(one._place("token"), CLAIM_S)
    began = shelf.now
    assert (await one.obtain("token", wecom.fetch, NOTHING)).value == "token-1"
    assert CLAIM_S <= shelf.now - began < CLAIM_S + 1


async def test_a_fetch_that_fails_lets_another_process_try(shelf: FakeShelf) -> None:
    async def fails() -> Credential:
        raise RetryLater("/gettoken", -1, "busy")

    with pytest.raises(RetryLater):
        await a_process(shelf).obtain("token", fails, NOTHING)
    began = shelf.now
    await a_process(shelf).obtain("token", FakeWeCom(shelf).fetch, NOTHING)
    assert shelf.now == began


async def test_nobody_waits_for_ever_for_claims_that_never_end(shelf: FakeShelf) -> None:
    class Taken(FakeShelf):
        async def claim(self, name: str, seconds: float) -> bool:
            return False

    taken = Taken()
    assert (await a_process(taken).obtain("token", FakeWeCom(taken).fetch, NOTHING)).value


async def test_who_reads_the_shelf_without_the_secret_finds_no_token(shelf: FakeShelf) -> None:
    wecom = FakeWeCom(shelf)
    await a_process(shelf).obtain("token", wecom.fetch, NOTHING)
    ((place, sealed),) = shelf.things.items()
    assert b"token-1" not in sealed
    assert "the-secret" not in place
    assert "ww1" not in place
    await a_process(shelf, "another").obtain("token", wecom.fetch, NOTHING)
    assert len(shelf.things) == 2  # and it does not disturb ours


@pytest.mark.parametrize("forged", [b"", b"x", b"token-9" * 8])
async def test_what_somebody_else_put_there_is_no_token(shelf: FakeShelf, forged: bytes) -> None:
    one, wecom = a_process(shelf), FakeWeCom(shelf)
    shelf.things[one._place("token")] = forged
    assert (await one.obtain("token", wecom.fetch, NOTHING)).value == "token-1"


async def test_a_token_under_the_name_of_a_ticket_is_no_ticket(shelf: FakeShelf) -> None:
    one, wecom = a_process(shelf), FakeWeCom(shelf)
    await one.obtain("token", wecom.fetch, NOTHING)
    shelf.things[one._place("ticket")] = shelf.things[one._place("token")]
    assert (await one.obtain("ticket", wecom.fetch, NOTHING)).value == "token-2"


async def test_without_a_shelf_each_process_fetches_its_own() -> None:
    shelf = FakeShelf()
    wecom = FakeWeCom(shelf)
    for _ in range(2):
        alone = Credentials(NoShelf(), "ww1", "s", clock=lambda: shelf.now)
        await alone.obtain("token", wecom.fetch, NOTHING)
    assert wecom.issued == 2
