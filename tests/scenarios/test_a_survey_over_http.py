"""From a servicer's last word to the customer's rating and its reason, all of it over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp.test_utils import unused_port

from bot.app import Concierge
from bot.app import running as running_product
from bot.commands.serve import listen
from simulator.records import HUMAN, QUEUED, Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator
from simulator.server import running as running_simulator
from tests.scenarios.test_a_model_that_hangs import config_for

INVITATION = "本次人工服务已结束，您对这次服务满意吗？点一下就能评分："


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[tuple[Simulator, Concierge]]:
    async with running_simulator(shop(options=Options(slow_ack_s=4.0))) as simulator:
        async with running_product(config_for(simulator, folder, None)) as concierge:
            port = unused_port()
            runner = await listen(concierge, "127.0.0.1", port)
            simulator.callback_url = f"http://127.0.0.1:{port}/wecom/callback"
            try:
                yield simulator, concierge
            finally:
                await runner.cleanup()
        assert simulator.violations == []


async def is_told(simulator: Simulator, customer: str, text: str) -> None:
    def is_there() -> bool:
        return any(text in said for said in simulator.said_by_bot(PRESALE, customer))

    await simulator.wait_for(is_there, description=text)


async def is_served(simulator: Simulator, customer: str) -> None:
    """A servicer takes the session, writes a line, and ends it."""
    await simulator.staff_status("zhangsan", PRESALE, receiving=True)
    await simulator.say(PRESALE, customer, "转人工")
    conversation = simulator.conversation(PRESALE, customer)
    await simulator.wait_for(
        lambda: conversation.state in (QUEUED, HUMAN), description="people have it"
    )
    if conversation.state == QUEUED:
        await simulator.staff_take("zhangsan", PRESALE, customer)
    await simulator.staff_say("zhangsan", PRESALE, customer, "您好，我来为您服务")
    simulator.fault("duplicate_callback")
    await simulator.staff_end("zhangsan", PRESALE, customer)


def last_item(simulator: Simulator, customer: str) -> tuple[str, str]:
    """Id and text of the lowest score in the invitation."""
    messages = simulator.conversation(PRESALE, customer).messages
    (menu,) = [
        one.content
        for one in messages
        if one.msgtype == "msgmenu" and one.content["head_content"] == INVITATION
    ]
    item = menu["list"][-1]["click"]
    return item["id"], item["content"]


async def test_who_was_served_is_asked_once_and_rates_and_says_why(tmp_path: Path) -> None:
    async with playing(tmp_path) as (simulator, concierge):
        customer = await simulator.customer("小林")
        await is_served(simulator, customer)
        await is_told(simulator, customer, INVITATION)
        menu_id, content = last_item(simulator, customer)
        await simulator.say(PRESALE, customer, content, menu_id=menu_id)
        await is_told(simulator, customer, "很抱歉这次让您失望了")
        await simulator.say(PRESALE, customer, "等了很久才有人理我")
        await is_told(simulator, customer, "已经记下了")
        database = concierge.engine.store.database
        rows = await database.fetch("SELECT score, asked_how, length(reason) > 0 FROM ratings")
        assert [tuple(row) for row in rows] == [(1, "code", 1)]
        assert len(await database.fetch("SELECT id FROM cases")) == 1
        said = simulator.said_by_bot(PRESALE, customer)
        assert sum(INVITATION in one for one in said) == 1
