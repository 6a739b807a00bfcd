"""A state means one thing for ever; whoever comes by it is that channel's."""

import pytest

from bot.app.channels import take_channels
from bot.config import Channel
from bot.errors import Misconfigured
from bot.store import CHANNEL, UNATTRIBUTED, Store, Unit, UnitConflict
from tests.builders import FRIDAY_MORNING as NOW
from tests.builders import a_config, home_of


def a_channel(**more: object) -> Channel:
    about = {"id": "douyin", "name": "抖音", "receivers": [{"userid": "zhangsan"}]}
    return Channel.model_validate(about | more)


async def test_a_state_leads_to_its_channel_and_an_unknown_one_to_nobody(store: Store) -> None:
    channel = a_channel(states=["dy2025"], welcome="ad", tags=["来源：抖音"])
    assert await store.channels.take([channel], "config", NOW) == []
    for state in ("douyin", "dy2025"):
        found = await store.channels.channel_of(state)
        assert (found.kind, found.id, found.channel) == (CHANNEL, "douyin", channel)
    for state in ("", "poster", "x" * 500, "'; --"):
        found = await store.channels.channel_of(state)
        assert (found.kind, found.id, found.channel) == (UNATTRIBUTED, "", None)


async def test_what_is_written_down_is_read_as_it_was(store: Store) -> None:
    hours = [{"days": ["mon", "sun"], "from": "22:00", "to": "06:30"}]
    channel = a_channel(
        receivers=[{"userid": "ZhangSan", "hours": hours, "daily_cap": 3}], spare=["lisi"]
    )
    await store.channels.take([channel], "hand", NOW)
    row = await store.channels.get("douyin")
    assert row is not None
    assert (row.channel, row.origin, row.created_at) == (channel, "hand", NOW)
    await store.channels.take([channel], "hand", NOW + 9)
    again = await store.channels.get("douyin")
    assert again == row


async def test_a_state_of_somebody_else_is_never_taken_over(store: Store) -> None:
    unit = Unit()
    store.channels.claim(unit, "r_lan", "referral", "lan", NOW)
    await store.database.commit(unit)
    refused = await store.channels.take([a_channel(states=["r_lan"]), a_channel(id="b")], "hand", 0)
    assert [(one.id, state) for one, state in refused] == [("douyin", "r_lan")]
    assert [row.channel.id for row in await store.channels.all()] == ["b"]
    assert (await store.channels.channel_of("r_lan")).id == "lan"
    unit = Unit()
    store.channels.claim(unit, "b", "referral", "lan", NOW)
    with pytest.raises(UnitConflict):
        await store.database.commit(unit)


async def test_start_up_stops_rather_than_count_for_another_channel(store: Store) -> None:
    unit = Unit()
    store.channels.claim(unit, "douyin", "referral", "lan", NOW)
    await store.database.commit(unit)
    codes = [{"id": "douyin", "name": "抖音", "receivers": [{"userid": "a"}]}]
    config = a_config(home_of(store), channels={"codes": codes})
    with pytest.raises(Misconfigured, match="douyin: state douyin is taken"):
        await take_channels(config, store, NOW)


async def test_a_paused_channel_stays_paused_whatever_is_read_again(store: Store) -> None:
    await store.channels.take([a_channel()], "config", NOW)
    for moment, expected in ((NOW + 1, NOW + 1), (NOW + 2, NOW + 1), (None, None)):
        unit = Unit()
        store.channels.pause(unit, "douyin", moment)
        await store.database.commit(unit)
        await store.channels.take([a_channel(name="抖音直播")], "config", NOW + 5)
        row = await store.channels.get("douyin")
        assert row is not None
        assert (row.paused_at, row.channel.name) == (expected, "抖音直播")


async def test_the_first_touch_is_the_first_in_whatever_order_it_is_told(store: Store) -> None:
    touches = [("", NOW), ("poster", NOW + 5), ("", NOW + 9), ("video", NOW + 7)]
    for customer, order in (("a", touches), ("b", touches[::-1]), ("c", touches[2:] + touches[:2])):
        for channel, at in order:
            unit = Unit()
            store.profiles.touch(unit, customer, channel, at)
            await store.database.commit(unit)
        touch = await store.profiles.touched(customer)
        assert touch is not None
        assert (touch.first_channel, touch.first_at) == ("", NOW)
        assert (touch.last_channel, touch.last_at) == ("video", NOW + 7)
