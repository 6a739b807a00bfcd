"""Who takes whose place, and which customers are on their way from one member to another (C07)?

The intention to ask WeCom for a customer is a row before the first try (`asking`): what came of a
try whose answer is lost is read from WeCom, not guessed.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.store.database import Database, Row, Unit

_BEGIN = """
INSERT INTO successions (id, member, successor, has_left, message, by, at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (member, successor, has_left) WHERE ended_at IS NULL
DO UPDATE SET message = excluded.message, by = excluded.by, at = excluded.at, listed_at = NULL,
    error_at = NULL, told_at = NULL
"""
_PLAN = """
INSERT INTO passed_customers (succession, external_userid, state, changed_at)
SELECT s.id, ?, 'planned', ? FROM successions s
WHERE s.member = ? AND s.successor = ? AND s.has_left = ? AND s.ended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM passed_customers p JOIN successions o ON o.id = p.succession
        WHERE p.external_userid = ? AND o.member = s.member AND p.state IN ('asking', 'waiting'))
ON CONFLICT (succession, external_userid) DO UPDATE SET state = 'planned', errcode = NULL,
    changed_at = excluded.changed_at
    WHERE passed_customers.state IN ('full', 'limited', 'failed', 'withdrawn')
"""
"""Who is on his way already is not asked twice; who has refused is not asked again."""

_WITHDRAW = """
UPDATE passed_customers SET state = 'withdrawn', changed_at = ? WHERE state = 'planned'
"""
_TRANSFERRED = """
SELECT external_userid, COUNT(*) AS n FROM (
    SELECT external_userid, at FROM relation_events
    WHERE kind = 'deleted' AND detail LIKE '%DELETE_BY_TRANSFER%' AND at >= ?
    UNION ALL
    SELECT p.external_userid, p.asked_at FROM passed_customers p
    JOIN successions s ON s.id = p.succession WHERE p.state = 'waiting' AND s.has_left = 0)
