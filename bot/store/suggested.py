"""What became of each suggestion, and what have colleagues answered by themselves (R-11.7)?"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.errors import Unreadable
from bot.model import Conversation
from bot.store.database import Database, Row, Statement
from bot.store.vault import Vault

SENT, EDITED, REJECTED = "sent", "edited", "rejected"

_LEARNED_MOST = 20_000
_OUTCOME = """
INSERT INTO suggestion_outcomes (open_kfid, external_userid, userid, at, suggestion, msgid, source,
    ref, outcome, reason, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CONFIRM = """
UPDATE suggestion_outcomes SET confirmed_at = ?, confirmed_msgid = ? WHERE id = ?
    AND confirmed_at IS NULL
"""


class _Body(msgspec.Struct, frozen=True):
    suggested: str
    sent: str


class _Pair(msgspec.Struct, frozen=True):
    question: str
    answer: str


_encode = msgspec.json.Encoder().encode
_body = msgspec.json.Decoder(_Body).decode
_pair = msgspec.json.Decoder(_Pair).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a member did with a suggestion.

    Args:
        suggestion: id of its row, 0 = it was none of ours.
        msgid: the customer's message, empty = a text that the member pasted.
        outcome: `SENT`, `EDITED` or `REJECTED`.
        reason: why it was rejected.
        sent: what was really sent, empty = nothing.
        confirmed_at: when WeCom told us of the message, ``None`` = only the page says so.
    """

    conversation: Conversation
    userid: str
    at: float
    suggestion: int
    msgid: str
    source: str
    ref: str
    outcome: str
    reason: str = ""
    suggested: str = ""
    sent: str = ""
    id: int = 0
    confirmed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a colleague once answered."""

    id: int
    open_kfid: str
    question: str
    answer: str
    at: float
    userid: str


class Suggested:
    """The tables of outcomes and of colleagues' replies."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def outcome(self, one: Outcome) -> Statement:
        """What writes an outcome down."""
        where = one.conversation
        await self._vault.ready([where.subject])
        sealed = self._vault.seal(where.subject, _encode(_Body(one.suggested, one.sent)))
        return Statement(
            _OUTCOME,
            (
                *(where.open_kfid, where.external_userid, one.userid, one.at, one.suggestion),
                *(one.msgid, one.source, one.ref, one.outcome, one.reason, sealed),
            ),
        )

    async def unconfirmed(self, where: Conversation, since: float) -> list[Outcome]:
        """What pages have reported as sent and WeCom has not told of yet, newest first."""
        return await self._outcomes(
            where,
            "open_kfid = ? AND confirmed_at IS NULL AND outcome <> 'rejected' AND at >= ?",
            *(where.open_kfid, since),
        )

    async def of_suggestion(self, where: Conversation, suggestion: int) -> Outcome | None:
        """The last thing that was done with a suggestion."""
        found = await self._outcomes(where, "suggestion = ?", suggestion)
        return found[0] if found else None

    def confirm(self, outcome_id: int, msgid: str, at: float) -> Statement:
        """WeCom has told of the message itself (origin 5)."""
        return Statement(_CONFIRM, (at, msgid, outcome_id))

    async def learned(
        self, where: Conversation, msgid: str, question: str, answer: str, *, userid: str, at: float
    ) -> Statement:
        """What keeps a colleague's answer; the same message twice is one."""
        await self._vault.ready([where.subject])
        sealed = self._vault.seal(where.subject, _encode(_Pair(question, answer)))
        return Statement(
            "INSERT INTO colleague_replies (open_kfid, external_userid, msgid, at, userid, body)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (where.open_kfid, where.external_userid, msgid, at, userid, sealed),
        )

    async def newest(self) -> int:
        """Id of the last answer that was kept."""
        row = await self._db.fetch_one("SELECT MAX(id) AS id FROM colleague_replies")
        return int(row["id"] or 0) if row else 0

    async def answered(self, after: int) -> list[Answered]:
        """What colleagues answered since that id, oldest first; the newest 20,000 at most."""
        rows = await self._db.scan(
            "SELECT * FROM colleague_replies WHERE id > ? ORDER BY id DESC LIMIT ?",
            *(after, _LEARNED_MOST),
        )
        await self._vault.ready({f"customer:{row['external_userid']}" for row in rows})
        found = []
        for row in reversed(rows):
            with suppress(Unreadable, msgspec.DecodeError):
                subject = f"customer:{row['external_userid']}"
                pair = _pair(self._vault.open(subject, row["body"]))
                found.append(
                    Answered(
                        *(row["id"], row["open_kfid"], pair.question, pair.answer),
                        *(row["at"], row["userid"]),
                    )
                )
        return found

    async def still(self, ids: list[int]) -> set[int]:
        """Which of these are still kept: those of erased persons are not."""
        marks = ", ".join("?" * len(ids))
        rows = await self._db.fetch(f"SELECT id FROM colleague_replies WHERE id IN ({marks})", *ids)
        return {row["id"] for row in rows}

    async def tally(self, refs: Mapping[str, str], since: float) -> dict[tuple[str, str], float]:
        """How each source was received: sent or edited count for it, rejected against it.

        Args:
            refs: source by reference.
        """
        found = {}
        for ref, source in refs.items():
            row = await self._db.fetch_one(
                "SELECT COUNT(*) FILTER (WHERE outcome = 'sent')"
                " + 0.5 * COUNT(*) FILTER (WHERE outcome = 'edited')"
                " - COUNT(*) FILTER (WHERE outcome = 'rejected') AS n FROM suggestion_outcomes"
                " WHERE source = ? AND ref = ? AND at >= ?",
                *(source, ref, since),
            )
            found[source, ref] = float(row["n"] or 0.0) if row else 0.0
        return found

    async def _outcomes(self, where: Conversation, condition: str, *values: Any) -> list[Outcome]:
        rows = await self._db.fetch(
            f"SELECT * FROM suggestion_outcomes WHERE external_userid = ? AND {condition}"
            " ORDER BY id DESC LIMIT 20",
            *(where.external_userid, *values),
        )
        await self._vault.ready([where.subject])
        return [self._open(row) for row in rows]

    def _open(self, row: Row) -> Outcome:
        where, body = Conversation(row["open_kfid"], row["external_userid"]), _Body("", "")
        with suppress(Unreadable, msgspec.DecodeError):
            body = _body(self._vault.open(where.subject, row["body"]))
        return Outcome(
            conversation=where,
            userid=row["userid"],
            at=row["at"],
            suggestion=row["suggestion"],
            msgid=row["msgid"],
            source=row["source"],
            ref=row["ref"],
            outcome=row["outcome"],
            reason=row["reason"],
            suggested=body.suggested,
            sent=body.sent,
            id=row["id"],
            confirmed_at=row["confirmed_at"],
        )
