from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import MenuItem, Reply
from bot.policy.allowance import TURN_BUDGET, budget, fit
from bot.wecom.wire import plan

HINT = "（内容较多，以上为主要部分；想了解其余内容可以接着问我，或回复“人工”。）"
TEXTS = st.text(st.sampled_from("好a。\n，😀👨‍👩‍👧 https://example.com/运费"), max_size=6000)
MENUS = st.lists(
    st.builds(MenuItem, st.text("abc", min_size=1, max_size=9), st.text("好a", max_size=60)),
    max_size=12,
)


@pytest.mark.parametrize(("spent", "may"), [(0, 3), (1, 3), (2, 3), (3, 2), (4, 1), (5, 0), (9, 0)])
def test_a_turn_sends_at_most_three_and_never_more_than_is_left(spent: int, may: int) -> None:
    assert budget(spent, 5) == may


def size(payload: dict[str, Any]) -> int:
    if payload["msgtype"] == "text":
        return len(payload["text"]["content"].encode())
    return len(payload["msgmenu"].get("head_content", "").encode())


@given(TEXTS, MENUS, st.integers(0, TURN_BUDGET))
def test_a_reply_is_never_longer_than_there_is_room_for(
    text: str, menu: list[MenuItem], room: int
) -> None:
    parts = fit(plan(Reply(text=text, menu=tuple(menu))), room, HINT)
    assert len(parts) <= room
    assert all(size(part) <= 2048 for part in parts)
    assert all(part["msgtype"] == "msgmenu" or part["text"]["content"].strip() for part in parts)


@given(TEXTS, MENUS)
def test_what_fits_is_left_as_it_is(text: str, menu: list[MenuItem]) -> None:
    parts = plan(Reply(text=text, menu=tuple(menu)))
    assert fit(parts, len(parts), HINT) == parts


def test_what_was_cut_says_so() -> None:
    parts = fit(plan(Reply(text="好" * 6000)), 3, HINT)
    assert len(parts) == 3
    assert parts[-1]["text"]["content"].endswith(HINT)
    assert "…" in parts[-1]["text"]["content"]


def test_a_menu_survives_the_cut() -> None:
    menu = (MenuItem("faq:a", "怎么退货"),)
    parts = fit(plan(Reply(text="好" * 6000, menu=menu)), 3, HINT)
    assert [part["msgtype"] for part in parts] == ["text", "text", "msgmenu"]
    assert parts[1]["text"]["content"].endswith(HINT)


def test_without_room_nothing_is_left() -> None:
    assert fit(plan(Reply(text="好")), 0, HINT) == []
