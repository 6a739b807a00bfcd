from typing import Any

import pytest

from bot.model import MessageReceived
from tests.builders import home_of
from tests.talk import Chat

MEDIA: list[tuple[str, dict[str, Any], str]] = [
    ("image", {"media_id": "MEDIA-1"}, "图片收到了"),
    ("voice", {"media_id": "MEDIA-1"}, "语音收到了"),
    ("video", {"media_id": "MEDIA-1"}, "视频收到了"),
    ("file", {"media_id": "MEDIA-1"}, "文件收到了"),
]
OTHERS: list[tuple[str, dict[str, Any], str]] = [
    ("location", {"latitude": 31.2, "longitude": 121.4, "name": "人民广场"}, "位置收到了"),
    ("link", {"title": "多久发货", "url": "https://example.com"}, "链接收到了"),
    ("miniprogram", {"title": "商城", "appid": "wx1", "pagepath": "p"}, "小程序卡片收到了"),
    ("business_card", {"userid": "zhangsan"}, "名片收到了"),
    ("channels_shop_product", {"product_id": "1", "title": "羊毛衫"}, "商品卡片收到了"),
    ("channels_shop_order", {"order_id": "1"}, "订单卡片收到了"),
    ("msgmenu", {"list": []}, "这种消息我暂时看不了"),
    ("merged_msg", {"item": []}, "这种消息我暂时看不了"),
    ("channels", {"title": "视频号"}, "这种消息我暂时看不了"),
    ("note", {}, "这种消息我暂时看不了"),
    ("meeting", {}, "这种消息我暂时看不了"),
    ("schedule", {}, "这种消息我暂时看不了"),
    ("something_new", {"what": ["ever", None, 1]}, "这种消息我暂时看不了"),
]


@pytest.mark.parametrize(("msgtype", "content", "words"), [*MEDIA, *OTHERS])
async def test_no_type_of_message_is_met_with_silence(
    chat: Chat, msgtype: str, content: dict[str, Any], words: str
) -> None:
    await chat.sends(msgtype, content)
    assert len(chat.replies) == 1
    assert words in chat.replies[0]
    assert chat.handled_by == "media.keep"
    assert chat.outcome == "noted"


@pytest.mark.parametrize(("msgtype", "content", "_words"), MEDIA)
async def test_a_medium_is_kept_sealed_for_the_person_who_takes_the_case(
    chat: Chat, msgtype: str, content: dict[str, Any], _words: str
) -> None:
    await chat.sends(msgtype, content)
    (row,) = await chat.store.media.of_subject(chat.conversation.subject)
    assert row["msgtype"] == msgtype
    assert chat.store.media.read(row) == b"medium MEDIA-1"
    folder = home_of(chat.store) / "media"
    assert b"medium" not in (folder / row["path"]).read_bytes()


@pytest.mark.parametrize("content", [{}, {"media_id": ""}, {"media_id": None}, {"media_id": 7}])
async def test_a_medium_without_an_id_is_still_answered(chat: Chat, content: Any) -> None:
    await chat.sends("image", content)
    assert len(chat.replies) == 1
    assert await chat.store.media.of_subject(chat.conversation.subject) == []


async def test_the_same_medium_twice_is_one_file(chat: Chat) -> None:
    await chat.sends("image", {"media_id": "MEDIA-1"})
    await chat.sends("image", {"media_id": "MEDIA-1"})
    assert len(await chat.store.media.of_subject(chat.conversation.subject)) == 1


async def test_a_picture_beside_a_question_is_noted_and_the_question_answered(chat: Chat) -> None:
    picture: MessageReceived = chat.dialogue.message("image", {"media_id": "MEDIA-1"})
    await chat.receives(picture, chat.text("多久发货"))
    assert len(chat.replies) == 1
    assert "图片收到了" in chat.replies[0]
    assert "现货 48 小时内发出。" in chat.replies[0]


async def test_several_pictures_in_a_row_are_noted_once(chat: Chat) -> None:
    pictures = [chat.dialogue.message("image", {"media_id": f"M{n}"}) for n in range(3)]
    await chat.receives(*pictures)
    assert chat.replies == [
        "图片收到了，我会一并交给同事看。为了更快帮到您，请用文字简单说明您的问题。"
    ]
    assert len(await chat.store.media.of_subject(chat.conversation.subject)) == 3


async def test_while_a_person_has_the_conversation_a_picture_is_not_answered(chat: Chat) -> None:
    await chat.take_over()
    await chat.sends("image", {"media_id": "MEDIA-1"})
    assert chat.replies == []
