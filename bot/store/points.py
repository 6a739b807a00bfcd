"""How many points does a person have, and where did they come from (R-8.1)?

Double entry: each transaction takes from one account what it gives to another, so that all postings
add up to nothing. Rows are never changed; what was wrong is booked back.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.store.database import Database, Statement
from bot.store.people import SAME_PERSON

WALLET, LAPSED = "wallet", "lapsed"

ENDING = "points_ending"
"""Emitted to a customer whose points end soon, or have ended."""

_BALANCE = f"""
(SELECT COALESCE(SUM(w.amount), 0) FROM points_postings w
 WHERE w.account = '{WALLET}' AND w.external_userid IN {SAME_PERSON})
"""
_ENDING = f"""
SELECT p.external_userid, MIN(p.expires_at) AS ends_at FROM points_postings p
LEFT JOIN points_ends e ON e.txn = p.txn
WHERE p.account = '{WALLET}' AND p.amount > 0 AND p.expires_at <= ?2 AND e.settled_at IS NULL
    AND (p.expires_at <= ?1 OR e.noticed_at IS NULL)
GROUP BY p.external_userid ORDER BY ends_at
"""
_UNCHANGED = f"""
SELECT 1 WHERE COALESCE((SELECT MAX(w.id) FROM points_postings w WHERE w.account = '{WALLET}'
    AND w.external_userid IN {SAME_PERSON}), 0) = ?2
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

    id: int
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
            "SELECT id, txn, amount, at, expires_at, source, source_id FROM points_postings"
            f" WHERE account = '{WALLET}' AND external_userid IN {SAME_PERSON} ORDER BY at, id",
            external_userid,
        )
        return [Posting(*row) for row in rows]

    async def ending(self, now: float, until: float) -> list[tuple[str, float]]:
        """Whose points end by `until` without his knowing, or have ended; and when the first do."""
        rows = await self._db.scan(_ENDING, now, until)
        return [(row["external_userid"], row["ends_at"]) for row in rows]

    async def untold(self, external_userid: str, now: float, until: float) -> bool:
        """Whether points of the person end by `until` without his knowing."""
        row = await self._db.fetch_one(
            "SELECT 1 FROM points_postings p LEFT JOIN points_ends e ON e.txn = p.txn"
            f" WHERE p.account = '{WALLET}' AND p.external_userid IN {SAME_PERSON}"
            " AND p.amount > 0 AND p.expires_at > ?2 AND p.expires_at <= ?3"
            " AND e.noticed_at IS NULL AND e.settled_at IS NULL LIMIT 1",
            *(external_userid, now, until),
        )
        return row is not None

    async def ends(self, external_userid: str) -> dict[str, tuple[float | None, float | None]]:
        """Of the person's points by transaction: when their end was announced, and settled."""
        rows = await self._db.fetch(
            "SELECT txn, noticed_at, settled_at FROM points_ends"
            f" WHERE external_userid IN {SAME_PERSON}",
            external_userid,
        )
        return {row["txn"]: (row["noticed_at"], row["settled_at"]) for row in rows}

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


def unchanged(external_userid: str, postings: Sequence[Posting]) -> Statement:
    """Expects that the person's wallet is still as it was read (`UnitConflict`): what is left of a
    lot follows from all that went out, by whichever of his ids.
    """
    last = max((one.id for one in postings), default=0)
    return Statement(_UNCHANGED, (external_userid, last), 1)


def noticed(external_userid: str, txn: str, now: float) -> Statement:
    """The customer knows that these points end."""
    return Statement(
        "INSERT INTO points_ends VALUES (?1, ?2, ?3, NULL)"
        " ON CONFLICT (txn) DO UPDATE SET noticed_at = ?3 WHERE points_ends.noticed_at IS NULL",
        (txn, external_userid, now),
    )


def settled(external_userid: str, txn: str, now: float) -> Statement:
    """Nothing of these points is left to expire."""
    return Statement(
        "INSERT INTO points_ends VALUES (?1, ?2, NULL, ?3)"
        " ON CONFLICT (txn) DO UPDATE SET settled_at = ?3 WHERE points_ends.settled_at IS NULL",
        (txn, external_userid, now),
    )


def booked_back(
    external_userid: str,
    posting: Posting,
    *,
    at: float,
    by: str,
    why: str,
    expect: int | None = None,
) -> Statement:
    """Book a transaction back, if the person still has as much; a second time does nothing.

    Args:
        expect: 2 = who comes in vain is told so (`UnitConflict`).
    """
    account, named = f"reversed:{posting.source}", ("reverse", posting.txn)
    booked = _booked(external_userid, -posting.amount, account, named, at, by=by, why=why)
    return Statement(booked.sql, booked.params, expect)


def by_hand(
    external_userid: str, points: int, *, source_id: str, at: float, by: str, why: str
) -> Statement:
    """Somebody adds or takes points; expects that it happens (`UnitConflict`)."""
    named = ("hand", source_id)
    booked = _booked(external_userid, points, "adjusted:hand", named, at, by=by, why=why)
    return Statement(booked.sql, booked.params, 2)


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
