"""Is what is left open read, and does everything go on where nobody can read?"""

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from bot.errors import ModelUnavailable
from knowledge import Decision, FaqEntry, Retriever
from knowledge.evidence import FEATURES
from knowledge.fitting import Case, case_of, fit, gate_judged
from knowledge.gate import Gate, Weights, load_gate
from knowledge.reading import Reading, parts_of
from tests.unit.knowledge.conftest import TODAY, FakeEmbedder, an_entry

ENTRIES = [
    an_entry("cold", "冰箱不制冷怎么办"),
    an_entry("loud", "冰箱声音大怎么办"),
    an_entry("bill", "怎么开发票"),
]
ASKED = "我家冰箱有点问题怎么办"


class FakeReader:
    """Thinks of a text what it was told. Set `fails` or `slow` to make it give no answer."""

    def __init__(self, called: str = "fake", /, **thinks: float) -> None:
        self.name, self.most = called, 3
        self.thinks = {e.question: thinks.get(e.id, -3.0) for e in ENTRIES}
        self.read_texts: list[tuple[str, ...]] = []
        self.fails = self.slow = False
        self.is_closed = False

    async def read(self, asked: str, texts: Sequence[tuple[str, ...]]) -> list[float]:
        if self.slow:
            await asyncio.Event().wait()
        if self.fails:
            raise ModelUnavailable("no")
        self.read_texts += texts
        return [self.thinks[text[1]] for text in texts]

    async def aclose(self) -> None:
        self.is_closed = True


def a_gate(reader: str, **weights: float) -> Gate:
    """A gate that leaves everything open before this reader has read it."""
    gate, at = load_gate(), {"1": 0.99, "5": 0.9}
    models = {
        "full": Weights(bias=-0.5, weights={"margin": 0.1}, answer_at=at),
        "full+read": Weights(bias=0.0, weights=weights or {"read": 1.0}, answer_at=at),
    }
    return msgspec.structs.replace(gate, encoder="fake", reader=reader, models=gate.models | models)


async def a_base(embedder: FakeEmbedder, reading: Reading | None, gate: Gate) -> Retriever:
    base = Retriever(ENTRIES, embedder=embedder, reading=reading, gate=gate)
    await base.warm()
    return base


async def test_what_was_read_is_judged_by_that(embedder: FakeEmbedder) -> None:
    reader = FakeReader(cold=4.0)
    base = await a_base(embedder, Reading([reader]), a_gate("fake"))
    before = await (await a_base(embedder, None, a_gate("fake"))).search(ASKED, TODAY, 3)
    verdict = await base.ask(ASKED, TODAY)
    assert {text[1] for text in reader.read_texts} == {e.question for e in ENTRIES}
    scores = {match.entry.id: match.score for match in verdict.matches}
    assert scores["cold"] == pytest.approx(1 / (1 + 2.718281828**-4), abs=1e-3)
    assert scores["loud"] < 0.05
    assert {match.variant for match in verdict.matches} == {"full+read"}
    assert {match.read_by for match in verdict.matches} == {"fake"}
    first = verdict.matches[0]
    assert first.why["read_lead"] == pytest.approx(
        float(first.why["read"]) - max(float(m.why["read"]) for m in verdict.matches[1:])
    )
    assert [m.entry.id for m in before] == [m.entry.id for m in verdict.matches]


async def test_what_was_read_may_be_said_or_not_whatever_it_seemed(embedder: FakeEmbedder) -> None:
    gate = a_gate("fake")
    first = (await (await a_base(embedder, None, gate)).search(ASKED, TODAY, 1))[0].entry.id
    sure = await a_base(embedder, Reading([FakeReader(**{first: 5.0})]), gate)
    assert (await sure.ask(ASKED, TODAY)).decision is Decision.ANSWER
    against = await a_base(embedder, Reading([FakeReader()]), gate)
    assert (await against.ask(ASKED, TODAY)).decision is not Decision.ANSWER


async def test_a_reader_that_the_gate_does_not_know_only_orders(embedder: FakeEmbedder) -> None:
    """Its scores mean what it likes: nothing is said for them that would not have been said."""
    gate = a_gate("another")
    plain = await (await a_base(embedder, None, gate)).search(ASKED, TODAY, 3)
    last = plain[-1].entry.id
    base = await a_base(embedder, Reading([FakeReader(**{last: 99.0})]), gate)
    verdict = await base.ask(ASKED, TODAY)
    assert verdict.matches[0].entry.id == last
    assert verdict.decision is not Decision.ANSWER
    assert {m.entry.id: m.score for m in verdict.matches} == {m.entry.id: m.score for m in plain}


