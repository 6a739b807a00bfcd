"""Which words has an operator confirmed for this deployment?"""

from pathlib import Path

import pytest

from bot.app import KNOWLEDGE_WORDS, build_words, words_in
from bot.errors import Misconfigured


def test_the_shipped_file_has_no_problem() -> None:
    assert KNOWLEDGE_WORDS.is_file()
    assert words_in(KNOWLEDGE_WORDS)[1] == []


def test_a_file_with_a_problem_stops_the_start_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.yaml"
    file.write_text("terms:\n  - [金卡, 黑卡]\n  - [金卡, 白卡]\n", "utf-8")
    with pytest.raises(Misconfigured, match="第 3 行"):
        build_words(file)


def test_without_a_file_there_are_no_words(tmp_path: Path) -> None:
    assert build_words(tmp_path / "knowledge.yaml").groups == frozenset()


def test_what_is_written_is_used(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.yaml"
    file.write_text("synonyms: {寄件费: 邮费}\nterms: [[金卡, 黑卡]]\n", "utf-8")
    words = build_words(file)
    assert words.fold("寄件费") == "运费"
    assert words.groups == {frozenset({"金卡", "黑卡"})}