GROUP BY external_userid
"""
_CAME = """
SELECT 1 FROM passed_customers p JOIN successions s ON s.id = p.succession
WHERE p.external_userid = ? AND s.successor = ? AND p.state IN ('asking', 'waiting', 'taken_over')
LIMIT 1
"""


class Passing(StrEnum):
    """How far a customer is."""

    PLANNED = "planned"
    ASKING = "asking"  # whether WeCom has heard of it is not known
    WAITING = "waiting"  # the customer may still refuse
    TAKEN_OVER = "taken_over"
    REFUSED = "refused"
    FULL = "full"  # the successor has no room
    LIMITED = "limited"  # transferred too often within 90 days
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


UNDERWAY = (Passing.PLANNED, Passing.ASKING, Passing.WAITING)


@dataclass(frozen=True, slots=True)
class Succession:
    """A member whose place somebody takes.

    Args:
        member, successor: lower-cased userids.
        has_left: the company; otherwise he has another job in it.
        message: what WeCom tells each customer, empty = its own words.
        at: since when; of several for one member the youngest says whom codes lead to.
        listed_at: when WeCom listed who has nobody, `looked_at` when it told what came of them.
        told_at: when the leaders were told how it ended.
        ended_at: since when the member is back.
    """

    id: str
    member: str
    successor: str
    has_left: bool
    message: str
    by: str
    at: float
    listed_at: float | None
    looked_at: float | None
    error: str
    error_at: float | None
    told_at: float | None
    ended_at: float | None

    @property
    def pair(self) -> tuple[str, str]:
        """Who hands over, and who takes over."""
        return self.member, self.successor


@dataclass(frozen=True, slots=True)
class PassedCustomer:
    """A customer on the way.

    Args:
        errcode: with which WeCom refused.
        taken_at: when WeCom says that the successor has them.
    """

    external_userid: str
    state: Passing
    errcode: int | None
    asked_at: float | None
    taken_at: float | None
    changed_at: float


class Successions:
    """The tables `successions` and `passed_customers`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------------ reading

    async def open(self) -> list[Succession]:
        """Those that last, the oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM successions WHERE ended_at IS NULL ORDER BY at, id"
        )
        return [_succession(row) for row in rows]

    async def to_follow(self) -> list[Succession]:
        """Those that last, and others of which a customer is still on the way; the oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM successions WHERE ended_at IS NULL OR id IN (SELECT succession"
            " FROM passed_customers WHERE state IN ('asking', 'waiting')) ORDER BY at, id"
        )
        return [_succession(row) for row in rows]

    async def all(self, member: str = "") -> list[Succession]:
        """Every one, or a member's; the newest first."""
        rows = await self._db.fetch(
            "SELECT * FROM successions WHERE ? = '' OR member = ? ORDER BY at DESC, id",
            *(member.lower(), member.lower()),
        )
        return [_succession(row) for row in rows]

    async def stand_ins(self, *, gone_only: bool = False) -> dict[str, str]:
        """Member → who stands in for him at last, both lower-cased.

        Args:
            gone_only: only for those who have left the company.
        """
        known = await self.open()
        direct = {one.member: one.successor for one in known}
        gone = {one.member for one in known if one.has_left}
        return {
            member: _last(direct, member) for member in direct if not gone_only or member in gone
        }

    async def successors_of(self, members: Collection[str]) -> frozenset[str]:
        """Everybody who ever took the place of one of these members (lower-cased), or of him who
        did.
        """
        found = {one.lower() for one in members}
        rows = await self._db.fetch("SELECT member, successor FROM successions ORDER BY at, id")
        for row in rows:
            if row["member"] in found:
                found.add(row["successor"])
        return frozenset(found)

    async def customers(
        self, succession: str, states: Collection[Passing] = (), limit: int = 2**31
    ) -> list[PassedCustomer]:
        """The customers of a succession, all or those in some states, by id."""
        marks = ", ".join("?" * len(states))
        which = f"AND state IN ({marks})" if states else ""
        rows = await self._db.scan(
            "SELECT external_userid, state, errcode, asked_at, taken_at, changed_at"
            f" FROM passed_customers WHERE succession = ? {which} ORDER BY external_userid LIMIT ?",
            *(succession, *states, limit),
        )
        return [_passed(row) for row in rows]

    async def counts(self, succession: str) -> Counter[Passing]:
        """How many of its customers are how far."""
        rows = await self._db.scan(
            "SELECT state, COUNT(*) AS n FROM passed_customers WHERE succession = ? GROUP BY state",
            succession,
        )
        return Counter({Passing(row["state"]): row["n"] for row in rows})

    async def transferred(self, since: float) -> Counter[str]:
        """How often each customer was transferred on the job since a moment, as far as we know."""
        rows = await self._db.scan(_TRANSFERRED, since)
        return Counter({row["external_userid"]: row["n"] for row in rows})

    async def brought(self, external_userid: str, userid: str) -> bool:
        """Whether a customer comes, or came, to this member from a colleague."""
        return await self._db.fetch_one(_CAME, external_userid, userid.lower()) is not None

    # ------------------------------------------------------------------ writing

    def begin(self, unit: Unit, one: Succession) -> None:
        """Add a succession; where one of the same two lasts, that begins anew under its own id.

        Whoever was to be passed on to another successor, and was not asked for yet, is not.
        """
        unit.add(
            f"{_WITHDRAW} AND succession IN (SELECT id FROM successions WHERE member = ?"
            " AND ended_at IS NULL AND successor <> ?)",
            *(one.at, one.member, one.successor),
        )
        named = (one.id, one.member, one.successor, int(one.has_left), one.message, one.by, one.at)
        unit.add(_BEGIN, *named)

    def plan(self, unit: Unit, one: Succession, customers: Iterable[str], now: float) -> None:
        """Add customers to be passed on; who is on the way, or has refused, is not asked again."""
        which = (one.member, one.successor, int(one.has_left))
        for customer in customers:
            unit.add(_PLAN, customer, now, *which, customer)

    def move(
        self,
        unit: Unit,
        one: Succession,
        customers: Sequence[str],
        states: tuple[Passing, Passing],
        now: float,
    ) -> None:
        """Add that customers are further, or back, on condition that they are where we think.

        Args:
            states: from which to which.
        """
        before, after = states
        marks = ", ".join("?" * len(customers))
        asked = ", asked_at = ?" if after is Passing.ASKING else ""
        unit.add(
            f"UPDATE passed_customers SET state = ?, changed_at = ?{asked} WHERE succession = ?"
            f" AND state = ? AND external_userid IN ({marks})",
            *(after, now, *([now] if asked else []), one.id, before, *customers),
            expect=len(customers),
        )

    def learn(
        self,
        unit: Unit,
        one: Succession,
        customer: str,
        became: tuple[Passing, int | None, float | None],
        now: float,
    ) -> None:
        """Add what WeCom says of a customer who is on the way.

        Args:
            became: the state, the errcode, and when he was taken over.
        """
        state, errcode, taken_at = became
        unit.add(
            "UPDATE passed_customers SET state = ?, errcode = ?, taken_at = ?, changed_at = ?"
            " WHERE succession = ? AND external_userid = ?"
            " AND state IN ('planned', 'asking', 'waiting')",
            *(state, errcode, taken_at, now, one.id, customer),
        )

    def note(self, unit: Unit, one: Succession, **at: float | str | None) -> None:
        """Add when something happened to a succession.

        Args:
            at: `listed_at`, `looked_at`, `told_at`, `error_at` in Unix seconds, or `error`.
        """
        columns = ", ".join(f"{name} = ?" for name in at)
        unit.add(f"UPDATE successions SET {columns} WHERE id = ?", *at.values(), one.id)

    def end(self, unit: Unit, member: str, now: float) -> None:
        """Add that a member is back; whoever was not asked for yet stays with him."""
        unit.add(
            f"{_WITHDRAW} AND succession IN (SELECT id FROM successions WHERE member = ?"
            " AND ended_at IS NULL)",
            *(now, member.lower()),
        )
        unit.add(
            "UPDATE successions SET ended_at = ? WHERE member = ? AND ended_at IS NULL",
            *(now, member.lower()),
        )


def succession(pair: tuple[str, str], *, has_left: bool, by: str, at: float) -> Succession:
    """One that begins now, without a message."""
    member, successor = (one.lower() for one in pair)
    digest = hashlib.sha256(f"{member}/{successor}/{has_left}/{at}".encode()).hexdigest()
    nothing_yet = (None, None, "", None, None, None)
    return Succession("s" + digest[:15], member, successor, has_left, "", by, at, *nothing_yet)


def _last(direct: Mapping[str, str], member: str) -> str:
    """Whoever stands in for him, for that one, and so on; a circle ends where it began."""
    seen, one = {member}, member
    while (following := direct.get(one)) is not None and following not in seen:
        seen.add(following)
        one = following
    return one


def _succession(row: Row) -> Succession:
    return Succession(**dict(row) | {"has_left": bool(row["has_left"])})


def _passed(row: Row) -> PassedCustomer:
    return PassedCustomer(**dict(row) | {"state": Passing(row["state"])})
