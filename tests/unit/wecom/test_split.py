from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wecom.split import clean, cut, size, split_text, split_within

FAMILY = "👨\u200d👩\u200d👧"


def test_a_short_text_stays_whole() -> None:
    assert split_text("多久发货？") == ["多久发货？"]
    assert split_text("") == [""]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("第一段很短。\n\n第二段。", ["第一段很短。", "第二段。"]),
        ("一二三四。五六七八九", ["一二三四。", "五六七八九"]),
        ("一二三四，五六七八九", ["一二三四，", "五六七八九"]),
        ("一二三四五六七八九十", ["一二三四五六", "七八九十"]),
    ],
)
def test_a_cut_comes_at_the_best_place_there_is(text: Any, pieces: list[str]) -> None:
    assert split_text(text, 20) == pieces


def test_a_link_is_not_cut() -> None:
    link = "https://example.com/orders?id=1"
    assert split_text(f"请看看这里的说明吧{link}谢谢", 40) == ["请看看这里的说明吧", f"{link}谢谢"]


def test_one_more_piece_is_made_rather_than_a_broken_link() -> None:
    link = "https://example.com/orders?id=1"
    assert split_text(f"{'字' * 9}{link}{'字' * 7}", 40) == ["字" * 9, link + "字" * 3, "字" * 4]


def test_a_link_too_long_for_any_piece_is_cut_after_all() -> None:
    pieces = split_text("https://example.com/" + "a" * 100, 50)
    assert "".join(pieces) == "https://example.com/" + "a" * 100


@pytest.mark.parametrize("cluster", [FAMILY, "👍🏽", "🇨🇳", "e\u0301", "❤\ufe0f", "1\ufe0f\u20e3"])
def test_a_character_of_several_code_points_stays_whole(cluster: str) -> None:
    for padding in range(12):
        pieces = split_text("x" * padding + cluster * 4, 40)
        for piece in pieces:
            assert piece.lstrip("x") == cluster * piece.count(cluster)


def test_the_fewest_pieces_are_made_though_nicer_places_would_take_more() -> None:
    text = "字" * 350 + "。" + "字" * 673 + "。" + "字" * 339  # 4,092 bytes
    assert size(text) == 4092
    assert len(split_text(text)) == 2


@given(st.text(max_size=400), st.integers(8, 200))
@example("000\x80\x80\x85000\x80\x80𐀀𐀀", 8)
def test_pieces_fit_and_nothing_but_white_space_is_lost(text: Any, max_bytes: int) -> None:
    text = clean(text)
    pieces = split_text(text, max_bytes)
    assert all(size(piece) <= max_bytes for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert len(pieces) == 1 or all(pieces)


@given(st.text(max_size=400), st.integers(8, 200))
def test_a_cut_text_fits_and_says_that_something_is_missing(text: Any, max_bytes: int) -> None:
    text = clean(text)
    short = cut(text, max_bytes)
    assert size(short) <= max_bytes
    assert short == text or short.endswith("…")


def test_text_that_cannot_fit_is_not_forced() -> None:
    assert split_within("字" * 10, [12, 12]) is None
    assert split_within("字" * 8, [12, 12]) == ["字" * 4, "字" * 4]
    assert split_within("字", [12, 12]) == ["字", ""]


def test_cleaning_drops_what_wecom_refuses() -> None:
    assert clean(" a\x00b\r\nc\td\x1b\ud83d ") == "ab\nc\td?"


def test_a_piece_needs_room_for_a_character() -> None:
    with pytest.raises(ValueError, match="room"):
        split_text("x", 3)
