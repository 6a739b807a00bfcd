"""Whoever comes by a code is that channel's, and gets its tags."""

from bot.config import Channel
from bot.model import CustomerAdded, Emitted, SessionEntered
from bot.model.consents import Purpose, Standing
from bot.routing import Router, Stage, Turn
from bot.store import Came, Unit
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
        "SELECT scene, first_at, last_at FROM entrances"
        " WHERE external_userid = 'wm_x' ORDER BY scene"
    )
    assert [tuple(row) for row in rows] == [("", 4.0, 4.0), ("live", 3.0, 9.0)]


async def visited(chat: Chat, *, ticked: bool = True) -> str:
    """Somebody has opened the page of the channel `live`, and tapped; returns the token."""
    token, unit, now = "a" * 28, Unit(), chat.clock.now()
    store = chat.store
    store.visits.opened(unit, token, "live", Came(utm_source="douyin"), now)
    store.visits.tapped(unit, token, {"marketing": ticked, "profiling_tags": False}, "7", now)
    await store.database.commit(unit)
    return token


def enters(token: str, who: str = LAN, scene: str = "live") -> SessionEntered:
    return SessionEntered(
        open_kfid="wk_shop", external_userid=who, scene=scene, scene_param=token, sent_at=0.0
    )


async def test_what_was_ticked_on_the_page_holds_once_its_visitor_comes(
    open_chat: OpenChat,
) -> None:
    chat = await open_with_tags(open_chat)
    token = await visited(chat)
    await chat.receives(enters(token))
    await chat.receives(enters(token, "wm_other"))  # the link was passed on
    consents = chat.store.consents
    assert await consents.standings(LAN) == {Purpose.MARKETING: Standing.GIVEN}
    assert await consents.standings("wm_other") == {}
    ((row, evidence),) = await consents.history(LAN)
    assert (row["channel"], row["notice_version"]) == ("landing", "7")
    assert evidence == f"landing visit {token}"
    visit = await chat.store.visits.get(token)
    assert visit is not None
    assert (visit.external_userid, visit.arrived_at) == (LAN, chat.clock.now())


async def test_whoever_comes_later_or_by_another_channel_is_not_the_visitor(
    open_chat: OpenChat,
) -> None:
    chat = await open_with_tags(open_chat)
    token = await visited(chat)
    await chat.receives(enters(token, scene="douyin"))
    await chat.receives(enters("no-such-token"))
    await chat.waits(minutes=16)
    await chat.receives(enters(token))
    assert await chat.store.consents.standings(LAN) == {}


async def test_coming_by_a_page_is_an_event_for_tag_rules(open_chat: OpenChat) -> None:
    heard: list[dict[str, object]] = []
    router = Router("listener", stage=Stage.GUARD)

    @router.on(Emitted, tag="link_opened")
    async def opened(_turn: Turn, event: Emitted) -> None:
        heard.append(event.data)

    chat = await open_chat(more=[router])
    token = await visited(chat, ticked=False)
    await chat.receives(enters(token))
    assert heard == [
        {"channel": "live", "utm_source": "douyin", "utm_medium": "", "utm_campaign": ""}
    ]
    assert await chat.store.consents.standings(LAN) == {}
