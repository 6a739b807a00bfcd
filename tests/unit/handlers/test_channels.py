"""Whoever comes by a code is that channel's, and gets its tags."""

from bot.config import Channel
from bot.model import CustomerAdded, SessionEntered
from tests.conftest import OpenChat
from tests.talk import Chat

LAN = "wm_lan"


async def open_with_tags(open_chat: OpenChat) -> Chat:
    chat = await open_chat(
        tagging={"groups": [{"name": "来源", "purpose": "service"}, {"name": "关注"}]}
    )
    about = {"name": "抖音", "tags": ["来源：抖音", "关注：新品"]}
    channels = [
        Channel.model_validate(about | {"id": "douyin", "receivers": [{"userid": "zhangsan"}]}),
        Channel.model_validate(
            {"id": "live", "name": "直播", "kind": "kf", "open_kfid": "wk_shop"}
            | {"tags": ["来源：直播"]}
        ),
    ]
    await chat.store.channels.take(channels, "config", chat.clock.now())
    return chat


async def test_a_code_gives_its_tags_as_far_as_the_customer_agrees(open_chat: OpenChat) -> None:
    chat = await open_with_tags(open_chat)
    added = CustomerAdded(
        userid="zhangsan", external_userid=LAN, state="douyin", at=chat.clock.now()
    )
    await chat.receives(added)
    assert chat.tags == {"来源：抖音"}
    await chat.receives(
        SessionEntered(open_kfid="wk_shop", external_userid=LAN, scene="live", sent_at=0.0)
    )
    assert chat.tags == {"来源：抖音", "来源：直播"}


async def test_a_state_that_nobody_knows_is_no_error(open_chat: OpenChat) -> None:
    chat = await open_with_tags(open_chat)
    await chat.receives(
        CustomerAdded(userid="lisi", external_userid=LAN, state="gone", at=chat.clock.now())
    )
    assert chat.tags == set()
    rows = chat.store.database.read_sync("SELECT parked_at FROM mailbox WHERE parked_at > 0")
    assert rows == []


async def test_each_scene_by_which_a_chat_was_opened_is_kept_with_its_first_time(
    chat: Chat,
) -> None:
    for scene, at in (("live", 5.0), ("live", 3.0), ("live", 9.0), ("", 4.0)):
        await chat.receives(
            SessionEntered(open_kfid="wk_shop", external_userid="wm_x", scene=scene, sent_at=at)
        )
    rows = chat.store.database.read_sync(
        "SELECT scene, first_at, last_at FROM entrances WHERE external_userid = 'wm_x'"
    )
    assert [tuple(row) for row in rows] == [("", 4.0, 4.0), ("live", 3.0, 9.0)]
