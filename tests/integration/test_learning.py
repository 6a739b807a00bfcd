"""Does what customers asked in vain become knowledge, through conversations and commands?"""

import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.commands import faq_edit, faq_gaps
from bot.commands.faq_gaps import Wish
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Store
from tests.builders import a_config, a_customer
from tests.talk import Chat

FAQ = """\
- {id: fee, question: 运费多少钱, answer: 满 99 元包邮，不满收 8 元运费。}
- {id: ship, question: 多久发货, answer: 付款后 48 小时内从杭州仓库发出。}
- {id: invoice, question: 怎么开发票, answer: 在订单详情里点申请发票，一个工作日内开好。}
- {id: return, question: 怎么退货, answer: 签收后七天内在订单里申请退货退款。}
"""
VAIN = "礼盒包装能弄么"
WRAPPED = "可以的，下单时勾选礼品包装，每单五元。"

OpenChat = Callable[..., Awaitable[Chat]]


class Shop:
    """A shop with customers, whose operator types commands."""

    def __init__(self, config: Config, chat: Chat) -> None:
        self.config, self.chat = config, chat
        self.said = ""

    def customer(self, name: str) -> Chat:
        return Chat(self.chat.engine, a_customer(name), self.chat.clock)

    @property
    def store(self) -> Store:
        return self.chat.engine.store

    async def gaps(self) -> list[dict[str, Any]]:
        out, now = io.StringIO(), self.chat.clock.now() + 60
        assert await faq_gaps.gaps(self.config, "", 30, out, as_json=True, now=now) == 0
        found: list[dict[str, Any]] = json.loads(out.getvalue())
        return found

    async def accept(self, gap: str, **wish: Any) -> None:
        out, now = io.StringIO(), self.chat.clock.now() + 60
        try:
            await faq_gaps.accept(self.config, "", gap, Wish(**wish), out, now=now)
        finally:
            self.said = out.getvalue()

    async def entry(self, entry_id: str) -> str:
        row = await self.store.contents.get("", entry_id)
        return "" if row is None or row.removed else row.body


@pytest.fixture
async def shop(open_chat: OpenChat, home: Path) -> Shop:
    (home / "faq.yaml").write_text(FAQ, "utf-8")
    knowledge = {"sources": [home / "faq.yaml"]}
    chat = await open_chat(entries=None, knowledge=knowledge)
    return Shop(a_config(home, knowledge=knowledge), chat)


async def ask_people(shop: Shop, name: str, question: str, answer: str) -> None:
    chat = shop.customer(name)
    await chat.enters()
    await chat.says(question)
    await chat.take_over()
    await chat.colleague_writes("您好，请稍等，我帮您看一下")
    await chat.colleague_writes(answer)
    await shop.chat.waits(minutes=1)


async def test_what_people_answered_becomes_an_entry(shop: Shop) -> None:
    await ask_people(shop, "wm_a", VAIN, WRAPPED)
    await ask_people(shop, "wm_b", "礼盒包装能不能弄", WRAPPED)
    (gap,) = await shop.gaps()
    assert (gap["count"], gap["customers"], gap["draft"]) == (2, 2, WRAPPED)
    await shop.accept(gap["id"], new=True)
    assert WRAPPED in await shop.entry(gap["id"])
    assert await shop.gaps() == []


async def test_a_gap_keeps_its_name_when_more_ask(shop: Shop) -> None:
    await ask_people(shop, "wm_a", VAIN, WRAPPED)
    (first,) = await shop.gaps()
    await ask_people(shop, "wm_b", "礼盒包装能弄不", WRAPPED)
    (later,) = await shop.gaps()
    assert (later["id"], later["count"]) == (first["id"], 2)


async def test_an_entry_learns_the_question_that_a_servicer_answered_with_it(shop: Shop) -> None:
    await ask_people(shop, "wm_a", "报销凭据给弄吗", "在订单详情里点申请发票，一个工作日内开好哦")
    (gap,) = await shop.gaps()
    assert gap["votes"] == {"invoice": 1}
    # Far from the entry, and one customer's servicer says so: a second word is needed.
    with pytest.raises(Misconfigured, match="没有一句可以学"):
        await shop.accept(gap["id"])
    assert "离这一条很远" in shop.said
    await shop.accept(gap["id"], entry_id="invoice", by="lisi")
    assert "报销凭据给弄吗" in await shop.entry("invoice")
    assert await shop.gaps() == []


