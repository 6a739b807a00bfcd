"""Newcomers who come while the product is killed are greeted once, or recorded as too late."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulator.scenery import shop
from simulator.server import running
from tests.integration.crash.friends import PATIENT
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product, started

NEWCOMERS, SECONDS = 60, 6.0
MEMBERS = ("zhangsan", "lisi", "wangwu")
ALIVE_S = 15.0
"""A code that is no older when the product is there again must be used."""

_CONFIG = "welcome: {sources: [welcomes.yaml]}\n"
_WELCOMES = "welcomes: [{id: general, text: '您好，{code}', benefit: new, without: 您好}]\n"


def rows(product: Product, sql: str) -> list[tuple[str, str]]:
    path = f"file:{product.database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        return database.execute(sql).fetchall()


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_burst_of_newcomers_survives_kills(
    seed: int, nursery: Nursery, tmp_path: Path
) -> None:
    (tmp_path / "welcomes.yaml").write_text(_WELCOMES, "utf-8")
    chance = random.Random(seed)
    async with (
        running(shop(accounts=1, options=PATIENT)) as sim,
        started(nursery, tmp_path, sim, "", (), more=_CONFIG) as product,
    ):
        sim.fault("duplicate_callback", probability=0.3)

        async def come() -> None:
            for number in range(NEWCOMERS):
                customer = await sim.customer(external_userid=f"wm_new_{number}")
                sim.friends.add(MEMBERS[number % len(MEMBERS)], customer, half=number % 3 == 0)
                await asyncio.sleep(SECONDS / NEWCOMERS)  # the burst itself

        async def kill() -> None:
            for _ in range(2):
                await asyncio.sleep(chance.uniform(0.5, SECONDS / 2))  # a random moment
                await product.kill()
                await product.ready()

        await asyncio.gather(come(), kill())
        back_at = sim.world.now()
        sql = "SELECT external_userid, state FROM welcomes WHERE state <> 'planned'"
        try:
            await sim.wait_for(
                lambda: len(rows(product, sql)) == NEWCOMERS,
                description="every welcome decided",
                timeout=60,
            )
        except AssertionError as error:
            undecided = rows(product, "SELECT state, COUNT(*) FROM welcomes GROUP BY state")
            raise AssertionError(f"{error}: {undecided}, {product.leftovers()[:5]}") from None
        states = dict(rows(product, sql))
        codes = list(sim.friends.welcome_codes.values())
        used = {one.external_userid for one in codes if one.used_for is not None}
        assert {customer for customer, state in states.items() if state == "sent"} == used
        assert set(states.values()) <= {"sent", "expired"}
        alive = {one.external_userid for one in codes if back_at - one.made_at < ALIVE_S}
        assert alive <= used
        assert [str(one) for one in sim.violations if "welcome" in one.kind] == []
        assert product.kills == 2
