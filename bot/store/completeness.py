"""Of what WeCom counted on a day, how much did reach us (D78)?"""

from dataclasses import dataclass

from bot.store.database import Database

MESSAGES, FRIENDS = "messages", "friends"
DAY_S = 86_400.0
_ARRIVES_WITHIN_S = 4 * DAY_S
"""WeCom keeps a message for three days; what was not pulled by then never will be."""


@dataclass(frozen=True, slots=True)
class Complete:
    """One day of one source.

    Args:
        account: open_kfid of messages, empty for friends.
        day: its begin at WeCom, Unix seconds.
        reported: how many WeCom counted.
        received: how many came to us in a message or a callback.
    """

    source: str
    account: str
    day: float
    reported: int
    received: int


class Completeness:
    """The table `completeness`, and what it is counted from."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def known(self, source: str, account: str, since: float) -> set[float]:
        """Days of which WeCom's count is known."""
        rows = await self._db.fetch(
            "SELECT day FROM completeness WHERE source = ? AND account = ? AND day >= ?",
            *(source, account, since),
        )
        return {row["day"] for row in rows}

    async def keep(self, source: str, account: str, day: float, reported: int) -> None:
        """Write down a day beside what we received of it; a repeat counts anew."""
        received = await self._received(source, account, day)
        await self._db.execute(
            "INSERT INTO completeness (source, account, day, reported, received)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, account, day) DO UPDATE SET"
            " reported = excluded.reported, received = excluded.received",
            *(source, account, day, reported, received),
        )

    async def recount(self, now: float) -> int:
        """Count the days again of which something may still come; returns how many have more now.

        Never fewer: who was erased had reached us.
        """
        open_days = await self._db.fetch(
            "SELECT source, account, day, received FROM completeness"
            " WHERE received < reported AND day >= ?",
            now - DAY_S - _ARRIVES_WITHIN_S,
        )
        more = 0
        for row in open_days:
            received = await self._received(row["source"], row["account"], row["day"])
            if received > row["received"]:
                more += 1
                await self._db.execute(
                    "UPDATE completeness SET received = ?1"
                    " WHERE source = ?2 AND account = ?3 AND day = ?4 AND received < ?1",
                    *(received, row["source"], row["account"], row["day"]),
                )
        return more

    async def since(self, day: float) -> list[Complete]:
        """Every day since then, the newest first."""
        rows = await self._db.scan(
            "SELECT source, account, day, reported, received FROM completeness WHERE day >= ?"
            " ORDER BY day DESC, source, account",
            day,
        )
        return [Complete(**dict(row)) for row in rows]

    async def newest(self) -> list[Complete]:
        """The newest day of each source and account."""
        rows = await self._db.fetch(
            "SELECT source, account, day, reported, received FROM completeness c WHERE day ="
            " (SELECT MAX(n.day) FROM completeness n"
            " WHERE n.source = c.source AND n.account = c.account)"
        )
        return [Complete(**dict(row)) for row in rows]

    async def _received(self, source: str, account: str, day: float) -> int:
        return await (self._messages(account, day) if source == MESSAGES else self._friends(day))

    async def _messages(self, open_kfid: str, day: float) -> int:
        rows = await self._db.scan(
            "SELECT COUNT(*) AS n FROM messages WHERE received_at >= ? AND received_at < ?"
            " AND open_kfid = ? AND origin = 3 AND sent_at >= ? AND sent_at < ?",
            *(day, day + _ARRIVES_WITHIN_S, open_kfid, day, day + DAY_S),
        )
        return int(rows[0]["n"])

    async def _friends(self, day: float) -> int:
        """Friendships that a callback told of; one found by comparing has lost its callback."""
        rows = await self._db.scan(
            "SELECT COUNT(*) AS n FROM relation_events a WHERE a.kind = 'added'"
            " AND a.at >= ? AND a.at < ? AND NOT EXISTS (SELECT 1 FROM relation_events m"
            " WHERE m.external_userid = a.external_userid AND m.userid = a.userid AND m.at = a.at"
            " AND m.kind = 'welcome_missed')",
            *(day, day + DAY_S),
        )
        return int(rows[0]["n"])