async def test_a_far_phrasing_needs_two_people_and_the_first_word_is_kept(shop: Shop) -> None:
    await shop.chat.says(VAIN)
    (gap,) = await shop.gaps()
    with pytest.raises(Misconfigured, match="已记下 lisi 的确认"):
        await shop.accept(gap["id"], entry_id="ship", by="lisi")
    with pytest.raises(Misconfigured, match="已记下 lisi 的确认"):
        await shop.accept(gap["id"], entry_id="ship", by="lisi")
    assert VAIN not in await shop.entry("ship")
    await shop.accept(gap["id"], entry_id="ship", by="zhangsan")
    assert VAIN in await shop.entry("ship")


async def test_people_who_disagree_teach_nothing(shop: Shop) -> None:
    await shop.chat.says(VAIN)
    (gap,) = await shop.gaps()
    with pytest.raises(Misconfigured):
        await shop.accept(gap["id"], entry_id="ship", by="lisi")
    with pytest.raises(Misconfigured, match="没有一句可以学"):
        await shop.accept(gap["id"], entry_id="return", by="zhangsan")
    assert "也有人认为该答 [ship]" in shop.said


async def test_a_phrasing_of_another_entry_is_refused(shop: Shop) -> None:
    await shop.chat.says(VAIN)
    (gap,) = await shop.gaps()
    with pytest.raises(Misconfigured):
        await shop.accept(gap["id"], entry_id="fee", question="多久发货呀", sure=True)
    assert "与 [ship] 多久发货 的问法相同" in shop.said
    assert "多久发货呀" not in await shop.entry("fee")


async def test_a_preview_changes_nothing_and_says_what_would(shop: Shop) -> None:
    await ask_people(shop, "wm_a", VAIN, WRAPPED)
    (gap,) = await shop.gaps()
    version = await shop.store.contents.version()
    await shop.accept(gap["id"], new=True, dry_run=True)
    assert "1 句的回答会变" in shop.said
    assert f"{VAIN}：不直接答 → {gap['id']}" in shop.said
    assert await shop.store.contents.version() == version
    assert [one["id"] for one in await shop.gaps()] == [gap["id"]]


async def test_what_was_learned_can_be_taken_back_and_is_a_gap_again(shop: Shop) -> None:
    await ask_people(shop, "wm_a", VAIN, WRAPPED)
    (gap,) = await shop.gaps()
    await shop.accept(gap["id"], new=True)
    await faq_edit.undo(shop.config, "", [gap["id"]], io.StringIO())
    assert await shop.entry(gap["id"]) == ""
    assert [one["id"] for one in await shop.gaps()] == [gap["id"]]


async def test_a_rejected_gap_stays_away_until_it_has_grown_threefold(shop: Shop) -> None:
    await shop.chat.says(VAIN)
    (gap,) = await shop.gaps()
    now = shop.chat.clock.now() + 60
    await faq_gaps.reject(shop.config, "", gap["id"], "lisi", io.StringIO(), now=now)
    await ask_people(shop, "wm_b", VAIN, WRAPPED)
    assert await shop.gaps() == []
    await ask_people(shop, "wm_c", VAIN, WRAPPED)
    assert [one["id"] for one in await shop.gaps()] == [gap["id"]]


async def test_personal_data_is_neither_shown_nor_learned(shop: Shop) -> None:
    await ask_people(shop, "wm_a", VAIN, "可以的，您打我电话 13812345678 说一声就行")
    (gap,) = await shop.gaps()
    assert "13812345678" not in json.dumps(gap)
    assert gap["draft_is_personal"]
    with pytest.raises(Misconfigured, match="个人信息"):
        await shop.accept(gap["id"], new=True)
    await shop.accept(gap["id"], new=True, answer="可以，下单时备注。")
    assert "下单时备注" in await shop.entry(gap["id"])


async def test_what_was_made_of_questions_is_sealed(shop: Shop) -> None:
    await shop.chat.says(VAIN)
    await shop.gaps()
    dump = "\n".join(
        str(tuple(row)) for row in await shop.store.database.scan("SELECT * FROM questions")
    )
    assert dump
    assert VAIN not in dump
