from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.model.replies import Because, MenuItem, Reply
from bot.wecom.split import size
from bot.wecom.wire import parts, plan, render

MENU = (MenuItem("faq:1", "多久发货"), MenuItem("human", "转人工"))


def test_a_text_is_a_text() -> None:
    assert plan(Reply(text="您好")) == [{"msgtype": "text", "text": {"content": "您好"}}]


def test_a_reply_that_says_nothing_is_not_sent() -> None:
    assert plan(Reply(text=" \x00\n")) == []


def test_a_tail_without_a_menu_stands_under_the_text() -> None:
    assert render(Reply(text="您好", tail="以上由 AI 生成"))["text"]["content"] == (
        "您好\n以上由 AI 生成"
    )


def test_a_short_text_with_a_menu_is_one_send() -> None:
    assert plan(Reply(text="您想问什么？", menu=MENU, tail="也可以直接描述")) == [
        {
            "msgtype": "msgmenu",
            "msgmenu": {
                "head_content": "您想问什么？",
                "list": [
                    {"type": "click", "click": {"id": "faq:1", "content": "多久发货"}},
                    {"type": "click", "click": {"id": "human", "content": "转人工"}},
                ],
                "tail_content": "也可以直接描述",
            },
        }
    ]


@pytest.mark.parametrize(
    ("size_of_text", "sends"),
    [(1023, 1), (1026, 2), (2046, 2), (3000, 2), (3069, 2), (3081, 3), (4095, 3), (5100, 3)],
)
def test_a_long_text_with_a_menu_takes_the_fewest_sends(size_of_text: int, sends: int) -> None:
    payloads = plan(Reply(text="字" * (size_of_text // 3), menu=MENU))
    assert [payload["msgtype"] for payload in payloads] == ["text"] * (sends - 1) + ["msgmenu"]


def test_parts_keep_what_the_reply_is_about() -> None:
    why = Because(source="faq", ref="shipping")
    reply = Reply(text="字" * 1500, menu=MENU, because=why, category="物流", written_by_model=True)
    for part in parts(reply):
        assert (part.because, part.category, part.written_by_model) == (why, "物流", True)
        assert plan(part) == [render(part)]


def test_a_menu_is_cut_to_what_wecom_takes() -> None:
    menu = [MenuItem(f"id{n}", "很长的问题" * 20) for n in range(12)]
    items = render(Reply(text="", menu=tuple(menu)))["msgmenu"]["list"]
    assert len(items) == 10
    assert all(size(item["click"]["content"]) <= 128 for item in items)
    assert items[0]["click"]["content"].endswith("…")


def test_what_of_a_menu_is_left_out_is_told() -> None:
    menu = tuple(MenuItem(f"id{n}", "问题") for n in range(12))
    with capture_logs() as logs:
        plan(Reply(text="", menu=menu))
        plan(Reply(text="", menu=menu[:10]))
    assert [(one["event"], one["items"]) for one in logs] == [("reply.menu_cut", ["id10", "id11"])]


def test_items_wecom_would_refuse_are_left_out() -> None:
    menu = (MenuItem("", "no id"), MenuItem("x" * 65, "long id"), MenuItem("empty", "  "))
    assert plan(Reply(text="只有文字", menu=menu))[0]["msgtype"] == "text"


def test_what_does_not_fit_one_send_is_cut_by_render() -> None:
    content = render(Reply(text="字" * 1000))["text"]["content"]
    assert size(content) <= 2048
    assert content.endswith("…")


@given(
    st.text(max_size=5000),
    st.lists(st.builds(MenuItem, st.text(max_size=70), st.text(max_size=140)), max_size=12),
    st.text(max_size=1200),
)
def test_no_reply_breaks_a_limit(text: Any, menu: list[MenuItem], tail: str) -> None:
    for payload in plan(Reply(text=text, menu=tuple(menu), tail=tail)):
        if payload["msgtype"] == "text":
            assert size(payload["text"]["content"]) <= 2048
            continue
        body = payload["msgmenu"]
        assert size(body.get("head_content", "")) <= 1024
        assert size(body.get("tail_content", "")) <= 1024
        assert 1 <= len(body["list"]) <= 10
        for item in body["list"]:
            assert 1 <= size(item["click"]["id"]) <= 64
            assert 1 <= size(item["click"]["content"]) <= 128
