"""Do changes to the running knowledge hold from the next question on, come what may?"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge import Audience, Decision, FaqEntry, Retriever
from knowledge.embeddings import Kind, Vectors
from knowledge.shelves import MAX_CHANGED
from tests.unit.knowledge.conftest import TODAY, FakeEmbedder, an_entry

ENTRIES = [
    an_entry("time", "多久发货", "付款后 48 小时内发出。", featured=True),
    an_entry("fee", "运费怎么算", "满 99 元包邮，不满 99 元运费 8 元。", featured=True),
    an_entry("return", "怎么申请退货", "在订单页点申请售后。"),
    an_entry("club", "会员打几折", "金卡 9.5 折。", audience=("wk1",)),
]
NEW = an_entry("bill", "发票怎么开", "在订单页点申请开票。")


class Gated(FakeEmbedder):
    """An encoder that waits while `open` is not set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        await self.open.wait()
        return await super().embed(texts, kind=kind)


@pytest.fixture
def gated() -> Gated:
    return Gated()


async def ids(retriever: Retriever, text: str, audience: Audience = TODAY) -> list[str]:
    return [match.entry.id for match in await retriever.search(text, audience)]


async def test_a_change_keeps_its_vectors(gated: Gated) -> None:
    retriever = Retriever(ENTRIES, embedder=gated)
    await retriever.warm()
    await retriever.change([NEW], ["return"])
    verdict = await retriever.ask("开发票的事", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("hybrid", "bill")
    assert "return" not in await ids(retriever, "怎么申请退货")
    assert (await retriever.ask("怎么申请退货", TODAY)).how != "exact"
    assert [entry.id for entry in retriever.entries] == ["time", "fee", "club", "bill"]


@pytest.mark.parametrize("broken", ["slow", "failing"])
async def test_without_vectors_a_change_is_seen_by_its_characters(
    gated: Gated, broken: str
) -> None:
    retriever = Retriever(ENTRIES, embedder=gated)
    await retriever.warm()
    if broken == "slow":
        gated.open.clear()
    else:
        gated.fails = 1
    async with asyncio.timeout(2):
        await retriever.change([NEW], ["fee"])
    gated.open.set()
    assert retriever.get("fee") is None
    assert (await retriever.ask("发票怎么开", TODAY)).decision is Decision.ANSWER
    assert "fee" not in await ids(retriever, "运费怎么算")
    verdict = await retriever.ask("多久可以发货呀亲", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("hybrid", "time")
    await retriever.warm()  # waits for what is under way
    assert (await retriever.ask("开发票的事", TODAY)).how == "hybrid"


async def test_a_change_while_warming_gets_its_vectors(gated: Gated) -> None:
    gated.open.clear()
    retriever = Retriever(ENTRIES, embedder=gated)
    warming = asyncio.create_task(retriever.warm())
    await asyncio.sleep(0.05)
    await retriever.change([NEW], ["time"])
    assert (await retriever.ask("发票怎么开呀", TODAY)).how == "exact"
    gated.open.set()
    await warming
    verdict = await retriever.ask("开发票的事", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("hybrid", "bill")
    assert "time" not in await ids(retriever, "多久发货")


async def test_many_changes_while_warming_get_their_vectors_too(gated: Gated) -> None:
    gated.open.clear()
    retriever = Retriever(ENTRIES, embedder=gated)
    warming = asyncio.create_task(retriever.warm())
    await asyncio.sleep(0.05)
    many = [an_entry(f"n{at}", f"第 {at} 种颜色有货吗") for at in range(MAX_CHANGED + 1)]
    await retriever.change([*many, NEW])
    gated.open.set()
    await warming
    assert retriever.vectors_ready
    assert (await retriever.ask("开发票的事", TODAY)).how == "hybrid"


async def test_knowledge_that_began_empty_gets_vectors(embedder: FakeEmbedder) -> None:
    retriever = Retriever([], embedder=embedder)
    await retriever.warm()
    await retriever.change([*ENTRIES, NEW])
    assert (await retriever.ask("发票怎么开", TODAY)).how == "exact"
    await retriever.warm()  # waits for what is under way
    verdict = await retriever.ask("开发票的事", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("hybrid", "bill")


async def test_what_changes_while_everything_is_built_anew_is_not_lost(gated: Gated) -> None:
    retriever = Retriever(ENTRIES, embedder=gated)
    await retriever.warm()
    gated.open.clear()
    many = [an_entry(f"n{at}", f"第 {at} 种颜色有货吗") for at in range(MAX_CHANGED + 1)]
    await retriever.change([*many, NEW])
    await retriever.change([an_entry("fee", "运费怎么算", "一律 6 元。")], ["bill", "time"])
    gated.open.set()
    await retriever.warm()  # waits for what is under way
    assert await ids(retriever, "多久发货")
    assert "time" not in await ids(retriever, "多久发货")
    assert "bill" not in await ids(retriever, "发票怎么开")
    found = [m for m in await retriever.search("运费怎么算", TODAY) if m.entry.id == "fee"]
    assert [match.entry.answer for match in found] == ["一律 6 元。"]


async def test_who_asks_during_a_change_is_told_what_holds_then(gated: Gated) -> None:
    retriever = Retriever(ENTRIES, embedder=gated)
    await retriever.warm()
    gated.open.clear()
    asking = asyncio.create_task(retriever.ask("运费要多少", TODAY))
    await asyncio.sleep(0.01)
    changing = asyncio.create_task(retriever.change([NEW], ["fee"]))
    await changing
    gated.open.set()
    assert "fee" not in [match.entry.id for match in (await asking).matches]


async def test_questions_survive_any_change(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.shelf._INLINE_ENTRIES", 0)  # so that questions take threads
    monkeypatch.setattr("knowledge.index._INLINE_ROWS", 0)
    retriever = Retriever(ENTRIES, embedder=gated)
    await retriever.warm()
    gone = False

    async def asks(at: int) -> None:
        for turn in range(20):
            before = gone
            verdict = await retriever.ask(f"{at} {turn} 怎么申请退货呀", TODAY)
            assert not before or "return" not in [m.entry.id for m in verdict.matches]

    asking = [asyncio.create_task(asks(at)) for at in range(8)]
    for at in range(30):
        await retriever.change([an_entry(f"x{at}", f"第 {at} 件怎么退")])
    await retriever.change([], ["return"])
    gone = True
    await asyncio.gather(*asking)


async def test_an_audience_holds_after_a_change(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    member = Audience(today=TODAY.today, open_kfid="wk1")
    limited = an_entry("time", "多久发货", "当天发出。", audience=("wk1",))
    withdrawn = an_entry("fee", "运费怎么算", approved=False)
    await retriever.change([limited, withdrawn])
    assert "time" not in await ids(retriever, "多久发货")
    assert "time" in await ids(retriever, "多久发货", member)
    for audience in (TODAY, member):
        assert "fee" not in await ids(retriever, "运费怎么算", audience)
        assert (await retriever.ask("运费怎么算", audience)).how != "exact"
    assert [entry.id for entry in retriever.featured(TODAY, 5)] == []


async def test_a_cache_that_cannot_be_written_costs_time_only(
    embedder: FakeEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    retriever = Retriever(ENTRIES, embedder=embedder, cache_dir=tmp_path / "file")
    await retriever.warm()
    assert retriever.vectors_ready


async def test_a_removed_entry_comes_back_as_it_is_now(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    await retriever.ask("运费怎样算", TODAY)
    await retriever.change([], ["fee"])
    assert "fee" not in [m.entry.id for m in (await retriever.ask("运费怎样算", TODAY)).matches]
    back: FaqEntry = an_entry("fee", "运费怎么算", "一律 6 元。")
    await retriever.change([back])
    found = await retriever.search("运费怎样算", TODAY)
    assert [match.entry for match in found if match.entry.id == "fee"] == [back]
