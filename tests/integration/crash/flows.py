"""Does a customer go through a flow once, and whole, when the product dies at any of its steps?

The script of one customer: the shipped three steps, which end with a code. Their first wait of ten
minutes is left out, and nobody has to agree to advertising; a step of `steps.STEPS` ends the
product's life somewhere in it.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import yaml

from simulator.contact_news import join_group
from simulator.scenery import PRESALE, shop
from simulator.server import running
from tests.integration.crash.friends import PATIENT, FriendPlan, FriendTrial
from tests.integration.crash.nursery import ROOT, Nursery
from tests.integration.crash.product import started

_CONFIG = "flows: {sources: [flows]}\noutreach: {quiet_hours: }\n"
_CODES = [f"GIFT-{number}" for number in range(40)]
FIRST, SECOND, THIRD, DONE = ("现在开始第一步", "第二步：加入", "最后一步：回复", "兑换码是")
TEXTS = (FIRST, SECOND, THIRD, DONE)


def write_flow(folder: Path) -> None:
    """The shipped flow, as a customer who opens the chat can go through it within seconds."""
    shipped = yaml.safe_load((ROOT / "prompts/flows/newcomers.yaml").read_text("utf-8"))
    flow = next(one for one in shipped["flows"] if one["id"] == "three-steps")
    del flow["steps"][0]["wait"]
    text = yaml.safe_dump({"flows": [flow | {"start": "entered", "purpose": "service"}]})
    (folder / "flows").mkdir()
    (folder / "flows" / "three-steps.yaml").write_text(text, "utf-8")


class FlowTrial(FriendTrial):
    """One product, and customers who come one after another."""

    def brings_codes(self) -> None:
        """Somebody imports codes, beside the running product."""
        with closing(sqlite3.connect(self.product.database, timeout=20)) as database, database:
            database.executemany(
                "INSERT INTO benefit_codes (campaign, code, imported_at)"
                " VALUES ('three-steps', ?, 0)",
                [(code,) for code in _CODES],
            )

    def agreed(self, customer: str) -> None:
        """The customer has agreed to advertising some time ago."""
        with closing(sqlite3.connect(self.product.database, timeout=20)) as database, database:
            row = (customer, "marketing", "given", 1.0, "1")
            database.execute("INSERT INTO consent_standing VALUES (?, ?, ?, ?, ?)", row)

    async def begins(self, customer: str) -> None:
        """A customer writes, opens the chat, and hears of the first step."""
        await self.sim.customer(external_userid=customer)
        await self.sim.say(PRESALE, customer, "运费怎么算")
        await self.until(lambda: self.sim.said_by_bot(PRESALE, customer), f"{customer} is answered")
        await self.sim.enter(PRESALE, customer)
        await self.hears(customer, FIRST)

    async def goes_through(self, customer: str) -> None:
        """One customer, from the first step to the code."""
        await self.begins(customer)
        await self.taps(customer)
        await self.hears(customer, SECOND)
        join_group(self.sim.friends, "wrGroup", customer)
        await self.hears(customer, THIRD)
        await self.sim.say(PRESALE, customer, "领福利")
        await self.hears(customer, DONE)

    async def taps(self, customer: str) -> None:
        """The customer says that the first step is done."""
        run = self.rows("SELECT id FROM flow_runs WHERE external_userid = ?", customer)[0][0]
        await self.sim.say(PRESALE, customer, "我已关注", menu_id=f"flow:{run}/follow")

    async def hears(self, customer: str, part: str) -> None:
        """Wait until the bot has said it."""
        await self.until(lambda: self.heard(customer, part), f"{customer} hears {part}")

    def heard(self, customer: str, part: str) -> int:
        """How often the bot has said it."""
        return sum(part in text for text in self.sim.said_by_bot(PRESALE, customer))

    def run_of(self, customer: str) -> tuple[str, str]:
        """State of the customer's run, and why it is over."""
        sql = "SELECT state, why FROM flow_runs WHERE external_userid = ?"
        ((state, why),) = self.rows(sql, customer)
        return state, why

    def wrong(self, customers: list[str]) -> list[str]:
        """Everything that was doubled, lost or left."""
        found = self.judge()
        for customer in customers:
            times = [self.heard(customer, part) for part in TEXTS]
            if times != [1, 1, 1, 1] or self.run_of(customer) != ("done", ""):
                found.append(f"{customer}: {times}, {self.run_of(customer)}")
            sql = "SELECT outcome, evidence FROM flow_steps WHERE external_userid = ?"
            steps = self.rows(sql + " ORDER BY begun_at", customer)
            wanted = [("done", "self-declared"), ("done", "verified"), ("done", "verified")]
            found += [] if steps == wanted else [f"{customer}: {steps}"]
        taken = self.rows("SELECT COUNT(*) FROM benefit_codes WHERE given_at IS NOT NULL")[0][0]
        return found + ([f"{taken} codes taken"] if taken != len(customers) else [])


async def run_flows(plan: FriendPlan, nursery: Nursery, folder: Path) -> tuple[int, list[str]]:
    """Run one trial in an empty folder; returns how often it was killed, and what went wrong."""
    write_flow(folder)
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, more=_CONFIG) as product,
    ):
        trial = FlowTrial(sim, product)
        trial.brings_codes()
        customers = [f"wm_flow_{number}" for number in range(len(plan.passes) + 1)]
        for customer in customers:
            await trial.goes_through(customer)
        await asyncio.sleep(0.3)  # what was sent last is stored
        await product.ready()
        await product.stop()
        return product.kills, trial.wrong(customers)


async def run_opt_out(nursery: Nursery, folder: Path) -> tuple[str, str, list[int]]:
    """A customer wants nothing more after the first step, and the product is killed at once.

    Returns how the run ended and why, and how often each text was said.
    """
    write_flow(folder)
    file = folder / "flows" / "three-steps.yaml"
    file.write_text(file.read_text("utf-8").replace("purpose: service", "purpose: marketing"))
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, folder, sim, more=_CONFIG) as product,
    ):
        trial, customer = FlowTrial(sim, product), "wm_flow_out"
        trial.brings_codes()
        trial.agreed(customer)
        await trial.begins(customer)
        await sim.say(PRESALE, customer, "退订")
        await trial.until(lambda: trial.run_of(customer)[0] == "refused", "the flow is over")
        await product.kill()
        await product.ready()
        join_group(sim.friends, "wrGroup", customer)
        await trial.taps(customer)
        await trial.hears(customer, "已经完成")
        await product.stop()
        state, why = trial.run_of(customer)
        return state, why, [trial.heard(customer, part) for part in TEXTS]
