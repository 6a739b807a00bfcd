"""Is a case carried on when the product dies between two steps of its life?

The script of one customer: asks for a person, is given to one, is answered, is ended, rates. A
step of `steps.STEPS` ends the product's life somewhere in it, once for each customer.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.judge import message_text
from simulator.records import HUMAN
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product, started
from tests.integration.crash.trial import OPTIONS
from tests.witness import HANDED_OVER, Witness

STAFF = "zhangsan"
SEATS = 5
INVITED = "您对这次服务满意吗"
BEST = "5 分 · 非常满意"
QUESTION, ANSWER = "青瓷茶杯卖多少钱", "青瓷茶杯的售价请看商品页"

CODE_S = 15.0
"""An end code lives 20 s: who is back by then invites."""

_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class CasePlan:
    """Where the lives end: at these passes of a step."""

    step: str
    passes: tuple[int, ...]

    @property
    def name(self) -> str:
        """Of its test."""
        return f"{self.step} {self.passes}"


@dataclass(slots=True)
class CaseTrial:
    """One product, and customers who come one after another."""

    sim: Simulator
    product: Product
    witness: Witness
    problems: list[str] = field(default_factory=list)

    async def live(self, customer: str) -> None:
        """One case from its beginning to its rating."""
        sim = self.sim
        await sim.customer(external_userid=customer)
        await sim.say(PRESALE, customer, "转人工")
        session = sim.conversation(PRESALE, customer)
        await self.until(lambda: session.state == HUMAN, f"{customer} is given to a person")
        await self.until(lambda: self.notices(customer), f"{STAFF} knows of {customer}")
        await sim.staff_say(STAFF, PRESALE, customer, "您好，我是张敏")
        await self.until(lambda: self.status(customer) == "serving", "his words are known")
        await sim.staff_end(STAFF, PRESALE, customer)
        ended_at = time.monotonic()
        await self.until(lambda: self.status(customer) == "closed", "the end is known")
        await self.until(
            lambda: self.said(customer, INVITED) or time.monotonic() - ended_at > CODE_S,
            f"{customer} is asked",
        )
        await self.rate(customer)
        await sim.say(PRESALE, customer, QUESTION)
        await self.until(lambda: self.said(customer, ANSWER), "the bot answers again")

    async def rate(self, customer: str) -> None:
        """Tap the best, if there is something to tap."""
        menus = [
            one.content["list"]
            for one in self.sim.conversation(PRESALE, customer).messages
            if one.msgtype == "msgmenu" and INVITED in message_text(one.view())
        ]
        if not menus:
            self.problems.append(f"{customer} was not asked although there was time")
            return
        clicks = [item["click"] for item in menus[-1]]
        menu_id = next(one["id"] for one in clicks if one["content"] == BEST)
        await self.sim.say(PRESALE, customer, BEST, menu_id=menu_id)
        await self.until(lambda: self.score(customer) == 5, "the rating is kept")

    def judge(self, customers: list[str]) -> list[str]:
        """Everything that went wrong."""
        found = [*self.problems, *self.witness.faults(self.product.database)]
        for customer in customers:
            if (given := self.witness.assignments(customer)) != [STAFF]:
                found.append(f"{customer} was given to {given}")
            found += [
                f"{customer} was told {words!r} {times} times"
                for words in (HANDED_OVER[0], INVITED, ANSWER)
                if (times := self.said(customer, words)) > 1
            ]
            if (times := self.notices(customer)) != 1:
                found.append(f"{STAFF} was told of {customer} {times} times")
        left = self.rows(
            "SELECT kind, state, error FROM outbox WHERE state NOT IN ('sent', 'cancelled')"
            " AND NOT (kind = 'SendOnEvent' AND state = 'expired')"
        )
        parked = self.rows("SELECT kind, error FROM mailbox WHERE parked_at IS NOT NULL")
        return found + [f"left: {row}" for row in (*left, *parked)]

    async def until(self, condition: Callable[[], object], description: str) -> None:
        """Wait for a condition, with the log when it does not come true.

        Raises:
            AssertionError: it did not.
        """
        try:
            await self.sim.wait_for(condition, description=description, timeout=_WAIT_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.product.log}") from None

    def said(self, customer: str, words: str) -> int:
        """How often the customer read these words."""
        return sum(words in text for text in self.sim.said_by_bot(PRESALE, customer))

    def notices(self, customer: str) -> int:
        """How many cards, or texts in their place, tell the servicer of this customer's case."""
        rows = self.rows("SELECT task_id FROM case_cards WHERE external_userid = ?", customer)
        known = {row[0] for row in rows}
        return sum(one.task_id in known for one in self.sim.inbox(STAFF) if one.task_id)

    def status(self, customer: str) -> str:
        """Of the case in the product's database."""
        rows = self.rows(
            "SELECT status FROM cases WHERE external_userid = ? ORDER BY opened_at", customer
        )
        return str(rows[0][0]) if rows else ""

    def score(self, customer: str) -> int | None:
        """The rating in the product's database."""
        rows = self.rows("SELECT score FROM ratings WHERE external_userid = ?", customer)
        return rows[0][0] if rows else None

    def rows(self, sql: str, *params: str) -> list[Any]:
        """Rows of the product's database."""
        path = f"file:{self.product.database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            return database.execute(sql, params).fetchall()


async def run_cases(plan: CasePlan, nursery: Nursery, folder: Path) -> tuple[int, list[str]]:
    """Run one trial in an empty folder; returns how often it was killed, and what went wrong."""
    customers = [f"wm_case_{number}" for number in range(len(plan.passes) + 1)]
    async with (
        running(shop(accounts=1, options=OPTIONS)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, seats=SEATS) as product,
    ):
        trial = CaseTrial(sim, product, Witness(sim, {STAFF: SEATS}))
        for customer in customers:
            await trial.live(customer)
        await trial.until(lambda: not _busy(trial), "nothing left to do")
        await asyncio.sleep(0.3)  # what was sent last is stored
        await product.ready()
        await product.stop()
        return product.kills, trial.judge(customers)


def _busy(trial: CaseTrial) -> bool:
    due = trial.rows(
        "SELECT 1 FROM mailbox WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= ?"
        " UNION ALL SELECT 1 FROM outbox WHERE state IN ('pending', 'claimed')",
        str(time.time()),
    )
    return bool(due) or trial.sim.pending_callbacks > 0
