"""How many points does a person have, and where did they come from (R-8.1)?

Double entry: each transaction takes from one account what it gives to another, so that all postings
add up to nothing. Rows are never changed; what was wrong is booked back.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.database import Database, Statement
from bot.store.people import SAME_PERSON

WALLET, LAPSED = "wallet", "lapsed"

_BALANCE = f"""
(SELECT COALESCE(SUM(w.amount), 0) FROM points_postings w
 WHERE w.account = '{WALLET}' AND w.external_userid IN {SAME_PERSON})
"""
_BOOK = f"""
INSERT INTO points_postings (txn, account, external_userid, amount, at, expires_at, source,
    source_id, by, why)
SELECT ?2, leg.account, ?1, leg.amount, ?3,
    CASE leg.account WHEN '{WALLET}' THEN CAST(?4 AS REAL) END, ?5, ?6, ?7, ?8
FROM (SELECT '{WALLET}' AS account, ?9 AS amount UNION ALL SELECT ?10, -?9) leg
WHERE NOT EXISTS (SELECT 1 FROM points_postings p WHERE p.txn = ?2)
    AND (?9 > 0 OR {_BALANCE} >= -?9)
"""


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of a transaction in the person's wallet."""

    txn: str
    amount: int
    at: float
    expires_at: float | None
    source: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Lot:
    """Points that were earned together and are not used up.

    Args:
        expires_at: ``None`` = never.
    """

    txn: str
    left: int
    expires_at: float | None


class Points:
    """The table `points_postings`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def balance(self, external_userid: str) -> int:
        """What the person has, over all his ids."""
        row = await self._db.fetch_one(f"SELECT {_BALANCE}", external_userid)
        assert row is not None
        return int(row[0])

    async def of(self, external_userid: str) -> list[Posting]:
        """What came into the person's wallet and went out, oldest first."""
        rows = await self._db.fetch(
            "SELECT txn, amount, at, expires_at, source, source_id FROM points_postings"
            f" WHERE account = '{WALLET}' AND external_userid IN {SAME_PERSON} ORDER BY at, id",
            external_userid,
        )
        return [Posting(*row) for row in rows]

    async def total(self) -> int:
        """All postings of all accounts: nothing, or something was booked wrongly."""
        row = await self._db.fetch_one("SELECT COALESCE(SUM(amount), 0) FROM points_postings")
        assert row is not None
        return int(row[0])


def earned(
    external_userid: str,
    points: int,
    *,
    source: str,
    source_id: str,
    at: float,
    expires_at: float | None = None,
) -> Statement:
    """Points come in; the same source a second time books nothing.

    Args:
        source: what gives them, such as ``referral``; `source_id` which of its gifts.
    """
    account = f"issued:{source}"
    return _booked(external_userid, points, account, (source, source_id), at, expires_at=expires_at)


def spent(
    external_userid: str, points: int, *, source: str, source_id: str, at: float
) -> Statement:
    """Points go out if the person has so many; expects that it happens (`UnitConflict`)."""
    booked = _booked(external_userid, -points, f"spent:{source}", (source, source_id), at)
    return Statement(booked.sql, booked.params, 2)


def lapsed(external_userid: str, lot: Lot, at: float) -> Statement:
    """What is left of a lot has expired."""
    return _booked(external_userid, -lot.left, LAPSED, ("lapse", lot.txn), at)


def booked_back(
    external_userid: str, posting: Posting, *, at: float, by: str, why: str
) -> Statement:
    """Book a transaction back, if the person still has as much; a second time does nothing."""
    account, named = f"reversed:{posting.source}", ("reverse", posting.txn)
    return _booked(external_userid, -posting.amount, account, named, at, by=by, why=why)


def lots(postings: Iterable[Posting]) -> list[Lot]:
    """What is left of what was earned: what expires first is used first (FIFO)."""
    left: list[Lot] = []
    for one in sorted(postings, key=lambda posting: posting.at):
        if one.amount > 0:
            left.append(Lot(one.txn, one.amount, one.expires_at))
            left.sort(key=lambda lot: (lot.expires_at is None, lot.expires_at or 0.0))
            continue
        out = -one.amount
        if one.source in ("lapse", "reverse"):  # of one lot, as far as that goes
            left.sort(key=lambda lot: lot.txn != one.source_id)
        rest = []
        for lot in left:
            taken = min(out, lot.left)
            out -= taken
            if lot.left > taken:
                rest.append(Lot(lot.txn, lot.left - taken, lot.expires_at))
        left = sorted(rest, key=lambda lot: (lot.expires_at is None, lot.expires_at or 0.0))
    return left


def _booked(
    external_userid: str,
    amount: int,
    against: str,
    source: tuple[str, str],
    at: float,
    *,
    expires_at: float | None = None,
    by: str = "",
    why: str = "",
) -> Statement:
    named = "\0".join((external_userid, *source))
    txn = "p" + hashlib.sha256(named.encode()).hexdigest()[:20]
    return Statement(
        _BOOK, (external_userid, txn, at, expires_at, *source, by, why, amount, against)
    )
