"""Which entry answers this question, and may it be said?"""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from knowledge import Audience, Decision, FaqEntry, Retriever, Thresholds
from knowledge.building import Engine
from tests.unit.knowledge.conftest import TODAY, FakeEmbedder, an_entry

ENTRIES = [
    an_entry(
        "time", "多久发货", "付款后 48 小时内发出。", similar=("几天能发出来",), featured=True
    ),
    an_entry("fee", "运费怎么算", "满 99 元包邮，不满 99 元运费 8 元。", featured=True),
    an_entry("return", "怎么申请退货", "在订单页点申请售后。"),
    an_entry("club", "会员打几折", "金卡 9.5 折。", audience=("wk1",), featured=True),
    an_entry("sale", "双十一有活动吗", "满 300 减 50。", valid_until=date(2026, 5, 31)),
]


@pytest.mark.parametrize("text", ["多久发货", "请问多久發貨呢？", "几天能发出来啊"])
async def test_the_question_of_one_entry_is_answered_without_embedding(
    text: str, embedder: FakeEmbedder
) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    embedder.texts.clear()
    verdict = await retriever.ask(text, TODAY)
    assert (verdict.decision, verdict.how) == (Decision.ANSWER, "exact")
    assert verdict.matches[0].entry.id == "time"
    assert embedder.texts == []


async def test_a_question_that_two_entries_ask_is_not_answered_exactly() -> None:
    twins = [an_entry("a", "怎么退"), an_entry("b", "如何退？")]
    verdict = await Retriever(twins).ask("怎么退", TODAY)
    assert verdict.how == "lexical"
    assert verdict.decision is not Decision.ANSWER


async def test_two_entries_for_two_accounts_are_each_exact_for_their_own() -> None:
    twins = [an_entry("a", "怎么退", audience=("wk1",)), an_entry("b", "怎么退", audience=("wk2",))]
    verdict = await Retriever(twins).ask("怎么退", Audience(today=TODAY.today, open_kfid="wk2"))
    assert verdict.matches[0].entry.id == "b"
    assert verdict.decision is Decision.ANSWER


@pytest.mark.parametrize("engine", ["numpy", "chroma"])
async def test_nobody_is_told_what_is_not_for_them(
    embedder: FakeEmbedder, tmp_path: Path, engine: Engine
) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder, cache_dir=tmp_path, engine=engine)
    member, later = Audience(today=TODAY.today, open_kfid="wk1"), Audience(today=date(2026, 5, 31))
    for warm in (False, True):
        if warm:
            await retriever.warm()
        for text, entry_id in (("会员打几折", "club"), ("双十一有活动吗", "sale")):
            ids = [m.entry.id for m in await retriever.search(text, TODAY)]
            assert entry_id not in ids
            assert entry_id not in [m.entry.id for m in (await retriever.ask(text, TODAY)).matches]
        assert (await retriever.search("会员打几折", member))[0].entry.id == "club"
        assert (await retriever.search("双十一有活动", later))[0].entry.id == "sale"
    retriever.close()


