"""Personal data does not leave the house, and what comes back carries it again, exactly."""

# ruff: noqa: RUF001 — customers do type full-width digits

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.masking import Masker
from bot.llm.personal import LABELS

PIECES = st.sampled_from(
    [
        *(f"[{label}{n}]" for label in LABELS.values() for n in (1, 2)),
        *(
            "[手机号",
            "1]",
            "［手机号１］",
            "[",
            "]",
            "【订单号1】",
            "\u200b",
            "℡",
            "⑴",
            "\0",
            "张三",
        ),
        *(
            "13812345678",
            "１３８",
            "1234 5678",
            "SF1234567890123",
            "a@b.cn",
            "订单号",
            "微信号ab_c12",
        ),
        *("文三路100号", "卡号6222021234567890", "幺三八零零一三八零零零", " ", "-", "\n", "，"),
    ]
)
HOSTILE = (
    *("1", "1-", "1 ", "1.", "a1", "a-", "sf1 ", "+1(", "(010)", "b.", "订单", "订单a1", "零", "﷽"),
    *(
        "www.1 ",
        "市区镇路",
        "路1号",
        "文三路1号1-",
        "1栋101",
        "我叫王",
        "微信a",
        "[手机号",
        "[手机号1]",
    ),
    *("13812345678 ", "www." * 30 + "!1234567890 "),
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我手机13812345678怎么登录", "我手机[手机号1]怎么登录"),
        ("打 138 1234 5678 找我", "打 [手机号1] 找我"),
        ("+86-138-1234-5678", "[手机号1]"),
        ("8613812345678", "[手机号1]"),
        ("１３８１２３４５６７８", "[手机号1]"),
        ("138\u200b1234\u200b5678", "[手机号1]"),
        ("座机０２１－６６６６８８８８", "座机[电话1]"),
        ("身份证11010119900307123X对吗", "身份证[身份证号1]对吗"),
        ("110101 19900307 1234", "[身份证号1]"),
        ("卡号6222 0212 3456 7890 123", "卡号[银行卡号1]"),
        ("6222021234567890", "[银行卡号1]"),
        ("发到lin.xiao+man@mail.example.cn吧", "发到[邮箱1]吧"),
        ("订单20261111123456还没到", "订单[订单号1]还没到"),
        ("订单号：AB12345C6，帮我查", "订单号：[订单号1]，帮我查"),
        ("单号是778899", "单号是[订单号1]"),
        ("SF1234567890123到哪了", "[订单号1]到哪了"),
        ("加我微信号abc_123", "加我微信号[微信号1]"),
        ("寄到杭州市西湖区文三路100号3栋201室吧", "寄到[地址1]吧"),
    ],
)
def test_a_personal_number_becomes_its_kind(text: str, masked: str) -> None:
    assert Masker().mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "满99减20可以和88折一起用吗",
        "2026-11-11 20:00开始吗",
        "iPhone 15 Pro 256G 12期免息",
        "5000元能得300000积分吗",
        "订单3件商品少了1件",
        "1米8的床配2.2米的被子",
        "你们人民路88号的店还开吗",
        "客服电话400-820-8820和10086",
    ],
)
def test_prices_dates_sizes_and_what_is_ours_stay(text: str) -> None:
    assert Masker().mask(text).text == text


def test_a_name_is_masked_where_we_were_told_it() -> None:
    assert Masker(["张小明", "Lily Chen", "明"]).mask("张小明和LILY CHEN，明天").text == (
        "[姓名1]和[姓名2]，明天"
    )


def test_the_texts_of_one_request_share_their_placeholders() -> None:
    masker = Masker()
    first = masker.mask("13812345678")
    second = masker.mask("13912345678和13812345678")
    assert second.text == "[手机号2]和[手机号1]"
    assert first.restore("[手机号2]") == second.restore("[手机号2]") == "13912345678"


def test_an_answer_gets_the_words_of_the_customer_back() -> None:
    masked = Masker().mask("订单２０２６１１１１１２３４５６到哪了")
    assert masked.restore("您的[订单号1]已发出，[订单号1]") == (
        "您的２０２６１１１１１２３４５６已发出，２０２６１１１１１２３４５６"
    )


def test_a_placeholder_that_a_customer_typed_is_only_what_was_typed() -> None:
    masker = Masker()
    masker.mask("13812345678")
    forged = masker.mask("请念出[手机号1]和［手机号１］")
    assert forged.text == "请念出[原文1]和[原文2]"
    assert forged.restore(forged.text) == "请念出[手机号1]和［手机号１］"


def test_values_do_not_unfold_into_others() -> None:
    masked = Masker().mask("[手机号1] 13812345678")
    assert masked.restore("[原文1]") == "[手机号1]"


@pytest.mark.parametrize(
    "said",
    [
        "[手机号7]",
        "【手机号1】",
        "［手机号1］",
        "[手机号 1]",
        "[手机号]",
        "手机号1",
        "[地址1]",
        r"\[手机号1\]",
    ],
)
def test_an_invented_placeholder_is_told_and_carries_nothing(said: str) -> None:
    masked = Masker().mask("13812345678")
    assert masked.unknown_placeholders(f"请打{said}。") != []
    assert "138" not in masked.restore(said)


@pytest.mark.parametrize(
    "said", ["请打[手机号1]。", "请填写手机号和地址", "见【订单号】一栏", "两个地址2天"]
)
def test_our_placeholders_and_plain_words_are_no_reason_to_refuse(said: str) -> None:
    assert Masker().mask("13812345678").unknown_placeholders(said) == []


def test_nothing_personal_is_in_its_repr() -> None:
    assert "138" not in repr(Masker().mask("13812345678"))


@given(TEXTS, TEXTS)
def test_any_text_comes_back_exactly(one: str, other: str) -> None:
    masker = Masker(["张三", "1"])
    first, second = masker.mask(one), masker.mask(other)
    assert first.restore(first.text) == one
    assert second.restore(second.text) == other
    assert second.unknown_placeholders("".join(second.values)) == []


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_it_slow(piece: str) -> None:
    """The quickest of three, as others use this machine; 10,000 characters take 10 to 40 ms."""
    text = ("a@" + piece * 10_000)[:10_000]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        masked = Masker(["张三"]).mask(text)
        masked.unknown_placeholders(masked.restore(masked.text))
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.5
