"""May we ask WeCom about contacts at all, and how far has the comparison with it come?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.store.database import Database, Unit


@dataclass(frozen=True, slots=True)
class SyncState:
    """The one row of `contact_sync`.

    Args:
        since: friendships older than this existed before us, ``None`` = nothing was read yet.
        permitted: whether WeCom lets us, ``None`` = not tried.
        identity: whose secret it accepts, ``app`` or ``contact``.
        started_at: of the run that is on its way, ``None`` = there is none.
        member: whose customers are compared; those before are done.
        cursor: of the page to go on with.
        counts: of the run on its way.
        ended_at: of the last run, whatever came of it.
        succeeded_at: of the last run that read every page.
    """

    since: float | None
    permitted: bool | None
    identity: str
    checked_at: float
    tags_read_at: float
    started_at: float | None
    member: str
    cursor: str
    counts: Mapping[str, int]
    ended_at: float | None
    succeeded_at: float | None
    last_counts: Mapping[str, int]
    version: int


class ContactSync:
    """The table `contact_sync`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def state(self) -> SyncState:
        """Where we are."""
        row = await self._db.fetch_one("SELECT * FROM contact_sync")
        assert row is not None
        values: dict[str, Any] = dict(row)
        del values["one"]
        permitted = values["permitted"]
        return SyncState(
            **values
            | {
                "permitted": None if permitted is None else bool(permitted),
                "counts": msgspec.json.decode(values["counts"]),
                "last_counts": msgspec.json.decode(values["last_counts"]),
            }
        )

    async def permit(self, permitted: bool, identity: str, now: float) -> None:
        """Remember what WeCom said when it was asked."""
        await self._db.execute(
            "UPDATE contact_sync SET permitted = ?, identity = ?, checked_at = ?,"
            " since = CASE WHEN ? = 1 THEN COALESCE(since, ?) ELSE since END",
            *(int(permitted), identity, now, permitted, now),
        )

    def tags_read(self, unit: Unit, now: float) -> None:
        """Add that the library of tags was read."""
        unit.add("UPDATE contact_sync SET tags_read_at = ?", now)

    async def begin(self, state: SyncState, now: float) -> None:
        """Begin a run; another process that did so first is a `UnitConflict`."""
        unit = Unit()
        self._step(unit, state, started_at=now)
        await self._db.commit(unit)

    def advance(
        self, unit: Unit, state: SyncState, member: str, cursor: str, counts: Mapping[str, int]
    ) -> None:
        """Add how far the run has come, on condition that nobody else has moved it."""
        self._step(unit, state, state.started_at, (member, cursor), counts)

    def finish(self, unit: Unit, state: SyncState, now: float, *, whole: bool) -> None:
        """Add that the run has ended.

        Args:
            whole: every page was read.
        """
        self._step(unit, state, started_at=None)
        unit.add(
            "UPDATE contact_sync SET ended_at = ?, last_counts = ?,"
            " succeeded_at = CASE WHEN ? = 1 THEN ? ELSE succeeded_at END",
            *(now, msgspec.json.encode(state.counts).decode(), whole, now),
        )

    def _step(
        self,
        unit: Unit,
        state: SyncState,
        started_at: float | None,
        place: tuple[str, str] = ("", ""),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        unit.add(
            "UPDATE contact_sync SET started_at = ?, member = ?, cursor = ?, counts = ?,"
            " version = version + 1 WHERE version = ?",
            *(started_at, *place, msgspec.json.encode(counts or {}).decode()),
            state.version,
            expect=1,
        )
