"""Which contact way does a single customer have, and what does its code say?"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.store.database import Database, Row, Statement, Unit

_decode = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True, slots=True)
class PersonalWay:
    """A contact way.

    Args:
        config_id: empty = not made yet.
        content: what its QR code says, empty = not read yet.
        deleted_at: from then on the code is dead.
        users: members for whom it was made, ``None`` = not known.
        leads_to: members whom it leads to at WeCom, ``None`` = not known.
        kind: ``contact``, or ``group``: it leads into one.
    """

    state: str
    config_id: str = ""
    url: str = ""
    content: str = ""
    tried_at: float | None = None
    made_at: float | None = None
    deleted_at: float | None = None
    users: tuple[str, ...] | None = None
    leads_to: tuple[str, ...] | None = None
    kind: str = "contact"

    @property
    def is_usable(self) -> bool:
        """Whether a code can be drawn that leads somewhere."""
        return bool(self.content) and self.deleted_at is None


class PersonalWays:
    """The table `personal_ways`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, state: str) -> PersonalWay:
        """What is known of it; nothing yet = an empty row."""
        row = await self._db.fetch_one("SELECT * FROM personal_ways WHERE state = ?", state)
        return _opened(row) if row else PersonalWay(state)

    async def living(self) -> list[PersonalWay]:
        """Every one that WeCom has."""
        rows = await self._db.scan(
            "SELECT * FROM personal_ways WHERE config_id <> '' AND deleted_at IS NULL"
            " ORDER BY made_at NULLS FIRST, state"
        )
        return [_opened(row) for row in rows]

    async def trying(self, state: str, now: float) -> None:
        """It is tried to be made from now on, unless that began earlier."""
        await self._db.execute(
            "INSERT INTO personal_ways AS w (state, tried_at) VALUES (?, ?)"
            " ON CONFLICT (state) DO UPDATE SET tried_at = COALESCE(w.tried_at, excluded.tried_at)",
            *(state, now),
        )

    async def made(self, way: PersonalWay, now: float) -> None:
        """WeCom has it."""
        await self._db.execute(
            "UPDATE personal_ways SET config_id = ?, url = ?, made_at = ?, users = ?, leads_to = ?,"
            " kind = ? WHERE state = ?",
            *(way.config_id, way.url, now, _encoded(way.users), _encoded(way.leads_to), way.kind),
            way.state,
        )

    def led(self, unit: Unit, way: PersonalWay) -> None:
        """Add for whom it was made, and whom it leads to."""
        unit.add(
            "UPDATE personal_ways SET users = ?, leads_to = ? WHERE state = ?",
            *(_encoded(way.users), _encoded(way.leads_to), way.state),
        )

    def read(self, state: str, content: str) -> Statement:
        """What its picture says."""
        sql = "UPDATE personal_ways SET content = ? WHERE state = ?"
        return Statement(sql, (content, state))

    def dropped(self, state: str, now: float) -> Statement:
        """WeCom has it no more."""
        return Statement("UPDATE personal_ways SET deleted_at = ? WHERE state = ?", (now, state))


def _encoded(members: Sequence[str] | None) -> str:
    return "" if members is None else msgspec.json.encode(list(members)).decode()


def _opened(row: Row) -> PersonalWay:
    values = dict(row)
    lists = {key: _decode(values[key]) if values[key] else None for key in ("users", "leads_to")}
    return PersonalWay(**values | lists)
