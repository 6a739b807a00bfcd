"""Which customers are one person?

A merge is an edge between two persons, and whatever edges connect is one person. Facts stay with
the customer they were learnt of and are read over all customers of the person, so undoing a merge
is undoing the row. `kept_persons` says what the edges add up to.
"""

import secrets
from dataclasses import dataclass

from bot.model import Conversation
from bot.model.people import IdentityKind, MergeOutcome
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault


def _kept(person: str) -> str:
    return f"COALESCE((SELECT k.kept FROM kept_persons k WHERE k.person_id = {person}), {person})"


def _person(customer: str) -> str:
    return f"(SELECT m.person_id FROM customers m WHERE m.external_userid = {customer})"


def same_persons(person: str) -> str:
    """SQL: the ids of all persons that are read as one with this one, for use after ``IN``."""
    kept = _kept(person)
    return f"(SELECT {kept} UNION SELECT o.person_id FROM kept_persons o WHERE o.kept = {kept})"


def same_person(customer: str = "?1") -> str:
    """SQL: all customers of the person that this customer is, for use after ``IN``."""
    return (
        "(SELECT c.external_userid FROM customers c WHERE c.person_id IN"
        f" {same_persons(_person(customer))} UNION SELECT {customer})"
    )


SAME_PERSON = same_person()

_BOTH = f"({same_person('?1')[1:-1]} UNION {same_person('?2')[1:-1]})"

_UNIONIDS = f"""
(SELECT COUNT(DISTINCT i.key) FROM identities i
 WHERE i.kind = 'unionid' AND i.external_userid IN {_BOTH})
"""
_SEPARATED = f"""
EXISTS (SELECT 1 FROM merges g WHERE g.undone_at IS NOT NULL AND g.undone_by <> '' AND (
    (g.kept IN {same_persons(_person("?1"))} AND g.merged IN {same_persons(_person("?2"))}) OR
    (g.kept IN {same_persons(_person("?2"))} AND g.merged IN {same_persons(_person("?1"))})))
"""

_OLDER_FIRST = "ORDER BY p.created_at, p.person_id"

_MERGE = f"""
INSERT INTO merges (id, kept, merged, evidence, why, by, at)
SELECT ?3, older.person_id, younger.person_id, ?4, ?5, ?6, ?7
FROM (SELECT p.person_id, ROW_NUMBER() OVER ({_OLDER_FIRST}) AS n FROM persons p
      WHERE p.person_id IN ({_person("?1")}, {_person("?2")})) older
JOIN (SELECT p.person_id, ROW_NUMBER() OVER ({_OLDER_FIRST}) AS n FROM persons p
      WHERE p.person_id IN ({_person("?1")}, {_person("?2")})) younger
  ON older.n = 1 AND younger.n = 2
WHERE ?2 NOT IN {SAME_PERSON} AND {_UNIONIDS} <= 1 AND (?6 <> '' OR NOT {_SEPARATED})
"""

_MERGED_TOLD = """
INSERT INTO changes (kind, external_userid, at, data)
SELECT 'customer.merged', ?1, ?7, json_object('with', ?2, 'evidence', ?4)
FROM merges WHERE id = ?3
"""

_UNMERGED_TOLD = """
INSERT INTO changes (kind, external_userid, at, data)
SELECT 'customer.unmerged', MIN(c.external_userid), ?2, json_object('with', MIN(d.external_userid))
FROM merges g JOIN customers c ON c.person_id = g.kept JOIN customers d ON d.person_id = g.merged
WHERE g.id = ?1 AND g.undone_at = ?2 GROUP BY g.id
"""

