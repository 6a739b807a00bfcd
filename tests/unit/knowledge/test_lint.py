"""Is what misleads customers found, and what is right left alone?"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.app import lexicon_in
from bot.commands.faq_lint import watch_of
from bot.config import Safety
from knowledge import Attachment, FaqEntry, load_entries
from knowledge.lint import Finding, links, lint

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 6, 1)
WATCH = watch_of(lexicon_in(Safety())[0])


def entry(entry_id: str, question: str, answer: str = "按页面说明办理。", **more: Any) -> FaqEntry:
    return FaqEntry(
        **{"similar": (f"{question}，第二种说法",)} | more,
        id=entry_id,
        question=question,
        answer=answer,
    )


def found(*entries: FaqEntry) -> list[Finding]:
    return list(lint(entries, WATCH, today=TODAY))


def kinds(*entries: FaqEntry) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.level, one.kind, one.ids) for one in found(*entries)]


def test_the_sample_shop_has_no_errors() -> None:
    entries, _ = load_entries([ROOT / "knowledge" / "faq"])
    assert {one.kind for one in found(*entries)} == {"stolen"}


def test_one_question_with_two_answers_is_a_contradiction() -> None:
    first = entry("a", "怎么开发票", "在订单页申请。", similar=("如何开发票呢", "发票咋开"))
    second = entry("b", "请问如何开发票？", "联系客服开。")
    assert kinds(first, second)[0] == ("error", "contradiction", ("a", "b"))
    same = entry("b", "请问如何开发票？", "在订单页申请")
    assert kinds(first, same)[0] == ("warning", "duplicate", ("a", "b"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("订单可以取消退款吗", "订单不可以取消退款吗"),
        ("满 99 元的优惠券怎么领取使用", "满 199 元的优惠券怎么领取使用"),
    ],
)
def test_likeness_with_another_meaning_is_no_contradiction(one: str, two: str) -> None:
    said = kinds(entry("a", one, "甲", similar=()), entry("b", two, "乙", similar=()))
    assert "contradiction" not in {kind for _, kind, _ in said}


@pytest.mark.parametrize(
    "apart",
    [
        ({"audience": ("wk1",)}, {"audience": ("wk2",)}),
        ({"channels": ("门店",)}, {"channels": ("官网",)}),
        ({"valid_until": date(2026, 6, 30)}, {"valid_from": date(2026, 7, 1)}),
    ],
)
def test_what_nobody_is_told_both_of_is_no_contradiction(apart: tuple[Any, Any]) -> None:
    one, two = apart
    assert kinds(entry("a", "有活动吗", "甲", **one), entry("b", "有活动吗", "乙", **two)) == []


def test_a_phrasing_that_is_nearer_to_another_entry_is_told() -> None:
    first = entry("a", "会员卡怎么办理", similar=("办会员", "包裹几天能送到家"))
    second = entry("b", "包裹几天能送到", similar=("多久到货",))
    [one, other] = found(first, second)
    assert (one.kind, one.ids) == ("stolen", ("a", "b"))
    assert "“包裹几天能送到家”像“包裹几天能送到”" in one.text
    assert other.ids == ("b", "a")


@pytest.mark.parametrize(
    ("answer", "level", "kind"),
    [
        ("长" * 683, "error", "too_long"),
        (" ", "error", "empty"),
        ("您好{name}", "error", "variable"),
        ("这是全网最低价，品质第一品牌", "warning", "lexicon"),
        ("本品可治疗失眠，无副作用", "error", "lexicon"),
        ("理财保本，年化收益率5%起", "error", "lexicon"),
        ("好评返现 5 元", "error", "lexicon"),
    ],
)
def test_an_answer_that_may_not_be_said_is_told(answer: str, level: str, kind: str) -> None:
    assert (level, kind, ("a",)) in kinds(entry("a", "甲怎么办", answer))
    assert (level, kind, ("a",)) in kinds(entry("a", "甲怎么办", variants=(answer,)))


@pytest.mark.parametrize(
    "answer",
    [
        "{profile.name|您}的订单已发出",
        "最晚 48 小时内发出，最多退 3 次，第一次下单最好先看尺码表",
        "本品为普通食品，不能代替药物治疗",
        "本产品不保本，不承诺任何收益",
    ],
)
def test_an_answer_that_is_right_is_left_alone(answer: str) -> None:
    assert kinds(entry("a", "甲怎么办", answer)) == []


def test_menus_dates_and_approval_are_looked_at() -> None:
    late = entry("a", "甲怎么办", valid_until=date(2026, 5, 31), menu=("none",), approved=False)
    assert kinds(late) == [
        ("warning", "menu", ("a", "none")),
        ("warning", "expired", ("a",)),
        ("hint", "unapproved", ("a",)),
    ]


def test_entries_with_one_phrasing_are_one_hint() -> None:
    first, second = entry("a", "甲怎么办", similar=()), entry("b", "乙如何申请", similar=())
    passage = entry("c", "手册 › 总则", similar=(), kind="passage")
    assert kinds(first, second, passage) == [("hint", "one_phrasing", ("a", "b"))]


def test_links_end_where_the_address_ends() -> None:
    link = Attachment(kind="link", title="页", url="https://b.example/c")
    one = entry(
        "a", "甲怎么办", "见（https://a.example/x?y=1）。或 http://d.example，", attachments=(link,)
    )
    assert links(one) == {"https://a.example/x?y=1", "http://d.example", "https://b.example/c"}


def test_no_entries_have_no_faults() -> None:
    assert found() == []
