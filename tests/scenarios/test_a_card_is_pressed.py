"""A card to two colleagues, from the customer's word to the grey buttons, all of it over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp.test_utils import unused_port

from bot.app import running as running_product
from bot.commands.serve import listen
from bot.routing import Router
from bot.routing.discovery import discover
from simulator.records import ENDED, Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator
from simulator.server import running as running_simulator
from tests.card_router import FALLBACK, GOODBYE, Desk
from tests.scenarios.test_a_model_that_hangs import config_for

MEMBERS = ("zhangsan", "lisi")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A toy behaviour beside those of `handlers/`, first in their order."""
    made = Desk(*MEMBERS)

    def with_it(package: ModuleType) -> list[Router]:
        return [made.router, *discover(package)]

    monkeypatch.setattr("bot.app.engine.discover", with_it)
    return made


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Simulator]:
    async with running_simulator(shop(options=Options(slow_ack_s=4.0))) as simulator:
        config = config_for(simulator, folder, None)
        async with running_product(config) as concierge:
            port = unused_port()
            runner = await listen(concierge, "127.0.0.1", port)
            simulator.callback_url = f"http://127.0.0.1:{port}/wecom/callback"
            try:
                yield simulator
            finally:
                await runner.cleanup()
        assert simulator.violations == []


async def test_who_presses_takes_it_and_everybodys_card_says_so(tmp_path: Path, desk: Desk) -> None:
    async with playing(tmp_path) as simulator:
        customer = await simulator.customer("小林")
        await simulator.say(PRESALE, customer, "叫人")
        await simulator.wait_for(lambda: desk.results, description="the turn is told of its card")
        assert all(len(simulator.inbox(member)) == 1 for member in MEMBERS)
        card = simulator.inbox("lisi")[0]
        simulator.fault("duplicate_callback")
        await simulator.staff_press("lisi", card.task_id, "take")
        await simulator.wait_for(
            lambda: all(simulator.inbox(member)[0].replaced_by for member in MEMBERS),
            description="both cards have changed",
        )
        assert simulator.inbox("zhangsan")[0].replaced_by == "lisi 已接入"
        await simulator.wait_for(lambda: not simulator.pending_callbacks, description="acks")
        assert desk.actions == [(f"customer:{customer}", "lisi", "toy.take")]


async def test_a_press_ends_the_session_that_a_servicer_has(tmp_path: Path, desk: Desk) -> None:
    async with playing(tmp_path) as simulator:
        customer = await simulator.customer("小林")
        await simulator.say(PRESALE, customer, "叫人")
        await simulator.wait_for(lambda: desk.results, description="the card is out")
        conversation = simulator.conversation(PRESALE, customer)
        simulator.world.change_state(conversation, 3, told_by=-1, servicer="lisi")
        await simulator.staff_press("lisi", simulator.inbox("lisi")[0].task_id, "take")
        await simulator.wait_for(lambda: len(desk.results) == 2, description="the end is told")
        assert desk.results[1]["outcome"] == "ended"
        assert desk.results[1]["msg_code"]
        assert conversation.state == ENDED
        await simulator.wait_for(
            lambda: GOODBYE in simulator.said_by_bot(PRESALE, customer),
            description="the end code's message is out",
        )


async def test_a_card_that_the_platform_refuses_reaches_everybody_as_text(
    tmp_path: Path, desk: Desk
) -> None:
    async with playing(tmp_path) as simulator:
        simulator.fault("refuse_card", code=43012)
        await simulator.say(PRESALE, await simulator.customer("小林"), "叫人")
        await simulator.wait_for(lambda: desk.results, description="the turn is told of its card")
        assert desk.results[0]["as_text"] is True
        assert [simulator.inbox(member)[0].content for member in MEMBERS] == [
            {"content": FALLBACK}
        ] * 2
