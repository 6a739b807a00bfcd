"""What is known of a customer: attributes by class, first and last channel, counts?"""

from dataclasses import dataclass

from bot.model import Conversation
from bot.model.people import ATTRIBUTES, Attribute
from bot.store.consents import given
from bot.store.database import Database, Row, Unit
from bot.store.people import SAME_PERSON
from bot.store.vault import Vault

_SET = """
INSERT INTO attributes SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?8 = '' OR {consented}
ON CONFLICT (external_userid, name) DO UPDATE SET value = excluded.value, body = excluded.body,
    source = excluded.source, by = excluded.by, at = excluded.at
WHERE excluded.at >= attributes.at
"""
TOUCHED = """
INSERT INTO touches AS t VALUES (?1, ?2, ?3, ?2, ?3)
ON CONFLICT (external_userid) DO UPDATE SET
    first_channel = CASE WHEN ?3 < t.first_at THEN ?2 ELSE t.first_channel END,
    first_at = MIN(t.first_at, ?3),
    last_channel = CASE WHEN t.last_channel = '' OR (?2 <> '' AND ?3 >= t.last_at) THEN ?2
        ELSE t.last_channel END,
    last_at = CASE WHEN t.last_channel = '' OR (?2 <> '' AND ?3 >= t.last_at) THEN ?3
        ELSE t.last_at END
"""
"""Customer, state or scene (empty = nobody's), and moment; told in any order (R-3.4).

The first one never changes but for an earlier one; the last one is the last that says anything.
"""

_COUNTS = f"""
SELECT
    (SELECT MIN(created_at) FROM customers c WHERE c.external_userid IN {SAME_PERSON}) AS known_at,
    (SELECT COUNT(*) FROM messages m JOIN conversations c USING (open_kfid, external_userid)
     WHERE c.external_userid IN {SAME_PERSON} AND m.origin = 3) AS messages,
    (SELECT MAX(c.customer_wrote_at) FROM conversations c
     WHERE c.external_userid IN {SAME_PERSON}) AS wrote_at,
    (SELECT COUNT(*) FROM cases k JOIN conversations c USING (open_kfid, external_userid)
     WHERE c.external_userid IN {SAME_PERSON}) AS cases,
    (SELECT COUNT(*) FROM orders o WHERE o.external_userid IN {SAME_PERSON}) AS orders,
    (SELECT COALESCE(SUM(o.amount), 0) FROM orders o
     WHERE o.external_userid IN {SAME_PERSON}) AS spent
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of a person, made of rows each time.

    Args:
        wrote_at: the last message, 0 = never.
        spent: in 分.
    """

    known_at: float
    messages: int
    wrote_at: float
    cases: int
    orders: int
    spent: int


@dataclass(frozen=True, slots=True)
class Touch:
    """By which channel a person came first, and last (R-3.4)."""

    first_channel: str
    first_at: float
    last_channel: str
    last_at: float


class Profiles:
    """Attributes, channels and counts of customers."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault
        self.consented = given("?1", "?8")

    async def set(self, unit: Unit, one: Attribute) -> None:
        """Add to the unit that this is known; an empty value forgets it.

        A sensitive one is kept only with consent to its purpose; an older one never replaces a
        newer.

        Raises:
            KeyError: there is no such attribute.
            ValueError: it may be kept of nobody (R-15.5).
        """
        kind, subject = ATTRIBUTES[one.name], _subject(one.external_userid)
        if not one.value:
            unit.add(
                "DELETE FROM attributes WHERE external_userid = ? AND name = ?",
                *(one.external_userid, one.name),
            )
            return
        if kind.is_refused:
            raise ValueError(f"{one.name} may be kept of nobody")
        if kind.kind.is_sealed:
            await self._vault.ready([subject])
            plain, sealed = "", self._vault.seal(subject, one.value.encode())
        else:
            plain, sealed = one.value, None
        unit.add(
            _SET.format(consented=self.consented),
            *(one.external_userid, one.name, plain, sealed, one.source, one.by, one.at),
            kind.purpose or "",
        )

    async def of(self, external_userid: str) -> list[Attribute]:
        """What is known of the person; of several values of one attribute the newest."""
        rows = await self._db.fetch(
            f"SELECT * FROM attributes a WHERE a.external_userid IN {SAME_PERSON}"
            " ORDER BY a.at, a.external_userid",
            external_userid,
        )
        await self._vault.ready(_subject(row["external_userid"]) for row in rows)
        return sorted({row["name"]: self._open(row) for row in rows}.values(), key=_by_name)

    def touch(self, unit: Unit, external_userid: str, channel: str, at: float) -> None:
        """Add to the unit that the customer came by a channel; told in any order."""
        unit.add(TOUCHED, external_userid, channel, at)

    async def touched(self, external_userid: str) -> Touch | None:
        """The person's first and last channel."""
        rows = await self._db.fetch(
            f"SELECT * FROM touches t WHERE t.external_userid IN {SAME_PERSON}", external_userid
        )
        if not rows:
            return None
        first = min(rows, key=lambda row: (row["first_at"], row["external_userid"]))
        last = max(rows, key=lambda row: (row["last_at"], row["external_userid"]))
        return Touch(
            first["first_channel"], first["first_at"], last["last_channel"], last["last_at"]
        )

    async def counts(self, external_userid: str) -> Counts:
        """The person's figures."""
        (row,) = await self._db.fetch(_COUNTS, external_userid)
        return Counts(
            known_at=row["known_at"] or 0.0,
            messages=row["messages"],
            wrote_at=row["wrote_at"] or 0.0,
            cases=row["cases"],
            orders=row["orders"],
            spent=row["spent"],
        )

    def _open(self, row: Row) -> Attribute:
        value = row["value"]
        if row["body"] is not None:
            value = self._vault.open(_subject(row["external_userid"]), row["body"]).decode()
        return Attribute(
            external_userid=row["external_userid"],
            name=row["name"],
            value=value,
            source=row["source"],
            by=row["by"],
            at=row["at"],
        )


def _by_name(one: Attribute) -> int:
    return list(ATTRIBUTES).index(one.name)


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject
