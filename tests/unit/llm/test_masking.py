"""Personal numbers do not leave the house; what the model needs to understand does."""

# ruff: noqa: RUF001 — customers do type full-width digits

import time

import pytest

from bot.llm.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我手机13812345678怎么登录", "我手机[手机号]怎么登录"),
        ("打 138 1234 5678 找我", "打 [手机号] 找我"),
        ("+86-138-1234-5678", "[手机号]"),
        ("8613812345678", "[手机号]"),
        ("１３８１２３４５６７８", "[手机号]"),
        ("138\u200b1234\u200b5678", "[手机号]"),
        ("座机０２１－６６６６８８８８", "座机[电话]"),
        ("身份证11010119900307123X对吗", "身份证[身份证号]对吗"),
        ("110101 19900307 1234", "[身份证号]"),
        ("卡号6222 0212 3456 7890 123", "卡号[银行卡号]"),
        ("6222021234567890", "[银行卡号]"),
        ("发到lin.xiao+man@mail.example.cn吧", "发到[邮箱]吧"),
        ("订单20261111123456还没到", "订单[单号]还没到"),
        ("订单号：AB12345C6，帮我查", "订单号:[单号],帮我查"),
        ("单号是778899", "单号是[单号]"),
        ("SF1234567890123到哪了", "[单号]到哪了"),
    ],
)
def test_a_personal_number_becomes_its_kind(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "满99减20可以和88折一起用吗",
        "2026-11-11 20:00开始吗",
        "iPhone 15 Pro 256G 12期免息",
        "5000元能得300000积分吗",
        "订单3件商品少了1件",
        "1米8的床配2.2米的被子",
    ],
)
def test_prices_dates_and_sizes_stay(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text", ["1" * 20_000, "1-" * 10_000, "a" * 20_000 + "@", "a@" + "b." * 10_000, "订单" * 10_000]
)
def test_no_text_makes_it_slow(text: str) -> None:
    started = time.perf_counter()
    mask(text)
    assert time.perf_counter() - started < 1.0
