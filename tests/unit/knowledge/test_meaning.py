"""What messages mean, learned from examples: exactly, without an encoder, and while it fails."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge import EmbeddingError, Meaning, OfflineEmbedder
from knowledge.embeddings import Kind, Remembering, Vectors
from knowledge.likeness import kept_likeness, learn
from knowledge.meaning import KEPT, Examples, Sides
from tests.unit.knowledge.conftest import FakeEmbedder

EXAMPLES = Examples(
    {
        "asked": Sides(
            ["找个活人", "叫个活人来", "活人在哪", "要活人"], ["活鱼多少钱", "活虾送吗"]
        ),
        "anger": Sides(["气死了", "真气人", "太气人了", "气炸了"], ["天气好", "空气炸锅"]),
    },
    ["几点开门", "多少钱一斤", "什么时候发货", "能开发票吗", "怎么洗", "有优惠吗"],
)


@pytest.fixture
async def meaning(embedder: FakeEmbedder) -> Meaning:
    learned = Meaning(EXAMPLES, embedder)
    await learned.learn(None)
    return learned


async def test_a_message_is_of_the_class_whose_examples_are_near(meaning: Meaning) -> None:
    asked, anger, plain = [await meaning.of(t) for t in ("来个活人", "气人", "几点发货")]
    assert asked["asked"] > 0.5 > asked["anger"]
    assert anger["anger"] > 0.5 > anger["asked"]
    assert max(plain.values()) < 0.5


async def test_what_only_looks_so_is_not_of_the_class(meaning: Meaning) -> None:
    assert (await meaning.of("活鱼送吗"))["asked"] < 0.5


async def test_the_nearest_examples_are_told_with_their_classes(meaning: Meaning) -> None:
    first, *_ = await meaning.like("叫活人来", 3)
    assert first == ("叫个活人来", ("asked",))
    assert [one.classes for one in await meaning.like("几点开门", 1)] == [()]


async def test_nothing_is_known_before_it_was_learned(embedder: FakeEmbedder) -> None:
    meaning = Meaning(EXAMPLES, embedder)
    assert meaning.lacks == "examples learned"
    assert await meaning.of("来个活人") == {}
    assert await meaning.like("来个活人", 3) == []
    assert embedder.texts == []


@pytest.mark.parametrize(
    ("meaning", "lacks"),
    [
        (Meaning(EXAMPLES, None), "encoder"),
        (Meaning(EXAMPLES, FakeEmbedder(), is_wanted=False), "off"),
        (Meaning(Examples(), FakeEmbedder()), "off"),
    ],
)
async def test_nothing_is_ever_known_without(meaning: Meaning, lacks: str, tmp_path: Path) -> None:
    await meaning.learn(tmp_path)
    assert not await meaning.recall(tmp_path)
    assert meaning.lacks == lacks
    assert await meaning.of("来个活人") == {}


async def test_what_was_learned_is_read_at_the_next_start(
    embedder: FakeEmbedder, tmp_path: Path
) -> None:
    first, second = Meaning(EXAMPLES, embedder), Meaning(EXAMPLES, embedder)
    await first.learn(tmp_path)
    encoded = len(embedder.texts)
    await second.learn(tmp_path)
    assert len(embedder.texts) == encoded
    assert await second.of("来个活人") == await first.of("来个活人")


async def test_other_examples_are_learned_anew(embedder: FakeEmbedder, tmp_path: Path) -> None:
    await Meaning(EXAMPLES, embedder).learn(tmp_path)
    asked = EXAMPLES.classes["asked"]
    swapped = Examples({**EXAMPLES.classes, "asked": Sides(asked.no, asked.yes)})
    changed = Meaning(swapped, embedder)
    assert not await changed.recall(tmp_path)
    await changed.learn(tmp_path)
    assert (await changed.of("活鱼送吗"))["asked"] > 0.5


async def test_a_damaged_file_costs_time_only(embedder: FakeEmbedder, tmp_path: Path) -> None:
    (tmp_path / KEPT).write_bytes(b"PK\x03\x04 torn")
    meaning = Meaning(EXAMPLES, embedder)
    await meaning.learn(tmp_path)
    assert meaning.lacks == ""
    assert kept_likeness(tmp_path / "nothing", "") is None


async def test_words_decide_alone_while_the_encoder_fails(
    meaning: Meaning, embedder: FakeEmbedder
) -> None:
    embedder.fails = 1
    assert await meaning.of("来个活人") == {}
    assert await meaning.of("来个活人") != {}


async def test_words_decide_alone_when_the_encoder_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Held()
    meaning = Meaning(EXAMPLES, slow)
    slow.gate.set()
    await meaning.learn(None)
    slow.gate.clear()
    monkeypatch.setattr("knowledge.meaning.DEADLINE_S", 0.01)
    assert await meaning.of("来个活人") == {}


def test_too_few_examples_teach_nothing() -> None:
    rows = np.eye(3, dtype=np.float32)
    members = np.array([[True], [False], [False]])
    found = learn(rows, members, np.ones_like(members))
    assert found.probabilities(rows[0])[0] == found.probabilities(rows[1])[0] < 0.5


class Held(FakeEmbedder):
    """Encodes when the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        self.texts.append("asked")
        await self.gate.wait()
        return await super().embed(texts, kind=kind)


