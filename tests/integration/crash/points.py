"""Are points exchanged once when the product dies between two steps on the way?

The script of one customer: has a hundred points, confirms an exchange, reads the code. A step of
`steps.STEPS` ends the product's life somewhere in it.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from simulator.scenery import PRESALE, shop
from simulator.server import running
from tests.integration.crash.friends import PATIENT, FriendPlan, FriendTrial
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import started

_CONFIG = """
points:
  items: {coffee: {name: 咖啡券, points: 100, kind: code, pool: coffee}}
"""
_EARN = (
    "INSERT INTO points_postings (txn, account, external_userid, amount, at, source, source_id)"
    " VALUES (?, ?, ?, ?, ?, 'gift', 'g')"
)


class PointsTrial(FriendTrial):
    """One product, and customers who come one after another."""

    def opens(self) -> None:
        """Somebody brings codes, beside the running product."""
        with closing(sqlite3.connect(self.product.database, timeout=20)) as database, database:
            database.executemany(
                "INSERT INTO coupons (pool, code, imported_at) VALUES ('coffee', ?, 0)",
                [(f"C-{n}",) for n in range(20)],
            )

    def earns(self, customer: str) -> None:
        """A hundred points, beside the running product."""
        with closing(sqlite3.connect(self.product.database, timeout=20)) as database, database:
            for account, amount in (("wallet", 100), ("issued:gift", -100)):
                row = (f"t-{customer}", account, customer, amount, time.time())
                database.execute(_EARN, row)

    async def exchange(self, customer: str) -> None:
        """One customer, from the yes to the code."""
        await self.sim.customer(external_userid=customer)
        self.earns(customer)
        menu_id = f"points:yes:coffee:100:{customer[-8:]}"
        await self.sim.say(PRESALE, customer, "确认兑换", menu_id=menu_id)
        await self.until(lambda: self.told(customer), f"{customer} reads the code")

    def told(self, customer: str) -> list[str]:
        """The messages in which he read of it."""
        return [text for text in self.sim.said_by_bot(PRESALE, customer) if "兑换码" in text]

    def wrong(self, customers: list[str]) -> list[str]:
        """Everything that was doubled or lost."""
        found = self.judge()
        for customer in customers:
            codes = self.rows("SELECT code FROM coupons WHERE external_userid = ?", customer)
            rows = self.rows("SELECT 1 FROM points_redemptions WHERE external_userid = ?", customer)
            sql = (
                "SELECT SUM(amount) FROM points_postings WHERE external_userid = ? AND account = ?"
            )
            left = self.rows(sql, customer, "wallet")[0][0]
            figures = (len(codes), len(rows), len(self.told(customer)), left)
            if figures != (1, 1, 1, 0) or codes[0][0] not in self.told(customer)[0]:
                found.append(f"{customer}: {figures}")
        (total,) = self.rows("SELECT SUM(amount) FROM points_postings")[0]
        return found + ([f"the books add up to {total}"] if total else [])


async def run_points(plan: FriendPlan, nursery: Nursery, folder: Path) -> tuple[int, list[str]]:
    """Run one trial in an empty folder; returns how often it was killed, and what went wrong."""
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, more=_CONFIG) as product,
    ):
        trial = PointsTrial(sim, product)
        trial.opens()
        customers = [f"wm_buyer_{number:08d}" for number in range(len(plan.passes) + 1)]
        for customer in customers:
            await trial.exchange(customer)
        await asyncio.sleep(0.3)  # what was sent last is stored
        await product.ready()
        await product.stop()
        return product.kills, trial.wrong(customers)
