"""What is, or was, wrong with the service, and what did people do about it (R-3.16)?"""

from dataclasses import dataclass

from bot.store.database import Database, Row, Unit

_LATE = "late:"
"""What begins a row that says a step was told to be late; a step that was done has its own name."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One stretch in which something was wrong.

    Args:
        shown: the figure that raised it.
        told_at: when the operator last heard of it.
        ended_at: ``None`` = it goes on.
    """

    id: int
    kind: str
    shown: str
    opened_at: float
    opened_by: str
    told_at: float
    ended_at: float | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step of an incident that was done."""

    step: str
    at: float
    by: str
    note: str


class Alarms:
    """The tables `alarms` and `incident_steps`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def open(self) -> list[Alarm]:
        """What goes on, the oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM alarms WHERE ended_at IS NULL ORDER BY opened_at, id"
        )
        return [_opened(row) for row in rows]

    async def latest(self, limit: int) -> list[Alarm]:
        """What was wrong last, the newest first."""
        rows = await self._db.scan(
            "SELECT * FROM alarms ORDER BY opened_at DESC, id DESC LIMIT ?", limit
        )
        return [_opened(row) for row in rows]

    async def get(self, alarm: int) -> Alarm | None:
        """One of them."""
        row = await self._db.fetch_one("SELECT * FROM alarms WHERE id = ?", alarm)
        return None if row is None else _opened(row)

    async def last_of(self, kind: str) -> float | None:
        """When one of this kind was last opened."""
        row = await self._db.fetch_one(
            "SELECT MAX(opened_at) AS at FROM alarms WHERE kind = ?", kind
        )
        return None if row is None else row["at"]

    async def running_since(self) -> float | None:
        """When this database was made."""
        row = await self._db.fetch_one("SELECT MIN(applied_at) AS at FROM schema_migrations")
        return None if row is None else row["at"]

    async def unreported(self, kinds: frozenset[str], since: float) -> list[Alarm]:
        """Incidents since then that nobody has reported on."""
        marks = ", ".join("?" * len(kinds))
        rows = await self._db.fetch(
            f"SELECT * FROM alarms a WHERE kind IN ({marks}) AND opened_at > ? AND NOT EXISTS"
            " (SELECT 1 FROM incident_steps s WHERE s.alarm = a.id AND s.step = 'reported')"
            " ORDER BY opened_at, id",
            *(*sorted(kinds), since),
        )
        return [_opened(row) for row in rows]

    async def done(self, alarm: int) -> list[Done]:
        """What was done about an incident, in order."""
        rows = await self._db.fetch(
            "SELECT step, at, by, note FROM incident_steps WHERE alarm = ? ORDER BY at", alarm
        )
        return [Done(**dict(row)) for row in rows if not row["step"].startswith(_LATE)]

    async def told_late(self, alarm: int) -> set[str]:
        """Steps of which it was said that they are late."""
        rows = await self._db.fetch("SELECT step FROM incident_steps WHERE alarm = ?", alarm)
        steps = (str(row["step"]) for row in rows)
        return {step.removeprefix(_LATE) for step in steps if step.startswith(_LATE)}

    # ------------------------------------------------------------------ writing

    def begin(self, unit: Unit, kind: str, shown: str, now: float, *, by: str) -> None:
        """Add that something is wrong; the unit fails where it is known already."""
        unit.add(
            "INSERT INTO alarms (kind, shown, opened_at, opened_by, told_at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(kind, shown, now, by, now),
            expect=1,
        )

    def tell_again(self, unit: Unit, one: Alarm, shown: str, now: float) -> None:
        """Add that the operator hears of it once more; the unit fails where he just has."""
        unit.add(
            "UPDATE alarms SET told_at = ?, shown = ?"
            " WHERE id = ? AND told_at = ? AND ended_at IS NULL",
            *(now, shown, one.id, one.told_at),
            expect=1,
        )

    def end(self, unit: Unit, one: Alarm, now: float, *, by: str) -> None:
        """Add that it is over; the unit fails where it was already."""
        unit.add(
            "UPDATE alarms SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
            *(now, by, one.id),
            expect=1,
        )

    def note(self, unit: Unit, alarm: int, step: str, now: float, *, by: str, note: str) -> None:
        """Add that a step was done; the unit fails where it was already."""
        unit.add(
            "INSERT INTO incident_steps VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(alarm, step, now, by, note),
            expect=1,
        )

    def note_late(self, unit: Unit, alarm: int, step: str, now: float) -> None:
        """Add that the operator hears that a step is late; the unit fails where he has."""
        self.note(unit, alarm, f"{_LATE}{step}", now, by="engine", note="")


def _opened(row: Row) -> Alarm:
    return Alarm(**dict(row))
