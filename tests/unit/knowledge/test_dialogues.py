"""What was asked in past conversations, how did it end, and what was the answer?"""

from typing import Any

import pytest

from knowledge.dialogues import Line, entry_said, read
from knowledge.gaps import Asked


def line(text: str, at: float = 0.0, **more: Any) -> Line:
    given = {"key": f"m{at}", "conversation": "c", "who": "wm", "outcome": "answered"} | more
    return Line(text=text, at=at, **given)


def answered(text: str, at: float, ref: str = "fee") -> Line:
    return line(text, at, source="faq", ref=ref, handled_by="faq.answer")


def missed(text: str, at: float = 0.0) -> Line:
    return line(text, at, outcome="missed", handled_by="fallback.missed")


def servicer(text: str, at: float) -> Line:
    return line(text, at, by_servicer=True, outcome="")


def asked(*lines: Line) -> list[Asked]:
    return read(lines, lambda text: text == "没解决")[0]


def test_an_answer_that_nobody_complains_about_is_no_gap() -> None:
    found, told = read([answered("运费多少", 0)], lambda _: False)
    assert found == []
    assert [(one.text, one.entry) for one in told] == [("运费多少", "fee")]


def test_what_was_missed_is_answered_by_the_first_words_of_substance() -> None:
    (one,) = asked(
        missed("能开专票吗", 0),
        servicer("您好，请稍等，我帮您查一下", 10),
        servicer("可以开专票，三天内寄出", 20),
        servicer("还有别的问题可以再联系我们", 30),
    )
    assert (one.why, one.answer, one.entry) == ("missed", "可以开专票，三天内寄出", None)


def test_a_tap_says_which_entry_it_was() -> None:
    offered = line("运费谁出", 0, source="offer", ref="x")
    (one,) = asked(offered, line("退货运费", 5, tapped="faq:return-fee", source="faq"))
    assert (one.why, one.entry) == ("offered", "return-fee")


def test_a_tap_much_later_says_nothing_of_it() -> None:
    (one,) = asked(missed("运费谁出"), line("退货运费", 4000, tapped="faq:return-fee"))
    assert one.entry is None


@pytest.mark.parametrize(
    ("second", "at", "why"),
    [("退货的运费谁付", 300.0, ["again"]), ("退货的运费谁付", 700.0, []), ("几点下班", 300.0, [])],
)
def test_asking_the_like_within_ten_minutes_says_the_answer_did_not_help(
    second: str, at: float, why: list[str]
) -> None:
    assert [one.why for one in asked(answered("退货运费谁出", 0), answered(second, at))] == why


def test_a_customer_who_says_so_was_not_helped() -> None:
    (one,) = asked(answered("运费多少", 0), line("没解决", 30, outcome="missed"))
    assert (one.text, one.why) == ("运费多少", "unsolved")


def test_what_people_were_asked_counts_when_they_answered() -> None:
    silent = line("我的订单能改成礼盒吗", 0, outcome="silent")
    (one,) = asked(silent, servicer("可以改，拍礼盒链接补差价即可", 60))
    assert one.why == "people"
    assert asked(silent) == []


def test_an_answer_of_the_next_day_belongs_to_something_else() -> None:
    (one,) = asked(missed("能开专票吗"), servicer("昨天的快递已经发出了请注意查收", 90_000))
    assert one.answer == ""


def test_each_question_gets_one_answer() -> None:
    first, second = asked(
        missed("能开专票吗", 0),
        missed("礼盒怎么收费", 5),
        servicer("礼盒每单五元，下单时勾选", 20),
        servicer("专票也可以开，三天内寄出", 30),
    )
    assert second.answer == "礼盒每单五元，下单时勾选"
    assert first.answer == ""


@pytest.mark.parametrize("handled_by", ["greeting.hello", "escalation.asked", "staff.lookup"])
def test_what_was_no_question_is_left_out(handled_by: str) -> None:
    assert asked(line("你好呀在吗", handled_by=handled_by)) == []


def test_conversations_are_kept_apart() -> None:
    other = line("可以开专票，三天内寄出", 10, by_servicer=True, conversation="d")
    (one,) = asked(missed("能开专票吗"), other)
    assert one.answer == ""


def test_a_servicer_is_recognised_by_what_an_entry_says() -> None:
    answers = [("fee", "满 99 元包邮，不满收 8 元运费。"), ("ship", "付款后 48 小时内发出。")]
    said = ["亲，满99元包邮，不满的话收8元运费哦", "这个要问一下仓库"]
    assert entry_said(answers, said) == ["fee", None]
