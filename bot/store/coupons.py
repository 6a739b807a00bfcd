"""Which coupon codes are there, whose is which, and was it redeemed?

A code is given once, by the statement that writes what it is given for, and redeemed once, by the
statement that finds it unredeemed: two tills that ask in the same moment get one yes. Tills redeem
the codes of welcomes and flows too (`bot/store/benefits.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.store.database import Database, Row, Statement, Unit
from bot.store.people import SAME_PERSON

_TAKE = """
UPDATE coupons SET given_for = ?1, external_userid = ?2, name = ?3, given_at = ?4
WHERE pool = ?5 AND code = ?6 AND given_for IS NULL AND (expires_at IS NULL OR expires_at > ?4)
"""
_REDEEM = """
UPDATE coupons SET redeemed_at = ?1, redeemed_by = ?2, redeemed_ref = ?3
WHERE pool = ?4 AND code = ?5 AND redeemed_at IS NULL AND given_for IS NOT NULL
    AND (expires_at IS NULL OR expires_at > ?1)
"""
_REDEEM_BENEFIT = """
UPDATE benefit_codes SET redeemed_at = ?1, redeemed_by = ?2, redeemed_ref = ?3
WHERE campaign = ?4 AND code = ?5 AND redeemed_at IS NULL AND external_userid IS NOT NULL
"""
_BENEFITS = """
SELECT campaign AS pool, code, NULL AS expires_at,
    CASE WHEN external_userid IS NULL THEN '' ELSE 'benefit' END AS given_for,
    COALESCE(external_userid, '') AS external_userid, '' AS name, redeemed_at, redeemed_by,
    redeemed_ref, NULL AS reminded_at
