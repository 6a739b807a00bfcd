"""The examples that meaning is learned from: those that are shipped, and those with a mistake."""

from pathlib import Path

import pytest

from bot.app import ESCALATION_EXAMPLES, build_meaning, examples_in
from bot.app.escalation_words import ESCALATION_WORDS
from bot.config import Escalation
from bot.errors import Misconfigured
from knowledge.meaning import Sides

WORDS = "classes: {asked: {name: 要人, says: [转人工], examples: {yes: [转人工], no: [人工费]}}}"


def read(tmp_path: Path, text: str) -> tuple[dict[str, Sides], list[str]]:
    file, words = tmp_path / "examples.yaml", tmp_path / "words.yaml"
    file.write_text(text, "utf-8")
    words.write_text(WORDS, "utf-8")
    examples, problems = examples_in(file, words)
    return dict(examples.classes), [str(one) for one in problems]


def test_what_is_shipped_has_no_problem_and_enough_of_every_class() -> None:
    examples, problems = examples_in(ESCALATION_EXAMPLES, ESCALATION_WORDS)
    assert problems == []
    assert len(examples.classes["asked"].yes) >= 150
    assert min(len(sides.yes) for sides in examples.classes.values()) >= 50
    assert len(examples.ordinary) >= 1000


def test_examples_beside_the_words_are_learned_too(tmp_path: Path) -> None:
    classes, problems = read(tmp_path, "classes: {asked: {yes: [叫人来], no: [叫车]}}")
    assert problems == []
    assert classes == {"asked": Sides(("叫人来", "转人工"), ("叫车", "人工费"))}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("classes: {aksed: {yes: [叫人来]}}", "没有 aksed 这一类"),
        ("class: {}", "没有这个键"),
        ("classes: [叫人来]", "不是一组键值"),
        ("classes: {asked: [叫人来]}", "不是一组键值"),
        ("classes: {asked: {yse: [叫人来]}}", "没有这个键"),
        ("classes: {asked: {yes: 叫人来}}", "不是列表"),
        ("classes: {asked: {yes: [110]}}", "没有文字"),
        ("classes: {asked: {no: [转 人工, 转人工]}}", "既在 yes 又在 no"),
        ("ordinary: 几点开门", "不是列表"),
        ("[", "examples.yaml"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    _, problems = read(tmp_path, text)
    assert said in "\n".join(problems)


def test_a_mistake_stops_the_start_unless_meaning_is_off(tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    file.write_text("classes: 5", "utf-8")
    with pytest.raises(Misconfigured, match="不是一组键值"):
        build_meaning(Escalation(), None, file)
    assert build_meaning(Escalation(meaning=False), None, file).lacks == "off"
