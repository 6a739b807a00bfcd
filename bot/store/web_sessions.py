"""Which browsers are signed in, as whom, and until when, and which ways in have been used?

A cookie holds a random token, a row its hash: whoever reads the database signs in as nobody. Ending
a session deletes its row, whatever cookies are still about.
"""

import hashlib
import secrets
from dataclasses import dataclass

from bot.store.database import Database, Row, Unit, UnitConflict

LASTS_S = 12 * 3600.0
IDLE_S = 4 * 3600.0
ROTATED_EVERY_S = 3600.0
GRACE_S = 60.0
"""So long requests that were on their way may show the token before."""

_SEEN_EVERY_S = 300.0


@dataclass(frozen=True, slots=True)
class WebSession:
    """One browser of one member.

    Args:
        id: never leaves the server; page tokens are made of it.
        userid: as WeCom spells it.
    """

    id: str
    userid: str
    created_at: float
    rotated_at: float
    seen_at: float


class WebSessions:
    """The table of signed-in browsers."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def begin(self, userid: str, now: float) -> str:
        """Sign a browser in; returns the token for its cookie."""
        token, session_id = secrets.token_urlsafe(32), secrets.token_hex(16)
        unit = Unit()
        unit.add(
            "INSERT INTO web_sessions (id, userid, token_hash, created_at, rotated_at, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(session_id, userid, _hash(token), now, now, now),
        )
        await self._db.commit(unit)
        return token

    async def use_state(self, state: str, now: float, *, kept_s: float) -> bool:
        """Whether a state of signing in has not come back before, to any process on this store.

        The row is the answer: of several at once one writes it.

        Args:
            kept_s: after so long a state is refused by its age, and its row is not needed any more.
        """
        unit = Unit()
        unit.add("DELETE FROM oauth_states WHERE used_at < ?", now - kept_s)
        unit.add(
            "INSERT INTO oauth_states (state, used_at) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING state",
            *(state, now),
        )
        return bool((await self._db.commit(unit))[-1])

    async def of(self, token: str, now: float) -> WebSession | None:
        """Whose token it is, if it still holds.

        A token that was replaced long ago shows that somebody copied it: the session ends for both.
        """
        found = _hash(token)
        row = await self._db.fetch_one("SELECT * FROM web_sessions WHERE token_hash = ?", found)
        if row is None:
            row = await self._db.fetch_one("SELECT * FROM web_sessions WHERE old_hash = ?", found)
            if row is not None and row["old_until"] < now:
                await self.end(row["id"])
                row = None
        if row is None:
            return None
        if now > row["created_at"] + LASTS_S or now > row["seen_at"] + IDLE_S:
            await self.end(row["id"])
            return None
        if now > row["seen_at"] + _SEEN_EVERY_S:
            await self._db.execute(
                "UPDATE web_sessions SET seen_at = ? WHERE id = ?", now, row["id"]
            )
        return _session(row)

    async def is_alive(self, session_id: str, now: float) -> bool:
        """Whether a session has neither ended nor lasted too long."""
        row = await self._db.fetch_one(
            "SELECT created_at FROM web_sessions WHERE id = ?", session_id
        )
        return row is not None and now <= row["created_at"] + LASTS_S

    async def rotate(self, session: WebSession, token: str, now: float) -> str | None:
        """A new token in place of one that is an hour old; ``None`` = keep it.

        Of two requests at once one gets the new token, the other keeps the old one for a minute.
        """
        if now < session.rotated_at + ROTATED_EVERY_S:
            return None
        fresh, unit = secrets.token_urlsafe(32), Unit()
        unit.add(
            "UPDATE web_sessions SET token_hash = ?, old_hash = token_hash, old_until = ?,"
            " rotated_at = ? WHERE id = ? AND token_hash = ?",
            *(_hash(fresh), now + GRACE_S, now, session.id, _hash(token)),
            expect=1,
        )
        try:
            await self._db.commit(unit)
        except UnitConflict:
            return None
        return fresh

    async def end(self, session_id: str) -> None:
        """Sign a browser out."""
        await self._db.execute("DELETE FROM web_sessions WHERE id = ?", session_id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _session(row: Row) -> WebSession:
    return WebSession(
        row["id"], row["userid"], row["created_at"], row["rotated_at"], row["seen_at"]
    )
