"""What would the bot have said: where it only proposes, and while a person has the session?"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.errors import Unreadable
from bot.model import Conversation, Reply
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reply).decode

_PREPARED = """
INSERT INTO suggestions (open_kfid, external_userid, created_at, handled_by, because, body, msgid)
SELECT ?, ?, ?, 'escalation.prepared', ?, ?, ?
WHERE NOT EXISTS (SELECT 1 FROM suggestions WHERE msgid = ? AND because = ?)
"""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A proposal with its id, and the message that it answers."""

    id: int
    msgid: str
    reply: Reply


class Suggestions:
    """The suggestions table."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    def add(
        self, unit: Unit, conversation: Conversation, reply: Reply, *, handled_by: str, now: float
    ) -> None:
        """Add a proposal to the unit; the subject's key must be ready."""
        because = _encode(reply.because).decode() if reply.because else None
        unit.add(
            "INSERT INTO suggestions (open_kfid, external_userid, created_at, handled_by, because,"
            " body) VALUES (?, ?, ?, ?, ?, ?)",
            *(conversation.open_kfid, conversation.external_userid, now, handled_by, because),
            self._vault.seal(conversation.subject, _encode(reply)),
        )

    async def prepared(
        self, conversation: Conversation, reply: Reply, *, msgid: str, now: float
    ) -> tuple[str, tuple[Any, ...]]:
        """The statement that keeps what could be said to one message, once however often."""
        await self._vault.ready([conversation.subject])
        because = _encode(reply.because).decode() if reply.because else None
        where = (conversation.open_kfid, conversation.external_userid)
        sealed = self._vault.seal(conversation.subject, _encode(reply))
        return _PREPARED, (*where, now, because, sealed, msgid, msgid, because)

    async def for_message(self, conversation: Conversation, msgid: str) -> list[Reply]:
        """What could be said to a message, the best first; its reason has source and confidence."""
        return [one.reply for one in await self.kept_for(conversation, msgid)]

    async def get(self, conversation: Conversation, suggestion: int) -> "KeptReply | None":
        """One proposal of this conversation, by its id."""
        rows = await self._db.fetch(
            "SELECT id, msgid, body FROM suggestions WHERE id = ? AND open_kfid = ?"
            " AND external_userid = ?",
            *(suggestion, conversation.open_kfid, conversation.external_userid),
        )
        found = await self._opened(conversation, rows)
        return found[0] if found else None

    async def kept_for(self, conversation: Conversation, msgid: str) -> "list[KeptReply]":
        """The same with their ids."""
        rows = await self._db.fetch(
            "SELECT id, msgid, body FROM suggestions WHERE msgid = ? AND msgid <> ''"
            " AND open_kfid = ? AND external_userid = ? ORDER BY id",
            *(msgid, conversation.open_kfid, conversation.external_userid),
        )
        return await self._opened(conversation, rows)

    async def _opened(self, conversation: Conversation, rows: list[Row]) -> "list[KeptReply]":
        await self._vault.ready([conversation.subject])
        found = []
        for row in rows:
            with suppress(Unreadable):
                reply = _decode(self._vault.open(conversation.subject, row["body"]))
                found.append(KeptReply(row["id"], row["msgid"], reply))
        return found

    async def of(self, conversation: Conversation) -> list[Row]:
        """A conversation's proposals, newest first; bodies stay sealed."""
        return await self._db.fetch(
            "SELECT * FROM suggestions WHERE open_kfid = ? AND external_userid = ?"
            " ORDER BY id DESC LIMIT 50",
            *(conversation.open_kfid, conversation.external_userid),
        )