_REACH = """
WITH RECURSIVE reach (s, p) AS (
    SELECT p.person_id, p.person_id FROM persons p WHERE p.person_id IN {persons}
    UNION SELECT r.s, CASE WHEN g.kept = r.p THEN g.merged ELSE g.kept END
    FROM reach r JOIN merges g ON g.undone_at IS NULL AND (g.kept = r.p OR g.merged = r.p))
INSERT INTO kept_persons
SELECT s, person_id FROM (
    SELECT r.s, p.person_id, ROW_NUMBER() OVER (PARTITION BY r.s ORDER BY p.created_at, p.person_id)
        AS n FROM reach r JOIN persons p ON p.person_id = r.p) WHERE n = 1
ON CONFLICT (person_id) DO UPDATE SET kept = excluded.kept
"""
_REKEEP_BOTH = _REACH.format(
    persons=f"({same_persons(_person('?1'))[1:-1]} UNION {same_persons(_person('?2'))[1:-1]})"
)
_REKEEP_MINE = _REACH.format(persons=same_persons(_person("?1")))
_REKEEP_EDGE = _REACH.format(persons=same_persons("(SELECT e.kept FROM merges e WHERE e.id = ?1)"))

_FORGET_UNIONID = (
    "DELETE FROM identities WHERE external_userid = ?1 AND kind = 'unionid' AND key <> ?2"
)
_BREAK_UP = f"""
UPDATE merges SET undone_at = ?2, undone_why = 'two unionids'
WHERE undone_at IS NULL AND (kept = {_person("?1")} OR merged = {_person("?1")})
  AND (SELECT COUNT(DISTINCT i.key) FROM identities i
       WHERE i.kind = 'unionid' AND i.external_userid IN {SAME_PERSON}) > 1
"""

_TWINS = f"""
SELECT i.external_userid, COALESCE(k.kept, c.person_id) AS person FROM identities i
JOIN customers c ON c.external_userid = i.external_userid
LEFT JOIN kept_persons k ON k.person_id = c.person_id
WHERE i.kind = ?2 AND i.key = ?3 AND i.external_userid NOT IN {SAME_PERSON}
ORDER BY c.created_at, i.external_userid
"""


@dataclass(frozen=True, slots=True)
class Merge:
    """An edge between two persons.

    Args:
        evidence: ``unionid``, ``phone`` or ``hand``.
        undone_by: who took them apart; empty with `undone_at` = two unionids appeared.
    """

    id: str
    kept: str
    merged: str
    evidence: str
    why: str
    by: str
    at: float
    undone_at: float | None
    undone_by: str
    undone_why: str


