"""What stands behind each channel at WeCom, how many came by it today, and who is gone?"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from bot.store.database import Database, Row, Unit

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode

_KEEP = """
INSERT INTO contact_ways AS w (channel, config_id, url, leads_to, pushed_at)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (channel) DO UPDATE SET config_id = ?2, url = CASE ?3 WHEN '' THEN w.url ELSE ?3 END,
    leads_to = ?4, pushed_at = ?5, error = '', error_at = NULL
"""
_TODAY = """
SELECT s.id AS channel, e.userid AS userid, COUNT(DISTINCT e.external_userid) AS came
FROM relation_events e JOIN channel_states s ON s.state = e.state AND s.kind = 'channel'
WHERE e.kind IN ('added', 'half') AND e.at >= ? GROUP BY s.id, e.userid
"""


@dataclass(frozen=True, slots=True)
class WayRow:
    """What we know of the object at WeCom.

    Args:
        leads_to: members or groups as WeCom has them, ``None`` = not known.
        tried_at: when it was first tried to be made.
        content: what the picture at `url` says.
    """

    channel: str
    config_id: str = ""
    url: str = ""
    leads_to: tuple[str, ...] | None = None
    tried_at: float | None = None
    pushed_at: float | None = None
    error: str = ""
    error_at: float | None = None
    content: str = ""
    content_tried_at: float | None = None

    @property
    def says(self) -> str:
        """The address that a code of this channel holds, empty = not known (yet)."""
        return self.url if not self.config_id else self.content


class Ways:
    """The tables `contact_ways`, `away_members`, `group_fill` and `group_joins`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------------ reading

    async def get(self, channel_id: str) -> WayRow:
        """What stands behind a channel; nothing yet = an empty row."""
        row = await self._db.fetch_one("SELECT * FROM contact_ways WHERE channel = ?", channel_id)
        return _opened(row) if row else WayRow(channel_id)

    async def all(self) -> dict[str, WayRow]:
        """The same for every channel that has anything."""
        rows = await self._db.scan("SELECT * FROM contact_ways")
        return {row["channel"]: _opened(row) for row in rows}

    async def came_since(self, midnight: float) -> dict[str, dict[str, int]]:
        """Channel → member (lower-cased) → how many customers came since a moment."""
        came: dict[str, dict[str, int]] = {}
        for row in await self._db.scan(_TODAY, midnight):
            came.setdefault(row["channel"], {})[row["userid"]] = row["came"]
        return came

    async def away(self) -> frozenset[str]:
        """Members (lower-cased) without customer contact any more."""
        rows = await self._db.fetch("SELECT userid FROM away_members")
        return frozenset(row["userid"] for row in rows)

    async def fill(self) -> dict[str, int]:
        """How many are in each group."""
        rows = await self._db.fetch("SELECT chat_id, members FROM group_fill")
        return {row["chat_id"]: row["members"] for row in rows}

    # ------------------------------------------------------------------ writing

    def trying(self, unit: Unit, channel_id: str, now: float) -> None:
        """Add that it is tried to be made from now on, unless that began earlier."""
        unit.add(
            "INSERT INTO contact_ways AS w (channel, tried_at) VALUES (?, ?)"
            " ON CONFLICT (channel) DO UPDATE SET"
            " tried_at = COALESCE(w.tried_at, excluded.tried_at)",
            *(channel_id, now),
        )

    def keep(
        self,
        unit: Unit,
        channel_id: str,
        leads_to: Sequence[str] | None,
        now: float,
        *,
        config_id: str = "",
        url: str = "",
    ) -> None:
        """Add what WeCom has now.

        Args:
            leads_to: ``None`` = it is ours, but whom it leads to is not known.
            url: empty = as before.
        """
        known = "" if leads_to is None else _encode(list(leads_to)).decode()
        unit.add(_KEEP, *(channel_id, config_id, url, known, now))

    def read_picture(self, unit: Unit, way: WayRow, content: str, now: float) -> None:
        """Add what the picture of a code says, empty = that could not be read."""
        unit.add(
            "UPDATE contact_ways SET content = ?, content_tried_at = ? WHERE channel = ?"
            " AND url = ?",
            *(content, now, way.channel, way.url),
        )

    def lost(self, unit: Unit, channel_id: str) -> None:
        """Add that WeCom does not know it any more."""
        unit.add(
            "UPDATE contact_ways SET config_id = '', leads_to = '', tried_at = NULL, content = ''"
            " WHERE channel = ?",
            channel_id,
        )

    def failed(self, unit: Unit, channel_id: str, error: str, now: float) -> None:
        """Add why a try came to nothing."""
        unit.add(
            "INSERT INTO contact_ways (channel, error, error_at) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (channel) DO UPDATE SET error = ?2, error_at = ?3",
            *(channel_id, error, now),
        )

    def went_away(self, unit: Unit, gone: Iterable[str], back: Iterable[str], now: float) -> None:
        """Add who cannot receive any more, and who can again (lower-cased)."""
        for userid in gone:
            unit.add("INSERT INTO away_members VALUES (?, ?) ON CONFLICT DO NOTHING", userid, now)
        for userid in back:
            unit.add("DELETE FROM away_members WHERE userid = ?", userid)

    def filled(
        self,
        unit: Unit,
        chat_id: str,
        members: int,
        joined: Collection[tuple[str, str, float]],
        now: float,
    ) -> None:
        """Add how full a group is, and who came into it: customer, state, moment."""
        unit.add(
            "INSERT INTO group_fill VALUES (?1, ?2, ?3) ON CONFLICT (chat_id) DO UPDATE SET"
            " members = ?2, read_at = ?3 WHERE ?3 >= group_fill.read_at",
            *(chat_id, members, now),
        )
        for customer, state, at in joined:
            unit.add(
                "INSERT INTO group_joins VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(customer, chat_id, state, at),
            )


def _opened(row: Row) -> WayRow:
    values = dict(row)
    return WayRow(**values | {"leads_to": _decode(row["leads_to"]) if row["leads_to"] else None})
