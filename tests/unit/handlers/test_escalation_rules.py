"""Do the rules bring a person when one is needed, and leave the bot alone when not?"""

import time
from pathlib import Path

import pytest

from benchmarks.escalation.deciding import Deciding
from benchmarks.escalation.naive import naive
from benchmarks.escalation.phrasings import Phrasings, Score, read_phrasings
from bot.app import build_rules, rules_in
from bot.config import Escalation, ReasonSettings
from handlers.escalation.rules import judge, weigh
from knowledge.grammar import BadPhrasing, read_phrasing
from knowledge.speech import HEAD, TAIL, heard

RULES = build_rules(Escalation())
WORDS = Deciding(None, (), ())
SETS = {one.name: one for one in read_phrasings()}

STORIES = [
    ("客服说了三遍都没用，给我转个活人", "asked", 2, {}),
    ("你们太过分了，气死我了", "anger", 2, {"first_response": 7200}),
    ("我要投诉那个师傅", "complaint", 3, {"first_response": 7200}),
    ("申请退款被拒绝三次了，凭什么", "refund_dispute", 3, {"first_response": 7200}),
    ("孩子喝完奶粉上吐下泻", "medical", 3, {"first_response": 300, "start": 3600}),
    ("等着收律师函吧", "legal", 3, {"start": 3600, "report": 86_400, "plan": 259_200}),
    ("我要发小红书让大家避雷", "exposure", 3, {"first_response": 7200}),
    ("我已经打了12315", "exposure_major", 3, {"first_response": 3600}),
    ("卡被盗刷了两千", "payment", 3, {"start": 3600}),
    ("你们保证赚钱吗", "promise", 3, {"plan": 259_200}),
    ("收到的杯子碎了", "after_sale", 2, {"first_response": 14_400}),
    ("我不想活了", "self_harm", 3, {"first_response": 60}),
    ("孩子偷偷拿我手机充了三千", "minor", 3, {"start": 3600}),
    ("公司想采购两百份做员工福利", "commercial", 3, {"first_response": 14_400}),
]


@pytest.mark.parametrize(("text", "reason", "level", "deadlines"), STORIES)
def test_each_kind_of_reason_has_its_level_and_its_clocks(
    text: str, reason: str, level: int, deadlines: dict[str, int]
) -> None:
    wanted = judge(text, RULES)
    assert wanted is not None
    assert (wanted.reason, wanted.level) == (reason, level)
    assert dict(wanted.deadlines).items() >= deadlines.items()
    assert wanted.evidence
    assert wanted.care == f"escalation.care_{reason}"


def scored(phrasings: Phrasings, split: str) -> Score:
    score = Score()
    for text, wanted in phrasings.of(split):
        score.add(text, wanted=wanted, found=WORDS.by_words(phrasings.name, text))
    return score


@pytest.mark.parametrize("split", ["dev", "test"])
def test_requests_for_a_person_are_told_from_what_only_sounds_like_them(split: str) -> None:
    score = scored(SETS["asked"], split)
    assert score.hit >= 60
    assert score.hit / (score.hit + score.missed) >= 0.95, score.wrong
    assert score.hit / (score.hit + score.false) >= 0.95, score.wrong


@pytest.mark.parametrize("name", sorted(SETS.keys() - {"asked"}))
def test_every_other_kind_is_heard_and_its_near_misses_are_left(name: str) -> None:
    for split in ("dev", "test"):
        score = scored(SETS[name], split)
        assert score.hit / (score.hit + score.missed) >= 0.9, score.wrong
        assert score.hit / (score.hit + score.false) >= 0.9, score.wrong


def test_the_sets_are_hard_for_naive_words() -> None:
    asked = SETS["asked"].of("test")
    wrong = sum(naive("asked", text) != wanted for text, wanted in asked)
    assert wrong / len(asked) > 0.25


class TestManner:
    """What is said of it changes what a word means."""

    @pytest.mark.parametrize(
        "text",
        [
            "不用转人工了",
            "昨天转过人工了",
            "人工费多少钱",
            "你是真人吗",
            "气死我了哈哈",
            "有点失望",
            "如果收到是坏的怎么办",
            "用了没有过敏，很好",
            "退款多久到账",
        ],
    )
    def test_nobody_is_brought(self, text: str) -> None:
        assert judge(text, RULES) is None

    @pytest.mark.parametrize(
        "text",
        [
            "转 人 工",
            "轉人工",
            "转人工！！！",
            "轉\u200b人\u200b工",
            "人工智能不行，转人工",
            "不转人工我就不买了",
        ],
    )
    def test_disguises_do_not_hide_a_request(self, text: str) -> None:
        wanted = judge(text, RULES)
        assert wanted is not None
        assert wanted.reason == "asked"

    def test_a_weak_sign_counts_with_emphasis_or_another(self) -> None:
        assert judge("无语", RULES) is not None  # alone it is the whole message
        assert judge("这个颜色有点失望", RULES) is None
        assert judge("真的太失望了！！", RULES) is not None

    def test_what_nearly_counted_is_told(self) -> None:
        [near, *_] = weigh("不用转人工了", RULES).near
        assert (near.reason, near.against) == ("asked", "否定")