class People:
    """Persons, what identifies them, and what connects the customers of one."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    # ------------------------------------------------------------------ who is whom

    async def person_of(self, external_userid: str) -> str:
        """The person this customer is, after merges; empty = nobody we know."""
        row = await self._db.fetch_one(f"SELECT {_kept(_person('?1'))}", external_userid)
        return str(row[0]) if row and row[0] else ""

    async def same_person(self, external_userid: str) -> list[str]:
        """Every customer that is the same person, this one among them."""
        rows = await self._db.fetch(
            f"SELECT s.external_userid FROM {SAME_PERSON} s ORDER BY 1", external_userid
        )
        return [row[0] for row in rows]

    async def customers_of(self, person_id: str) -> list[str]:
        """Every customer of a person, whichever of its ids is given."""
        rows = await self._db.fetch(
            "SELECT external_userid FROM customers WHERE person_id IN"
            f" {same_persons('?1')} ORDER BY 1",
            person_id,
        )
        return [row[0] for row in rows]

    async def known(self, external_userid: str) -> bool:
        """Whether there is such a customer."""
        sql = "SELECT 1 FROM customers WHERE external_userid = ?"
        return await self._db.fetch_one(sql, external_userid) is not None

    # ------------------------------------------------------------------ what identifies

    async def identify(
        self, external_userid: str, kind: IdentityKind, value: str, *, source: str, at: float
    ) -> list[str]:
        """Note what identifies a customer, and merge with whoever has the same.

        A phone that several persons have says nothing. A unionid that contradicts an earlier merge
        undoes it: WeCom knows better than any number.

        Args:
            value: the unionid, or a verified phone (`normal_phone`).

        Returns:
            The customers this one was merged with.
        """
        subject = _subject(external_userid)
        await self._vault.ready([subject])
        key = await self._vault.look_up_key(kind, value)
        unit = Unit()
        if kind is IdentityKind.UNIONID:
            unit.add(_FORGET_UNIONID, external_userid, key)
        unit.add(
            "INSERT INTO identities VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(external_userid, kind, key, self._vault.seal(subject, value.encode()), source, at),
        )
        if kind is IdentityKind.UNIONID:
            unit.add(_BREAK_UP, external_userid, at)
            unit.add(_REKEEP_MINE, external_userid)
        await self._db.commit(unit)
        twins = await self._db.fetch(_TWINS, external_userid, kind, key)
        if kind is IdentityKind.PHONE and len({row["person"] for row in twins}) > 1:
            return []
        merged = []
        for row in twins:
            other = row["external_userid"]
            outcome = await self.merge(external_userid, other, evidence=kind, by="", at=at)
            if outcome is MergeOutcome.MERGED:
                merged.append(other)
        return merged

    async def find(self, kind: IdentityKind, value: str) -> list[str]:
        """The customers that this identifies."""
        rows = await self._db.fetch(
            "SELECT external_userid FROM identities WHERE kind = ? AND key = ? ORDER BY 1",
            *(kind, await self._vault.look_up_key(kind, value)),
        )
        return [row[0] for row in rows]

    async def identities(self, external_userid: str) -> list[tuple[str, IdentityKind, str]]:
        """What identifies the person: customer, kind and value."""
        rows = await self._db.fetch(
            f"SELECT * FROM identities i WHERE i.external_userid IN {SAME_PERSON}"
            " ORDER BY i.kind, i.at",
            external_userid,
        )
        await self._vault.ready(_subject(row["external_userid"]) for row in rows)
        return [
            (
                row["external_userid"],
                IdentityKind(row["kind"]),
                self._vault.open(_subject(row["external_userid"]), row["body"]).decode(),
            )
            for row in rows
        ]

    # ------------------------------------------------------------------ merging

    async def merge(
        self, one: str, other: str, *, evidence: str, by: str, at: float, why: str = ""
    ) -> MergeOutcome:
        """Read two customers as one person, if nothing speaks against it at that moment.

        Args:
            by: the member who decided, empty = equal keys did.
        """
        if not (await self.known(one) and await self.known(other)):
            return MergeOutcome.UNKNOWN
        unit, merge = Unit(), f"mg_{secrets.token_hex(6)}"
        unit.add(_MERGE, one, other, merge, evidence, why, by, at)
        unit.add(_REKEEP_BOTH, one, other)
        unit.add(_MERGED_TOLD, one, other, merge, evidence, why, by, at)
        unit.add("SELECT 1 FROM merges WHERE id = ?", merge)
        unit.add(f"SELECT ?2 IN {SAME_PERSON}, {_UNIONIDS} > 1", one, other)
        *_, made, (why_not,) = await self._db.commit(unit)
        if made:
            return MergeOutcome.MERGED
        if why_not[0]:
            return MergeOutcome.ALREADY
        return MergeOutcome.CONFLICT if why_not[1] else MergeOutcome.SEPARATED

    async def unmerge(self, merge: str, *, by: str, at: float, why: str = "") -> bool:
        """Take a merge back; no rule repeats it.

        Returns:
            Whether there was one to take back.
        """
        unit = Unit()
        unit.add(
            "UPDATE merges SET undone_at = ?, undone_by = ?, undone_why = ?"
            " WHERE id = ? AND undone_at IS NULL RETURNING id",
            *(at, by, why, merge),
        )
        unit.add(_REKEEP_EDGE, merge)
        unit.add(_UNMERGED_TOLD, merge, at)
        return bool((await self._db.commit(unit))[0])

    async def merges(self, external_userid: str) -> list[Merge]:
        """Every merge that this person was ever part of, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM merges g WHERE g.kept IN {0} OR g.merged IN {0} ORDER BY g.at".format(
                same_persons(_person("?1"))
            ),
            external_userid,
        )
        return [merge_of(row) for row in rows]


def merge_of(row: Row) -> Merge:
    """A row of `merges`."""
    return Merge(**dict(row))


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject
