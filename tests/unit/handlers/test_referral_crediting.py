"""An invitation is credited when every condition holds, and each that does not has its reason."""

import pytest

from bot.config import Campaign
from bot.model.people import IdentityKind
from bot.store import Statement
from handlers.referral.rules import Phase
from tests.conftest import OpenChat
from tests.referrals import DAY_S, SPRING, Fair

FAST = {"freeze_hours": 24}


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING | FAST))
    await fair.opens()
    await fair.invites("wm_lan")
    return fair


async def test_b_an_add_that_is_told_three_times_is_one_credit(fair: Fair) -> None:
    await fair.adds("wm_mei", by="wm_lan", times=3)
    assert await fair.counts("wm_lan") == {"pending": 1}
    await fair.chat.waits(hours=25)
    await fair.adds("wm_mei", by="wm_lan", at=fair.clock.now() - 25 * 3600, times=3)
    assert await fair.counts("wm_lan") == {"valid": 1}


async def test_c_one_newcomer_who_adds_two_members_of_the_pool_is_one_credit(fair: Fair) -> None:
    await fair.adds("wm_mei", by="wm_lan")
    await fair.adds("wm_mei", by="wm_lan", member="lisi")
    await fair.chat.waits(hours=25)
    assert await fair.counts("wm_lan") == {"valid": 1, "refused": 1}
    assert await fair.reasons("wm_mei") == ["", "already_credited"]


async def test_d_whoever_helps_two_inviters_counts_for_the_first(fair: Fair) -> None:
    await fair.invites("wm_hong")
    await fair.adds("wm_mei", by="wm_lan")
    await fair.chat.waits(minutes=1)
    await fair.adds("wm_mei", by="wm_hong", member="lisi")
    assert await fair.counts("wm_lan") == {"pending": 1}
    assert await fair.counts("wm_hong") == {"refused": 1}


async def test_d_the_first_is_whoever_was_first_in_whatever_order_it_is_told(fair: Fair) -> None:
    await fair.invites("wm_hong")
    now = fair.clock.now()
    await fair.adds("wm_mei", by="wm_hong", member="lisi", at=now)
    await fair.adds("wm_mei", by="wm_lan", at=now - 60)
    assert await fair.counts("wm_lan") == {"pending": 1}
    assert await fair.counts("wm_hong") == {"refused": 1}


async def test_e_telling_every_friendship_again_credits_nobody(fair: Fair) -> None:
    await fair.adds("wm_old", at=fair.clock.now() - 90 * DAY_S)
    await fair.adds("wm_mei", by="wm_lan")
    await fair.chat.waits(hours=25)
    for newcomer in ("wm_old", "wm_mei"):
        await fair.adds(newcomer)  # found by a comparison: without a state
    await fair.adds("wm_old", by="wm_lan", member="lisi")
    assert await fair.counts("wm_lan") == {"valid": 1, "refused": 1}
    assert await fair.reasons("wm_old") == ["not_new"]


async def test_f_an_end_that_is_told_twice_takes_one_back_once(fair: Fair) -> None:
    for newcomer in ("wm_mei", "wm_fang"):
        await fair.adds(newcomer, by="wm_lan")
    await fair.chat.waits(hours=25)
    await fair.leaves("wm_mei", times=2)
    assert await fair.counts("wm_lan") == {"valid": 1, "revoked": 1}
    steps = await fair.store.database.fetch(
        "SELECT standing FROM referral_steps WHERE external_userid = 'wm_mei' ORDER BY id"
    )
    assert [row["standing"] for row in steps] == ["pending", "valid", "revoked"]


async def test_g_a_deletion_by_a_member_costs_the_inviter_nothing(fair: Fair) -> None:
    await fair.adds("wm_mei", by="wm_lan")
    await fair.leaves("wm_mei", by="staff")
    await fair.chat.waits(hours=25)
    assert await fair.counts("wm_lan") == {"valid": 1}


async def test_a_friend_who_is_left_in_the_pool_keeps_the_credit(fair: Fair) -> None:
    await fair.adds("wm_mei", by="wm_lan")
    await fair.adds("wm_mei", member="lisi")
    await fair.chat.waits(hours=25)
    await fair.leaves("wm_mei")
    assert await fair.valid("wm_lan") == 1
    await fair.leaves("wm_mei", member="lisi")
    assert await fair.valid("wm_lan") == 0


