"""Is an invitation counted and paid once when the product dies between two steps on its way?

The script of one inviter: asks for a poster, a friend scans it, the code comes. A step of
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
referral:
  campaigns:
    - id: spring
      name: 春日邀请
      start: "2020-01-01 00:00"
      end: "2099-01-01 00:00"
      freeze_hours: 0
      tiers: [{invites: 1, reward: five}]
      rewards: {five: {kind: code, name: 5 元券, pool: five}}
      receivers: [zhangsan, lisi]
"""


class ReferralTrial(FriendTrial):
    """One product, and inviters who come one after another."""

    def opens(self) -> None:
        """Somebody opens the campaign and brings codes, beside the running product."""
        with closing(sqlite3.connect(self.product.database, timeout=20)) as database, database:
            database.execute(
                "INSERT INTO referral_phases VALUES ('spring', ?, 'open', 'test', '')",
                (time.time() - 3600,),
            )
            database.executemany(
                "INSERT INTO coupons (pool, code, imported_at) VALUES ('five', ?, 0)",
                [(f"C-{n}",) for n in range(20)],
            )

    async def invite(self, customer: str) -> None:
        """One inviter, from the wish to the reward."""
        sim, ways = self.sim, self.sim.world.ways
        await sim.customer(external_userid=customer)
        await sim.customer(external_userid=f"{customer}_friend")
        await sim.say(PRESALE, customer, "我要邀请好友")
        await self.until(lambda: self.state(customer), f"{customer} takes part")
        state = self.state(customer)
        usable = "SELECT 1 FROM personal_ways WHERE state = ? AND content <> ''"
        await self.until(lambda: self.rows(usable, state), "the code is there")
        ways.scan(state, f"{customer}_friend")
        await self.until(lambda: self.given(customer), "the reward is given")
        await self.until(lambda: self.told(customer), "and told")

    def state(self, customer: str) -> str:
        """Of the inviter's code, empty = has not joined."""
        sql = "SELECT state FROM referral_participants WHERE external_userid = ?"
        return str(next(iter(self.rows(sql, customer)), ("",))[0])

    def given(self, customer: str) -> list[str]:
        """The coupon codes that the inviter was given."""
        sql = (
            "SELECT c.code FROM coupons c JOIN referral_grants g ON g.id = c.given_for"
            " WHERE g.external_userid = ? AND g.standing = 'given'"
        )
        return [row[0] for row in self.rows(sql, customer)]

    def told(self, customer: str) -> list[str]:
        """The messages in which he read of it."""
        return [text for text in self.sim.said_by_bot(PRESALE, customer) if "兑换码" in text]

    def wrong(self, customers: list[str]) -> list[str]:
        """Everything that was doubled or lost."""
        found = self.judge()
        for customer in customers:
            invites = self.rows(
                "SELECT standing FROM referral_invites WHERE state = ?", self.state(customer)
            )
            figures = (len(self.given(customer)), len(self.told(customer)), invites)
            if figures != (1, 1, [("valid",)]):
                found.append(f"{customer}: {figures}")
            if len(self.sim.world.ways.of_state(self.state(customer))) != 1:
                found.append(f"{customer}: not one code")
        taken = self.rows("SELECT COUNT(*) FROM coupons WHERE given_for IS NOT NULL")[0][0]
        return found + ([f"{taken} codes taken"] if taken != len(customers) else [])


async def run_referral(plan: FriendPlan, nursery: Nursery, folder: Path) -> tuple[int, list[str]]:
    """Run one trial in an empty folder; returns how often it was killed, and what went wrong."""
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, more=_CONFIG) as product,
    ):
        trial = ReferralTrial(sim, product)
        trial.opens()
        customers = [f"wm_inviter_{number}" for number in range(len(plan.passes) + 1)]
        for customer in customers:
            await trial.invite(customer)
        await asyncio.sleep(0.3)  # what was sent last is stored
        await product.ready()
        await product.stop()
        return product.kills, trial.wrong(customers)
