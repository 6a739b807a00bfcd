"""Fraud that can be seen is stopped with its reasons; honest people who come at once are not."""

import random

import pytest

from benchmarks.referral.crowd import LEVELS
from benchmarks.referral.fraud import week
from bot.config import Campaign
from handlers.referral import store, weighing
from handlers.referral.risk import DAY_S, Beside, Seen, Ties, Verdict, judge
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair

BOUNDS = {"review_at": 40, "block_at": 70}
NOON = 12 * 3600.0


def at(times: list[float], *, stays: list[float] | None = None, tried: int = 1) -> Seen:
    left = (
        [None] * len(times) if stays is None else [a + b for a, b in zip(times, stays, strict=True)]
    )
    beside = [Beside(one, gone, None, tried) for one, gone in zip(times, left, strict=True)]
    return Seen(times[len(times) // 2], 12, beside, tried)


def names(seen: Seen) -> dict[str, float]:
    return {one.name: one.seen for one in judge(seen, **BOUNDS).signals}


def alone(**facts: object) -> dict[str, float]:
    return names(Seen(NOON, 12, [Beside(NOON)], **facts))  # type: ignore[arg-type]


async def test_fraud_that_shows_is_stopped_and_bursts_of_honest_people_are_not() -> None:
    found = await week(seed=11, people=200, size=0.2)
    assert found.share("crude") >= 0.95
    assert found.share("paced") >= 0.9
    assert found.share("hired") == 0  # nothing of it shows
    assert found.share(*found.honest) <= 0.02
    assert set(found.total) >= {*LEVELS, "class", "influencer", "office"}
    assert found.why["crude"], "each decision has its reasons"


def test_each_signal_of_time_says_what_it_saw() -> None:
    uneven = [NOON + 100.0 * n * n for n in range(20)]
    assert names(at([NOON + 0.5 * n for n in range(121)])) == {"speed": 120}
    assert names(at([NOON + 90.0 * n for n in range(20)])) == {"rhythm": 0.0}
    early = [30.0 + 20 * n for n in range(20)]
    assert names(at(uneven, stays=early)) == {"quick_leavers": 1.0}
    late = [3600.0 * (1 + n) for n in range(20)]
    assert names(at(uneven, stays=late)) == {"leavers": 1.0}
    assert names(at(uneven, stays=[3 * DAY_S] * 20)) == {"same_stay": 0.0}
    assert names(at(uneven, tried=3)) == {"helper": 3, "helpers": 1.0}


def test_each_signal_of_people_says_what_it_saw() -> None:
    assert alone(ties=Ties(12, 6)) == {"ring": 0.5}
    assert alone(ties=Ties(12, 5)) == {}
    assert alone(ties=Ties(3, 3, is_mutual=True)) == {"mutual": 1}
    assert alone(same_address=5) == {"same_address": 5}
    assert alone(same_phone=2) == {"same_phone": 2}
    assert alone(silent=1.0, silent_usual=0.6) == {"silent": 1.0}
    assert alone(silent=1.0, silent_usual=0.9) == {}
    assert alone(inviters_tried=10) == {"helper": 10}


@pytest.mark.parametrize("facts", [{"same_address": 40}, {"ties": Ties(2, 1, is_mutual=True)}])
def test_a_dormitory_or_a_friend_alone_stops_nobody(facts: dict[str, object]) -> None:
    seen = Seen(NOON, 12, [Beside(NOON)], **facts)  # type: ignore[arg-type]
    assert judge(seen, **BOUNDS).verdict is Verdict.ALLOW


def test_a_class_of_forty_is_fast_and_passes() -> None:
    dice = random.Random(7)
    times = sorted(NOON + dice.randrange(60) for _ in range(40))
    judgement = judge(at(times), **BOUNDS)
    assert (judgement.verdict, judgement.device) == (Verdict.ALLOW, "absent")


async def test_a_ring_and_what_it_shares_are_seen_from_the_ledger(open_chat: OpenChat) -> None:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING))
    await fair.opens()
    ring = [f"wm_{n}" for n in range(8)]
    for one in ring:
        await fair.invites(one)
    for n, one in enumerate(ring[1:]):
        await fair.adds(one, by=ring[n])
        await fair.chat.waits(minutes=7)
    for n, one in enumerate(ring):  # each scans two others' codes, for nothing
        for step in (2, 3):
            await fair.adds(one, by=ring[(n + step) % len(ring)], member="lisi")
    await fair.adds(ring[0], by=ring[1])
    for one in ring[:3]:
        mark = await weighing.receipt(fair.store, one, weighing.PHONE, " 138 0000 0000", NOON)
        await fair.writes(mark)
    (first, *_) = await store.invites_of(fair.store, [ring[1]])
    seen = await weighing.seen(fair.store, first, 12)
    assert seen.ties.is_mutual
    assert seen.ties.extra >= seen.ties.people
    assert (seen.same_phone, seen.same_address, seen.inviters_tried) == (2, 0, 3)
    judgement = judge(seen, **BOUNDS)
    assert judgement.verdict is Verdict.BLOCK
    assert {"ring", "mutual", "same_phone", "helper"} <= {one.name for one in judgement.signals}


async def test_silence_counts_only_where_others_write(open_chat: OpenChat) -> None:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING | {"start": "2026-10-01 00:00"}))
    await fair.opens(ago=40 * DAY_S)
    for inviter in ("wm_mute", "wm_loud"):
        await fair.invites(inviter)
        for n in range(12):
            ago = fair.clock.now() - 20 * DAY_S + 3000 * n * n
            await fair.adds(f"{inviter}_{n}", by=inviter, at=ago)
    await fair.adds("wm_last", by="wm_mute")
    (last,) = await store.invites_of(fair.store, ["wm_last"])
    seen = await weighing.seen(fair.store, last, 12)
    assert (seen.silent, seen.silent_usual) == (1.0, 1.0)
    for n in range(12):
        await fair.store.database.execute(
            "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
            " VALUES ('wk', ?, 1.0)",
            f"wm_loud_{n}",
        )
    seen = await weighing.seen(fair.store, last, 12)
    assert (seen.silent, seen.silent_usual) == (1.0, 0.5)


async def test_where_a_prize_is_sent_to_is_compared_and_cannot_be_read(open_chat: OpenChat) -> None:
    cup = {"cup": {"kind": "gift", "name": "杯子", "stock": 3}}
    described = SPRING | {"freeze_hours": 1, "rewards": SPRING["rewards"] | cup}
    described |= {"tiers": [{"invites": 1, "reward": "cup"}]}
    fair = Fair(await open_chat(), Campaign.model_validate(described))
    await fair.opens()
    await fair.invites("wm_lan")
    where, phone = "杭州市西湖区文三路1号2幢301室", "13800138000"
    for other in ("wm_a", "wm_b"):
        for kind, value in ((weighing.ADDRESS, where), (weighing.PHONE, phone)):
            await fair.writes(await weighing.receipt(fair.store, other, kind, value, NOON))
    await fair.chat.says("你好")
    await fair.adds("wm_f", by="wm_lan")
    await fair.chat.waits(hours=2)
    await fair.chat.says(f"王芳，138 0013 8000，{where}")
    await fair.chat.taps("对，就寄这里")
    (one,) = await store.invites_of(fair.store, ["wm_f"])
    seen = await weighing.seen(fair.store, one, 12)
    assert (seen.same_address, seen.same_phone) == (2, 2)
    rows = await fair.store.database.fetch("SELECT * FROM referral_receipts")
    assert phone not in str([tuple(row) for row in rows])
