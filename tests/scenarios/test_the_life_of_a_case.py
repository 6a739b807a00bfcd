"""A case from the bot to a junior, to an expert, to its rating, all of it over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from bot.app import Concierge
from bot.app import running as running_product
from bot.commands.serve import listen
from bot.config import Config
from bot.model import MenuItem, MessageReceived, TimerDue
from bot.routing import Router, Stage, Turn
from bot.routing.discovery import discover
from simulator.records import HUMAN, QUEUED, AppMessage, Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator
from simulator.server import running as running_simulator
from tests.scenarios.test_a_model_that_hangs import config_for
from tests.witness import Witness

STAFF = [
    {"userid": "zhangsan", "name": "张敏", "level": "junior", "capacity": 1},
    {"userid": "lisi", "name": "李航", "level": "expert", "capacity": 2},
]
SHIP = "现货每天 16:00 前付款的当天发出"
HANDED_OVER = "已为您转接人工客服，请稍候"
LONG_S = 60.0


SEND = "/cgi-bin/kf/send_msg"
PROMISED = "活动马上开始"


@dataclass(frozen=True, slots=True)
class Shop:
    """The product, its WeCom, and one customer."""

    sim: Simulator
    product: Concierge
    witness: Witness
    customer: str
    folder: Path

    async def says(self, text: str, **more: Any) -> None:
        await self.sim.say(PRESALE, self.customer, text, **more)

    async def hears(self, words: str, timeout: float = 10.0) -> None:
        await self.sim.wait_for(
            lambda: any(words in said for said in self.said),
            description=f"the customer hears {words!r} in {self.said}",
            timeout=timeout,
        )

    async def is_with(self, userid: str, timeout: float = 10.0) -> None:
        await self.sim.wait_for(
            lambda: (self.session.state, self.session.servicer) == (HUMAN, userid),
            description=f"{userid} has the session, not {self.session.servicer}",
            timeout=timeout,
        )

    async def card_of(self, userid: str, timeout: float = 10.0) -> AppMessage:
        def cards() -> list[AppMessage]:
            return [one for one in self.sim.inbox(userid) if one.task_id]

        await self.sim.wait_for(cards, description=f"{userid} has a card", timeout=timeout)
        return cards()[-1]

    async def settles(self) -> None:
        """Wait until nothing is left to do but what comes due later."""

        async def is_busy() -> bool:
            store, now = self.product.engine.store, self.product.engine.clock.now()
            waiting = await store.mailbox.waiting(now)
            return bool(waiting or await store.outbox.open_queues() or self.sim.pending_callbacks)

        async with asyncio.timeout(LONG_S):
            quiet = 0
            while quiet < 5:
                quiet = 0 if await is_busy() else quiet + 1
                await asyncio.sleep(0.05)

    @property
    def session(self) -> Any:
        return self.sim.conversation(PRESALE, self.customer)

    @property
    def said(self) -> list[str]:
        return self.sim.said_by_bot(PRESALE, self.customer)

    def tapped(self, text: str) -> str:
        """The id under an item of the newest menu."""
        menus = [one.content["list"] for one in self.session.messages if one.msgtype == "msgmenu"]
        clicks = [item["click"] for item in menus[-1]]
        return next(str(one["id"]) for one in clicks if one["content"] == text)

    def faults(self) -> list[str]:
        return self.witness.faults(self.folder / "concierge.db")


@asynccontextmanager
async def opened(folder: Path, **sections: Any) -> AsyncIterator[Shop]:
    async with running_simulator(
        shop(options=Options(slow_ack_s=4.0, tokenless_pulls_per_minute=1000))
    ) as sim:
        witness = Witness(sim, {"zhangsan": 1, "lisi": 2})
        given = config_for(sim, folder, None).model_dump(mode="python", exclude_unset=True)
        config = Config.model_validate(
            given | {"staff": STAFF, "delivery": {"poll_busy_s": 2}} | sections
        )
        async with running_product(config) as product:
            port = unused_port()
            runner = await listen(product, "127.0.0.1", port)
            sim.callback_url = f"http://127.0.0.1:{port}/wecom/callback"
            try:
                yield Shop(sim, product, witness, await sim.customer("小林"), folder)
            finally:
                await runner.cleanup()


async def down(sim: Simulator, seconds: float) -> None:
    """WeCom answers nothing of what it is asked."""
    sim.fault("http", code=502, probability=1.0)
    await asyncio.sleep(seconds)
    sim.clear_faults()


async def lives(shop: Shop, down_s: float) -> None:
    sim, customer = shop.sim, shop.customer
    await shop.says("多久发货")
    await shop.hears(SHIP)
    await shop.says("转人工")
    await shop.hears(HANDED_OVER)
    await shop.is_with("zhangsan")
    card = await shop.card_of("zhangsan")
    await sim.staff_say("zhangsan", PRESALE, customer, "您好，我是张敏")
    await shop.settles()
    # L2 → L3 while WeCom answers nothing for a while
    gone = asyncio.create_task(down(sim, down_s))
    await asyncio.sleep(0.1)
    await sim.staff_press("zhangsan", card.task_id, "raise")
    await sim.say(PRESALE, customer, "多久发货")
    await gone
    await shop.is_with("lisi", timeout=LONG_S + down_s)
    await shop.card_of("lisi", timeout=LONG_S)
    await sim.staff_say("lisi", PRESALE, customer, "您好，我是李航，现货今天就发")
    await shop.settles()
    assert sum(SHIP in said for said in shop.said) == 1, "asked while a person had it"
    # closed, rated, and what is left of it
    await sim.staff_end("lisi", PRESALE, customer)
    await shop.hears("您对这次服务满意吗")
    await shop.says("1 分 · 很不满意", menu_id=shop.tapped("1 分 · 很不满意"))
    await shop.hears("很抱歉这次让您失望了")
    await shop.says("等得太久了")
    await shop.hears("谢谢您告诉我们")
    await shop.settles()
    await shop.says("多久发货")
    await shop.hears("由 AI 为您解答")
    await shop.settles()


async def the_records_say_so(shop: Shop) -> None:
    assert shop.witness.assignments(shop.customer) == ["zhangsan", "lisi"]
    rows = await shop.product.engine.store.database.fetch(
        "SELECT level, served_level, outcome FROM cases WHERE closed_at IS NOT NULL"
    )
    assert [tuple(row) for row in rows] == [(3, 3, "ended")]
    tickets = await shop.product.engine.store.database.fetch(
        "SELECT level, reason FROM tickets WHERE done_at IS NULL"
    )
    assert [tuple(row) for row in tickets] == [(3, "dissatisfied")]
    assert shop.faults() == []


async def test_a_case_lives_through_all_levels_although_wecom_is_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as shop:
        await lives(shop, 2.0)
        await the_records_say_so(shop)


@pytest.mark.deep
async def test_a_case_lives_through_two_minutes_without_wecom(tmp_path: Path) -> None:
    async with opened(tmp_path) as shop:
        await lives(shop, 120.0)
        await the_records_say_so(shop)


# -------------------------------------------------------------------- silence (must show 3)


def campaign() -> Router:
    """A toy behaviour with much to say, a second and more after somebody signs up."""
    router = Router("campaign", stage=Stage.GUARD)

    @router.message()
    async def signs_up(turn: Turn, message: MessageReceived) -> None:
        if message.text == "报名":
            turn.reply("报名成功")
            for second in (1, 2, 3):
                turn.schedule("campaign.due", float(second), key=str(second))

    @router.on(TimerDue, tag="campaign.due")
    async def due(turn: Turn, timer: TimerDue) -> None:
        turn.reply(PROMISED, menu=[MenuItem("campaign:1", "去看看")], category="service")
        turn.emit("case_solved", case_id="0123456789abcdef", by="customer", outcome="solved")

    return router


@pytest.fixture
def with_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_it(package: ModuleType) -> list[Router]:
        return [campaign(), *discover(package)]

    monkeypatch.setattr("bot.app.engine.discover", with_it)


@pytest.mark.usefixtures("with_campaign")
async def test_while_a_person_has_it_the_bot_says_nothing_at_all(tmp_path: Path) -> None:
    """Taken at a moment in which replies, a menu, timers and a survey are on their way."""
    async with opened(tmp_path) as shop:
        sim, customer = shop.sim, shop.customer
        await shop.says("多久发货")
        await shop.hears(SHIP)
        await shop.settles()
        sim.fault("error", path=SEND, code=-1, probability=1.0)
        calls = sim.calls[SEND]
        await shop.says("报名")
        for question in ("运费多少钱", "怎么退货", "可以开发票吗", "在吗"):
            await shop.says(question)
        await sim.wait_for(lambda: sim.calls[SEND] > calls, description="a reply is tried")
        sim.world.change_state(shop.session, QUEUED, told_by=None)
        await sim.staff_take("zhangsan", PRESALE, customer)
        before = len(shop.said)
        for number in range(50):
            texts = ("多久发货", "转人工", "你好", f"第 {number} 件什么时候到", "谢谢")
            await shop.says(texts[number % len(texts)])
        await sim.staff_say("zhangsan", PRESALE, customer, "您好，我来处理")
        await sim.wait_for(lambda: not sim.pending_callbacks, description="he is heard")
        await asyncio.sleep(1.0)  # and known; from now on WeCom takes what is sent
        sim.clear_faults()
        await asyncio.sleep(3.5)  # until every timer has come due
        await shop.settles()
        assert shop.said[before:] == []
        rows = await shop.product.engine.store.database.fetch(
            "SELECT kind, state, COUNT(*) AS n FROM outbox WHERE kind = 'SendMessage'"
            " AND state IN ('held', 'cancelled') GROUP BY 1, 2"
        )
        assert sum(row["n"] for row in rows) >= 4, "nothing was withheld: the test shows nothing"
        await sim.staff_end("zhangsan", PRESALE, customer)
        await shop.hears("您对这次服务满意吗")
        await shop.says("多久发货")
        await shop.hears("由 AI 为您解答")
        await shop.settles()
        survey, answer = shop.said[before:]
        assert SHIP in answer
        assert PROMISED not in survey
        assert shop.faults() == []
