"""How does a test play a flow that reaches a friend through his member?"""

import io
from pathlib import Path
from typing import Any

import yaml

from bot.commands.consent import decide
from bot.model.consents import Purpose, Standing
from bot.model.outreach import Reach
from bot.wecom.apis import MASS_ADD
from handlers.flows import store as flow_store
from simulator.mass_sends import MassSends
from tests.friends import LAN, Town

TEXT = "新品到店，给您留了一件。"
ADD = MASS_ADD.path


def flow(**step: Any) -> dict[str, Any]:
    one = {"id": "a", "wait": "1小时", "text": TEXT, "evidence": "order", **step}
    return {"id": "m", "kind": "news", "name": "新品", "expires_days": 30, "steps": [one]}


def written(folder: Path, *flows: dict[str, Any], way: str = "mass_send") -> dict[str, Any]:
    file = folder / "flows.yaml"
    file.write_text(yaml.safe_dump({"flows": flows}, allow_unicode=True), "utf-8")
    return {"sources": [file], "way": way}


def sends(town: Town) -> MassSends:
    return town.sim.world.mass_sends


async def passes(town: Town, *, hours: float = 0, minutes: float = 0) -> None:
    """Time passes; every ten minutes whatever is due is done."""
    until = town.clock.now() + hours * 3600 + minutes * 60
    while town.clock.now() < until:
        town.clock.reach(min(until, town.clock.now() + 600))
        await town.works()


async def is_asked(town: Town) -> str:
    """The customer became a friend, and the step has come due; returns the task's msgid."""
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=65)
    (task,) = sends(town).waiting_for("zhangsan")
    assert task.text == TEXT
    return task.msgid


async def step(town: Town) -> tuple[Reach, str]:
    (row,) = await flow_store.steps_of(town.store, flow_store.run_id("news", LAN))
    return row.reach, row.why


async def touches(town: Town) -> int:
    """How many count against the budget."""
    return len((await town.store.outreach.budget(LAN, town.clock.now())).made)


async def asked_of_staff(town: Town) -> list[str]:
    """Which members were asked to write themselves, by a card."""
    found = await town.store.tasks.listed(all_of_them=True)
    return [one.task.member for one in found if one.task.kind == "sop"]


async def withdraws(town: Town) -> None:
    """A member of staff writes down, by a command, that the customer wants no advertising."""
    await decide(
        *(town.chat.engine.config, LAN, Purpose.MARKETING, Standing.WITHDRAWN, io.StringIO()),
        evidence="电话里说的",
        now=town.clock.now(),
    )
