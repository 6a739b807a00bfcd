"""Who opened a landing page, went on to WeCom, and came?

A visit is nobody's until whoever made it comes to WeCom with its token; then it is theirs, once and
only while it is fresh: a link that was passed on says nothing of whoever opens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.store.database import Database, Row, Unit

ARRIVES_WITHIN_S = 900.0
"""How long after the tap somebody who comes is taken to be who tapped."""

ARRIVED = """
UPDATE landing_visits SET external_userid = ?2, arrived_at = ?3
WHERE token = ?1 AND external_userid IN ('', ?2) AND tapped_at IS NOT NULL
"""
"""Token, customer and moment; one row, unless somebody else was quicker."""

_HOPS = """
SELECT channel, utm_source, utm_medium, utm_campaign, COUNT(*) AS opened,
    COUNT(tapped_at) AS tapped, COUNT(arrived_at) AS arrived
FROM landing_visits WHERE at >= ? AND at < ? GROUP BY 1, 2, 3, 4 ORDER BY opened DESC, 1, 2, 3, 4
"""

_encode = msgspec.json.Encoder().encode
_choices = msgspec.json.Decoder(dict[str, bool]).decode


@dataclass(frozen=True, slots=True)
class Came:
    """Where a visit came from, as its address said: cut, never followed."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a landing page.

    Args:
        choices: purpose → whether it was ticked.
        external_userid: who it was, empty while nobody came.
    """

    token: str
    channel: str
    at: float
    came: Came
    tapped_at: float | None
    choices: Mapping[str, bool]
    notice_version: str
    external_userid: str
    arrived_at: float | None

    def is_fresh(self, now: float) -> bool:
        """Whether somebody who comes now is taken to be who tapped."""
        if self.external_userid or self.tapped_at is None:
            return False
        return now - self.tapped_at <= ARRIVES_WITHIN_S


@dataclass(frozen=True, slots=True)
class Hops:
    """How many of one path opened the page, went on, and came (B38)."""

    channel: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    opened: int
    tapped: int
    arrived: int


class Visits:
    """The table `landing_visits`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, token: str) -> Visit | None:
        """A visit, or ``None``."""
        row = await self._db.fetch_one("SELECT * FROM landing_visits WHERE token = ?", token)
        return _opened(row) if row else None

    async def hops(self, since: float, until: float) -> list[Hops]:
        """How many got how far, by channel and UTM."""
        return [Hops(*row) for row in await self._db.scan(_HOPS, since, until)]

    def opened(self, unit: Unit, token: str, channel: str, came: Came, at: float) -> None:
        """Add that somebody opened the page."""
        unit.add(
            "INSERT INTO landing_visits (token, channel, at, utm_source, utm_medium, utm_campaign,"
            " referrer) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(token, channel, at, came.utm_source, came.utm_medium, came.utm_campaign),
            came.referrer,
        )

    def tapped(
        self, unit: Unit, token: str, choices: Mapping[str, bool], version: str, at: float
    ) -> None:
        """Add that they went on to WeCom, and what they ticked; not once somebody has come."""
        unit.add(
            "UPDATE landing_visits SET tapped_at = ?, choices = ?, notice_version = ?"
            " WHERE token = ? AND external_userid = ''",
            *(at, _encode(choices).decode(), version, token),
        )


def _opened(row: Row) -> Visit:
    return Visit(
        token=row["token"],
        channel=row["channel"],
        at=row["at"],
        came=Came(row["utm_source"], row["utm_medium"], row["utm_campaign"], row["referrer"]),
        tapped_at=row["tapped_at"],
        choices=_choices(row["choices"]) if row["choices"] else {},
        notice_version=row["notice_version"],
        external_userid=row["external_userid"],
        arrived_at=row["arrived_at"],
    )
