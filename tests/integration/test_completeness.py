"""Of what WeCom counted yesterday we know how much reached us, and the operator hears when not."""

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app.watching import build_watch
from bot.commands.completeness import completeness
from bot.delivery.completeness import CompletenessLook
from bot.store.completeness import FRIENDS, MESSAGES, Complete
from bot.wecom.statistics import KfStatistics
from simulator.faults import Fault
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock
from tests.unit.delivery.test_watching import FakeTokens

DAY_S = 86_400.0


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as opened:
        await opened.store.database.execute("UPDATE schema_migrations SET applied_at = 1.0")
        yield opened


def look_of(town: Town) -> CompletenessLook:
    return CompletenessLook(town.store, KfStatistics(town.client), town.parts.access, town.clock)


async def newest(town: Town) -> dict[str, Complete]:
    return {one.source: one for one in await town.store.completeness.newest()}


async def test_a_friend_whose_callback_was_lost_is_counted_as_not_received(town: Town) -> None:
    await town.compares()  # what was there before us has no callbacks to miss
    await town.chat.waits(minutes=1)
    for name in ("wm_mei", "wm_fang", "wm_xia"):
        town.sim.world.add_customer(external_userid=name)
        town.friends.add("zhangsan", name)
    await town.settles(times=2)
    town.sim.world.add_customer(external_userid="wm_lost")
    town.friends.add("zhangsan", "wm_lost")
    town.told.clear()
    await town.compares()
    assert await town.store.contacts.relation("zhangsan", "wm_lost"), "found by comparing"
    await town.chat.waits(hours=14)
    await look_of(town).look()
    assert FRIENDS not in await newest(town), "the day is over, its count is not ready"
    await town.chat.waits(hours=8)
    await look_of(town).look()
    found = (await newest(town))[FRIENDS]
    assert found.reported - found.received == 1
    assert found.received >= 3


async def test_messages_are_counted_by_account_and_day(town: Town) -> None:
    account = next(iter(town.sim.world.accounts))
    began = town.clock.now() - DAY_S
    await town.store.accounts.register(account, "客服", began)
    for n in range(20):
        await town.sim.say(account, LAN, f"第{n}句")
    for n in range(18):
        await town.store.database.execute(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at,"
            " received_at, msgtype, outcome) VALUES (?, ?, 'wm_lan', 3, ?, ?, 'text', 'answered')",
            *(account, f"m{n}", town.clock.now(), town.clock.now()),
        )
    await town.chat.waits(hours=22)
    await look_of(town).look()
    found = (await newest(town))[MESSAGES]
    assert (found.account, found.reported, found.received) == (account, 20, 18)
    out = io.StringIO()
    await completeness(town.chat.engine.config, 7, out, as_json=False, now=town.clock.now())
    assert "企业微信记 20，收到 18" in out.getvalue()
    assert "没有达到 95% 的目标" in out.getvalue()


async def test_what_is_pulled_days_later_is_counted_too(town: Town) -> None:
    """After an outage WeCom still has three days of messages."""
    account = next(iter(town.sim.world.accounts))
    wrote_at = town.clock.now()
    await town.store.accounts.register(account, "客服", wrote_at - DAY_S)
    for n in range(4):
        await town.sim.say(account, LAN, f"第{n}句")
    await town.chat.waits(hours=22)
    await look_of(town).look()
    assert (await newest(town))[MESSAGES].received == 0
    await town.chat.waits(hours=48)
    for n in range(3):
        await town.store.database.execute(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at,"
            " received_at, msgtype, outcome) VALUES (?, ?, 'wm_lan', 3, ?, ?, 'text', 'answered')",
            *(account, f"m{n}", wrote_at, town.clock.now()),
        )
    await look_of(town).look()
    days = await town.store.completeness.since(0)
    [found] = [one for one in days if one.source == MESSAGES and one.reported]
    assert (found.reported, found.received) == (4, 3)
    await town.store.database.execute("DELETE FROM messages")
    await look_of(town).look()
    days = await town.store.completeness.since(0)
    assert [one.received for one in days if one.source == MESSAGES and one.reported] == [3]


async def test_what_wecom_does_not_answer_is_asked_for_again(town: Town) -> None:
    await town.chat.waits(hours=22)
    behaviour = "/cgi-bin/externalcontact/get_user_behavior_data"
    town.sim.world.faults.add(Fault(kind="error", path=behaviour, code=48002, times=1))
    await look_of(town).look()
    assert await newest(town) == {}
    await look_of(town).look()
    assert FRIENDS in await newest(town)


async def test_the_operator_hears_when_too_little_comes(town: Town) -> None:
    day = town.clock.now() - DAY_S
    await town.store.completeness.keep(FRIENDS, "", day, 20)
    tokens: Any = FakeTokens()
    await build_watch(town.chat.engine, tokens, lambda *_: None).look()
    await town.chat.waits(seconds=1)
    [text] = [one for one in town.chat.staff_messages if "企业微信记到的" in one]
    assert "只收到 0.0%" in text
