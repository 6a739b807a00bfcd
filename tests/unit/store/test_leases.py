"""Two workers on one database: who has what, and what becomes of who comes late?"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import open_store
from bot.errors import LeaseLost, Misconfigured
from bot.store import Store, Unit
from bot.store.fences import fenced
from bot.store.leases import LOOPS, SHARDS, Alone, Bystander, pull_of, shard_of
from bot.store.postgres.leases import SharedLeases
from tests.builders import STORAGE, a_config
from tests.conftest import MIGRATED
from tests.postgres_server import PostgresServer

HINT = "INSERT INTO hints (open_kfid, token, first_received_at, received_at) VALUES (?, '', 0, 0)"


@dataclass(slots=True)
class Worker:
    """A worker; its own clock moves when `later` is written."""

    store: Store
    leases: SharedLeases = field(init=False)
    later: float = 0.0

    def __post_init__(self) -> None:
        self.store.database.join()
        self.leases = SharedLeases(self.store.database, "", 10.0, lambda: self.later)

    def named(self, owner: str) -> "Worker":
        self.leases.owner = owner
        return self

    @property
    def held(self) -> set[str]:
        return {name for name in (*SHARDS, LOOPS) if self.leases.holds(name)}

    async def writes(self, name: str, key: str) -> None:
        with fenced(self.leases.fence(name)):
            await self.store.database.execute(HINT, key)


@pytest.fixture
def two(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Worker, Worker]]:
    """Workers in one process, each with its own connections, as two processes have."""
    (tmp_path / STORAGE).write_text(postgres.url(MIGRATED), "utf-8")
    config = a_config(tmp_path)
    with contextlib.ExitStack() as stack:
        stack.callback(postgres.restore, MIGRATED)
        yield tuple(  # type: ignore[misc]
            Worker(stack.enter_context(contextlib.closing(open_store(config)))).named(name)
            for name in ("a", "b")
        )


async def silence(worker: Worker) -> None:
    """The worker has given no sign of life for longer than a lease."""
    await worker.store.database.execute(
        "UPDATE workers SET lease_until = lease_until - 60 WHERE owner = ?", worker.leases.owner
    )


async def share_out(one: Worker, other: Worker) -> None:
    """Both have a fair share."""
    await one.leases.beat()
    await other.leases.beat()
    surplus = (await one.leases.beat()).surplus
    one.leases.let_go(surplus)
    await one.leases.give(surplus)
    await other.leases.beat()


async def hints(worker: Worker) -> set[str]:
    return {account for account, _, _ in await worker.store.accounts.hints()}


async def test_whoever_is_alone_has_everything_once(two: tuple[Worker, Worker]) -> None:
    a, _ = two
    assert (await a.leases.beat()).taken == {*SHARDS, LOOPS}
    assert a.held == {*SHARDS, LOOPS}
    again = await a.leases.beat()
    assert not again.taken | again.lost | again.surplus


async def test_a_second_worker_is_given_half(two: tuple[Worker, Worker]) -> None:
    a, b = two
    await a.leases.beat()
    assert not (await b.leases.beat()).taken, "nothing is taken from the living"
    surplus = (await a.leases.beat()).surplus
    assert (a.leases.living, b.leases.living) == (2, 2)
    assert len(surplus & set(SHARDS)) == 32
    a.leases.let_go(surplus)
    assert not surplus & a.held, "nothing more of it is begun"
    await a.writes(next(iter(surplus)), "what was under way")
    await a.leases.give(surplus)
    assert (await b.leases.beat()).taken == surplus
    assert not a.held & b.held
    assert a.held | b.held == {*SHARDS, LOOPS}
    assert await hints(a) == {"what was under way"}


async def test_the_dead_lose_everything_and_commit_nothing_any_more(
    two: tuple[Worker, Worker],
) -> None:
    """It was only stopped: it does not know, and goes on."""
    a, b = two
    await a.leases.beat()
    fence = a.leases.fence(SHARDS[0])
    with fenced(fence):
        await a.store.database.execute(HINT, "in time")
    await silence(a)
    with fenced(fence):
        await a.store.database.execute(HINT, "late, but nobody has taken it")
    assert (await b.leases.beat()).taken == {*SHARDS, LOOPS}
    with fenced(fence), pytest.raises(LeaseLost):
        await a.store.database.execute(HINT, "too late")
    assert await hints(a) == {"in time", "late, but nobody has taken it"}
    await b.writes(SHARDS[0], "of the new owner")
    back = await a.leases.beat()
    assert back.lost == {*SHARDS, LOOPS}
    assert not a.held
    with pytest.raises(LeaseLost):
        a.leases.fence(SHARDS[0])


async def test_a_lost_fence_costs_the_other_units_of_the_batch_nothing(
    two: tuple[Worker, Worker],
) -> None:
    a, b = two
    await a.leases.beat()
    old = a.leases.fence(SHARDS[0])
    await share_out(a, b)
    assert SHARDS[0] in a.held
    await a.leases.give(frozenset({SHARDS[0]}))
    await silence(a)
    await b.leases.beat()
    kept = a.store.database.execute(HINT, "kept")
    with fenced(old), pytest.raises(LeaseLost):
        await a.store.database.commit(Unit())
    await kept
    assert await hints(a) == {"kept"}


async def test_a_share_that_went_and_came_back_is_another_one(two: tuple[Worker, Worker]) -> None:
    a, b = two
    await a.leases.beat()
    old = a.leases.fence(SHARDS[0])
    await silence(a)
    await b.leases.beat()
    await b.leases.leave()
    await a.leases.beat()
    await a.leases.beat()
    assert a.held == {*SHARDS, LOOPS}
    with fenced(old), pytest.raises(LeaseLost):
        await a.store.database.execute(HINT, "of before")


async def test_who_leaves_leaves_everything_at_once(two: tuple[Worker, Worker]) -> None:
    a, b = two
    await share_out(a, b)
    before = b.held
    await a.leases.leave()
    assert (await b.leases.beat()).taken == {*SHARDS, LOOPS} - before


async def test_of_accounts_and_loops_each_worker_gets_its_part(two: tuple[Worker, Worker]) -> None:
    a, b = two
    await a.store.accounts.register("wk1", "", 0.0)
    await a.store.accounts.register("wk2", "", 0.0)
    await share_out(a, b)
    pulls = [{one for one in ("wk1", "wk2") if w.leases.holds(pull_of(one))} for w in two]
    assert sorted(map(len, pulls)) == [1, 1]
    assert sum(LOOPS in worker.held for worker in two) == 1


async def test_an_answer_that_was_lost_does_not_leave_a_share_to_nobody(
    two: tuple[Worker, Worker],
) -> None:
    """It was taken, and the worker never heard so: nobody else would take it while it lives."""
    a, b = two
    await b.leases.beat()
    await b.store.database.execute("UPDATE leases SET owner = 'a' WHERE name = ?", SHARDS[0])
    await b.leases.leave()
    await a.leases.beat()
    assert a.held == {*SHARDS, LOOPS}


async def test_the_world_is_told_nothing_after_a_long_stop(two: tuple[Worker, Worker]) -> None:
    a, _ = two
    await a.leases.beat()
    with fenced(a.leases.fence(SHARDS[0])):
        a.later = 9.0
        a.leases.check()
        a.later = 11.0
        with pytest.raises(LeaseLost):
            a.leases.check()
        await a.leases.beat()
        a.leases.check()
    a.later = 100.0
    a.leases.check()  # what a page asks for is done for nobody's share


def test_who_serves_alone_and_who_shares_keep_each_other_out(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """A version that knows no fences claims the database for itself."""
    (tmp_path / STORAGE).write_text(postgres.url(MIGRATED), "utf-8")
    first, second = open_store(a_config(tmp_path)), open_store(a_config(tmp_path))
    first.database.join()
    second.database.join()
    with pytest.raises(Misconfigured):
        second.database.claim()
    first.close()
    second.database.claim()
    second.close()


def test_a_file_is_not_shared(tmp_path: Path) -> None:
    store = open_store(a_config(tmp_path))
    with pytest.raises(Misconfigured, match="PostgreSQL"):
        store.database.join()
    store.close()


async def test_alone_everything_is_ours_and_a_bystander_has_nothing() -> None:
    alone, bystander = Alone(), Bystander()
    assert (await alone.beat()).taken >= {*SHARDS, LOOPS}
    assert alone.holds(pull_of("wk1"))
    assert alone.fence(SHARDS[0]) is None
    assert not (await bystander.beat()).taken
    assert not bystander.holds(LOOPS)


def test_a_key_is_in_the_same_shard_for_ever() -> None:
    """Two versions side by side must agree: these numbers are never changed."""
    assert shard_of("customer:wmA") == shard_of("wk1/wmA") == shard_of("welcome/zhangsan/wmA")
    keys = ("customer:wmA", "member:zhangsan", "corp", "corp_tags", "group:wrX", "campaign:1")
    assert [SHARDS.index(shard_of(key)) for key in keys] == [43, 43, 36, 59, 61, 51]
