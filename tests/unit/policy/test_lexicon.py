"""Are words found however they are written, and only where they mean what they say?"""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.lexicon.labelled import FOLDER, by_lexicon, naively, samples, shipped, tally
from bot.policy.disguise import origins, undisguised
from bot.policy.lexicon import Decision, Direction, Lexicon, WordGroup, pieces_of

SHIPPED = shipped()
NOISE = (" ", "*", "-", "_", "·", "\u200b", "\u00ad", "🌿", "\u3164", "~")
OLD_SCRIPT = str.maketrans("国级销单转发赞无风险为传", "國級銷單轉發贊無風險為傳")


def a_lexicon(*words: str, decision: Decision = Decision.BLOCK, **more: object) -> Lexicon:
    group = {"name": "test", "decision": decision, "words": dict.fromkeys(words, "")} | more
    return Lexicon([WordGroup(**group)])  # type: ignore[arg-type]


def found(lexicon: Lexicon, text: str) -> list[str]:
    return [one.text for one in lexicon.check(text).found]


def test_the_labelled_texts_are_judged_as_they_are_labelled() -> None:
    those = list(samples())
    assert len(those) >= 200
    ours, plain = tally(by_lexicon(SHIPPED), those), tally(naively(SHIPPED), those)
    assert ours.precision >= 0.98, ours.wrong
    assert ours.recall("wrong", "hidden") >= 0.98, ours.wrong
    assert ours.precision > plain.precision
    assert ours.recall("hidden") > plain.recall("hidden")


def test_texts_that_nobody_learned_from_are_mostly_judged_right() -> None:
    """At first sight: precision 1.0, recall 0.676, of the disguised all; plain search 0.459."""
    those = list(samples(FOLDER / "later"))
    ours, plain = tally(by_lexicon(SHIPPED), those), tally(naively(SHIPPED), those)
    assert ours.precision >= 0.95, ours.wrong
    assert ours.recall("wrong", "hidden") >= 0.65
    assert ours.recall("hidden") == 1.0
    assert plain.recall("wrong", "hidden") < ours.recall("wrong", "hidden")


def test_every_shipped_word_is_found_through_its_disguises() -> None:
    """Each whole word by itself: with noise, full-width, in the old script, in capitals."""
    missed = []
    for group in SHIPPED.groups:
        direction = min(group.directions)
        for word in group.words:
            bare = word.removeprefix("=").replace("…", "")
            wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in bare)
            disguised = [bare, wide, bare.upper(), bare.translate(OLD_SCRIPT)]
            disguised += [noise.join(bare) for noise in NOISE]
            missed += [
                (group.name, word, text)
                for text in disguised
                if not SHIPPED.check(text, direction=direction).found
            ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("价格最低。价格公道", []),
        ("全网最，低，价", ["最，低，价"]),
        ("最\n低价", []),
        ("全网最 低 价！", ["最 低 价"]),
        ("USB3", []),
        ("S B", ["S B"]),
        ("你sb", ["sb"]),
        ("\uff33\uff22。", ["\uff33\uff22"]),
    ],
)
def test_a_word_is_no_part_of_another_and_not_joined_of_two_clauses(
    text: str, expected: list[str]
) -> None:
    assert found(a_lexicon("最低价", "SB"), text) == expected


def test_what_begins_in_a_harmless_phrase_is_found_all_the_same() -> None:
    """The longest match alone would hide 好评返现 behind 最好."""
    lexicon = a_lexicon("好评返现", allow=("最好",))
    assert found(lexicon, "最好评返现") == ["好评返现"]
    assert found(a_lexicon("最", allow=("最近",)), "最近最好") == ["最"]


def test_denial_holds_in_its_own_clause_and_nearby() -> None:
    lexicon = a_lexicon("治疗", denied_by=("不能",))
    assert found(lexicon, "不能用于治疗") == []
    assert found(lexicon, "不能退货，可以治疗") == ["治疗"]
    assert found(lexicon, "不能让您失望的这款好产品可以治疗") == ["治疗"]
    assert found(lexicon, "能治疗，不能退") == ["治疗"]


def test_a_gap_stays_in_its_sentence() -> None:
    lexicon = a_lexicon("转发…才能")
    assert found(lexicon, "转发给三位好友才能领") == ["转发给三位好友才能"]
    assert found(lexicon, "转发给同事。您才能看") == []
    assert found(lexicon, f"转发{'很' * 11}才能") == []
    assert found(lexicon, "才能转发") == []


def test_a_whole_text_is_meant_as_a_whole() -> None:
    assert found(a_lexicon("=滚"), "滚！") == ["滚"]
    assert found(a_lexicon("=滚"), "滚筒") == []


