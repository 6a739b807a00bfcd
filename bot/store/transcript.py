"""What was written in a conversation, by whom, and what became of it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.model import Because, Conversation, MessageReceived
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

_encode = msgspec.json.Encoder().encode
_decode_because = msgspec.json.Decoder(Because).decode
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


@dataclass(frozen=True, slots=True)
class Past:
    """What became of an earlier message, without its text.

    Args:
        source: kind of the reason for which something was said, empty = no reason was kept.
        ref: id of the entry or text that was said.
        feedback: ``solved``, ``unsolved``, ``asked_again`` or empty.
    """

    msgid: str
    sent_at: float
    outcome: str
    feedback: str
    source: str
    ref: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said in a conversation.

    Args:
        who: ``customer``, ``servicer`` or ``bot``.
        text: empty when it was no text.
    """

    at: float
    who: str
    text: str
    msgtype: str = "text"


_DIALOGUE = """
SELECT sent_at AS at, received_at AS known_at, origin, msgtype, body FROM messages
WHERE open_kfid = ? AND external_userid = ? AND sent_at >= ? AND recalled_at IS NULL
UNION ALL
SELECT created_at AS at, created_at AS known_at, 0 AS origin, 'text' AS msgtype, body FROM outbox
WHERE open_kfid = ? AND external_userid = ? AND created_at >= ? AND kind = 'SendMessage'
  AND state = 'sent'
ORDER BY known_at DESC, at DESC, origin LIMIT ?
"""
"""In the order in which we knew of it: WeCom's whole seconds tell no answer from its question."""
_SPEAKERS = {0: "bot", 3: "customer", 5: "servicer"}


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

    def judge(self, unit: Unit, conversation: Conversation, msgid: str, feedback: str) -> None:
        """Add to the unit whether an answer helped. This is where learning hears of it.

        That the same was asked again is a guess: it never replaces what the customer has said.
        """
        unit.add(
            "UPDATE messages SET feedback = ? WHERE open_kfid = ? AND msgid = ?"
            " AND (feedback IS NULL OR ? <> 'asked_again')",
            *(feedback, conversation.open_kfid, msgid, feedback),
        )

    async def past(self, conversation: Conversation, since: float, limit: int = 20) -> list[Past]:
        """What became of the customer's messages since then, newest first."""
        rows = await self._db.fetch(
            "SELECT msgid, sent_at, outcome, feedback, because FROM messages WHERE open_kfid = ?"
            " AND external_userid = ? AND origin = 3 AND sent_at >= ? AND recalled_at IS NULL"
            " ORDER BY sent_at DESC, received_at DESC LIMIT ?",
            *(conversation.open_kfid, conversation.external_userid, since, limit),
        )
        return [_past(row) for row in rows]

    async def last_reason(
        self, conversation: Conversation, sources: Sequence[str], ref: str
    ) -> Because | None:
        """Why this was said last in this conversation, for a reason of one of these sources."""
        starts = [_encode({"source": one, "ref": ref}).decode()[:-1] for one in sources]
        row = await self._db.fetch_one(
            "SELECT because FROM messages WHERE open_kfid = ? AND external_userid = ?"
            f" AND ({' OR '.join('instr(because, ?) > 0' for _ in starts)})"
            " ORDER BY sent_at DESC, received_at DESC LIMIT 1",
            *(conversation.open_kfid, conversation.external_userid, *starts),
        )
        return _decode_because(row["because"]) if row else None

    async def text_of(self, conversation: Conversation, msgid: str) -> str:
        """What the customer wrote then; empty when it was recalled, or no text."""
        row = await self._db.fetch_one(
            "SELECT body FROM messages WHERE open_kfid = ? AND msgid = ? AND external_userid = ?",
            *(conversation.open_kfid, msgid, conversation.external_userid),
        )
        if row is None or row["body"] is None:
            return ""
        await self._vault.ready([conversation.subject])
        content = _decode(self._vault.open(conversation.subject, row["body"]))
        return str(content.get("content", ""))

    async def last_words(self, conversation: Conversation, count: int) -> list[tuple[str, str]]:
        """The customer's last texts in this conversation with their ids, newest first.

        Of one second's messages the one that opened the window is the last.
        """
        rows = await self._db.fetch(
            "SELECT m.msgid, m.body FROM messages m JOIN conversations c USING (open_kfid,"
            " external_userid) WHERE m.open_kfid = ? AND m.external_userid = ? AND m.origin = 3"
            " AND m.msgtype = 'text' AND m.body IS NOT NULL AND m.recalled_at IS NULL"
            " ORDER BY m.sent_at DESC, m.received_at DESC, m.msgid = c.window_msgid DESC LIMIT ?",
            *(conversation.open_kfid, conversation.external_userid, count),
        )
        await self._vault.ready([conversation.subject])
        opened = [
            (one["msgid"], self._vault.open(conversation.subject, one["body"])) for one in rows
        ]
        return [(msgid, str(_decode(body).get("content", ""))) for msgid, body in opened]

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

    async def written_by(
        self, external_userid: str, since: float, limit: int
    ) -> list[MessageReceived]:
        """What a customer wrote since then at any account and is kept, oldest first.

        Args:
            limit: of the newest.
        """
        rows = await self._db.fetch(
            "SELECT * FROM messages WHERE open_kfid IN"
            " (SELECT c.open_kfid FROM conversations c WHERE c.external_userid = ?1)"
            " AND external_userid = ?1 AND origin = 3 AND sent_at >= ?2"
            " AND body IS NOT NULL AND recalled_at IS NULL"
            " ORDER BY sent_at DESC, received_at DESC LIMIT ?3",
            *(external_userid, since, limit),
        )
        subject = f"customer:{external_userid}"
        await self._vault.ready([subject])
        return [
            MessageReceived(
                open_kfid=row["open_kfid"],
                external_userid=external_userid,
                sent_at=row["sent_at"],
                msgid=row["msgid"],
                origin=row["origin"],
                msgtype=row["msgtype"],
                content=_decode(self._vault.open(subject, row["body"])),
            )
            for row in reversed(rows)
        ]

    async def dialogue(self, conversation: Conversation, since: float, limit: int) -> list[Line]:
        """What was said last by everybody since then, oldest first."""
        key = (conversation.open_kfid, conversation.external_userid, since)
        rows = await self._db.fetch(_DIALOGUE, *key, *key, limit)
        await self._vault.ready([conversation.subject])
        return [self._line(row, conversation.subject) for row in reversed(rows)]

    def _line(self, row: Row, subject: str) -> Line:
        who = _SPEAKERS.get(row["origin"], "customer")
        content = _decode(self._vault.open(subject, row["body"])) if row["body"] else {}
        if who == "bot":
            payload = content.get("payload", {})
            said = payload.get("text") or payload.get("msgmenu") or {}
            return Line(row["at"], who, str(said.get("content") or said.get("head_content") or ""))
        return Line(row["at"], who, str(content.get("content", "")), row["msgtype"])

    async def last_outcomes(
        self, conversation: Conversation, count: int
    ) -> list[tuple[str, float]]:
        """Outcomes of the customer's last messages and when they were sent, newest first."""
        rows = await self._db.fetch(
            "SELECT outcome, sent_at FROM messages WHERE open_kfid = ? AND external_userid = ?"
            " AND origin = 3 ORDER BY sent_at DESC, received_at DESC LIMIT ?",
            *(conversation.open_kfid, conversation.external_userid, count),
        )
        return [(row["outcome"], row["sent_at"]) for row in rows]

    async def messages_since(self, conversation: Conversation, since: float) -> int:
        """How many messages the customer wrote to the bot since then, not to people."""
        row = await self._db.fetch_one(
            "SELECT COUNT(*) AS n FROM messages WHERE open_kfid = ? AND external_userid = ?"
            " AND origin = 3 AND outcome <> 'silent' AND sent_at >= ?",
            *(conversation.open_kfid, conversation.external_userid, since),
        )
        return int(row["n"]) if row else 0


def _past(row: Row) -> Past:
    because = _decode_because(row["because"]) if row["because"] else Because(source="")
    return Past(
        msgid=row["msgid"],
        sent_at=row["sent_at"],
        outcome=row["outcome"],
        feedback=row["feedback"] or "",
        source=because.source,
        ref=because.ref,
        detail=because.detail,
    )
