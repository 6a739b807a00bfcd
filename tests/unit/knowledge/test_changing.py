"""When does a change of the knowledge show, and what does it leave behind?"""

from datetime import date

import pytest
from msgspec import structs

from knowledge import Audience, Decision, Retriever
from knowledge.gate import load_gate
from knowledge.shelves import MAX_CHANGED
from tests.unit.knowledge.conftest import TODAY, FakeEmbedder, an_entry

SHIPPING = an_entry("ship", "多久发货", "48 小时内。")
RETURNS = an_entry("return", "怎么退货", "在订单页点退货。")


@pytest.fixture(params=["characters", "meaning"])
async def base(request: pytest.FixtureRequest, embedder: FakeEmbedder) -> Retriever:
    made = Retriever([SHIPPING, RETURNS], embedder=embedder if request.param == "meaning" else None)
    await made.warm()
    return made


async def said(base: Retriever, text: str) -> str | None:
    verdict = await base.ask(text, TODAY)
    return verdict.matches[0].entry.answer if verdict.decision is Decision.ANSWER else None


async def nearest(base: Retriever, text: str) -> list[str]:
    return [match.entry.id for match in await base.search(text, TODAY)]


async def test_a_new_answer_is_said_at_once(base: Retriever) -> None:
    assert await said(base, "多久发货") == "48 小时内。"
    await base.change([an_entry("ship", "多久发货", "24 小时内。")])
    assert await said(base, "多久发货") == "24 小时内。"
    assert await nearest(base, "什么时候发货呀") == ["ship", "return"]


async def test_what_is_removed_is_found_no_more(base: Retriever) -> None:
    await base.change([], ["ship"])
    assert await said(base, "多久发货") is None
    assert "ship" not in await nearest(base, "多久发货")
    assert base.get("ship") is None
    assert [entry.id for entry in base.entries] == ["return"]


async def test_a_new_entry_is_found_beside_the_others(base: Retriever) -> None:
    await base.change([an_entry("gift", "能不能送礼盒", "可以。")])
    assert await said(base, "能不能送礼盒") == "可以。"
    assert (await nearest(base, "礼盒送不送"))[0] == "gift"
    assert await said(base, "怎么退货") == "在订单页点退货。"


async def test_what_was_removed_and_comes_back_is_found_again(base: Retriever) -> None:
    await base.change([], ["ship"])
    await base.change([SHIPPING])
    assert await said(base, "多久发货") == "48 小时内。"
    assert (await nearest(base, "啥时候发货")).count("ship") == 1


async def test_a_reworded_question_is_asked_by_its_new_words_only(base: Retriever) -> None:
    await base.change([an_entry("ship", "几点截单", "16 点。")])
    assert await said(base, "几点截单") == "16 点。"
    assert (await base.ask("多久发货", TODAY)).how != "exact"


async def test_a_changed_audience_is_kept(base: Retriever) -> None:
    await base.change([an_entry("ship", "多久发货", "48 小时内。", audience=("wk1",))])
    assert await said(base, "多久发货") is None
    elsewhere = Audience(today=date(2026, 6, 1), open_kfid="wk1")
    assert (await base.ask("多久发货", elsewhere)).decision is Decision.ANSWER


async def test_many_changes_end_on_one_shelf_again(base: Retriever) -> None:
    before = base.vectors_ready
    many = [an_entry(f"e{i}", f"第{i}号商品多少钱", f"{i} 元。") for i in range(MAX_CHANGED + 1)]
    await base.change(many)
    assert base.vectors_ready is before
    assert await said(base, "第7号商品多少钱") == "7 元。"
    await base.change([an_entry("e7", "第7号商品多少钱", "涨到 8 元。")])
    assert await said(base, "第7号商品多少钱") == "涨到 8 元。"
    assert await said(base, "多久发货") == "48 小时内。"


async def test_the_version_tells_that_something_changed(base: Retriever) -> None:
    before = base.version
    await base.change([an_entry("ship", "多久发货", "24 小时内。")])
    assert base.version != before
    await base.change([SHIPPING])
    assert base.version == before


@pytest.mark.parametrize(("encoder", "answers"), [("fake", True), ("another", False)])
async def test_vectors_the_gate_does_not_know_make_it_strict(
    embedder: FakeEmbedder, encoder: str, *, answers: bool
) -> None:
    shipped = load_gate()
    models = {
        name: structs.replace(model, answer_at={"1": 1.0, "5": 0.0})
        for name, model in shipped.models.items()
    }
    gate = structs.replace(shipped, models=models, encoder=encoder, lead=0.0)
    base = Retriever([SHIPPING, RETURNS], embedder=embedder, gate=gate)
    await base.warm()
    verdict = await base.ask("多久能发货", TODAY)
    assert (verdict.decision is Decision.ANSWER) is answers
