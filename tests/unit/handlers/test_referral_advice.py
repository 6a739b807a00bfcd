"""A K that is low twice is said, with what could help; the log shows what came of a change."""

from typing import Any

import pytest

from bot.app.campaign_watch import CampaignWatch
from bot.app.referral import Edit, put_campaign
from bot.config import Campaign, Config
from bot.store import Unit, UnitConflict
from handlers.referral import advice, breakdown, store
from handlers.referral.advice import Advice, changed
from handlers.referral.figures import k_of
from handlers.referral.rules import Phase
from tests.conftest import OpenChat
from tests.referrals import DAY_S, SPRING, Fair

ALARM = 0.3


async def a_fair(open_chat: OpenChat, **more: Any) -> Fair:
    described = SPRING | {"freeze_hours": 0, "tiers": [{"invites": 3, "reward": "twenty"}]} | more
    fair = Fair(await open_chat(), Campaign.model_validate(described))
    await fair.opens()
    return fair


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    return await a_fair(open_chat)


async def inviters(fair: Fair, n: int, *, word: str = "i") -> None:
    for number in range(n):
        await fair.invites(f"wm_{word}{number}")
        who = await store.participant(fair.store, "spring", f"wm_{word}{number}")
        assert who is not None
        await fair.writes(*store.acted(who, fair.clock.now()))


async def looks(fair: Fair) -> list[Advice]:
    known = await store.campaign(fair.store, "spring")
    assert known is not None
    return await advice.look(fair.store, known, ALARM, fair.clock.now())


async def low_twice(fair: Fair) -> list[Advice]:
    assert await looks(fair) == []
    await fair.chat.waits(hours=1)
    return await looks(fair)


async def test_once_is_not_enough_and_twice_is(fair: Fair) -> None:
    await inviters(fair, 30)
    found = await low_twice(fair)
    assert [one.kind for one in found] == ["lower_first", "two_sided"]
    assert [one.id for one in await advice.open_advice(fair.store, "spring")]
    await fair.chat.waits(hours=1)
    assert await looks(fair) == []  # said once


async def test_a_second_look_within_the_hour_is_none(fair: Fair) -> None:
    await inviters(fair, 30)
    assert await looks(fair) == []
    assert await looks(fair) == []


async def test_too_few_inviters_say_nothing(fair: Fair) -> None:
    await inviters(fair, 29)
    assert await low_twice(fair) == []


async def test_a_k_that_recovers_between_is_no_alarm(fair: Fair) -> None:
    await inviters(fair, 30)
    assert await looks(fair) == []
    for n in range(9):
        await fair.adds(f"wm_f{n}", by="wm_i0")
    await fair.chat.waits(hours=1)
    assert await looks(fair) == []


async def test_what_is_expected_is_what_the_ledger_says(fair: Fair) -> None:
    await inviters(fair, 30)
    await fair.adds("wm_f", by="wm_i0")
    await fair.chat.waits(minutes=5)
    lower, two_sided = await low_twice(fair)
    assert (lower.expected.at_once, lower.expected.cost) == (1, 2000)
    assert (two_sided.expected.at_once, two_sided.expected.cost) == (0, 500)
    assert (lower.expected.ratio, lower.expected.precedents) == (None, 0)


def test_advice_changes_one_thing_and_is_a_campaign() -> None:
    campaign = Campaign.model_validate(SPRING | {"tiers": [{"invites": 3, "reward": "five"}]})
    for kind in advice.KINDS:
        new = changed(campaign, kind)
        assert new is not None
        assert len(list(advice.told_changes(campaign, new))) == 1
        Campaign.model_validate(new.model_dump())
    assert changed(Campaign.model_validate(SPRING), "lower_first") is None


async def apply(fair: Fair, one: Advice) -> None:
    new = changed(fair.campaign, one.kind)
    assert new is not None
    now = fair.clock.now()
    edit = Edit("hand", "li", "advice", (advice.decided(one, "applied", "li", now),))
    await put_campaign(Config(), fair.store, new, edit, now)


async def test_the_log_shows_k_before_and_after_a_change(fair: Fair) -> None:
    await inviters(fair, 30)
    for n in range(3):
        await fair.adds(f"wm_f{n}", by="wm_i0")
    first, _ = await low_twice(fair)
    await apply(fair, first)
    assert [one.kind for one in await advice.open_advice(fair.store, "spring")] == ["two_sided"]
    await fair.chat.waits(hours=1)
    await inviters(fair, 30, word="j")
    for n in range(12):
        await fair.adds(f"wm_g{n}", by="wm_j0")
    await fair.chat.waits(hours=7 * 24)
    (found,) = await advice.changes(fair.store, "spring", now=fair.clock.now())
    assert (found.by, found.why) == ("li", "advice")
    assert [key for key, _, _ in advice.told_changes(found.before, found.after)] == ["tiers"]
    assert (found.before_k.gross, found.after_k.gross) == (0.1, 0.4)
    assert found.ratio == pytest.approx(4)


