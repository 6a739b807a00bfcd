"""Which unique codes are there to be given away, and whose is which (R-2.4)?

A code is somebody's before it is sent: taking one is a commit of its own, and whoever takes twice
gets the same. One person gets one code of a campaign, also when he is two customers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.database import Database, Statement, Unit
from bot.store.people import SAME_PERSON

_TAKE = f"""
UPDATE benefit_codes SET external_userid = ?1, reserved_at = ?3 WHERE (campaign, code) IN (
    SELECT campaign, code FROM benefit_codes WHERE campaign = ?2 AND external_userid IS NULL
    ORDER BY imported_at, code LIMIT 1)
AND NOT EXISTS (SELECT 1 FROM benefit_codes b WHERE b.campaign = ?2
    AND b.external_userid IN {SAME_PERSON})
"""


@dataclass(frozen=True, slots=True)
class Stock:
    """How many codes of a campaign are free, on their way, and given."""

    campaign: str
    free: int
    reserved: int
    given: int


@dataclass(frozen=True, slots=True)
class Given:
    """A code that is somebody's.

    Args:
        given_at: when it reached the customer, ``None`` = it is on its way.
        redeemed_at: when it was redeemed at a till, ``None`` = not there.
    """

    campaign: str
    code: str
    given_at: float | None
    redeemed_at: float | None = None


class Benefits:
    """The table `benefit_codes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def reserve(self, campaign: str, external_userid: str, now: float) -> str | None:
        """The code that is this customer's now; ``None`` when none is left, or the person got one.

        A repeat returns the same one until it is given.
        """
        unit = Unit()
        unit.add(_TAKE, external_userid, campaign, now)
        unit.add(
            "SELECT code FROM benefit_codes WHERE external_userid = ? AND campaign = ?"
            " AND given_at IS NULL",
            *(external_userid, campaign),
        )
        rows = (await self._db.commit(unit))[-1]
        return str(rows[0]["code"]) if rows else None

    async def bring(self, campaign: str, codes: Iterable[str], now: float) -> int:
        """Add codes to the stock; one that is known stays whose it is. Returns how many are new."""
        unit = Unit()
        for code in codes:
            unit.add(
                "INSERT INTO benefit_codes (campaign, code, imported_at) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING RETURNING code",
                *(campaign, code, now),
            )
        return sum(len(rows) for rows in await self._db.commit(unit)) if unit.statements else 0

    async def of(self, external_userid: str) -> list[Given]:
        """What the person was given, or will be in a moment."""
        rows = await self._db.fetch(
            "SELECT campaign, code, given_at, redeemed_at FROM benefit_codes"
            f" WHERE external_userid IN {SAME_PERSON}"
            " ORDER BY reserved_at DESC NULLS LAST, campaign",
            external_userid,
        )
        return [Given(*row) for row in rows]

    async def stock(self) -> list[Stock]:
        """Every campaign."""
        rows = await self._db.scan(
            "SELECT campaign, COUNT(*) FILTER (WHERE external_userid IS NULL) AS free,"
            " COUNT(*) FILTER (WHERE external_userid IS NOT NULL AND given_at IS NULL) AS reserved,"
            " COUNT(given_at) AS given FROM benefit_codes GROUP BY campaign"
            " ORDER BY campaign"
        )
        return [Stock(row["campaign"], row["free"], row["reserved"], row["given"]) for row in rows]


def given(campaign: str, external_userid: str, now: float) -> Statement:
    """The statement that says that a reserved code has reached its customer."""
    return Statement(
        "UPDATE benefit_codes SET given_at = ? WHERE external_userid = ? AND campaign = ?"
        " AND given_at IS NULL",
        (now, external_userid, campaign),
    )


def returned(campaign: str, external_userid: str) -> Statement:
    """The statement that puts a code back that was reserved and not given."""
    return Statement(
        "UPDATE benefit_codes SET external_userid = NULL, reserved_at = NULL"
        " WHERE external_userid = ? AND campaign = ? AND given_at IS NULL"
        " AND redeemed_at IS NULL",  # it has arrived after all
        (external_userid, campaign),
    )
