"""What were points exchanged for? Reads, and statements for a commit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.config import Item
from bot.store import Statement, Store, Table
from bot.store.database import Row
from bot.store.people import SAME_PERSON

SOURCE = "redeem"
"""What the ledger calls it."""

TABLES = (Table("points_redemptions", "id", person="external_userid"),)

_TAKEN = "standing <> 'cancelled'"
REDEEM = f"""
INSERT INTO points_redemptions (external_userid, id, item, name, points, standing, at, changed_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7
WHERE (?8 IS NULL OR (SELECT COUNT(*) FROM points_redemptions r WHERE r.item = ?3
        AND r.{_TAKEN}) < ?8)
    AND (SELECT COUNT(*) FROM points_redemptions r WHERE r.item = ?3 AND r.{_TAKEN}
        AND r.external_userid IN {SAME_PERSON}) < ?9
"""


class Exchange(StrEnum):
    """How a redemption stands."""

    RESERVED = "reserved"
    GIVEN = "given"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points that became something.

    Args:
        item: key in the catalogue; `name` and `points` are what it was called and cost.
    """

    id: str
    external_userid: str
    item: str
    name: str
    points: int
    standing: Exchange
    at: float


def redemption_id(customer: str, item: str, asked: str) -> str:
    """The id of what one question, answered once or twice, leads to."""
    named = f"{customer}\0{item}\0{asked}"
    return "r" + hashlib.sha256(named.encode()).hexdigest()[:20]


async def get(facts: Store, redemption: str) -> Redemption | None:
    """One, or ``None``."""
    row = await facts.database.fetch_one(
        "SELECT * FROM points_redemptions WHERE id = ?", redemption
    )
    return _redemption(row) if row else None


async def listed(facts: Store, *, customer: str = "") -> list[Redemption]:
    """Those of a person, or those that somebody has still to send; oldest first."""
    which, whose = "r.standing = 'reserved'", list[str]()
    if customer:
        which, whose = f"r.external_userid IN {SAME_PERSON}", [customer]
    rows = await facts.database.fetch(
        f"SELECT * FROM points_redemptions r WHERE {which} ORDER BY r.at, r.id", *whose
    )
    return [_redemption(row) for row in rows]


async def left_of(facts: Store, key: str, item: Item, now: float) -> int | None:
    """How many of an item are left, ``None`` = there is no end to it."""
    left = item.stock
    if left is not None:
        row = await facts.database.fetch_one(
            f"SELECT COUNT(*) FROM points_redemptions WHERE item = ? AND {_TAKEN}", key
        )
        assert row is not None
        left = max(0, left - int(row[0]))
    if item.pool is None:
        return left
    free = await facts.coupons.free(item.pool, now)
    return free if left is None else min(left, free)


async def had(facts: Store, customer: str, key: str) -> int:
    """How many of an item the person has."""
    row = await facts.database.fetch_one(
        f"SELECT COUNT(*) FROM points_redemptions WHERE item = ?2 AND {_TAKEN}"
        f" AND external_userid IN {SAME_PERSON}",
        *(customer, key),
    )
    assert row is not None
    return int(row[0])


def redeemed(one: Redemption, item: Item) -> Statement:
    """It is the customer's; `UnitConflict` when stock or his share is used up."""
    values = (one.external_userid, one.id, one.item, one.name, one.points, one.standing, one.at)
    return Statement(REDEEM, (*values, item.stock, item.each), 1)


def decides_already(records: Sequence[Statement]) -> bool:
    """Whether a turn exchanges points already: what it decides next does not see that."""
    return any(one.sql == REDEEM for one in records)


def ended(redemption: str, standing: Exchange, now: float, by: str, why: str = "") -> Statement:
    """It was sent, or nothing came of it; `UnitConflict` when that was said before."""
    return Statement(
        "UPDATE points_redemptions SET standing = ?, changed_at = ?, by = ?, why = ?"
        " WHERE id = ? AND standing = 'reserved'",
        (standing, now, by, why, redemption),
        1,
    )


def _redemption(row: Row) -> Redemption:
    values = {key: row[key] for key in Redemption.__dataclass_fields__}
    return Redemption(**values | {"standing": Exchange(row["standing"])})