class TestDecision:
    def test_the_gravest_decides_and_the_others_are_kept(self) -> None:
        wanted = judge("转人工，我要投诉，再不处理我就不想活了", RULES)
        assert wanted is not None
        assert wanted.reason == "self_harm"
        assert wanted.also == ("complaint", "asked")

    def test_a_core_customer_goes_first_and_to_an_expert(self) -> None:
        rules = build_rules(Escalation(core_tags=("VIP",)))
        plain, core = judge("转人工", rules), judge("转人工", rules, tags=["VIP", "新客"])
        assert plain is not None
        assert core is not None
        assert (plain.level, plain.core, core.level, core.core) == (2, False, 3, True)
        assert core.priority > 100 > plain.priority

    def test_nothing_found_often_enough_needs_a_person(self) -> None:
        assert judge("多大", RULES, misses=1) is None
        wanted = judge("多大", RULES, misses=2)
        assert wanted is not None
        assert (wanted.reason, wanted.level, wanted.evidence) == ("missed_twice", 2, ())

    def test_a_class_can_be_switched_off_and_moved(self) -> None:
        off = Escalation(classes={"anger": ReasonSettings(enabled=False)})
        assert judge("气死我了", build_rules(off)) is None
        moved = Escalation(classes={"asked": ReasonSettings(level=3, skill="英语")})
        wanted = judge("转人工", build_rules(moved))
        assert wanted is not None
        assert (wanted.level, wanted.skill, wanted.priority) == (3, "英语", 35)


class TestHostileText:
    @pytest.mark.parametrize(
        "text",
        ["要" * 100_000, "你们用了我的" * 20_000, "ﷺ" * 100_000, "转 " * 50_000, "\0" * 9999],
    )
    def test_it_is_bounded(self, text: str) -> None:
        assert len(heard(text, RULES.manner)) <= HEAD + TAIL + 1
        began = time.process_time()
        judge(text, RULES)
        assert time.process_time() - began < 0.2  # measured 1 to 3 ms; loops would take minutes

    def test_a_request_at_the_end_of_a_long_story_is_heard(self) -> None:
        wanted = judge("我跟你说个事，" * 300 + "转人工", RULES)
        assert wanted is not None
        assert wanted.reason == "asked"

    @pytest.mark.parametrize("text", ["", " ", "。", "\ud800", "🙏", "…"])
    def test_next_to_nothing_needs_nobody(self, text: str) -> None:
        assert judge(text, RULES) is None


class TestWords:
    """What an operator writes is read with its line, or refused with its line."""

    def problems(self, folder: Path, text: str, settings: Escalation | None = None) -> list[str]:
        file = folder / "escalation.yaml"
        file.write_text(text, "utf-8")
        return [str(one) for one in rules_in(file, settings or Escalation())[1]]

    def test_an_own_class_is_heard(self, tmp_path: Path) -> None:
        file = tmp_path / "escalation.yaml"
        file.write_text(
            'lists: {物: [奖, 礼]}\nclasses: {prize: {name: 领奖, says: ["(领|兑)…{物}"]}}\n',
            "utf-8",
        )
        rules, problems = rules_in(file, Escalation())
        assert problems == []
        wanted = judge("怎么领你们的奖", rules)
        assert wanted is not None
        assert (wanted.reason, wanted.level, wanted.evidence) == ("prize", 2, ("领你们的奖",))

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("says: [(甲|乙]", "括号不成对"),
            ('says: ["{没有}人"]', "没有这个词表"),
            ("says: [转$人工]", "位置不对"),
            ("says: [(甲|)…]", "没有一处是必须出现的字"),
            ("says: [人]", "太短"),
            ("says: 转人工", "不是列表"),
            ("unless: [反话]", "没有 反话"),
            ("sayz: [转人工]", "没有这个键"),
            ("says: [转人工], examples: {yes: [你好]}", "例句“你好”没有认出"),
            ("says: [转人工], examples: {no: [转人工]}", "例句“转人工”误认成这一类"),
        ],
    )
    def test_a_slip_is_named_with_its_line(self, tmp_path: Path, written: str, said: str) -> None:
        [problem] = self.problems(tmp_path, f"classes:\n  own: {{name: 自己的, {written}}}\n")
        assert said in problem
        assert "escalation.yaml 第 2 行" in problem

    def test_a_class_that_nobody_wrote_is_named(self, tmp_path: Path) -> None:
        settings = Escalation(classes={"angry": ReasonSettings(level=3)})
        [problem] = self.problems(
            tmp_path, "classes: {anger: {name: 生气, says: [气死]}}", settings
        )
        assert problem.startswith("escalation.classes.angry：没有 angry 这一类")

    def test_a_phrasing_must_need_something(self) -> None:
        with pytest.raises(BadPhrasing):
            read_phrasing("...", {}, str)
