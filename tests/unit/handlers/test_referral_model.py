"""Any order of adds, deletions, repeats and returns ends as the brute-force model says."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import build_engine
from bot.config import Campaign
from bot.model import CustomerAdded, CustomerDeleted, Emitted
from bot.store import Unit
from bot.telemetry import Metrics
from handlers.referral import grants
from handlers.referral.grants import TAKEN, Paid
from handlers.referral.on_groups import TIED
from handlers.referral.rules import Phase
from knowledge import Library, Retriever
from tests.builders import FRIDAY_MORNING, a_config, a_customer, open_quickly
from tests.points_acts import Counter
from tests.points_model import COFFEE, ITEMS, MUG, Purses
from tests.referral_model import CODES, CUPS, DAY_S, HOUR_S, POINTS, TIERS, Model, Told
from tests.referrals import CLUB, SPRING, Fair
from tests.talk import Chat, PlayedClock

INVITERS, OTHERS = ("a", "b", "c"), ("x", "y", "z")
MEMBERS = ("zhangsan", "lisi", "wangwu")
GROUPS = ("wr_a", "wr_b")
"""In the campaign whose groups are joined the first members are these; the last is a friend."""

MORE: dict[str, Any] = {
    "freeze_hours": 5,
    "daily_cap": 3,
    "end": "2026-11-22 00:00",
    "observe_days": 1,
    "tiers": [{"invites": n, "reward": key} for n, key in TIERS.items()],
    "rewards": {
        "five": {"kind": "code", "name": "5 元券", "pool": "five", "cost": 5},
        "twenty": {"kind": "points", "name": "50 积分", "points": POINTS, "days": 1},
        "cup": {"kind": "gift", "name": "杯子", "stock": CUPS},
    },
}
CAMPAIGN = Campaign.model_validate(SPRING | MORE)
JOINED = Campaign.model_validate(CLUB | MORE)
TABLES = (
    *("referral_campaigns", "referral_phases", "referral_participants", "referral_invites"),
    *(
        "referral_group_ties",
        "referral_steps",
        "referral_grants",
        "coupons",
        "points_postings",
        "relations",
    ),
    *("relation_events", "channel_states", "staff_tasks", "mailbox", "outbox", "touches"),
    *("points_ends", "points_redemptions", "messages", "conversations", "cases", "case_steps"),
)

PEOPLE = st.sampled_from((*INVITERS, *OTHERS, *OTHERS))
AGO = st.sampled_from((0, 0, 0, 60, 3600, 2 * DAY_S))
ACT = st.one_of(
    st.tuples(
        st.just("add"), PEOPLE, st.sampled_from(("", *INVITERS, *INVITERS)),
        st.sampled_from(MEMBERS), AGO,
    ),
    st.tuples(
        st.just("leave"), PEOPLE, st.sampled_from(("customer", "customer", "staff")),
        st.sampled_from(MEMBERS), AGO,
    ),
    st.tuples(st.just("crowd"), st.sampled_from(INVITERS), st.integers(2, 3)),
    st.tuples(st.just("back"), PEOPLE, st.integers(0, 5)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("wait"), st.sampled_from((0.02, 1, 6, 30))),
    st.tuples(st.just("phase"), st.booleans()),
    st.tuples(
        st.just("gift"), st.sampled_from(INVITERS), st.sampled_from((10, 25, 60)),
        st.sampled_from((None, 3, 20)),
    ),
    st.tuples(st.just("exchange"), st.sampled_from(INVITERS), st.sampled_from((COFFEE, MUG))),
    st.tuples(st.sampled_from(("tap again", "cancel", "look", "look"))),
    st.tuples(st.just("unbook"), st.integers(0, 5)),
    st.tuples(st.just("till"), st.sampled_from(INVITERS)),
)  # fmt: skip


@pytest.fixture
def fair(home: Path) -> Iterator[Fair]:
    # what speaks against somebody is tested by itself; here nothing does
    points = {"items": ITEMS, "keeper": "lisi", "notice_days": 0}
    config = a_config(home, referral={"review_at": 999, "block_at": 1000}, points=points)
    store = open_quickly(config)
    clock = PlayedClock()
    engine = build_engine(config, store, Library(Retriever([])), clock=clock, metrics=Metrics())
    yield Fair(Chat(engine, a_customer(), clock), CAMPAIGN)
    engine.close()


def _ends_as_the_model(fair: Fair, acts: list[tuple[object, ...]], campaign: Campaign) -> None:
    fair.campaign = campaign
    asyncio.run(play(fair, acts))


check = given(acts=st.lists(ACT, min_size=6, max_size=24))
HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=100, deadline=None, suppress_health_check=HEALTH)
@check
def test_a_campaign_ends_as_the_model_says(fair: Fair, acts: list[tuple[object, ...]]) -> None:
    _ends_as_the_model(fair, acts, CAMPAIGN)


@settings(max_examples=100, deadline=None, suppress_health_check=HEALTH)
@check
def test_one_whose_groups_are_joined_does(fair: Fair, acts: list[tuple[object, ...]]) -> None:
    _ends_as_the_model(fair, acts, JOINED)


@pytest.mark.deep
@settings(max_examples=2000, deadline=None, suppress_health_check=HEALTH)
@check
def test_two_thousand_campaigns_do(fair: Fair, acts: list[tuple[object, ...]]) -> None:
    _ends_as_the_model(fair, acts, CAMPAIGN)


@pytest.mark.deep
@settings(max_examples=2000, deadline=None, suppress_health_check=HEALTH)
@check
def test_two_thousand_whose_groups_are_joined_do(
    fair: Fair, acts: list[tuple[object, ...]]
) -> None:
    _ends_as_the_model(fair, acts, JOINED)


async def play(fair: Fair, acts: list[tuple[object, ...]]) -> None:
    unit = Unit()
    for table in TABLES:
        unit.add(f"DELETE FROM {table}")
    await fair.store.database.commit(unit)
    fair.clock._now = FRIDAY_MORNING
    zone = ZoneInfo("Asia/Shanghai")
    start, end = fair.campaign.window(zone)
    today = datetime.fromtimestamp(fair.clock.now(), zone).replace(hour=0, minute=0, second=0)
    midnight = today.replace(microsecond=0).timestamp()
    model = Model(start, end, DAY_S, [midnight + n * DAY_S for n in range(-9, 40)])
    if fair.campaign.by_group:
        model.pool = GROUPS
    opened = fair.clock.now() - DAY_S
    await fair.opens()
    model.phases.append((opened, True))
    await fair.codes(*(f"C-{n}" for n in range(CODES)))
    await fair.codes("K-1", "K-2", pool=COFFEE)
    counter = Counter(fair, Purses())
    for inviter in INVITERS:
        await fair.invites(inviter)
    for act in acts:
        await happen(fair, model, act)
        await exchange(counter, act)
        await compare(fair, model, counter, act)


async def happen(fair: Fair, model: Model, act: tuple[object, ...]) -> None:
    now = float(int(fair.clock.now()))  # WeCom tells whole seconds
    match act:
        case ("add", str(who), str(code), str(member), float() | int() as ago):
            await tell(fair, model, Told(now - ago, who, member, True, code))
        case ("leave", str(who), str(by), str(member), float() | int() as ago):
            await tell(fair, model, Told(now - ago, who, member, False, by=by))
        case ("crowd", str(code), int(n)):
            for who in OTHERS[:n]:
                await tell(fair, model, Told(now, who, "zhangsan", True, code))
            fair.clock.reach(now + 6 * HOUR_S)
            await fair.chat.dialogue.catch_up()
        case ("back", str(who), int(minutes)):
            credited = [one for one in model.told if one.who == who and one.code]
            for one in credited[:1]:  # goes, and comes back by the same code
                await tell(fair, model, Told(now, who, one.member, False, by="customer"))
                fair.clock.reach(now + 60 * (1 + minutes))
                at = float(int(fair.clock.now()))
                await tell(fair, model, Told(at, who, one.member, True, one.code))
        case ("again", int(n)) if model.told:
            await tell(fair, model, model.told[n % len(model.told)])
        case ("wait", float() | int() as hours):
            fair.clock.reach(now + hours * HOUR_S)
            await fair.chat.dialogue.catch_up()
        case ("phase", bool(is_open)):
            await fair.turns(Phase.OPEN if is_open else Phase.PAUSED)
            model.phases.append((fair.clock.now(), is_open))
        case _:
            pass


async def exchange(counter: Counter, act: tuple[object, ...]) -> None:
    match act:
        case ("gift", str(who), int(many), None | float() | int() as hours):
            await counter.gift(who, many, hours)
        case ("exchange", str(who), str(item)):
            await counter.exchange(who, item)
        case ("tap again",):
            await counter.again()
        case ("cancel",):
            await counter.cancel()
        case ("look",):
            await counter.look()
        case ("unbook", int(number)):
            await counter.unbook(number)
        case ("till", str(who)):
            await counter.till(who)
        case _:
            pass


async def tell(fair: Fair, model: Model, one: Told) -> None:
    if fair.campaign.by_group:
        one = _as_joined(one)
    known = [other for other in model.told if other[:4] == one[:4]]
    if known and one not in known:
        return  # a pair cannot become friends twice in a second
    fair.clock.reach(fair.clock.now() + 0.001)  # one is told after the other
    model.hears(one)
    ids: dict[str, Any] = {"userid": one.member, "external_userid": one.who, "at": one.at}
    state = f"r_{one.code}" if one.code else ""
    if one.member in GROUPS:
        data = {"chat": one.member, "at": one.at, "began": one.began, "state": state, "by": one.by}
        await fair.chat.dialogue.happen(Emitted(name=TIED, data=data, external_userid=one.who))
    elif one.began:
        await fair.chat.dialogue.happen(CustomerAdded(**ids, state=state))
    else:
        await fair.chat.dialogue.happen(CustomerDeleted(**ids | {"by": one.by}))
    await fair.chat.dialogue.catch_up()


def _as_joined(one: Told) -> Told:
    """The same of groups: the first two members become groups, whose codes alone invite."""
    if one.member in GROUPS:
        return one
    place = MEMBERS.index(one.member)
    if place < len(GROUPS):
        return one._replace(member=GROUPS[place])
    return one._replace(code="")


async def compare(fair: Fair, model: Model, counter: Counter, act: tuple[object, ...]) -> None:
    now = fair.clock.now()
    given_codes: list[str] = []
    for inviter in INVITERS:
        counts = await fair.counts(inviter)
        counts.pop("refused", None)
        assert counts == model.standings(inviter, now), (act, inviter)
        valid = counts.get("valid", 0)
        rows = {one.tier: one for one in await grants.grants_of(fair.store, [inviter])}
        for tier, key in TIERS.items():
            row = rows.get(tier)
            if valid >= tier:
                assert row is not None, (act, inviter, tier)
                left = await grants.left_of(fair.store, fair.campaign, key, now)
                assert row.standing in TAKEN or (row.standing is Paid.QUEUED and left == 0)
            elif row is not None:
                assert row.standing in (Paid.GIVEN, Paid.WITHDRAWN), (act, inviter, tier)
            if row is not None and row.standing is Paid.GIVEN:
                if key == "twenty" and (inviter, tier) not in model.given:
                    await counter.tier(inviter, POINTS, DAY_S)
                assert model.given.setdefault((inviter, tier), row.code) == row.code
                given_codes += [row.code] if row.code else []
        mine = {tier for who, tier in model.given if who == inviter}
        assert {t for t, row in rows.items() if row.standing is Paid.GIVEN} == mine
    await counter.compare(INVITERS, act)
    assert len(set(given_codes)) == len(given_codes) <= CODES