async def test_who_comes_back_by_the_same_code_waits_anew_and_by_another_not_at_all(
    fair: Fair,
) -> None:
    await fair.invites("wm_hong")
    await fair.adds("wm_mei", by="wm_lan")
    await fair.chat.waits(hours=25)
    await fair.leaves("wm_mei")
    await fair.chat.waits(minutes=5)
    await fair.adds("wm_mei", by="wm_hong")
    assert await fair.counts("wm_hong") == {"refused": 1}
    assert await fair.counts("wm_lan") == {"revoked": 1}
    await fair.leaves("wm_mei")
    await fair.chat.waits(minutes=5)
    await fair.adds("wm_mei", by="wm_lan")
    assert await fair.counts("wm_lan") == {"pending": 1}
    await fair.chat.waits(hours=25)
    assert await fair.counts("wm_lan") == {"valid": 1}


async def test_a_deletion_after_the_observation_costs_nothing(open_chat: OpenChat) -> None:
    short = SPRING | FAST | {"end": "2026-11-20 23:59", "observe_days": 2}
    fair = Fair(await open_chat(), Campaign.model_validate(short))
    await fair.opens()
    await fair.invites("wm_lan")
    await fair.adds("wm_mei", by="wm_lan")
    await fair.adds("wm_fang", by="wm_lan")
    await fair.chat.waits(hours=48)
    await fair.leaves("wm_fang")
    await fair.chat.waits(hours=24)
    await fair.leaves("wm_mei")
    assert await fair.counts("wm_lan") == {"valid": 1, "revoked": 1}


async def test_k_a_campaign_that_ended_a_second_before_credits_nobody(fair: Fair) -> None:
    start, end = fair.campaign.window(fair.chat.engine.dispatcher._setting.zone)
    await fair.adds("wm_last", by="wm_lan", at=end)
    await fair.adds("wm_late", by="wm_lan", at=end + 1)
    await fair.adds("wm_early", by="wm_lan", at=start - 1)
    await fair.turns(Phase.PAUSED)
    await fair.adds("wm_now", by="wm_lan")
    assert await fair.reasons("wm_last") == [""]
    for newcomer in ("wm_late", "wm_early", "wm_now"):
        assert await fair.reasons(newcomer) == ["not_running"]
    await fair.adds("wm_before", by="wm_lan", at=fair.clock.now() - 60)
    assert await fair.reasons("wm_before") == [""]  # told late, but it ran then


async def test_nobody_invites_himself_by_whichever_id(fair: Fair) -> None:
    await fair.adds("wm_lan", by="wm_lan")
    assert await fair.reasons("wm_lan") == ["self_invite"]
    await fair.adds("wm_second", by="wm_lan")
    for customer in ("wm_lan", "wm_second"):
        await fair.store.people.identify(
            customer, IdentityKind.UNIONID, "o_same", source="contact", at=fair.clock.now()
        )
    await fair.chat.waits(hours=25)
    assert await fair.reasons("wm_second") == ["self_invite"]  # known only after the add


async def test_a_ring_staff_the_barred_and_other_companies_are_refused(fair: Fair) -> None:
    for inviter in ("wm_a", "wm_b"):
        await fair.invites(inviter)
    await fair.adds("wm_a", by="wm_lan")
    await fair.adds("wm_b", by="wm_a")
    await fair.adds("wm_lan", by="wm_b")
    assert await fair.reasons("wm_lan") == ["ring"]
    await fair.adds("wo_x", by="wm_lan")
    assert await fair.reasons("wo_x") == ["corp_user"]
    sql = "INSERT INTO referral_barred VALUES ('wm_a', 0, 'lisi', 'staff')"
    await fair.writes(Statement(sql))
    await fair.adds("wm_c", by="wm_a")
    assert await fair.reasons("wm_c") == ["barred"]


async def test_above_the_caps_it_is_written_down_and_not_credited(open_chat: OpenChat) -> None:
    capped = Campaign.model_validate(SPRING | {"daily_cap": 2, "cap": 3})
    fair = Fair(await open_chat(), capped)
    await fair.opens()
    for inviter in ("wm_lan", "wm_hong"):
        await fair.invites(inviter)
    for n in range(3):
        await fair.adds(f"wm_l{n}", by="wm_lan")
    assert await fair.counts("wm_lan") == {"pending": 2, "refused": 1}
    for n in range(2):
        await fair.adds(f"wm_h{n}", by="wm_hong")
    assert await fair.counts("wm_hong") == {"pending": 1, "refused": 1}
    assert await fair.reasons("wm_h1") == ["over_cap"]


async def test_an_add_told_again_after_the_end_of_the_same_second_is_no_return(fair: Fair) -> None:
    now = float(int(fair.clock.now()))
    await fair.adds("wm_mei", by="wm_lan", at=now)
    await fair.chat.waits(seconds=1)
    await fair.leaves("wm_mei", at=now)
    await fair.chat.waits(seconds=1)
    await fair.adds("wm_mei", by="wm_lan", at=now)
    assert await fair.counts("wm_lan") == {"revoked": 1}
