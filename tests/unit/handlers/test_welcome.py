from pathlib import Path

from msgspec import structs

from bot.model import SendOnEvent, SessionEntered
from tests.conftest import OpenChat
from tests.talk import Chat

WELCOME = (
    "您好，欢迎光临！我是云栖优选智能助手，由 AI 为您解答。"
    "您可以直接输入问题，或点选下面的常见问题：\n需要人工服务，请回复“人工”。"
)


def entered(chat: Chat, *, code: str | None = "welcome", seconds_ago: float = 0) -> SessionEntered:
    return SessionEntered(
        open_kfid=chat.conversation.open_kfid,
        external_userid=chat.conversation.external_userid,
        sent_at=chat.clock.now() - seconds_ago,
        welcome_code=code,
    )


async def test_a_customer_who_enters_is_welcomed_with_frequent_questions(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(welcomed=False)
    await chat.enters()
    assert chat.replies == [WELCOME]
    assert chat.menus == [["多久发货", "运费多少钱", "怎么退货", "转人工客服"]]


async def test_tapping_an_item_of_the_welcome_answers_it(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.enters()
    await chat.taps("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"]
    assert chat.handled_by == "faq.tapped"


async def test_tapping_the_person_of_the_welcome_asks_for_one(chat: Chat) -> None:
    await chat.enters()
    await chat.taps("转人工客服")
    assert chat.handled_by == "escalation.tapped"


async def test_the_assistant_introduces_itself_once_in_a_session(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.says("多久发货")
    introduction = "您好，我是云栖优选智能助手，由 AI 为您解答；需要人工服务请回复“人工”。"
    assert chat.replies == [f"{introduction}\n\n现货 48 小时内发出。"]
    await chat.says("运费多少钱")
    assert chat.replies == ["满 99 元包邮，不满 99 元运费 8 元。"]
    await chat.waits(hours=49)
    await chat.says("多久发货")
    assert chat.replies == [f"{introduction}\n\n现货 48 小时内发出。"]


async def test_a_welcome_that_said_it_is_not_followed_by_an_introduction(chat: Chat) -> None:
    await chat.waits(minutes=5)
    await chat.says("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"]


async def test_a_welcome_code_of_eighteen_seconds_is_not_tried(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.receives(entered(chat, seconds_ago=18))
    assert chat.replies == []


async def test_a_welcome_code_of_seventeen_seconds_is_used(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.receives(entered(chat, seconds_ago=17))
    assert chat.replies == [WELCOME]


async def test_without_a_code_nothing_is_said(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.receives(entered(chat, code=None))
    assert chat.replies == []


async def test_a_welcome_that_waits_too_long_to_be_sent_expires(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.decides_on(entered(chat))
    chat.clock.reach(chat.clock.now() + 18)
    await chat.waits(seconds=0)
    assert chat.replies == []
    row = await chat.store.database.fetch_one("SELECT state FROM outbox")
    assert row is not None
    assert row["state"] == "expired"


async def test_after_a_welcome_that_never_came_the_assistant_introduces_itself(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(welcomed=False)
    await chat.decides_on(entered(chat))
    chat.clock.reach(chat.clock.now() + 18)
    await chat.waits(seconds=0)
    await chat.says("多久发货")
    assert chat.replies[0].startswith("您好，我是云栖优选智能助手，由 AI 为您解答")


async def test_the_welcome_is_the_first_thing_sent(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await chat.receives(entered(chat), chat.text("多久发货"))
    assert chat.replies == [WELCOME, "现货 48 小时内发出。"]


async def test_a_persona_of_the_account_speaks_for_itself(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False, accounts={"wk_shop": {"persona": "小礼"}})
    await chat.enters()
    assert "我是云栖优选小礼，由 AI 为您解答" in chat.replies[0]


async def test_a_welcome_fits_one_send_however_many_questions_are_featured(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(entries=None, knowledge={"sources": ["knowledge/faq"]}, welcomed=False)
    await chat.decides_on(entered(chat))
    (parcel,) = await chat.store.outbox.open_of("wk_shop/wm_lan")
    assert isinstance(parcel.effect, SendOnEvent)
    assert len(parcel.effect.payload["msgmenu"]["list"]) == 7


async def test_a_channel_of_a_session_has_its_own_welcome(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "welcomes: [{id: poster, at: kf, channels: [poster], text: '从{channel}来的，您好！'}]",
        "utf-8",
    )
    codes = [{"id": "poster", "name": "门店海报", "kind": "kf", "open_kfid": "wk_shop"}]
    chat = await open_chat(welcomed=False, welcome={"sources": [file]}, channels={"codes": codes})
    config = chat.engine.config
    await chat.store.channels.take(config.channels.codes, "config", chat.clock.now())
    await chat.receives(structs.replace(entered(chat), scene="poster"))
    assert chat.replies == ["从门店海报来的，您好！\n需要人工服务，请回复“人工”。"]
    await chat.waits(hours=49)
    await chat.receives(structs.replace(entered(chat), scene="other"))
    assert chat.replies == [WELCOME]
