from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import PROMPTS
from bot.errors import Misconfigured
from bot.routing.phrases import Phrases, WordList, fold

WORDS = WordList.parse(["转人工", "=人工", "!不转人工"])


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("转人工", True),
        ("请帮我转人工，谢谢", True),
        ("转 人 工！！", True),
        ("轉人工", True),
        ("人工", True),
        ("人工？", True),
        ("人工吗", True),
        ("人工呢谢谢", True),
        ("人工智能", False),
        ("先不转人工", False),
        ("", False),
        ("？？", False),
    ],
)
def test_words_are_heard_as_they_are_marked(text: str, heard: bool) -> None:
    assert WORDS.match(text) is heard


def test_the_end_of_a_long_message_is_heard_too() -> None:
    assert WORDS.match("我等了很久。" * 200 + "转人工")


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_text_is_said_with_its_values() -> None:
    assert Phrases({"a.b": " 您好，{who} "}, {}).say("a.b", who="小礼") == "您好，小礼"


def test_a_value_cannot_reach_into_the_program() -> None:
    assert Phrases({"a.b": "{who}"}, {}).say("a.b", who="{0.__class__}") == "{0.__class__}"


@pytest.mark.parametrize(("key", "lacks"), [("a.c", "a.c"), ("a.b", "who")])
def test_a_text_or_value_that_is_missing_is_named(key: str, lacks: str) -> None:
    with pytest.raises(Misconfigured, match=lacks):
        Phrases({"a.b": "{who}"}, {}).say(key)


def test_words_that_nobody_wrote_are_named() -> None:
    with pytest.raises(Misconfigured, match=r"a\.words"):
        Phrases({}, {}).heard("a.words", "x")


@pytest.mark.parametrize("content", ["- a", "replies: [", "words: {}", "replies: {a: b}\nwords: 1"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "faq.yaml").write_text(content, "utf-8")
    with pytest.raises(Misconfigured, match=r"prompts/faq\.yaml"):
        Phrases.load(tmp_path)


def test_the_shipped_prompts_are_read() -> None:
    phrases = Phrases.load(PROMPTS)
    assert phrases.has_reply("engine.introduction")
    assert phrases.has_words("escalation.request")


def test_every_fragment_that_waits_is_a_greeting_that_is_answered() -> None:
    """Otherwise a customer who writes only that would be told that it was not understood."""
    phrases = Phrases.load(PROMPTS)
    fragments = phrases._words["engine.fragments"].whole
    answered = ("greeting.hello", "greeting.okay")
    assert {
        word for word in fragments if not any(phrases.heard(k, word) for k in answered)
    } == set()