@pytest.mark.parametrize("how", ["fails", "slow"])
async def test_where_nobody_can_read_everything_is_as_before(
    embedder: FakeEmbedder, how: str
) -> None:
    reader = FakeReader(cold=4.0)
    setattr(reader, how, True)
    gate = a_gate("fake")
    base = await a_base(embedder, Reading([reader], deadline_s=0.001), gate)
    plain = await (await a_base(embedder, None, gate)).ask(ASKED, TODAY)
    verdict = await base.ask(ASKED, TODAY)
    assert verdict == plain
    assert {match.variant for match in verdict.matches} == {"full"}


async def test_the_next_reader_takes_over(embedder: FakeEmbedder) -> None:
    away, here = FakeReader("away"), FakeReader("fake", cold=4.0)
    away.fails = True
    base = await a_base(embedder, Reading([away, here]), a_gate("fake"))
    assert base.reader == "away"
    verdict = await base.ask(ASKED, TODAY)
    assert {match.read_by for match in verdict.matches} == {"fake"}


async def test_nothing_is_read_twice_and_what_is_clear_is_not_read(embedder: FakeEmbedder) -> None:
    reader = FakeReader()
    base = await a_base(embedder, Reading([reader]), a_gate("fake"))
    await base.search(ASKED, TODAY, 3)
    once = len(reader.read_texts)
    await base.search(ASKED, TODAY, 3)
    assert len(reader.read_texts) == once == 3
    assert (await base.ask("怎么开发票", TODAY)).how == "exact"
    assert len(reader.read_texts) == once
    hopeless = {
        name: msgspec.structs.replace(m, bias=-60.0) for name, m in base.gate.models.items()
    }
    far = await a_base(
        embedder, Reading([reader]), msgspec.structs.replace(base.gate, models=hopeless)
    )
    assert (await far.ask("今天天气如何", TODAY)).decision is Decision.DECLINE
    assert len(reader.read_texts) == once


async def test_a_queue_of_questions_is_not_read() -> None:
    reader = FakeReader()
    reader.slow = True
    reading = Reading([reader], deadline_s=30)
    waiting = [asyncio.create_task(reading.of(f"{n}", ENTRIES)) for n in range(4)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await reading.of("one more", ENTRIES) is None
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    reader.slow = False
    assert await reading.of("one more", ENTRIES) is not None
    await reading.aclose()
    assert reader.is_closed


async def test_the_gate_is_fitted_to_whoever_reads(embedder: FakeEmbedder) -> None:
    """A deployment's reranker counts once `gate train` has seen it; until then nothing is said."""
    reader = FakeReader("reranker", cold=0.9, loud=0.1, bill=0.05)
    base = await a_base(embedder, Reading([reader]), a_gate("other"))
    case = case_of("own", await base.search(ASKED, TODAY, 3), "cold")
    assert case is not None
    assert (case.variant, case.reader, len(case.rows)) == ("full+read", "reranker", 3)
    as_before = gate_judged(case, base.gate)
    both = (case, case._replace(right=None, rows=case.rows * 0.5))
    many = [one._replace() for one in both * 30]
    gate = fit(many, start=base.gate, reader="reranker")
    assert gate.reader == "reranker"
    assert "read" in gate.models["full+read"].weights
    assert gate.models["full"] == base.gate.models["full"]
    assert gate_judged(case, gate) != as_before


def test_a_fit_without_readers_keeps_the_reader_there_is() -> None:
    gate = a_gate("fake")
    fitted = fit(some_cases(), start=gate)
    assert fitted.reader == "fake"
    assert fitted.models["full+read"] == gate.models["full+read"]
    assert set(fitted.models["full"].weights).isdisjoint({"read", "read_lead"})


def some_cases() -> list[Case]:
    dice = np.random.default_rng(0)
    return [
        Case("own", "full", dice.random((3, len(FEATURES))), 0 if n % 2 else None)
        for n in range(60)
    ]


def test_a_reader_is_given_the_answer_and_every_phrasing() -> None:
    entry = FaqEntry(
        id="a", question="怎么退", answer="七天内。", similar=("退货",), heard=("退掉它",)
    )
    assert parts_of(entry) == ("七天内。", "怎么退", "退货", "退掉它")
