"""Which channels are there, and by which one did a customer come?

A state or scene that WeCom tells us is looked up in `channel_states`; one that nobody knows is
`unattributed` (R-3.1). It is written before WeCom hears of it and never deleted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.config.channels import Channel
from bot.errors import Conflict
from bot.store.database import Database, Row, Unit

CHANNEL = "channel"
"""Kind of a state that means a channel; other kinds belong to whoever hands them out."""

UNATTRIBUTED = "unattributed"

_CLAIM = """
INSERT INTO channel_states AS s VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (state) DO UPDATE SET made_at = s.made_at WHERE s.kind = ?2 AND s.id = ?3
"""
_PUT = """
INSERT INTO channels VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, NULL)
ON CONFLICT (id) DO UPDATE SET name = ?2, kind = ?3, source = ?4, definition = ?5, origin = ?6,
    changed_at = ?7 WHERE channels.definition <> ?5 OR channels.origin <> ?6
"""
ENTERED = """
INSERT INTO entrances AS e VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT (external_userid, open_kfid, scene) DO UPDATE SET
    first_at = MIN(e.first_at, ?4), last_at = MAX(e.last_at, ?4)
"""
"""Customer, account, scene and moment; told in any order."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a state or scene means.

    Args:
        kind: `CHANNEL`, `UNATTRIBUTED`, or of whoever handed the state out.
        id: of the channel or other thing, empty when it is unattributed.
        channel: the channel, ``None`` when it means something else.
    """

    kind: str
    id: str = ""
    channel: Channel | None = None

    @property
    def is_known(self) -> bool:
        """Whether anybody handed this state out."""
        return self.kind != UNATTRIBUTED


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel with what happened to it.

    Args:
        origin: ``config`` or ``hand``.
        paused_at: ``None`` = it is open.
    """

    channel: Channel
    origin: str
    created_at: float
    changed_at: float
    paused_at: float | None


class StateTaken(Conflict):
    """A state means something else already"""


class Channels:
    """The tables `channels` and `channel_states`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------------ reading

    async def channel_of(self, state: str) -> Attribution:
        """What a state or scene means; an unknown or empty one is unattributed, never an error."""
        row = await self._db.fetch_one("SELECT kind, id FROM channel_states WHERE state = ?", state)
        if row is None:
            return Attribution(UNATTRIBUTED)
        if row["kind"] != CHANNEL:
            return Attribution(row["kind"], row["id"])
        known = await self.get(row["id"])
        return Attribution(CHANNEL, row["id"], known.channel if known else None)

    async def get(self, channel_id: str) -> ChannelRow | None:
        """A channel, or ``None``."""
        row = await self._db.fetch_one("SELECT * FROM channels WHERE id = ?", channel_id)
        return _opened(row) if row else None

    async def all(self) -> list[ChannelRow]:
        """Every channel, the oldest first."""
        rows = await self._db.scan("SELECT * FROM channels ORDER BY created_at, id")
        return [_opened(row) for row in rows]

    async def states(self) -> dict[str, str]:
        """The channel id of every state that means a channel."""
        rows = await self._db.scan("SELECT state, id FROM channel_states WHERE kind = ?", CHANNEL)
        return {row["state"]: row["id"] for row in rows}

    # ------------------------------------------------------------------ writing

    def claim(self, unit: Unit, state: str, kind: str, id: str, now: float) -> None:  # noqa: A002
        """Add that a state means this; for whoever hands states out, before WeCom hears of it.

        The unit meets a `UnitConflict` when the state means something else already.
        """
        unit.add(_CLAIM, *(state, kind, id, now), expect=1)

    def put(self, unit: Unit, channel: Channel, origin: str, now: float) -> None:
        """Add a channel, or what is different about it; a repeat changes nothing."""
        for state in channel.codes:
            self.claim(unit, state, CHANNEL, channel.id, now)
        definition = json.dumps(
            channel.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            ensure_ascii=False,
            sort_keys=True,
        )
        about = (channel.name, channel.kind, channel.source, definition)
        unit.add(_PUT, *(channel.id, *about, origin, now))

    def pause(self, unit: Unit, channel_id: str, now: float | None) -> None:
        """Add that a channel is paused since a moment, or open again (``None``)."""
        unit.add(
            "UPDATE channels SET paused_at = CASE WHEN ?1 IS NULL THEN NULL"
            " ELSE COALESCE(paused_at, ?1) END WHERE id = ?2",
            *(now, channel_id),
            expect=1,
        )

    async def take(
        self, channels: Sequence[Channel], origin: str, now: float
    ) -> list[tuple[Channel, str]]:
        """Write channels, each by itself: one that cannot be costs the others nothing.

        Returns:
            Those that could not be written, with the state that means something else already.
        """
        refused: list[tuple[Channel, str]] = []
        for channel in channels:
            taken = [state for state in channel.codes if await self._is_taken(state, channel.id)]
            if taken:
                refused.append((channel, taken[0]))
                continue
            unit = Unit()
            self.put(unit, channel, origin, now)
            await self._db.commit(unit)
        return refused

    async def _is_taken(self, state: str, channel_id: str) -> bool:
        found = await self.channel_of(state)
        return found.is_known and (found.kind, found.id) != (CHANNEL, channel_id)


@lru_cache(maxsize=8192)
def _channel(definition: str) -> Channel:
    """Read once: the same text is the same channel."""
    return Channel.model_validate_json(definition)


def _opened(row: Row) -> ChannelRow:
    return ChannelRow(
        channel=_channel(row["definition"]),
        origin=row["origin"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        paused_at=row["paused_at"],
    )
