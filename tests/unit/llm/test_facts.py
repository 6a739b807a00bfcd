import pytest

from bot.llm.facts import facts_in
from knowledge.fold import even_out


def told(text: str) -> list[tuple[str, str, str]]:
    return sorted((one.kind, one.value, one.top) for one in facts_in(even_out(text)))


@pytest.mark.parametrize(
    "same",
    [
        ["48 小时", "48个小时", "四十八小时", "２天", "两天", "2880 分钟"],
        ["半小时", "30 分钟", "半个小时"],
        ["16:00", "下午4点", "下午四点", "4pm", "16 点", "16时"],
        ["20:30", "晚上八点半", "晚上 8:30"],
        ["99元", "￥99", "99块钱", "九十九元", "99 yuan", "¥99.00"],
        ["2000 元", "2,000元", "两千元", "2千元", "0.2 万元", "贰仟元"],
        ["10%", "百分之十", "一成", "10个百分点"],
        ["8.5 折", "85折", "八五折", "8.50 折"],
        ["3-5 天", "3~5天", "三到五天", "3 天至 5 天", "3至5日"],
        ["两三天", "2–3 天"],
        ["11月11日", "十一月十一日", "11 月 11 号"],
        ["一年", "12 个月", "1 year"],
        ["周六日", "周末", "星期六、星期日"],
        ["一个半小时", "1.5小时", "90分钟"],
        ["021-62881234", "021 6288 1234", "02162881234"],
        ["一三八零零一三八零零零", "138 0013 8000", "13800138000"],
        ["1 刻钟", "15分钟"],
    ],
)
def test_one_fact_may_be_written_in_many_ways(same: list[str]) -> None:
    first = told(same[0])
    assert first
    assert {text: told(text) for text in same} == dict.fromkeys(same, first)


@pytest.mark.parametrize(
    "text",
    [
        *("一下", "一般", "一定", "一些", "一起", "统一", "万一", "千万不要", "十分满意", "第一步"),
        *(
            "一个收货地址",
            "有一点慢",
            "一部分",
            "四川",
            "不三不四",
            "百货",
            "不打折",
            "每周",
            "七夕",
        ),
    ],
)
def test_words_that_look_like_numbers_are_none(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3 天", "3 小时"),
        ("3 天", "3 个工作日"),
        ("5 元", "5 角"),
        ("1 天", "一周"),
        ("16:00", "4 点"),
        ("周一", "一周"),
        ("8.5 折", "8.5%"),
        ("100 积分", "100 元"),
        ("3 号", "3 楼"),
        ("第二件半价", "第三件半价"),
        ("30 多天", "30 天"),
        ("十几块", "十块"),
    ],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert told(one) != told(other)
    assert told(one)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("不满 99 元", "upper"),
        ("满 99 元", "lower"),
        ("99 元以上", "lower"),
        ("48 小时内", "upper"),
        ("最晚不超过 48 小时", "upper"),
        ("16:00 前", "upper"),
        ("16:00 后", "lower"),
        ("99 元", ""),
    ],
)
def test_a_limit_is_seen(text: str, bound: str) -> None:
    assert [one.bound for one in facts_in(even_out(text))] == [bound]


def test_codes_and_addresses_are_facts() -> None:
    text = "加 yunqi_kf，看 https://a.example/b?c=1，写信到 x@a.example，订单 SF1234"
    kinds = {(one.kind, one.value) for one in facts_in(even_out(text))}
    assert kinds == {
        ("code", "yunqi_kf"),
        ("link", "https://a.example/b?c=1"),
        ("mail", "x@a.example"),
        ("code", "sf1234"),
    }
