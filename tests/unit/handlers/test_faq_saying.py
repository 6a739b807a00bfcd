"""In which words an entry is said, with what beside it, and to whom."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.errors import Unreachable
from bot.model import Conversation, SessionEntered
from knowledge import Attachment, FaqEntry
from tests.builders import a_customer, some_knowledge
from tests.conftest import OpenChat
from tests.talk import Chat

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


class FakeProfile:
    """Knows a name, or fails; set `name` to what it is."""

    prefix = "profile"

    def __init__(self, name: str | None) -> None:
        self.name = name

    async def values(self, conversation: Conversation, names: Sequence[str]) -> Mapping[str, str]:
        """The name."""
        if self.name is None:
            raise OSError("no profile")
        return {"profile.name": self.name}


def entry(name: str = "hi", **more: Any) -> FaqEntry:
    given = {"question": "怎么称呼我呢", "answer": "您好。", "source": "shop/faq.yaml"}
    return FaqEntry(id=name, **given | more)


async def test_wordings_take_turns_and_stay_for_the_day(open_chat: OpenChat) -> None:
    texts = ("一。", "二。", "三。")
    chat = await open_chat(entries=[entry(answer=texts[0], variants=texts[1:])])
    said = []
    for _ in range(3):
        await chat.says("怎么称呼我呢")
        said += chat.replies
        await chat.waits(minutes=1)
    assert said[0] == said[2] != said[1]
    assert set(said) <= set(texts)


@pytest.mark.parametrize(
    ("name", "reply"), [("小兰", "小兰，您好。"), ("", "亲，您好。"), (None, "亲，您好。")]
)
async def test_an_answer_names_the_customer_or_says_its_default(
    open_chat: OpenChat, name: str | None, reply: str
) -> None:
    known = [entry(answer="{profile.name|亲}，您好。")]
    chat = await open_chat(entries=known, values=[FakeProfile(name)])
    await chat.says("怎么称呼我呢")
    assert chat.replies == [reply]


@pytest.mark.parametrize("tap", [False, True])
async def test_an_answer_whose_value_is_not_known_goes_to_a_person(
    open_chat: OpenChat, tap: bool
) -> None:
    chat = await open_chat(entries=[entry(answer="{profile.name}，您好。")])
    chat.wecom.receiving = ["zhangsan"]
    if tap:
        await chat.sends("text", {"content": "怎么称呼我呢", "menu_id": "faq:hi"})
    else:
        await chat.says("怎么称呼我呢")
    assert chat.outcome == "handed_off"
    assert chat.replies == [
        "已为您转接人工客服，请稍候。同事能看到我们刚才的对话，您不用重复说明。"
    ]
    assert "查不到" in chat.staff_messages[0]


async def with_attachments(open_chat: OpenChat, tmp_path: Path, **more: Any) -> Chat:
    (tmp_path / "size.png").write_bytes(PNG)
    attachments = (
        Attachment(kind="image", media="size.png"),
        Attachment(kind="link", title="尺码表", url="https://example.com/size"),
        Attachment(kind="link", title="退换", url="https://example.com/r", media="size.png"),
        Attachment(kind="miniprogram", appid="wx1", pagepath="o.html", media="size.png"),
    )
    known = entry(attachments=attachments, source=str(tmp_path / "faq.yaml"), **more)
    return await open_chat(entries=[known])


async def test_attachments_follow_the_text(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await with_attachments(open_chat, tmp_path)
    await chat.says("怎么称呼我呢")
    assert chat.replies[0] == "您好。"
    assert chat.wecom.sent[1:] == [
        {"msgtype": "image", "image": {"media_id": "media-1"}},
        {"msgtype": "text", "text": {"content": "尺码表\nhttps://example.com/size"}},
        {"msgtype": "link", "link": {
            "title": "退换", "url": "https://example.com/r", "thumb_media_id": "media-1"}},
        {"msgtype": "miniprogram", "miniprogram": {
            "appid": "wx1", "title": "", "pagepath": "o.html", "thumb_media_id": "media-1"}},
    ]  # fmt: skip
    assert chat.dialogue.media.uploaded == ["size.png"]


async def test_an_upload_is_used_for_sixty_hours(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await with_attachments(open_chat, tmp_path)
    await chat.says("怎么称呼我呢")
    await chat.waits(hours=40)
    await chat.says("怎么称呼我呢")
    assert chat.dialogue.media.uploaded == ["size.png"]
    await chat.waits(hours=21)
    await chat.says("怎么称呼我呢")
    assert chat.dialogue.media.uploaded == ["size.png"] * 2


@pytest.mark.parametrize(
    ("length", "sent"),
    [(400, ["text", "text", "image", "text", "link"]), (2000, ["text", "text", "text"])],
)
async def test_where_the_allowance_is_short_the_text_wins(
    open_chat: OpenChat, tmp_path: Path, length: int, sent: list[str]
) -> None:
    chat = await with_attachments(open_chat, tmp_path, answer="很长。" * length)
    await chat.says("怎么称呼我呢")
    assert [payload["msgtype"] for payload in chat.wecom.sent] == sent


async def test_a_picture_that_cannot_be_uploaded_holds_up_nothing(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await with_attachments(open_chat, tmp_path)
    chat.dialogue.media.failures = [Unreachable("media", None, "no answer")] * 50
    await chat.says("怎么称呼我呢")
    assert chat.replies == ["您好。"]
    await chat.waits(minutes=3)
    assert [payload["msgtype"] for payload in chat.wecom.sent] == [
        "text"
    ]  # the one without picture
    assert chat.staff_messages == []


async def test_a_picture_that_is_gone_is_left_out(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await with_attachments(open_chat, tmp_path)
    (tmp_path / "size.png").write_bytes(b"no picture at all")
    await chat.says("怎么称呼我呢")
    assert [payload["msgtype"] for payload in chat.wecom.sent] == ["text", "text"]


@pytest.mark.parametrize(
    ("page", "source"), [(None, "（摘自“洗护 › 羊毛”）"), (3, "（摘自“洗护 › 羊毛”，第 3 页）")]
)
async def test_a_passage_is_offered_and_said_with_its_source(
    open_chat: OpenChat, page: int | None, source: str
) -> None:
    passage = FaqEntry(
        id="p1",
        question="羊毛的洗护",
        answer="冷水手洗，{平铺}晾干。",
        kind="passage",
        heading="洗护 › 羊毛",
        page=page,
    )
    chat = await open_chat(entries=[passage])
    await chat.says("羊毛的洗护")
    assert chat.menus == [["羊毛的洗护"]]
    assert "冷水" not in chat.replies[0]
    await chat.taps("羊毛的洗护")
    assert chat.replies == [f"冷水手洗，{{平铺}}晾干。\n\n{source}"]


async def test_an_entry_for_a_channel_is_said_to_those_who_came_by_it(open_chat: OpenChat) -> None:
    known = [entry(channels=("store-1",))]
    chat = await open_chat(entries=known, welcomed=False)
    await chat.says("怎么称呼我呢")
    assert chat.outcome == "missed"
    for scene, outcome in [("store-1", "answered"), ("store-2", "missed")]:
        where = a_customer()
        await chat.receives(
            SessionEntered(
                open_kfid=where.open_kfid, external_userid=where.external_userid, scene=scene
            )
        )
        await chat.says("怎么称呼我呢")
        assert chat.outcome == outcome


async def test_an_entry_for_tags_is_said_to_nobody_while_tags_are_unknown(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(entries=[entry(for_tags=("会员",))])
    await chat.says("怎么称呼我呢")
    assert chat.outcome == "missed"
    assert chat.menus == []


async def test_a_follow_up_that_is_not_for_this_customer_is_not_shown(open_chat: OpenChat) -> None:
    known = [
        msgspec.structs.replace(one, for_tags=("会员",)) if one.id == "return-fee" else one
        for one in some_knowledge()
    ]
    chat = await open_chat(entries=known)
    await chat.says("怎么退货")
    assert chat.menus == []
