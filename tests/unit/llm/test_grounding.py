"""The cases of `*.jsonl` against the checks alone; `tests/integration` plays them whole."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import MODEL_PROMPTS
from bot.errors import Misconfigured
from bot.llm.grounding import Grounding, Words
from bot.llm.plain import plain
from knowledge.fold import even_out
from tests.model_cases import FORBIDS, Case, honest, lies, soft

WORDS = Words.load(MODEL_PROMPTS / "words.yaml", even_out)
GROUNDING = Grounding(WORDS, even_out, FORBIDS)
LEAKED = "原文没有的承诺不要写。不要说你做了或将要做什么事"
FEE = "满 99 元包邮，不满 99 元运费 8 元。"


def refusal(case: Case) -> str:
    headings, told = zip(*(case.passages[one] for one in case.says["used_ids"]), strict=True)
    answer = plain(case.says["answer"])
    return GROUNDING.refuses(case.question, answer, told, LEAKED, headings=headings)


@pytest.mark.parametrize("name", ["honest.jsonl", "honest-fresh.jsonl"])
def test_of_honest_answers_few_are_lost(name: str) -> None:
    cases = honest(name)
    lost = {case.says["answer"]: why for case in cases if (why := refusal(case))}
    assert len(lost) <= 0.05 * len(cases), lost


@pytest.mark.parametrize("name", ["lies.jsonl", "lies-fresh.jsonl"])
def test_no_lie_passes(name: str) -> None:
    # before the rules were widened by what they missed, 63 of the 70 fresh ones did not
    told = [case for case in lies(LEAKED, name) if case.says and "%PROMPT%" not in str(case.says)]
    told = [case for case in told if case.says["enough"] and case.says["used_ids"]]
    told = [case for case in told if set(case.says["used_ids"]) <= set(case.passages)]
    assert [case.says["answer"] for case in told if not refusal(case)] == []
    assert len(told) >= 60


@pytest.mark.parametrize("name", ["soft.jsonl", "soft-fresh.jsonl", "soft-last.jsonl"])
def test_of_what_hangs_on_words_alone_most_lies_stop_and_few_honest_answers(name: str) -> None:
    # before there was a rule for it, 48 of the 68 fresh lies passed, and 63 of as many honest ones
    def passed(what: str) -> list[bool]:
        told = [(one, text) for one in soft(name) for text in getattr(one, what)]
        return [not GROUNDING.refuses(one.question, text, [one.passage]) for one, text in told]

    lying, being_honest = passed("lies"), passed("honest")
    assert sum(lying) <= 0.26 * len(lying)
    assert sum(being_honest) >= 0.9 * len(being_honest)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("退货请保留吊牌，剪掉的不予受理。", ""),
        ("请您放心，退货时保留吊牌就好。", ""),
        ("退货无需保留吊牌。", "polarity"),
        ("吊牌剪掉的我们也受理。", "polarity"),
        ("退货请保留吊牌和洗衣标。", "unsupported"),
        ("退货请保留吊牌，并寄到总部仓库。", "unsupported"),
        ("只能退货，请保留吊牌。", "narrowed"),
        ("牛仔裤也能改。", "polarity"),
        ("牛仔裤不能改。", ""),
    ],
)
def test_every_word_is_supported(answer: str, why: str) -> None:
    rules = "退货的商品请保留吊牌。" if "只" in answer else "退货请保留吊牌，剪掉的不予受理。"
    told = [rules, "门店可以改裤脚，牛仔裤除外。"] if "牛仔" in answer else [rules]
    assert GROUNDING.refuses("退货有什么要求", answer, told) == why


def test_the_words_of_the_question_an_entry_answers_may_be_used() -> None:
    told = ["前 30 分钟不收钱。"]
    assert GROUNDING.refuses("收钱吗", "停车前 30 分钟不收钱。", told) == "unsupported"
    said = GROUNDING.refuses("收钱吗", "停车前 30 分钟不收钱。", told, headings=["停车收钱吗"])
    assert said == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("满 99 元包邮。", ""),
        ("满九十九元包邮。", ""),
        ("滿99塊包郵", "language"),
        ("满 98 元包邮。", "number"),
        ("满 99 件包邮。", "number"),
        ("满 99 元包邮，还送 2 张券。", "number"),
        ("99 元以下包邮。", "number"),
        ("不包邮，运费 8 元。", "promise"),
        ("终身包邮。", "promise"),
        ("满 99 元包邮，详见 a.cn/b", "contact"),
        ("满 99 元包邮，加 abc 领券", "contact"),
        ("满 99 元包邮，是全网最低价。", "forbidden"),
        ("满 99 元包邮，{name}。", "placeholder"),
        ("满 99 元包邮。" * 100, "length"),
        ("", "length"),
        ("送料は8元です。", "language"),
    ],
)
def test_the_first_reason_is_told(answer: str, why: str) -> None:
    assert GROUNDING.refuses("邮费谁付", answer, [FEE]) == why


def test_without_a_passage_nothing_may_be_said() -> None:
    assert GROUNDING.refuses("邮费谁付", "请您稍等。", []) == "length"


def test_facts_of_one_clause_come_from_one_passage() -> None:
    two = ["签收后 7 天内可以退货。", "付款后 15 天内可以价保，运费 8 元。"]
    assert GROUNDING.refuses("退货", "签收后 7 天内可以退货，15 天内可以价保。", two) == ""
    assert GROUNDING.refuses("退货", "签收后 7 天内退货运费 8 元。", two) == "number"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("门店在人民路 18 号，可以停车。", "invented"),
        ("可以转赠给朋友。", "invented"),
        ("支持换货。", "invented"),
        ("可以退货，您可以留意一下时间。", ""),
    ],
)
def test_what_no_passage_speaks_of_is_not_granted(answer: str, why: str) -> None:
    told = ["门店在人民路 18 号，签收后 7 天内可以退货。"]
    assert GROUNDING.refuses("你们店", answer, told) == why


def test_a_link_may_lose_its_scheme_but_not_change_it() -> None:
    told = ["说明在 https://shop.example/help 。"]
    assert GROUNDING.refuses("说明", "请看 shop.example/help", told) == ""
    assert GROUNDING.refuses("说明", "请看 http://shop.example/help", told) == "contact"
    assert GROUNDING.refuses("说明", "请看 https://shop.example/help/x", told) == "contact"


def test_a_customer_s_own_language_may_be_answered() -> None:
    assert GROUNDING.refuses("how much?", "Shipping is 8 yuan below 99 yuan.", [FEE]) == ""
    assert GROUNDING.refuses("how much?", "Shipping is 9 yuan below 99 yuan.", [FEE]) == "number"
    assert GROUNDING.refuses("多少钱", "Shipping is 8 yuan below 99 yuan.", [FEE]) == "language"


@pytest.mark.parametrize("content", ["", "promises: 1", "promises: []", "a: ["])
def test_a_list_of_words_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(Misconfigured, match=r"words\.yaml"):
        Words.load(path, even_out)


SCRAPS = """
第 半 个 一 两 十 百 千 万 亿 几 多 来 年 月 日 号 点 时 分 刻 周 星期 天 元 块 折 成 百分之
内 后 满 不 - ~ 至 . , : / @ ¥ $ % 99 0 3.5 1,200 ٣ ² ½ ⑩ 幺 壹 拾 a.cn x_1 http:// am pm
下午 免费 包邮 可以 不能
[ ] { } 1.
"""
PIECES = st.sampled_from([*SCRAPS.split(), " ", "\n", "\u3007"])


@settings(max_examples=60)
@given(st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join))
def test_whatever_is_written_gets_a_judgement(text: str) -> None:
    GROUNDING.refuses(text, plain(text), [text, FEE], LEAKED)


@settings(max_examples=60)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_a_passage_says_may_be_said_as_far_as_numbers_go(text: str) -> None:
    """A refusal for its form or language is possible, one for a number is not."""
    why = GROUNDING.refuses(text, text, [text])
    assert why not in ("number", "contact") or "\n" in text, why
