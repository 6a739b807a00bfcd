"""Do tags come to WeCom when the product dies between two steps on their way?

The script of one customer: asks something that gives a tag, becomes a friend of one member, who
puts another tag on, and then of a second one. A step of `steps.STEPS` ends the product's life
somewhere in it, once for each customer.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product, started
from tests.integration.crash.trial import OPTIONS

BY_RULE, BY_PEOPLE = "关注：运费", "关注：定制"

PATIENT = replace(OPTIONS, callback_deliveries=200, callback_pause_s=0.1)
"""A product that is starting gets its callbacks a little later."""

_WAIT_S = 60.0
_CONFIG = """
tagging:
  project: true
  rules: [tag-rules]
  groups: [{name: 关注, purpose: service}]
"""
_RULES = "rules: [{id: fee, tag: 关注：运费, contains: [运费]}]\n"


@dataclass(frozen=True, slots=True)
class FriendPlan:
    """Where the lives end: at these passes of a step."""

    step: str
    passes: tuple[int, ...]


@dataclass(slots=True)
class FriendTrial:
    """One product, and customers who come one after another."""

    sim: Simulator
    product: Product

    async def live(self, customer: str, own_tag: str) -> None:
        """One customer, from a stranger to a friend of two."""
        sim, friends = self.sim, self.sim.friends
        await sim.customer(external_userid=customer)
        await sim.say(PRESALE, customer, "运费怎么算")
        await self.until(lambda: BY_RULE in self.local(customer), f"{customer} is tagged")
        assert not friends.marked or friends.marked[-1]["external_userid"] != customer
        friends.add("zhangsan", customer)
        await self.until(lambda: BY_RULE in friends.tags_on("zhangsan", customer), "a tag arrives")
        friends.create_tag(own_tag)
        friends.edit_tags("zhangsan", customer, add=[own_tag])
        await self.until(lambda: own_tag in self.local(customer), "the person is followed")
        friends.add("lisi", customer)
        wanted = {BY_RULE, own_tag}
        await self.until(lambda: friends.tags_on("lisi", customer) == wanted, "both arrive")
        assert friends.tags_on("zhangsan", customer) == wanted

    def judge(self) -> list[str]:
        """Everything that went wrong."""
        by_people = self.rows(
            "SELECT external_userid, name, added, COUNT(*) FROM tag_history"
            " WHERE source = 'human' GROUP BY 1, 2, 3"
        )
        found = [f"{row} by people" for row in by_people if row[2] != 1 or row[3] != 1]
        names = [name for names in self.sim.friends.library().values() for name in names]
        found += [f"{name} twice" for name in set(names) if names.count(name) > 1]
        left = self.rows("SELECT kind, state, error FROM outbox WHERE state = 'dead'")
        parked = self.rows("SELECT kind, error FROM mailbox WHERE parked_at IS NOT NULL")
        found += [f"left: {row}" for row in (*left, *parked)]
        blamed = self.sim.violations
        return found + [f"{one.kind}: {one.detail}" for one in blamed if one.kind != "slow_ack"]

    def local(self, customer: str) -> set[str]:
        """The customer's tags in the product's books."""
        rows = self.rows("SELECT name FROM customer_tags WHERE external_userid = ?", customer)
        return {row[0] for row in rows}

    async def until(self, condition: Callable[[], object], description: str) -> None:
        """Wait for a condition, with the log when it does not come true.

        Raises:
            AssertionError: it did not.
        """
        try:
            await self.sim.wait_for(condition, description=description, timeout=_WAIT_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.product.log}") from None

    def rows(self, sql: str, *params: str) -> list[Any]:
        """Rows of the product's database."""
        path = f"file:{self.product.database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            return database.execute(sql, params).fetchall()


async def run_friends(plan: FriendPlan, nursery: Nursery, folder: Path) -> tuple[int, list[str]]:
    """Run one trial in an empty folder; returns how often it was killed, and what went wrong."""
    (folder / "tag-rules").mkdir()
    (folder / "tag-rules" / "rules.yaml").write_text(_RULES)
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, more=_CONFIG) as product,
    ):
        trial = FriendTrial(sim, product)
        for number in range(len(plan.passes) + 1):
            await trial.live(f"wm_friend_{number}", f"{BY_PEOPLE}{number}")
        await asyncio.sleep(0.3)  # what was sent last is stored
        await product.ready()
        await product.stop()
        return product.kills, trial.judge()