async def test_a_repeat_comes_from_the_cache(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    first = await retriever.ask("运费要多少钱", TODAY)
    asked = len(embedder.texts)
    again = await retriever.ask("运费要多少钱呢？", TODAY)
    assert (first.how, again.how) == ("hybrid", "cached")
    assert again.matches == first.matches
    assert len(embedder.texts) == asked


async def test_the_cache_knows_audiences_apart_and_is_bounded(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder, repeats=2)
    await retriever.ask("会员几折啊", Audience(today=TODAY.today, open_kfid="wk1"))
    assert (await retriever.ask("会员几折啊", TODAY)).how == "lexical"
    await retriever.ask("别的问题", TODAY)
    assert (await retriever.ask("会员几折啊", TODAY)).how == "cached"
    await retriever.ask("又一个问题", TODAY)
    assert (await retriever.ask("别的问题", TODAY)).how == "lexical"


async def test_the_same_question_of_many_at_once_is_embedded_once(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    embedder.texts.clear()
    verdicts = await asyncio.gather(*(retriever.ask("邮寄要钱吗", TODAY) for _ in range(20)))
    assert len(embedder.texts) == 1
    assert len({verdict.matches[0].entry.id for verdict in verdicts}) == 1


async def test_one_customer_gone_does_not_cost_the_other_the_answer(
    embedder: FakeEmbedder,
) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    gone = asyncio.create_task(retriever.ask("邮寄要钱吗", TODAY))
    stays = asyncio.create_task(retriever.ask("邮寄要钱吗", TODAY))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).matches


async def test_until_vectors_are_there_answers_are_lexical(embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    assert (await retriever.ask("运费咋收的", TODAY)).how == "lexical"
    assert (retriever.ready, retriever.vectors_ready) == (True, False)
    await retriever.warm()
    assert (retriever.ready, retriever.vectors_ready) == (True, True)
    assert (await retriever.ask("运费咋收的", TODAY)).how == "hybrid"


async def test_without_an_encoder_characters_serve_alone() -> None:
    retriever = Retriever(ENTRIES)
    await retriever.warm()
    assert retriever.is_lexical_only
    assert not retriever.vectors_ready
    assert (await retriever.search("运费咋收的", TODAY))[0].entry.id == "fee"


async def test_an_encoder_that_fails_costs_meaning_for_that_question_only(
    embedder: FakeEmbedder,
) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    embedder.fails = 1
    assert (await retriever.ask("运费咋收的", TODAY)).how == "lexical"
    assert (await retriever.ask("运费咋收的", TODAY)).how == "hybrid"


async def test_warming_tries_again_until_there_are_vectors(
    embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.building._RETRY_S", (0.0,))
    embedder.fails = 3
    retriever = Retriever(ENTRIES, embedder=embedder)
    await retriever.warm()
    assert retriever.vectors_ready


class EncoderThatStops(FakeEmbedder):
    """Gives vectors for the first batches, then hangs."""

    async def embed(self, texts, *, kind):  # type: ignore[no-untyped-def]
        if len(self.texts) >= 16:
            await asyncio.Event().wait()
        return await super().embed(texts, kind=kind)


async def test_a_build_that_was_stopped_goes_on_where_it_was(
    embedder: FakeEmbedder, tmp_path: Path
) -> None:
    entries = [an_entry(str(i), f"问题{i}") for i in range(40)]
    stopping = EncoderThatStops()
    warming = asyncio.create_task(
        Retriever(entries, embedder=stopping, cache_dir=tmp_path).warm()
    )  # fmt: skip
    async with asyncio.timeout(10):
        while len(stopping.texts) < 16:  # noqa: ASYNC110 (the fake has no event to wait for)
            await asyncio.sleep(0)
    warming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await warming
    await Retriever(entries, embedder=embedder, cache_dir=tmp_path).warm()
    assert not set(embedder.texts) & set(stopping.texts[:8])


async def test_a_second_start_embeds_nothing(embedder: FakeEmbedder, tmp_path: Path) -> None:
    await Retriever(ENTRIES, embedder=embedder, cache_dir=tmp_path).warm()
    embedder.texts.clear()
    await Retriever(ENTRIES, embedder=embedder, cache_dir=tmp_path).warm()
    assert embedder.texts == []


@pytest.mark.parametrize("text", ["", "   ", "？？？", "\0", "😀😀", "a" * 5000, "\ud83d"])
async def test_what_is_no_question_is_declined(text: str, embedder: FakeEmbedder) -> None:
    retriever = Retriever(ENTRIES, embedder=embedder)
    for warm in (False, True):
        if warm:
            await retriever.warm()
        assert (await retriever.ask(text, TODAY)).decision is Decision.DECLINE


async def test_an_empty_base_declines(embedder: FakeEmbedder) -> None:
    retriever = Retriever([], embedder=embedder)
    await retriever.warm()
    assert (await retriever.ask("多久发货", TODAY)).matches == ()
    assert retriever.featured(TODAY, 5) == []


async def test_thresholds_move_the_bands() -> None:
    bold = Retriever(ENTRIES, thresholds=Thresholds(answer=0.0, lead=0.0, offer=0.0))
    shy = Retriever(ENTRIES, thresholds=Thresholds(answer=1.0, offer=1.0))
    assert (await bold.ask("运费呢多少", TODAY)).decision is Decision.ANSWER
    assert (await shy.ask("运费呢多少", TODAY)).decision is Decision.DECLINE


def test_the_welcome_menu_holds_what_this_account_may_see() -> None:
    retriever = Retriever(ENTRIES)
    assert [e.id for e in retriever.featured(TODAY, 5)] == ["time", "fee"]
    kf = Audience(today=TODAY.today, open_kfid="wk1")
    assert [e.id for e in retriever.featured(kf, 5)] == ["time", "fee", "club"]
    assert [e.id for e in retriever.featured(kf, 1)] == ["time"]


def test_the_version_changes_with_any_entry() -> None:
    changed = [*ENTRIES[:-1], an_entry("sale", "双十一有活动吗", "没有。")]
    assert Retriever(ENTRIES).version == Retriever(list(ENTRIES)).version
    assert Retriever(ENTRIES).version != Retriever(changed).version


def test_an_entry_is_found_by_its_id() -> None:
    assert Retriever(ENTRIES).get("fee") is ENTRIES[1]
    assert Retriever(ENTRIES).get("nothing") is None


async def test_hits_say_why(shop: list[FaqEntry]) -> None:
    best = (await Retriever(shop).search("邮费怎么收", TODAY, 3))[0]
    assert best.entry.id == "ship-fee"
    assert 0 < best.score < 1
    assert {"lexical", "answer", "coverage", "margin"} <= set(best.why)