def test_the_strictest_decides_and_only_masks_are_replaced() -> None:
    lexicon = Lexicon(
        [
            WordGroup("a", Decision.MASK, {"顶级": "优质", "极致": ""}),
            WordGroup("b", Decision.REVIEW, {"独家": ""}),
        ]
    )
    masked = lexicon.check("顶 级羊绒，极致手感")
    assert (masked.decision, masked.text) == (Decision.MASK, "优质羊绒，**手感")
    both = lexicon.check("独家顶级")
    assert (both.decision, both.text) == (Decision.REVIEW, "独家优质")
    assert lexicon.check("羊绒").decision is Decision.ALLOW


def test_of_nested_words_the_longest_is_told_unless_a_part_is_stricter() -> None:
    mild = WordGroup("a", Decision.REVIEW, {"五星好评返现": "", "好评": ""})
    strict = WordGroup("b", Decision.BLOCK, {"返现": ""})
    assert found(Lexicon([mild]), "五星好评返现") == ["五星好评返现"]
    assert found(Lexicon([mild, strict]), "五星好评返现") == ["五星好评返现", "返现"]
    assert Lexicon([mild, strict]).check("五星好评返现").decision is Decision.BLOCK


def test_a_later_list_has_the_last_word() -> None:
    shipped = WordGroup("a", Decision.BLOCK, {"治疗": ""}, allow=("治疗费",))
    assert found(Lexicon([shipped, WordGroup("b", Decision.ALLOW, {"治 療": ""})]), "治疗") == []
    allowed = WordGroup("b", Decision.REVIEW, {}, allow=("治疗",))
    assert found(Lexicon([shipped, allowed]), "治疗") == []
    again = WordGroup("b", Decision.REVIEW, {"治疗费": ""})
    assert found(Lexicon([shipped, again]), "治疗费") == ["治疗费", "治疗"]


def test_directions_are_kept_apart() -> None:
    lexicon = Lexicon(
        [
            WordGroup("a", Decision.BLOCK, {"骗子": ""}, frozenset({Direction.IN})),
            WordGroup("b", Decision.BLOCK, {"五星好评": ""}, frozenset({Direction.MODEL})),
            WordGroup("c", Decision.BLOCK, {"刷单": ""}),
        ]
    )
    text = "骗子五星好评刷单"
    kinds = {one: [f.kind for f in lexicon.check(text, direction=one).found] for one in Direction}
    assert kinds == {
        Direction.OUT: ["c"],
        Direction.IN: ["a"],
        Direction.MODEL: ["b", "c"],
        Direction.TAG: [],
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("关注：运费", ""),
        ("风格：民族风", ""),
        ("阶段：孕 期", "健康"),
        ("信仰：佛教", "宗教与民族"),
        ("家庭：宝宝月龄", "未成年人"),
        ("信用：逾期", "金融账户"),
    ],
)
def test_names_of_sensitive_tags_are_recognised(name: str, kind: str) -> None:
    assert SHIPPED.sensitive_kind(name) == kind


def test_without_words_everything_may_be_said() -> None:
    assert Lexicon().check("国家级").decision is Decision.ALLOW


def test_a_word_without_letters_has_an_empty_piece() -> None:
    assert pieces_of("=NO.1…！") == ["n01", ""]


SCRAPS = st.sampled_from(
    ["最", "佳", "好评", "返现", "转发", "才能", "不能", "治疗", "最近", "，", "。", "\n", *NOISE]
)


@settings(max_examples=150)
@given(st.lists(SCRAPS | st.text(max_size=3), max_size=60).map("".join))
@example("转发" * 400 + "才能" * 400)
@example("不能治疗" * 500)
@example("\ud800最佳\U0010ffff ﷺ\u0301")
def test_whatever_is_written_is_judged_and_spans_lead_back(text: str) -> None:
    folded = undisguised(text)
    assert len(origins(text)) == len(folded)
    for direction in Direction:
        verdict = SHIPPED.check(text, direction=direction)
        for one in verdict.found:
            assert text[one.start : one.end] == one.text
            assert 0 <= one.start < one.end <= len(text)
            pieces = pieces_of(one.word)
            said = undisguised(one.text)
            assert said.startswith(pieces[0])
            assert said.endswith(pieces[-1])
        assert verdict.text == text  # nothing shipped is masked


def test_twice_the_text_is_about_twice_the_work() -> None:
    def steps(text: str) -> int:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            SHIPPED.check(text)
        finally:
            sys.setprofile(None)
        return calls

    for words in ("不能转发治疗才能", "最好评返现", "最，佳", "转发"):
        steps(words)  # the characters are folded once
        assert steps(words * 400) < 2.5 * steps(words * 200), words
