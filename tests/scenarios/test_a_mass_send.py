"""A friend is to be told something, and takes his consent back before his member has sent it."""

import io
from pathlib import Path

import yaml

from bot.app import running as running_product
from bot.commands.consent import decide
from bot.commands.serve import listen
from bot.config import Config
from bot.config.outreach import OutreachLimits
from bot.config.welcome import Flows
from bot.model.consents import Purpose, Standing
from simulator.scenery import shop
from simulator.server import running as running_simulator
from tests.scenarios.test_a_model_that_hangs import config_for

FLOW = {
    "id": "m",
    "kind": "news",
    "name": "新品",
    "steps": [{"id": "a", "text": "新品到店，给您留了一件。", "evidence": "order"}],
}


async def says(config: Config, customer: str, decision: Standing) -> None:
    out = io.StringIO()
    await decide(config, customer, Purpose.MARKETING, decision, out, evidence="电话里说的")


async def test_what_a_member_has_not_sent_is_cancelled_within_seconds(tmp_path: Path) -> None:
    """All of it over HTTP: the callback, the task at WeCom, and a command of another process."""
    file = tmp_path / "flows.yaml"
    file.write_text(yaml.safe_dump({"flows": [FLOW]}, allow_unicode=True), "utf-8")
    async with running_simulator(shop()) as simulator:
        sections = {"flows": Flows(sources=(file,)), "outreach": OutreachLimits(quiet_hours=None)}
        config = config_for(simulator, tmp_path, None).model_copy(update=sections)
        async with running_product(config) as concierge:
            runner = await listen(concierge, "127.0.0.1", 0)
            port = runner.addresses[0][1]
            simulator.callback_url = f"http://127.0.0.1:{port}/wecom/callback"
            store, sends = concierge.engine.store, simulator.world.mass_sends
            customer = await simulator.customer("小林")
            simulator.friends.add("zhangsan", customer)
            await simulator.wait_for(
                lambda: store.database.read_sync("SELECT 1 FROM contact_sync WHERE permitted = 1"),
                description="WeCom lets us",
            )
            await says(config, customer, Standing.GIVEN)
            await simulator.wait_for(lambda: sends.tasks, description="there is a task")
            (task,) = sends.waiting_for("zhangsan")
            await says(config, customer, Standing.WITHDRAWN)
            await simulator.wait_for(lambda: task.cancelled, description="it is cancelled")
            assert sends.received(customer) == []
            await runner.cleanup()
        assert simulator.violations == []
