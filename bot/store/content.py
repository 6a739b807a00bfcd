"""Which knowledge is said, where did it come from, and how did it come to be so?

Content is versioned rows: files are read into them at start, commands and pages change them, and
an edit by a person outlives a changed file. The rows hold JSON that this module does not read.
"""

from collections.abc import Iterable, Sequence

from bot.store.content_rows import Change, ContentRow, Incoming, change_of, digest_of, row_of
from bot.store.database import Database, Row, Statement, Unit

_COLUMNS = "base, id, body, origin, origin_hash, offered, edited, removed, version, updated_at"

_BUMP = Statement("UPDATE content_version SET version = version + 1 RETURNING version", (), 1)
_NOW_AT = "(SELECT version FROM content_version)"
_LAST = "(SELECT COALESCE(MAX(position), 0) + 1 FROM entries WHERE base = ?)"


class Contents:
    """The entries of every base, with their history.

    What changes something returns statements for a unit of the caller's; each such group raises
    the content version by one. All of a unit becomes visible at once.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------------ reading

    async def version(self) -> int:
        """The content version: rises with every change, by whichever process."""
        row = await self._db.fetch_one("SELECT version FROM content_version")
        return int(row["version"]) if row else 0

    async def bases(self) -> list[str]:
        """Every base that has entries."""
        return [row["base"] for row in await self._db.fetch("SELECT DISTINCT base FROM entries")]

    async def entries(self, base: str) -> list[ContentRow]:
        """What the base holds, in order; removed entries are left out."""
        return await self._rows("WHERE base = ? AND removed = 0 ORDER BY position, id", base)

    async def all_of(self, base: str) -> list[ContentRow]:
        """What the base holds or held: removed entries too."""
        return await self._rows("WHERE base = ? ORDER BY position, id", base)

    async def get(self, base: str, entry_id: str) -> ContentRow | None:
        """One entry, removed or not."""
        found = await self._rows("WHERE base = ? AND id = ?", base, entry_id)
        return found[0] if found else None

    async def changes_since(self, version: int) -> list[ContentRow]:
        """What became different after this content version, removed entries too."""
        return await self._rows("WHERE version > ? ORDER BY version, base, id", version)

    async def conflicts(self) -> list[ContentRow]:
        """Edited entries whose origin has changed since: a person must decide."""
        return await self._rows("WHERE offered IS NOT NULL ORDER BY base, id")

    async def history(self, base: str, entry_id: str) -> list[Change]:
        """Every state of an entry, newest first."""
        rows = await self._db.fetch(
            "SELECT * FROM entry_history WHERE base = ? AND id = ? ORDER BY version DESC",
            *(base, entry_id),
        )
        return [change_of(row) for row in rows]

    async def written_for(self, base: str, why: str, limit: int = 100) -> list[Change]:
        """The latest changes that were made for this reason, newest first."""
        rows = await self._db.fetch(
            "SELECT * FROM entry_history WHERE base = ? AND why = ? ORDER BY version DESC LIMIT ?",
            *(base, why, limit),
        )
        return [change_of(row) for row in rows]

    async def latest(self, limit: int = 50) -> list[Row]:
        """The latest changes: version, changed_at, changed_by, why, base, how many entries."""
        return await self._db.scan(
            "SELECT version, MAX(changed_at) AS changed_at, MAX(changed_by) AS changed_by,"
            " MAX(why) AS why, MAX(base) AS base, COUNT(*) AS entries, MAX(id) AS id"
            " FROM entry_history GROUP BY version ORDER BY version DESC LIMIT ?",
            limit,
        )

    async def sources(self, base: str) -> dict[str, str]:
        """Digest of each origin of a base, as it was read last."""
        rows = await self._db.fetch("SELECT * FROM content_sources WHERE base = ?", base)
        return {row["origin"]: row["digest"] for row in rows}

    # ------------------------------------------------------------------ changing

    async def commit(self, statements: Sequence[Statement]) -> int | None:
        """Make these changes, all at once or none.

        Returns:
            The content version that they make, ``None`` where content stays as it is.

        Raises:
            UnitConflict: an entry is not as `expected_version` said.
        """
        if not statements:
            return None
        done = await self._db.commit(Unit(list(statements)))
        versions = [int(row["version"]) for rows in done for row in rows]
        return versions[-1] if versions else None

    def insist(self, version: int) -> Statement:
        """Let the unit fail when content is not at this version any more."""
        return Statement(
            "UPDATE content_version SET version = version WHERE version = ?", (version,), 1
        )

    def put(
        self,
        base: str,
        entry_id: str,
        body: str,
        *,
        by: str,
        why: str,
        now: float,
        expected_version: int | None = None,
        origin: str | None = None,
    ) -> list[Statement]:
        """Write an entry for a person: it is `edited` and no file overwrites it any more.

        Args:
            body: JSON.
            by: who, a userid or the name of a command.
            why: for the history.
            now: Unix seconds.
            expected_version: `ContentRow.version` that the decision was made on, 0 = there is no
                such entry; any other state is a `UnitConflict`. ``None`` = whatever there is.
            origin: where it comes from, by default as it was.
        """
        insist, values = _insist(base, entry_id, expected_version)
        given = "" if origin is None else origin
        return [
            _BUMP,
            Statement(
                f"INSERT INTO entries (base, id, body, origin, position, edited, version,"
                f" updated_at, updated_by) SELECT ?, ?, ?, ?, {_LAST}, 1, {_NOW_AT}, ?, ?"
                f" WHERE {insist} ON CONFLICT (base, id) DO UPDATE SET body = excluded.body,"
                f" origin = COALESCE(?, entries.origin), edited = 1, removed = 0, offered = NULL,"
                f" version = excluded.version, updated_at = excluded.updated_at,"
                f" updated_by = excluded.updated_by",
                (base, entry_id, body, given, base, now, by, *values, origin),
                expect=1,
            ),
            _remember(why),
        ]

    def remove(
        self,
        base: str,
        entry_id: str,
        *,
        by: str,
        why: str,
        now: float,
        expected_version: int | None = None,
    ) -> list[Statement]:
        """Remove an entry for a person; a file that still holds it does not bring it back.

        The unit is a `UnitConflict` when there is no such entry. Arguments as of `put`.
        """
        insist, values = _insist(base, entry_id, expected_version)
        return [
            _BUMP,
            Statement(
                f"UPDATE entries SET removed = 1, edited = 1, offered = NULL, version = {_NOW_AT},"
                f" updated_at = ?, updated_by = ?"
                f" WHERE base = ? AND id = ? AND removed = 0 AND {insist}",
                (now, by, base, entry_id, *values),
                expect=1,
            ),
            _remember(why),
        ]

    async def undo(
        self, base: str, entry_id: str, *, by: str, now: float, version: int | None = None
    ) -> list[Statement]:
        """Take back the last change of an entry; done twice it is as before.

        Args:
            version: the change to take back must be this one.

        Returns:
            Nothing when there is no such change.
        """
        states = await self.history(base, entry_id)
        if not states or (version is not None and states[0].version != version):
            return []
        last, before = states[0], states[1] if len(states) > 1 else None
        why = f"撤销 {last.version}"
        if before is None or before.removed:
            if last.removed:
                return []
            gone = self.remove(
                base, entry_id, by=by, why=why, now=now, expected_version=last.version
            )
            return [*gone[:-1], _edited(base, entry_id, bool(before and before.edited)), gone[-1]]
        put = self.put(
            *(base, entry_id, before.body),
            by=by,
            why=why,
            now=now,
            expected_version=last.version,
            origin=before.origin,
        )
        return [*put[:-1], _edited(base, entry_id, before.edited), put[-1]]

    async def undo_change(
        self, version: int, *, by: str, now: float
    ) -> tuple[list[Statement], list[Change], list[Change]]:
        """Take back everything that one content version changed, such as an import.

        Returns:
            Statements for one unit, what they take back, and what stays because it was changed
            again since.
        """
        rows = await self._db.scan(
            "SELECT * FROM entry_history WHERE version = ? ORDER BY base, id", version
        )
        statements: list[Statement] = []
        undone: list[Change] = []
        kept: list[Change] = []
        for change in map(change_of, rows):
            one = await self.undo(change.base, change.id, by=by, now=now, version=version)
            (undone if one else kept).append(change)
            statements += one[1:-1]  # one version for all of them
        if statements:
            statements = [_BUMP, *statements, _remember(f"撤销 {version}")]
        return statements, undone, kept

    # ------------------------------------------------------------------ taking over

    def take(
        self,
        base: str,
        entries: Iterable[Incoming],
        *,
        gone: Iterable[str] = (),
        by: str,
        why: str,
        now: float,
    ) -> list[Statement]:
        """Write what origins give now, and remove what they do not give any more: one version.

        The caller has left out what people edited (`offer` that instead).
        """
        changed = [
            Statement(
                f"INSERT INTO entries (base, id, body, origin, origin_hash, position, version,"
                f" updated_at, updated_by) VALUES (?, ?, ?, ?, ?, COALESCE(?, {_LAST}), {_NOW_AT},"
                f" ?, ?) ON CONFLICT (base, id) DO UPDATE SET body = excluded.body,"
                f" origin = excluded.origin,"
                f" origin_hash = excluded.origin_hash, position = COALESCE(?, entries.position),"
                f" edited = 0, removed = 0, offered = NULL, version = excluded.version,"
                f" updated_at = excluded.updated_at, updated_by = excluded.updated_by",
                (
                    *(base, one.id, one.body, one.origin, digest_of(one.body), one.position, base),
                    *(now, by, one.position),
                ),
                expect=1,
            )
            for one in entries
        ]
        changed += [
            Statement(
                f"UPDATE entries SET removed = 1, origin_hash = '', version = {_NOW_AT},"
                f" updated_at = ?, updated_by = ? WHERE base = ? AND id = ?",
                (now, by, base, entry_id),
                expect=1,
            )
            for entry_id in gone
        ]
        return [_BUMP, *changed, _remember(why)] if changed else []

    def settle(self, row: ContentRow, *, by: str, why: str, now: float) -> list[Statement]:
        """Decide a conflict for the origin: the row is as it is there, and no edit any more."""
        if row.offered:
            taken = Incoming(row.id, row.offered, row.origin)
            return self.take(row.base, [taken], by=by, why=why, now=now)
        gone = self.remove(row.base, row.id, by=by, why=why, now=now, expected_version=row.version)
        return [*gone[:-1], _edited(row.base, row.id, False), gone[-1]]

    def offer(self, base: str, entry_id: str, body: str) -> Statement:
        """Note what the origin gives now for an entry that a person edited, '' = nothing."""
        return Statement(
            "UPDATE entries SET offered = ?, origin_hash = ? WHERE base = ? AND id = ?",
            (body, digest_of(body) if body else "", base, entry_id),
        )

    def put_in_order(self, base: str, positions: Sequence[tuple[str, int]]) -> list[Statement]:
        """Number entries anew; that is no change of content."""
        return [
            Statement(
                "UPDATE entries SET position = ? WHERE base = ? AND id = ?", (at, base, entry_id)
            )
            for entry_id, at in positions
        ]

    def read(self, base: str, origin: str, digest: str, *, now: float) -> Statement:
        """Note that an origin was read as it is."""
        return Statement(
            "INSERT INTO content_sources VALUES (?, ?, ?, ?)"
            " ON CONFLICT (base, origin) DO UPDATE SET"
            " digest = excluded.digest, read_at = excluded.read_at",
            (base, origin, digest, now),
        )

    def forget(self, base: str, origin: str) -> Statement:
        """Note that an origin is no more."""
        return Statement(
            "DELETE FROM content_sources WHERE base = ? AND origin = ?", (base, origin)
        )

    async def _rows(self, where: str, *values: object) -> list[ContentRow]:
        rows = await self._db.scan(f"SELECT {_COLUMNS}, updated_by FROM entries {where}", *values)
        return [row_of(row) for row in rows]


def _remember(why: str) -> Statement:
    """Keep the states that this content version has made."""
    return Statement(
        f"INSERT INTO entry_history SELECT base, id, version, body, origin, edited, removed,"
        f" updated_at, updated_by, ? FROM entries WHERE version = {_NOW_AT}",
        (why,),
    )


def _edited(base: str, entry_id: str, edited: bool) -> Statement:
    return Statement(
        "UPDATE entries SET edited = ? WHERE base = ? AND id = ?", (int(edited), base, entry_id)
    )


def _insist(base: str, entry_id: str, version: int | None) -> tuple[str, tuple[object, ...]]:
    """A condition that the entry is as the decision found it."""
    if version is None:
        return "true", ()
    found = "EXISTS (SELECT 1 FROM entries WHERE base = ? AND id = ? AND "
    if version == 0:
        return f"NOT {found} removed = 0)", (base, entry_id)
    return f"{found} version = ?)", (base, entry_id, version)
