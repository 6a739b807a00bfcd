"""Two processes on one database file race for one seat, and for one case, many times."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bot.delivery.couriers import Owners
from bot.delivery.handing_over import HandOffCourier
from bot.delivery.outcomes import Ended
from bot.model import Case, Conversation, HandOff, Lane, Seat, ServiceState, Step
from bot.model.cases import advance
from bot.store import CaseChange, Draft, Store, Unit, conversation_queue
from bot.wecom.kf import Kf, Servicer, Servicers
from tests.builders import a_config, open_quickly
from tests.talk import PlayedClock

NOW = 1_800_000_000.0
ROUNDS = 400


@pytest.fixture
def stores(home: Path) -> Iterator[tuple[Store, Store]]:
    """Two stores with connections and writers of their own, as two processes have them."""
    one, two = open_quickly(a_config(home)), open_quickly(a_config(home))
    yield one, two
    one.close()
    two.close()


class FakeKf(Kf):
    """A WeCom that notes every transfer; the seat's owner receives. Read `given`."""

    def __init__(self) -> None:
        self.given: list[tuple[str, ServiceState, str | None]] = []

    async def get_state(self, conversation: Conversation) -> tuple[ServiceState, str | None]:
        await asyncio.sleep(0)
        return ServiceState.BOT, None

    async def list_servicers(self, open_kfid: str) -> Servicers:
        return Servicers((Servicer("zhangsan", True), Servicer("lisi", True)))

    async def trans(
        self, conversation: Conversation, state: ServiceState, servicer: str | None = None
    ) -> str | None:
        self.given.append((conversation.external_userid, state, servicer))
        return "code"


async def wanted(store: Store, name: str) -> Conversation:
    where = Conversation("wk", f"wm_{name}")
    case = Case(id=name, conversation=where, opened_at=NOW, active_at=NOW)
    case = advance(case, Step(name="wanted", at=NOW, level=2, reason="asked"))
    unit = Unit()
    await store.cases.save(unit, CaseChange(case, case))
    await store.database.commit(unit)
    return where


async def hand_over(store: Store, kf: Kf, case_id: str, where: Conversation, seat: Seat) -> Ended:
    clock = PlayedClock(NOW)
    courier = HandOffCourier(store, kf, Owners(store, kf, clock, 60.0), clock)
    unit, queue = Unit(), conversation_queue(where)
    effect = HandOff(reason="asked", case_id=case_id, seats=(seat,))
    draft = Draft(where.subject, queue, where, Lane.HANDOFF, effect, NOW + 60)
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    outcome = await courier((await store.outbox.open_of(queue))[0])
    assert isinstance(outcome, Ended)
    return outcome


async def test_one_seat_goes_to_one_of_two_cases_every_time(stores: tuple[Store, Store]) -> None:
    one, two = stores
    seat = Seat("zhangsan", 2, 1)
    for number in range(ROUNDS):
        cases = (f"a{number}", f"b{number}")
        for case_id in cases:
            await wanted(one, case_id)
        got = await asyncio.gather(
            one.cases.reserve(cases[0], seat, NOW), two.cases.reserve(cases[1], seat, NOW)
        )
        assert sorted(got) == [False, True]
        assert await two.cases.loads() == {"zhangsan": 1}
        await one.cases.release(cases[got.index(True)], "zhangsan", NOW)


async def test_one_case_goes_to_one_of_two_servicers_every_time(
    stores: tuple[Store, Store],
) -> None:
    one, two = stores
    for number in range(ROUNDS):
        case_id = f"c{number}"
        await wanted(one, case_id)
        got = await asyncio.gather(
            one.cases.reserve(case_id, Seat("zhangsan", 2, ROUNDS), NOW),
            two.cases.reserve(case_id, Seat("lisi", 3, ROUNDS), NOW),
        )
        assert sorted(got) == [False, True]
        case = await one.cases.get(case_id)
        assert case is not None
        assert case.servicer == ("zhangsan" if got[0] else "lisi")
    assert sum((await one.cases.loads()).values()) == ROUNDS


async def test_two_hand_overs_at_once_fill_three_seats_and_no_fourth(
    stores: tuple[Store, Store],
) -> None:
    """Eight customers, two processes, one servicer with three seats: the rest waits in the pool."""
    kf, seat = FakeKf(), Seat("zhangsan", 2, 3)
    wheres = {f"d{number}": await wanted(stores[0], f"d{number}") for number in range(8)}
    outcomes = await asyncio.gather(
        *(
            hand_over(stores[number % 2], kf, case_id, where, seat)
            for number, (case_id, where) in enumerate(wheres.items())
        )
    )
    ways = [outcome.result["outcome"] for outcome in outcomes]
    assert (ways.count("assigned"), ways.count("queued")) == (3, 5)
    assert [servicer for _, _, servicer in kf.given].count("zhangsan") == 3
    moved = sorted(customer for customer, _, _ in kf.given)
    assert all(first != second for first, second in pairwise(moved)), "moved twice"