FROM benefit_codes WHERE code = ? ORDER BY campaign
"""
BENEFIT = "benefit"
"""What a code of a welcome or a flow was given for. One that is on its way may have arrived."""

MISSES_WITHIN_S = 600.0
"""So long a code that was asked for in vain counts against who asked."""

_FREE = "pool = ?1 AND given_for IS NULL AND (expires_at IS NULL OR expires_at > ?2)"


_ENDING = (
    "given_for IS NOT NULL AND redeemed_at IS NULL AND reminded_at IS NULL"
    " AND expires_at > {now} AND expires_at <= {until}"
)


ENDING = "coupons_ending"
"""Emitted to a customer of whose coupons one ends soon."""


class Redeemed(StrEnum):
    """What became of a wish to redeem."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"
    NOT_GIVEN = "not_given"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"  # several pools have such a code


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code.

    Args:
        given_for: what it was given for, empty = it is free.
        name: what it is, as it is called at the till.
        redeemed_ref: what named the request that redeemed it.
        reminded_at: when somebody saw to it that its customer hears of its end.
    """

    pool: str
    code: str
    expires_at: float | None
    given_for: str
    external_userid: str
    name: str
    redeemed_at: float | None
    redeemed_by: str
    redeemed_ref: str
    reminded_at: float | None

    @property
    def is_reminded(self) -> bool:
        """Whether somebody saw to it that its customer hears of its end."""
        return self.reminded_at is not None

    def standing(self, now: float) -> Redeemed:
        """What a till is told of it; `DONE` = it may be redeemed."""
        if not self.given_for:
            return Redeemed.NOT_GIVEN
        if self.redeemed_at is not None:
            return Redeemed.ALREADY
        if self.expires_at is not None and self.expires_at <= now:
            return Redeemed.EXPIRED
        return Redeemed.DONE


class Coupons:
    """The table `coupons`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def bring(
        self, pool: str, codes: Iterable[str], now: float, expires_at: float | None = None
    ) -> int:
        """Import codes; one that is known stays as it is. Returns how many are new."""
        unit = Unit()
        for code in codes:
            unit.add(
                "INSERT INTO coupons (pool, code, imported_at, expires_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING RETURNING 1",
                *(pool, code, now, expires_at),
            )
        return sum(len(rows) for rows in await self._db.commit(unit)) if unit.statements else 0

    async def free(self, pool: str, now: float) -> int:
        """How many of a pool can still be given."""
        row = await self._db.fetch_one(f"SELECT COUNT(*) FROM coupons WHERE {_FREE}", pool, now)
        assert row is not None
        return int(row[0])

    async def choose(self, pool: str, given_for: str, now: float) -> str:
        """A code of a pool that nobody has, empty = there is none.

        Which one follows from what it is for, so that many who take at once rarely want the same.
        """
        sql = f"SELECT code FROM coupons WHERE {_FREE} LIMIT 64"
        rows = await self._db.fetch(sql, pool, now)
        return str(rows[int(given_for[1:9], 16) % len(rows)]["code"]) if rows else ""

    async def called(self, code: str) -> list[Coupon]:
        """Every coupon of this code; more than one where pools have the same."""
        rows = await self._db.fetch("SELECT * FROM coupons WHERE code = ? ORDER BY pool", code)
        rows += await self._db.fetch(_BENEFITS, code)
        return [_coupon(row) for row in rows]

    async def missed(self, userid: str, now: float) -> None:
        """A member asked at a till for a code that nobody has."""
        await self._db.execute("INSERT INTO till_misses (userid, at) VALUES (?, ?)", userid, now)

    async def misses(self, userid: str, now: float) -> int:
        """How often he did within the last while, wherever he asked."""
        sql = "SELECT COUNT(*) FROM till_misses WHERE userid = ? AND at > ?"
        row = await self._db.fetch_one(sql, userid, now - MISSES_WITHIN_S)
        assert row is not None
        return int(row[0])

    async def of(self, external_userid: str) -> list[Coupon]:
        """What a person was given, those that end first at the top."""
        rows = await self._db.fetch(
            f"SELECT * FROM coupons WHERE external_userid IN {SAME_PERSON}"
            " ORDER BY expires_at NULLS LAST, pool, code",
            external_userid,
        )
        return [_coupon(row) for row in rows]

    async def untold(self, external_userid: str, now: float, until: float) -> bool:
        """Whether a coupon of the person ends by `until` without his knowing."""
        row = await self._db.fetch_one(
            f"SELECT 1 FROM coupons WHERE external_userid IN {SAME_PERSON}"
            f" AND {_ENDING.format(now='?2', until='?3')} LIMIT 1",
            *(external_userid, now, until),
        )
        return row is not None

    async def redeem(
        self, code: str, *, by: str, ref: str, now: float, pool: str = ""
    ) -> tuple[Redeemed, Coupon | None]:
        """Redeem a code; the same request once more is answered alike.

        Args:
            by: who does it: ``staff:…``, ``api:…`` or an operator.
            ref: names the request.
            pool: needed only where several have this code.
        """
        found = [one for one in await self.called(code.strip()) if pool in ("", one.pool)]
        if len(found) != 1:
            return (Redeemed.AMBIGUOUS if found else Redeemed.UNKNOWN), None
        one = found[0]
        if one.redeemed_at is not None and (one.redeemed_by, one.redeemed_ref) == (by, ref):
            return Redeemed.DONE, one
        if (standing := one.standing(now)) is not Redeemed.DONE:
            return standing, one
        redeem = _REDEEM_BENEFIT if one.given_for == BENEFIT else _REDEEM
        rows = await self._db.execute(f"{redeem} RETURNING 1", now, by, ref, one.pool, one.code)
        kind = (one.pool, one.given_for)
        again = next(
            each for each in await self.called(one.code) if (each.pool, each.given_for) == kind
        )
        return (Redeemed.DONE if rows else again.standing(now)), again  # else who was quicker

    async def ending(self, now: float, until: float) -> list[tuple[str, float]]:
        """Whose coupons end by `until` without their knowing, and when the first does."""
        rows = await self._db.scan(
            "SELECT external_userid, MIN(expires_at) AS ends_at FROM coupons"
            f" WHERE {_ENDING.format(now='?1', until='?2')}"
            " GROUP BY external_userid ORDER BY ends_at",
            *(now, until),
        )
        return [(row["external_userid"], row["ends_at"]) for row in rows]


def taken(
    pool: str, code: str, *, given_for: str, external_userid: str, name: str, now: float
) -> Statement:
    """The code is somebody's; `UnitConflict` when another was quicker."""
    return Statement(_TAKE, (given_for, external_userid, name, now, pool, code), 1)


def reminded(coupon: Coupon, now: float) -> Statement:
    """Its customer is told of its end; `UnitConflict` when that was seen to before."""
    return Statement(
        "UPDATE coupons SET reminded_at = ? WHERE pool = ? AND code = ? AND reminded_at IS NULL",
        (now, coupon.pool, coupon.code),
        1,
    )


def _coupon(row: Row) -> Coupon:
    values = {key: row[key] for key in Coupon.__dataclass_fields__}
    return Coupon(**values | {"given_for": row["given_for"] or ""})
