"""Which customers are one person?

A merge is an edge between two persons, and whatever edges connect is one person. Facts stay with
the customer they were learnt of and are read over all customers of the person, so undoing a merge
is undoing the row.
"""

from bot.store.database import Database

_PERSON = """
SELECT COALESCE(k.kept, m.person_id) FROM customers m
LEFT JOIN kept_persons k ON k.person_id = m.person_id WHERE m.external_userid = ?1
"""

SAME_PERSON = f"""(
SELECT c.external_userid FROM customers c WHERE c.person_id IN (
    {_PERSON} UNION SELECT o.person_id FROM kept_persons o WHERE o.kept = ({_PERSON}))
UNION SELECT ?1)
"""
"""All customers of the person that customer ``?1`` is, for use after ``IN``."""


class People:
    """Persons, and what connects the customers of one."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def person_of(self, external_userid: str) -> str:
        """The person this customer is, after merges; empty = nobody we know."""
        row = await self._db.fetch_one(_PERSON, external_userid)
        return str(row[0]) if row else ""

    async def same_person(self, external_userid: str) -> list[str]:
        """Every customer that is the same person, this one among them."""
        rows = await self._db.fetch(
            f"SELECT s.external_userid FROM {SAME_PERSON} s ORDER BY 1", external_userid
        )
        return [row[0] for row in rows]

    async def customers_of(self, person_id: str) -> list[str]:
        """Every customer of a person, whichever of its ids is given."""
        rows = await self._db.fetch(
            "SELECT external_userid FROM customers WHERE person_id = ? LIMIT 1", person_id
        )
        return await self.same_person(rows[0][0]) if rows else []