class TestRemembering:
    async def test_a_question_is_encoded_once(self, embedder: FakeEmbedder) -> None:
        remembering = Remembering(embedder, most=1)
        first, second = await asyncio.gather(
            *(remembering.embed(["几点开门"], kind="query") for _ in range(2))
        )
        assert embedder.texts == ["几点开门"]
        assert np.array_equal(first, second)
        await remembering.embed(["多少钱"], kind="query")
        await remembering.embed(["几点开门"], kind="query")
        assert embedder.texts == ["几点开门", "多少钱", "几点开门"]

    async def test_who_stops_waiting_leaves_the_vector_to_the_others(self) -> None:
        held = Held()
        remembering = Remembering(held)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await remembering.embed(["几点开门"], kind="query")
        held.gate.set()
        await remembering.embed(["几点开门"], kind="query")
        assert held.texts == ["asked", "几点开门"]

    async def test_a_failure_is_not_remembered(self, embedder: FakeEmbedder) -> None:
        embedder.fails = 1
        remembering = Remembering(embedder)
        with pytest.raises(EmbeddingError):
            await remembering.embed(["几点开门"], kind="query")
        assert len(await remembering.embed(["几点开门"], kind="query")) == 1

    async def test_passages_and_many_texts_pass_through(self, embedder: FakeEmbedder) -> None:
        remembering = Remembering(embedder)
        await remembering.embed(["答"], kind="passage")
        await remembering.embed(["答"], kind="passage")
        assert len(await remembering.embed(["甲", "乙"], kind="query")) == 2
        assert embedder.texts == ["答", "答", "甲", "乙"]


async def test_the_encoder_of_the_product_understands_other_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A few dozen examples; the figures are those of benchmarks/escalation."""
    monkeypatch.setattr("knowledge.meaning.DEADLINE_S", 60.0)  # of understanding, not of speed
    embedder = OfflineEmbedder.open()
    if embedder is None:
        pytest.skip("the encoder does not run here")
    asked = ["转人工", "找客服", "我要和真人说话", "别让机器人回我", "叫你们的人来", "有没有人工"]
    hurt = ["吃完拉肚子", "用了脸过敏", "抹完起红疹", "喝了一直吐", "孩子吃了发烧", "皮肤又红又痒"]
    plain = ["多少钱", "几点开门", "什么时候发货", "怎么退货", "孕妇能用吗", "人工费多少"]
    examples = Examples({"asked": Sides(asked, ()), "medical": Sides(hurt, ())}, plain)
    meaning = Meaning(examples, embedder)
    await meaning.learn(None)
    found = {text: await meaning.of(text) for text in ("请接客服", "敷完脸肿了", "现在有货吗")}
    embedder.close()
    assert found["请接客服"]["asked"] > 0.5 > found["请接客服"]["medical"]
    assert found["敷完脸肿了"]["medical"] > 0.5 > found["敷完脸肿了"]["asked"]
    assert max(found["现在有货吗"].values()) < 0.5
