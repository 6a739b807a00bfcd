"""A channel has one code at WeCom, which leads to whom rows and the clock say."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app.channels import build_channel_keeping
from bot.config import Channel
from bot.delivery.channel_keeping import ChannelKeeping
from bot.store import Unit
from simulator.faults import Fault
from tests.conftest import OpenChat
from tests.friends import Town, a_town
from tests.talk import PlayedClock

ADD = "/cgi-bin/externalcontact/add_contact_way"
STAFF = [{"userid": "zhaoliu", "name": "赵磊", "level": "leader"}]
RECEIVERS = [
    {"userid": "zhangsan", "daily_cap": 2},
    {"userid": "lisi", "hours": [{"from": "12:00", "to": "18:00"}]},
]


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, staff=STAFF) as opened:
        yield opened


async def with_channel(town: Town, **more: Any) -> ChannelKeeping:
    about = {"id": "douyin", "name": "抖音", "receivers": RECEIVERS, "spare": ["wangwu"]}
    channel = Channel.model_validate(about | more)
    assert await town.store.channels.take([channel], "config", town.clock.now()) == []
    return keeping_of(town)


def keeping_of(town: Town) -> ChannelKeeping:
    engine, client = town.chat.engine, town.client
    return build_channel_keeping(
        engine, town.parts.access, client.fetch_elsewhere, lambda _queue, _lane: None
    )


async def kept(town: Town, keeping: ChannelKeeping) -> int:
    """Look and do what follows; how many channels were to be changed."""
    changed = await keeping.look()
    await town.works()
    return changed


async def test_a_code_follows_schedule_cap_pause_and_midnight(town: Town) -> None:
    ways, keeping = town.sim.world.ways, await with_channel(town)  # Friday 10:00
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["zhangsan"]
    row = await town.store.ways.get("douyin")
    assert row.url == ways.of_state("douyin")[0].qr_code
    assert await kept(town, keeping) == 0
    row = await town.store.ways.get("douyin")
    assert row.says == f"https://u.wechat.com/{row.config_id}"  # read from WeCom's picture
    assert await kept(town, keeping) == 0
    for number in range(2):
        town.sim.world.add_customer(external_userid=f"wm_{number}")
        assert ways.scan("douyin", f"wm_{number}") == "zhangsan"
    await town.settles(times=3)  # told three times, counted once
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["wangwu"]
    await town.chat.waits(hours=2)
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["lisi"]
    unit = Unit()
    town.store.channels.pause(unit, "douyin", town.clock.now())
    await town.store.database.commit(unit)
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["wangwu"]
    unit = Unit()
    town.store.channels.pause(unit, "douyin", None)
    await town.store.database.commit(unit)
    await town.chat.waits(hours=14)  # the next day, 02:00
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["zhangsan"]
    assert len(ways.contact) == 1


async def test_a_code_whose_making_was_not_answered_is_found_not_made_again(town: Town) -> None:
    keeping = await with_channel(town)
    town.sim.world.faults.add(Fault(kind="reset_after_accept", path=ADD, times=1))
    await kept(town, keeping)
    assert (await town.store.ways.get("douyin")).config_id == ""
    town.begins_again()  # killed here
    await town.chat.waits(minutes=2)
    await kept(town, keeping_of(town))
    assert [one.config_id for one in town.sim.world.ways.of_state("douyin")] == [
        (await town.store.ways.get("douyin")).config_id
    ]
    assert town.sim.calls[ADD] == 1


async def test_a_member_who_leaves_is_taken_off_every_code_and_the_leader_is_told(
    town: Town,
) -> None:
    ways, keeping = town.sim.world.ways, await with_channel(town)
    await kept(town, keeping)
    town.friends.barred.add("zhangsan")
    await town.chat.waits(hours=1)
    await kept(town, keeping)
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["wangwu"]
    assert [text for _, text in town.chat.staff.sent if "离职" in text] != []
    town.friends.barred.clear()
    await town.chat.waits(hours=1)
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["zhangsan", "lisi"]


async def test_a_member_who_is_gone_before_the_code_is_made_costs_no_code(town: Town) -> None:
    town.friends.barred.add("zhangsan")
    keeping = await with_channel(town)
    keeping.read.members_at = town.clock.now()  # the list was read before he left
    await kept(town, keeping)
    assert town.sim.world.ways.users_of("douyin") == ["wangwu"]


async def test_a_code_deleted_at_wecom_is_made_again(town: Town) -> None:
    ways, keeping = town.sim.world.ways, await with_channel(town)
    await kept(town, keeping)
    ways.contact.clear()
    await town.chat.waits(hours=2)
    await kept(town, keeping)
    assert ways.users_of("douyin") == ["zhangsan", "lisi"]


async def test_a_group_code_rolls_over_and_its_comers_are_counted_once(town: Town) -> None:
    ways = town.sim.world.ways
    ways.new_group("wr1", "zhangsan", members=188)
    ways.new_group("wr2", "zhangsan")
    more = {"kind": "group", "groups": ["wr1", "wr2"], "receivers": [], "spare": []}
    keeping = await with_channel(town, id="store", **more)
    await kept(town, keeping)
    (way,) = ways.join.values()
    assert way.fields["chat_id_list"] == ["wr1", "wr2"]
    assert (await town.store.ways.get("store")).url == way.qr_code
    ways.scan_group("store", "wm_a")
    ways.scan_group("store", "wm_b")
    for _ in range(2):
        await town.chat.waits(minutes=10)
        await kept(town, keeping)
    assert way.fields["chat_id_list"] == ["wr2"]
    rows = town.store.database.read_sync("SELECT external_userid, state FROM group_joins")
    assert sorted(tuple(row) for row in rows) == [("wm_a", "store"), ("wm_b", "store")]
    ways.groups["wr2"].members *= 200
    ways.new_group("full", "zhangsan")
    for number in range(200):
        ways.groups["wr2"].members.append(ways.groups["wr1"].members[number % 190])
    await town.chat.waits(minutes=10)
    await kept(town, keeping)
    assert [text for _, text in town.chat.staff.sent if "快满" in text] != []


async def test_a_kf_channel_has_the_link_of_its_scene(town: Town) -> None:
    account = next(iter(town.sim.world.accounts))
    keeping = await with_channel(
        town, id="live", kind="kf", open_kfid=account, receivers=[], spare=[]
    )
    await kept(town, keeping)
    url = (await town.store.ways.get("live")).url
    assert url.startswith("https://work.weixin.qq.com/kf/")
    assert "enc_scene=" in url
    assert await kept(town, keeping) == 0


async def test_a_refusal_is_kept_and_asked_again_later(town: Town) -> None:
    keeping = await with_channel(town)
    town.sim.world.faults.add(Fault(kind="error", path=ADD, code=41045, times=1))
    await kept(town, keeping)
    assert "41045" in (await town.store.ways.get("douyin")).error
    assert await kept(town, keeping) == 0
    await town.chat.waits(minutes=10)
    await kept(town, keeping)
    assert town.sim.world.ways.users_of("douyin") == ["zhangsan"]
    assert (await town.store.ways.get("douyin")).error == ""


async def test_where_wecom_does_not_let_us_nothing_is_asked_over_and_over(town: Town) -> None:
    town.friends.permitted.clear()
    keeping = await with_channel(town)
    for _ in range(3):
        assert await kept(town, keeping) == 0
        await town.chat.waits(minutes=1)
    rows = town.store.database.read_sync("SELECT 1 FROM outbox WHERE kind = 'KeepChannel'")
    assert rows == []
    assert town.sim.calls.get(ADD, 0) == 0
    town.friends.permitted.add("app")
    await town.chat.waits(hours=1)
    await kept(town, keeping)
    assert town.sim.world.ways.users_of("douyin") == ["zhangsan"]