async def test_a_precedent_is_told_with_the_next_advice(fair: Fair) -> None:
    await test_the_log_shows_k_before_and_after_a_change(fair)
    again = Campaign.model_validate(
        SPRING | {"id": "next", "tiers": [{"invites": 3, "reward": "five"}]}
    )
    await put_campaign(Config(), fair.store, again, Edit("hand", "li"), fair.clock.now())
    known = await store.campaign(fair.store, "next")
    assert known is not None
    k = await k_of(fair.store, "next", 0, fair.clock.now())
    expected = await advice._expected(fair.store, known, "lower_first", k, fair.clock.now())
    assert expected is not None
    assert expected.precedents == 1
    assert expected.ratio == pytest.approx(4)


async def test_a_first_description_is_no_change_and_the_same_twice_neither(fair: Fair) -> None:
    for _ in range(2):
        await put_campaign(Config(), fair.store, fair.campaign, Edit("hand"), fair.clock.now())
    assert await advice.changes(fair.store, "spring", now=fair.clock.now()) == []


async def test_nobody_decides_twice(fair: Fair) -> None:
    await inviters(fair, 30)
    first, *_ = await low_twice(fair)
    await apply(fair, first)
    with pytest.raises(UnitConflict):
        await fair.store.database.commit(
            Unit([advice.decided(first, "dismissed", "wang", fair.clock.now())])
        )


async def test_groups_say_k_and_mix_of_each_version_and_day(open_chat: OpenChat) -> None:
    cup = {"cup": {"kind": "gift", "name": "杯子", "stock": 9, "cost": 30}}
    fair = await a_fair(
        open_chat,
        rewards=SPRING["rewards"] | cup,
        tiers=[{"invites": 1, "reward": "twenty"}],
        arms={"goods": [{"invites": 1, "reward": "cup"}]},
    )
    await inviters(fair, 4)
    await fair.store.database.execute(
        "UPDATE referral_participants SET arm = 'goods' WHERE external_userid IN ('wm_i2', 'wm_i3')"
    )
    for inviter in ("wm_i0", "wm_i2", "wm_i3"):
        await fair.adds(f"wm_of_{inviter}", by=inviter)
    await fair.chat.waits(minutes=10)
    zone = fair.chat.engine.dispatcher._setting.zone
    arms, days = await breakdown.groups(fair.store, "spring", zone)
    told = [
        (one.name, one.participants, one.valid, one.virtual, one.physical) for one in arms.groups
    ]
    assert told == [("base", 2, 1, 1, 0), ("goods", 2, 2, 0, 2)]
    assert [one.k_net for one in arms.groups] == [0.5, 1.0]
    assert [one.cost_each for one in arms.groups] == [2000, 3000]
    assert [str(one.verdict) for one in arms.compared] == ["too_few"]
    assert [(one.participants, one.valid, one.virtual_share) for one in days] == [(4, 3, 1 / 3)]


async def test_who_stays_is_told_beside_those_who_came_otherwise(fair: Fair) -> None:
    await fair.invites("wm_lan")
    for n in range(2):
        await fair.adds(f"wm_f{n}", by="wm_lan")
        await fair.adds(f"wm_other{n}")
    await fair.chat.waits(hours=24)
    await fair.leaves("wm_f0")
    await fair.chat.waits(hours=8 * 24)
    now = fair.clock.now()
    week, month = await breakdown.stays(fair.store, "spring", (now - 30 * DAY_S, now), now)
    assert (week.invited.count, week.invited.of) == (1, 2)
    assert (week.others.count, week.others.of) == (2, 2)
    assert (month.invited.of, month.others.share) == (0, None)


async def test_the_service_looks_at_every_campaign_that_runs(fair: Fair) -> None:
    watch = CampaignWatch(fair.store, ALARM, fair.clock)
    await inviters(fair, 30)
    assert await watch.look() == 0
    await fair.chat.waits(hours=1)
    assert await watch.look() == 2
    assert await watch.look() == 0
    await fair.turns(Phase.PAUSED)
    await fair.chat.waits(hours=1)
    await fair.store.database.execute("DELETE FROM referral_advice")
    assert await watch.look() == 0


async def test_which_rewards_he_sees_is_decided_by_the_experiment(open_chat: OpenChat) -> None:
    cup = {"cup": {"kind": "gift", "name": "杯子", "stock": 9}}
    described = SPRING | {
        "rewards": SPRING["rewards"] | cup,
        "arms": {"goods": [{"invites": 1, "reward": "cup"}]},
        "experiment": "mix",
    }
    split = {"variants": {"base": 1, "goods": 1}, "baseline": 0.2, "keep": "goods"}
    fair = Fair(await open_chat(experiments={"mix": split}), Campaign.model_validate(described))
    await fair.opens()
    await fair.chat.says("邀请好友")
    assert any("累计邀请 1 位：杯子" in one for one in fair.chat.replies)
    who = await store.participant(fair.store, "spring", "wm_lan")
    assert who is not None
    assert who.arm == "goods"
