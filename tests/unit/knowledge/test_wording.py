from datetime import date, timedelta

import pytest

from knowledge import Attachment, FaqEntry
from knowledge.wording import choose, enclosed, fill, mark_of, unknown_in, wordings

DAY = date(2026, 11, 20)
NAMED = {"profile.name": "小兰"}


@pytest.mark.parametrize(
    ("text", "known", "filled"),
    [
        ("您好", {}, "您好"),
        ("{profile.name|您}好", NAMED, "小兰好"),
        ("{profile.name|您}好", {}, "您好"),
        ("{ profile.name |您}好", NAMED, "小兰好"),
        ("{profile.name}好", NAMED, "小兰好"),
        ("{profile.name}好", {}, None),
        ("{profile.name|}好", {}, None),
        ("{profile.name}好", {"profile.name": "  "}, None),
        ("{order.nothing|您}好", {"order.nothing": "x"}, "您好"),
        ("{profile.name}好", {"profile.name": "{profile.name}\n兰"}, "{profile.name} 兰好"),
        ('{"a": 1}', {}, '{"a": 1}'),
    ],
)
def test_values_are_put_in_or_the_wording_is_not_said(
    text: str, known: dict[str, str], filled: str | None
) -> None:
    assert fill(text, known) == filled


def test_a_long_nickname_is_cut() -> None:
    assert fill("{profile.name}", {"profile.name": "长" * 500}) == "长" * 64


def test_unknown_names_are_found_and_plain_braces_are_none() -> None:
    assert unknown_in(["{profile.name|您}{a.b}", "{姓名}", '{"x": 2}', "{ }", "{1,2}"]) == [
        "a.b",
        "姓名",
    ]


def test_a_variant_that_lacks_its_value_is_left_out() -> None:
    entry = FaqEntry(id="a", question="问", answer="您好", variants=("{profile.name}好", "好"))
    assert wordings(entry, {}) == ["您好", "好"]
    assert wordings(entry, NAMED) == ["您好", "小兰好", "好"]


def test_braces_of_a_passage_are_its_own() -> None:
    entry = FaqEntry(id="a", question="问", answer="用 {name} 表示", kind="passage")
    assert wordings(entry, {}) == ["用 {name} 表示"]


def test_a_wording_is_the_same_all_day_and_another_right_after_it() -> None:
    texts = ["一", "二", "三"]
    first = choose(texts, who="wm1", day=DAY)
    assert choose(texts, who="wm1", day=DAY) == first
    assert choose(texts, who="wm1", day=DAY, last=mark_of(first)) != first
    assert choose(["一"], who="wm1", day=DAY, last=mark_of("一")) == "一"


def test_customers_and_days_hear_every_wording() -> None:
    texts = ["一", "二", "三"]
    assert {choose(texts, who=f"wm{n}", day=DAY) for n in range(40)} == set(texts)
    days = [DAY + timedelta(days=n) for n in range(40)]
    assert {choose(texts, who="wm1", day=day) for day in days} == set(texts)


def test_a_picture_lies_at_an_address_or_beside_the_entry() -> None:
    pictures = ("images/a.png", "https://example.com/b.png", "../c.png", "/etc/d.png")
    entry = FaqEntry(
        id="a",
        question="问",
        answer="答",
        source="shop/faq.yaml",
        attachments=tuple(Attachment(kind="image", media=one) for one in pictures),
    )
    assert [one.media for one in enclosed(entry)] == ["shop/images/a.png", pictures[1]]
