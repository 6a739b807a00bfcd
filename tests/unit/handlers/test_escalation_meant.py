"""What a message means, beside what its words say: who decides, and what the bot answers anyway."""

import pytest

from bot.app import build_rules
from bot.config import Escalation, ReasonSettings
from handlers.escalation.listening import gives_way
from handlers.escalation.meant import SURE, agreed, is_readable
from handlers.escalation.rules import judge, weigh
from knowledge import Decision, FaqEntry, Meaning, Verdict
from knowledge.meaning import Examples
from tests.conftest import OpenChat
from tests.talk import Chat

RULES = build_rules(Escalation())


def found(text: str, **meant: float) -> dict[str, tuple[str, ...]]:
    return dict(agreed(weigh(text, RULES), meant, text, RULES).hits)


def test_meaning_adds_what_words_miss_with_the_message_as_evidence() -> None:
    assert found(" 你们出来一位 ", asked=SURE) == {"asked": ("你们出来一位",)}
    assert found("你们出来一位", asked=SURE - 0.01) == {}


def test_words_that_are_sure_keep_their_evidence() -> None:
    assert found("转人工", asked=0.99, anger=0.99) == {"asked": ("转人工",), "anger": ("转人工",)}


def test_what_is_denied_is_not_meant_whatever_the_vector_says() -> None:
    assert weigh("不用转人工了", RULES).near
    assert found("不用转人工了", asked=1.0) == {}
    assert found("不用转人工了", anger=1.0) == {"anger": ("不用转人工了",)}


def test_a_weak_sign_speaks_for_a_class_not_against_it() -> None:
    assert [one.against for one in weigh("有点无语", RULES).near] == ["weak"]
    assert "anger" in found("有点无语", anger=0.9)


def test_a_class_that_is_off_is_not_meant() -> None:
    off = build_rules(Escalation(classes={"anger": ReasonSettings(enabled=False)}))
    assert agreed(weigh("哼", off), {"anger": 1.0}, "哼", off).hits == {}


@pytest.mark.parametrize(("text", "readable"), [("人", False), (" 人 ", False), ("来人", True)])
def test_very_short_messages_are_left_to_words(text: str, readable: bool) -> None:
    assert is_readable(text) is readable
    assert not is_readable("很" * 121)


ANSWER, OFFER = (Verdict(one, (), "hybrid") for one in (Decision.ANSWER, Decision.OFFER))
EXACT = Verdict(Decision.ANSWER, (), "exact")


@pytest.mark.parametrize(
    ("priority", "is_said", "verdicts"),
    [
        (30, True, (ANSWER, EXACT)),
        (60, True, (EXACT,)),
        (30, False, (ANSWER, OFFER, EXACT)),
        (60, False, (ANSWER, EXACT)),
        (85, False, (ANSWER, EXACT)),
    ],
)
def test_what_the_knowledge_answers_is_not_brought_to_people(
    priority: int, is_said: bool, verdicts: tuple[Verdict, ...]
) -> None:
    found = [one for one in (ANSWER, OFFER, EXACT) if gives_way(priority, one, is_said=is_said)]
    assert sorted(map(id, found)) == sorted(map(id, verdicts))


class Known(Meaning):
    """Knows what is meant, and what it was asked."""

    def __init__(self, **meant: float) -> None:
        super().__init__(Examples(), None)
        self.meant, self.asked = meant, list[str]()

    async def of(self, text: str) -> dict[str, float]:
        self.asked.append(text)
        return self.meant


CUPS = FaqEntry(id="cups", question="这些杯子是谁烧的", answer="景德镇的师傅烧的。")
TEA = FaqEntry(id="tea", question="茶叶放在哪里好", answer="放在阴凉干燥的地方。")


class TestInAConversation:
    @pytest.fixture
    async def chat(self, open_chat: OpenChat) -> Chat:
        return await open_chat(entries=[CUPS, TEA])

    def knowing(self, monkeypatch: pytest.MonkeyPatch, **meant: float) -> Known:
        known = Known(**meant)
        monkeypatch.setattr(Meaning, "of", lambda _, text: known.of(text))
        return known

    async def test_what_is_meant_brings_a_person(
        self, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "你们倒是出来一位呀"
        assert judge(text, RULES) is None
        self.knowing(monkeypatch, asked=0.9)
        await chat.says(text)
        case = await chat.store.cases.open_of(chat.conversation)
        assert case is not None
        assert case.reason == "asked"

    async def test_what_is_not_meant_brings_nobody(
        self, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.knowing(monkeypatch, asked=0.5)
        await chat.says("你们倒是出来一位呀")
        case = await chat.store.cases.open_of(chat.conversation)
        assert case is None or case.reason == ""

    async def test_the_words_of_an_entry_are_not_asked_about(
        self, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = self.knowing(monkeypatch, medical=1.0)
        await chat.says("这些杯子是谁烧的？")
        assert known.asked == []
        assert "景德镇" in chat.replies[0]
