"""What was written in a conversation, by whom, and what became of it?"""

from dataclasses import dataclass
from typing import Any

import msgspec

from bot.model import Because, Conversation, MessageReceived
from bot.store.database import Database, Unit
from bot.store.vault import Vault

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a message.

    Args:
        outcome: ``answered``, ``missed``, ``silent``, ``suggested``, ``history`` …
        handled_by: ``router.function`` that owned it.
    """

    outcome: str
    handled_by: str = ""
    because: Because | None = None


class Transcript:
    """The messages table: what customers and servicers wrote."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    def record(
        self,
        unit: Unit,
        message: MessageReceived,
        handled: Handled,
        *,
        received_at: float,
        trace_id: str,
    ) -> None:
        """Add a message and its outcome to the unit; its subject's key must be ready."""
        conversation = message.conversation
        unit.add(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, servicer_userid,"
            " sent_at, received_at, msgtype, body, handled_by, outcome, because, trace_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(conversation.open_kfid, message.msgid, conversation.external_userid),
            *(message.origin, message.servicer_userid, message.sent_at, received_at),
            message.msgtype,
            self._vault.seal(conversation.subject, _encode(message.content)),
            *(handled.handled_by, handled.outcome),
            _encode(handled.because).decode() if handled.because else None,
            trace_id,
        )

    def settle(self, unit: Unit, conversation: Conversation, msgid: str, handled: Handled) -> None:
        """Add to the unit what became of a message that was recorded before."""
        unit.add(
            "UPDATE messages SET handled_by = ?, outcome = ?, because = ?"
            " WHERE open_kfid = ? AND msgid = ?",
            *(handled.handled_by, handled.outcome),
            _encode(handled.because).decode() if handled.because else None,
            *(conversation.open_kfid, msgid),
        )

    async def waiting(self, conversation: Conversation, msgid: str) -> MessageReceived | None:
        """The message, if it still waits for the model and was not recalled."""
        row = await self._db.fetch_one(
            "SELECT * FROM messages WHERE open_kfid = ? AND msgid = ? AND external_userid = ?"
            " AND outcome = 'consulting' AND recalled_at IS NULL",
            *(conversation.open_kfid, msgid, conversation.external_userid),
        )
        if row is None:
            return None
        await self._vault.ready([conversation.subject])
        return MessageReceived(
            open_kfid=conversation.open_kfid,
            external_userid=conversation.external_userid,
            sent_at=row["sent_at"],
            msgid=msgid,
            origin=row["origin"],
            msgtype=row["msgtype"],
            content=_decode(self._vault.open(conversation.subject, row["body"])),
            servicer_userid=row["servicer_userid"],
        )

    def recall(self, unit: Unit, conversation: Conversation, msgid: str, now: float) -> None:
        """Mark a message as recalled and forget its content."""
        unit.add(
            "UPDATE messages SET recalled_at = ?, body = NULL WHERE open_kfid = ? AND msgid = ?",
            *(now, conversation.open_kfid, msgid),
        )

    async def texts_before(
        self, message: MessageReceived, since: float, count: int
    ) -> tuple[str, ...]:
        """What the customer wrote in this conversation before a message, oldest first."""
        conversation = message.conversation
        rows = await self._db.fetch(
            "SELECT body FROM messages WHERE open_kfid = ? AND external_userid = ? AND origin = 3"
            " AND sent_at BETWEEN ? AND ? AND msgid <> ? AND msgtype = 'text'"
            " AND body IS NOT NULL ORDER BY sent_at DESC, received_at DESC LIMIT ?",
            *(conversation.open_kfid, conversation.external_userid),
            *(since, message.sent_at, message.msgid, count),
        )
        await self._vault.ready([conversation.subject])
        opened = [_decode(self._vault.open(conversation.subject, row["body"])) for row in rows]
        return tuple(str(content.get("content", "")) for content in reversed(opened))

    async def last_outcomes(self, conversation: Conversation, count: int) -> list[str]:
        """Outcomes of the customer's last messages, newest first."""
        rows = await self._db.fetch(
            "SELECT outcome FROM messages WHERE open_kfid = ? AND external_userid = ?"
            " AND origin = 3 ORDER BY sent_at DESC, received_at DESC LIMIT ?",
            *(conversation.open_kfid, conversation.external_userid, count),
        )
        return [row["outcome"] for row in rows]

    async def messages_since(self, conversation: Conversation, since: float) -> int:
        """How many messages the customer wrote since then."""
        row = await self._db.fetch_one(
            "SELECT COUNT(*) AS n FROM messages WHERE open_kfid = ? AND external_userid = ?"
            " AND origin = 3 AND sent_at >= ?",
            *(conversation.open_kfid, conversation.external_userid, since),
        )
        return int(row["n"]) if row else 0
