"""A phrasing that would take another entry's own question is found out, whoever proposes it."""

from collections.abc import Sequence

from knowledge import Audience, FaqEntry, Match, Retriever
from knowledge.phrasings import Tried, Unfit, try_alone, try_together
from tests.unit.knowledge.conftest import TODAY

SHIP = FaqEntry(id="ship", question="多久发货", answer="两天内。")
FEE = FaqEntry(id="fee", question="运费多少钱", answer="8 元。")


async def build(entries: Sequence[FaqEntry]) -> Retriever:
    return Retriever(list(entries))


async def test_alone_it_must_find_its_own_entry() -> None:
    base = await build([SHIP, FEE])
    proposed = [
        "发货要多久",
        "多久发货",
        "发货要多久",
        "运费多少钱",
        "邮费要多少钱",
        "你们几点关门",
    ]
    assert await try_alone(SHIP, proposed, base, TODAY) == [
        Tried("发货要多久"),
        Tried("多久发货", Unfit.KNOWN),
        Tried("发货要多久", Unfit.KNOWN),
        Tried("运费多少钱", Unfit.TAKEN, "fee"),
        Tried("邮费要多少钱", Unfit.ELSEWHERE, "fee"),
        Tried("你们几点关门", Unfit.ELSEWHERE, ""),
    ]
    base.close()


async def test_what_takes_another_s_question_is_thrown_out_and_the_rest_stays() -> None:
    """A retriever that is won over by a phrasing: the last entry that has these signs wins."""

    class Fickle(Retriever):
        async def search(self, text: str, audience: Audience, k: int = 10) -> list[Match]:
            found = await super().search(text, audience, len(self.entries))
            lured = [one for one in found if "坏问法" in one.entry.similar]
            return (lured or found)[:k] if text == FEE.question else found[:k]

    async def fickle(entries: Sequence[FaqEntry]) -> Retriever:
        return Fickle(list(entries))

    base = await fickle([SHIP, FEE])
    got = await try_together({"ship": ["发货要多久", "坏问法"]}, base, fickle, TODAY)
    assert set(got["ship"]) >= {Tried("坏问法", Unfit.STEALS, "运费多少钱")}
    assert all(one.unfit for one in got["ship"] if one.text == "坏问法")
    base.close()
