"""Which tags are on a customer, and what led there?

Every change is decided by the statements that make it: consent, what people took off, exclusive
groups and caps hold whoever else writes at that moment. What was decided, and why not, is a row of
`tag_history`.
"""

import secrets
from collections.abc import Collection, Sequence

from bot.config import Tagging
from bot.model.tags import COLON, Assignment, TagChange, TagSource, group_of
from bot.store import tag_statements as sql
from bot.store.consents import given
from bot.store.database import Database, Row, Statement, Unit
from bot.store.people import SAME_PERSON

_DAY_S = 86_400.0

_ACTIVE = "(t.expires_at IS NULL OR t.expires_at > ?2)"


class Tags:
    """The tables of tags.

    Args:
        settings: groups, and how long what people decided stands.
    """

    def __init__(self, database: Database, settings: Tagging | None = None) -> None:
        self._db, self.settings = database, settings or Tagging()
        self.consented = given("?1", "?13")

    # ------------------------------------------------------------------ what is so

    async def of(self, external_userid: str, now: float) -> list[Assignment]:
        """The tags of the person that this customer is, by name.

        Of an exclusive group the newest alone: merged customers may have brought one each.
        """
        rows = await self._db.fetch(
            f"SELECT * FROM customer_tags t WHERE t.external_userid IN {SAME_PERSON}"
            f" AND {_ACTIVE} ORDER BY t.at, t.name",
            *(external_userid, now),
        )
        found: dict[str, Assignment] = {}
        for row in rows:
            one = assignment_of(row)
            group = self.settings.group(group_of(one.name))
            found[group.name if group.exclusive else one.name] = one
        return sorted(found.values(), key=lambda one: one.name)

    async def names_of(self, external_userid: str, now: float) -> frozenset[str]:
        """The names of those tags."""
        return frozenset(one.name for one in await self.of(external_userid, now))

    async def are_on(self, name: str) -> bool:
        """Whether anybody has a tag of this name."""
        row = await self._db.fetch_one("SELECT 1 FROM customer_tags WHERE name = ? LIMIT 1", name)
        return row is not None

    # ------------------------------------------------------------------ what changes

    def assign(self, unit: Unit, external_userid: str, changes: Sequence[TagChange]) -> list[str]:
        """Add changes to a unit; each is applied or refused when the unit is committed.

        Returns:
            A key for each change, by which `applied` finds what came of it.
        """
        keys = []
        for change in changes:
            key = secrets.token_hex(8)
            unit.statements += self._statements(external_userid, change, key)
            keys.append(key)
        return keys

    def human(
        self,
        unit: Unit,
        external_userid: str,
        added: Collection[str],
        removed: Collection[str],
        *,
        by: str,
        at: float,
    ) -> list[str]:
        """Add what a person changed: rules leave it alone for a while (R-4.3)."""
        changes = [
            TagChange(name=name, add=add, at=at, source=TagSource.HUMAN, by=by)
            for add, names in ((False, removed), (True, added))
            for name in names
        ]
        return self.assign(unit, external_userid, changes)

    def propose(
        self,
        unit: Unit,
        external_userid: str,
        name: str,
        *,
        proposed_by: str,
        at: float,
        version: str = "",
        msgid: str = "",
    ) -> None:
        """Put a tag before people; what they decided about it once is not asked again."""
        unit.add(
            "INSERT INTO tag_proposals (external_userid, name, proposed_by, version, msgid, at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (external_userid, name) DO NOTHING",
            *(external_userid, name, proposed_by, version, msgid, at),
        )

    def withdraw(self, unit: Unit, external_userid: str, purpose: str, at: float) -> str:
        """Take every tag off whose purpose is not consented to any more, and forget what led to
        them (R-15.3); returns the key of the change.
        """
        others = self.settings.group("").purpose == purpose  # groups that nobody described
        named = [one.name for one in self.settings.groups if (one.purpose == purpose) != others]
        among = f"{'NOT IN' if others else 'IN'} ({', '.join('?' * len(named))})"
        mine, key = (external_userid, *named), secrets.token_hex(8)
        unit.statements += sql.taken_off(
            key, f"external_userid = ? AND tag_group {among}", mine, rule="withdrawn", at=at
        )
        group = f"substr(name, 1, instr(name, '{COLON}') - 1)"
        for table in ("tag_history", "tag_proposals", "tag_holds"):
            but = "change <> ?" if table == "tag_history" else "? <> ''"
            unit.add(
                f"DELETE FROM {table} WHERE external_userid = ? AND {group} {among} AND {but}",
                *mine,
                key,
            )
        unit.add("UPDATE tag_history SET was = NULL WHERE change = ?", key)
        return key

    def _statements(self, external_userid: str, change: TagChange, key: str) -> list[Statement]:
        group = self.settings.group(group_of(change.name))
        expires_at = change.expires_at
        if expires_at is None and group.expires_days is not None:
            expires_at = change.at + group.expires_days * _DAY_S
        values = sql.Values(
            external_userid=external_userid,
            name=change.name,
            at=change.at,
            change=key,
            source=change.source,
            rule=change.rule,
            version=change.version,
            msgid=change.msgid,
            by=change.by,
            run=change.run,
            tag_group=group.name,
            exclusive=group.exclusive,
            purpose=group.purpose,
            sticky_since=change.at - self.settings.sticky_days * _DAY_S,
            most=self.settings.max_per_customer,
            human=change.source is TagSource.HUMAN,
            expires_at=expires_at,
        )
        return sql.put_on(values, self.consented) if change.add else sql.take_off(values)

    # ------------------------------------------------------------------ what led there

    async def outcome(self, key: str, name: str) -> str:
        """What came of a change: ``applied``, ``refused:…``, or empty when nothing changed.

        A rule that was refused for the same reason within a day is told empty, too.
        """
        row = await self._db.fetch_one(
            "SELECT outcome FROM tag_history WHERE change = ? AND name = ?", key, name
        )
        return str(row["outcome"]) if row else ""

    async def history(self, external_userid: str, limit: int = 100) -> list[Row]:
        """What was decided about the tags of this person, newest first."""
        return await self._db.fetch(
            f"SELECT * FROM tag_history h WHERE h.external_userid IN {SAME_PERSON}"
            " ORDER BY h.at DESC, h.id DESC LIMIT ?2",
            *(external_userid, limit),
        )


def assignment_of(row: Row) -> Assignment:
    """A row of `customer_tags`."""
    return Assignment(
        external_userid=row["external_userid"],
        name=row["name"],
        source=TagSource(row["source"]),
        rule=row["rule"],
        version=row["version"],
        msgid=row["msgid"],
        at=row["at"],
        by=row["by"],
        expires_at=row["expires_at"],
        run=row["run"],
    )
