"""What the rules see in a message: words in their mood, however written, in bounded time."""

from datetime import datetime, time
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tagging.messages import SPLITS, read_messages
from bot.app.tag_rules import build_rulebook
from handlers.tagging.circumstances import Around, Circumstances, EventIs
from handlers.tagging.looking import look
from handlers.tagging.patterns import BadPattern, Budget, Pattern
from handlers.tagging.rules import Rulebook
from knowledge.grammar import Phrasing
from knowledge.speech import Finder

SHIPPED = Path(__file__).parents[3] / "prompts" / "tagging"
NOON = Around(datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai")))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return build_rulebook([SHIPPED])


def book_of(folder: Path, rules: str) -> Rulebook:
    file = folder / "own.yaml"
    file.write_text(f"rules:\n{rules}", "utf-8")
    return build_rulebook([file])


def test_evasion_and_other_scripts_are_read(book: Rulebook) -> None:
    for text in (
        "想买口罩",
        "想 买 口 罩",
        "想买口\u200b罩",
        "我想買口罩",
        "想买ＫＮ９５",
        "想买口照",
        "想买口罩！！！😷",
    ):
        assert "意向：口罩" in look(text, book, NOON).tags, text


def test_the_mood_of_a_word_decides(book: Rulebook) -> None:
    for text, mood in (
        ("面霜是什么", "asks"),
        ("不想买面霜了", "refuses"),
        ("本来想买面霜的，看评论不买了", "refuses"),
        ("谁会买你们家面霜啊，呵呵", "refuses"),
        ("已经买了面霜", "has"),
        ("我朋友想买面霜", "others"),
        ("客服刚才跟我说“面霜今天下单送精华”", "quoted"),
    ):
        looked = look(text, book, NOON)
        assert "意向：面霜" not in looked.tags, text
        (near,) = {n.place.mood for n in looked.near if n.rule.id == "want-cream"}
        assert near == mood, text


def test_a_wish_in_the_next_clause_counts(book: Rulebook) -> None:
    assert "意向：奶粉" in look("奶粉喝完了，再来6罐", book, NOON).tags
    assert "意向：面霜" in look("已经有精华了，缺个面霜", book, NOON).tags


def test_all_any_none_exact(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        """
  - {id: both, tag: "a：both", all: [[包邮, 运费], [新疆, 西藏]]}
  - {id: whole, tag: "a：whole", exact: [发票]}
  - {id: but, tag: "a：but", contains: [开票], none: [机票]}
""",
    )
    for text, tags in (
        ("到新疆包邮吗", {"a：both"}),
        ("包邮吗", set()),
        ("发票", {"a：whole"}),
        ("请问发票？", {"a：whole"}),
        ("发票抬头", set()),
        ("给我开票", {"a：but"}),
        ("给我开票，机票的", set()),
    ):
        assert look(text, book, NOON).tags == tags, text


def test_circumstances() -> None:
    night = Circumstances(hours=(time(22), time(6)))
    assert night.unmet(NOON) == "time"
    late = Around(datetime(2026, 3, 2, 23, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert night.unmet(late) == ""
    assert Circumstances(weekdays=frozenset((6, 7))).unmet(NOON) == "time", "a Monday"
    assert Circumstances(channels=("live_",)).unmet(NOON) == "channel"
    event = EventIs("order_paid", {"category": frozenset(("面霜",))})
    assert event.is_it("order_paid", {"category": ["口红", "面霜"]})
    assert not event.is_it("order_paid", {})
    assert not event.is_it("order_refunded", {"category": ["面霜"]})


def test_a_pattern_that_backtracks_for_ever_is_cut_short_and_then_laid_aside() -> None:
    pattern = Pattern(r"(a|aa)+$|(?:x+x+)+y")
    text = "x" * 400 + "a" * 60 + "b"
    for _ in range(10):
        assert pattern.search(text, Budget()) is None
    assert pattern.is_laid_aside
    assert Pattern(r"订单\d{6}").search("我的订单123456呢", Budget()) == (2, 10)


def test_patterns_nobody_can_use_are_refused() -> None:
    for source, why in (
        ("(", "syntax"),
        ("a*", "empty"),
        ("a{1,99999}", "repeat"),
        ("a" * 600, "length"),
    ):
        with pytest.raises(BadPattern) as refused:
            Pattern(source)
        assert refused.value.why == why, source


def test_all_patterns_together_have_little_time() -> None:
    spent = Budget(seconds=0.0)
    assert Pattern("运费").search("运费", spent) is None


@given(st.text(max_size=800))
def test_no_text_breaks_the_rules(text: str) -> None:
    book = build_rulebook([SHIPPED])
    looked = look(text, book, NOON)
    assert len(looked.read) <= 601
    assert all(hit.rule.tag for hit in looked.hits)


def test_a_long_text_costs_no_more_than_its_ends(book: Rulebook) -> None:
    looked = look("想买口罩，" + "哈" * 100_000 + "包邮吗", book, NOON)
    assert {"意向：口罩", "关注：运费"} <= looked.tags


class Looking(Finder):
    """Looks for every phrasing in every text, whatever words stand there."""

    def words_in(self, text: str) -> frozenset[str]:
        return frozenset(self._words)

    def worth_looking_for(self, present: frozenset[str]) -> frozenset[Phrasing]:
        return frozenset(self._homes)


def test_looking_only_where_words_stand_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    book = build_rulebook([SHIPPED / "common.yaml"])
    messages = [one.text for split in SPLITS for one in read_messages(split)][::40]
    texts = [*messages, *(f"{a}，{b}" for a, b in pairwise(messages[::4]))]
    quick = [look(text, book, NOON) for text in texts]
    monkeypatch.setattr("handlers.tagging.rules.Finder", Looking)
    slow = Rulebook(book.rules, book.ways, book.manner)
    for text, found in zip(texts, quick, strict=True):
        thorough = look(text, slow, NOON)
        assert {*found.hits} == {*thorough.hits}, text
        assert {*found.near} == {*thorough.near}, text


def test_a_pattern_that_begins_with_words_is_searched_where_one_stands() -> None:
    assert Pattern(r"(?:甲|乙丙)\d{1,3}(?:元|块)").begins_with == {"甲", "乙丙"}
    assert Pattern(r"(?:甲|乙)[^|)]{0,3}丁").begins_with == {"甲", "乙"}
    for other in (r"(?:甲|乙)丙|丁", r"(?:甲|乙)?丙", r"(?:甲|乙)(?i)x", r"(?:a.|b)c", "甲"):
        assert not Pattern(other).begins_with, other
