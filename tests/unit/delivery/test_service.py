"""Where does the history of an account end?"""

from typing import Any

import pytest

from bot.delivery.lanes import Lanes
from bot.delivery.pull import PullSettings
from bot.delivery.service import Service
from bot.errors import StoreRefused
from bot.model import Lane
from bot.store import Store
from bot.wecom.kf import KfAccount
from tests.talk import PlayedClock
from tests.unit.delivery.test_fleet import FakeLeases

_FULL = (
    "CREATE TRIGGER full BEFORE INSERT ON accounts BEGIN SELECT RAISE(ABORT, 'full'); END",
    "DROP TRIGGER full",
)


class FakeKf:
    """Lists accounts."""

    def __init__(self) -> None:
        self.accounts = [KfAccount("wk1", "小店")]

    async def list_accounts(self) -> list[KfAccount]:
        return self.accounts


async def _nothing(_key: str) -> None:
    """No work."""


def _service(store: Store, kf: Any, clock: PlayedClock) -> Service:
    lanes = Lanes("none", _nothing, dict.fromkeys(Lane, 1), clock)
    leases: Any = FakeLeases()  # of shards alone: nothing is pulled
    rooms = {"drains": lanes, "sends": lanes, "accounts": (), "looks": (), "once": ()}
    return Service(store, kf, pull=PullSettings(), clock=clock, leases=leases, **rooms)  # type: ignore[arg-type]


async def test_history_ends_with_the_start_though_the_first_listing_could_not_be_kept(
    store: Store, clock: PlayedClock
) -> None:
    kf = FakeKf()
    service, started_at = _service(store, kf, clock), clock.now()
    store.database.run_script(_FULL[0])
    clock.reach(clock.now() + 5)
    with pytest.raises(StoreRefused):
        await service.register_accounts()
    store.database.run_script(_FULL[1])
    clock.reach(clock.now() + 5)
    await service.register_accounts()
    kf.accounts.append(KfAccount("wk2", "新店"))
    clock.reach(clock.now() + 5)
    await service.register_accounts()
    ends = {one.open_kfid: one.first_started_at for one in await store.accounts.all()}
    assert ends == {"wk1": started_at, "wk2": started_at + 15}
