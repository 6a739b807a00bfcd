"""K and cost say what the ledger says; what cannot be divided is not nought."""

import pytest

from bot.config import Campaign
from handlers.referral.figures import KFigures, figures
from handlers.referral.rules import Standing
from handlers.referral.store import acted, participant
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING | {"freeze_hours": 1}))
    await fair.opens()
    await fair.codes("A-1", "A-2")
    return fair


async def asks_for_poster(fair: Fair, customer: str) -> None:
    who = await participant(fair.store, "spring", customer)
    assert who is not None
    await fair.writes(*acted(who, fair.clock.now()))


async def test_figures_follow_the_ledger(fair: Fair) -> None:
    for customer in ("wm_lan", "wm_hong", "wm_quiet"):
        await fair.invites(customer)
    await asks_for_poster(fair, "wm_lan")
    await asks_for_poster(fair, "wm_hong")
    for n in range(3):
        await fair.adds(f"wm_{n}", by="wm_lan")
    await fair.adds("wm_0", by="wm_hong", member="lisi")
    await fair.chat.waits(hours=2)
    await fair.leaves("wm_2")
    found = await figures(fair.store, "spring", fair.clock.now())
    k = found.to_date
    assert (k.participants, k.inviters, k.credited, k.still_valid) == (3, 2, 3, 2)
    assert (k.gross, k.net, k.classic) == (1.5, 1.0, 2 / 3)
    assert found.standings[Standing.REVOKED] == 1
    assert found.reasons == {"already_credited": 1, "deleted": 1}
    assert found.tiers == {1: 1, 3: 1}
    assert (found.virtual, found.physical, found.cost) == (2, 0, 2500)
    assert found.cost_each == 1250


async def test_without_inviters_there_is_no_k(fair: Fair) -> None:
    found = await figures(fair.store, "spring", fair.clock.now())
    assert (found.to_date.gross, found.cost_each, found.cycle_s) == (None, None, None)


def test_nobody_is_alarmed_before_enough_have_invited() -> None:
    assert not KFigures(29, 100, 1, 1).is_low(0.3)
    assert KFigures(30, 100, 8, 8).is_low(0.3)
    assert not KFigures(30, 100, 9, 9).is_low(0.3)
