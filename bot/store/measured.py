"""What is to be read of closed cases, so that 7-2-1 can be measured (docs/measuring-721.md)?"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from bot.model import Because, Case, Step
from bot.store.cases import case_of, step_of
from bot.store.database import Database, Row

PAGE = 100
"""Cases that are read at once; bounds memory, and how long the event loop computes in between."""

_because = msgspec.json.Decoder(Because).decode

_CLOSED = f"""
SELECT c.*, (SELECT MIN(n.opened_at) FROM cases n WHERE n.open_kfid = c.open_kfid
             AND n.external_userid = c.external_userid AND n.opened_at > c.opened_at) AS next_at
FROM cases c WHERE c.closed_at >= ? AND c.closed_at < ? AND (c.closed_at, c.id) > (?, ?)
    AND (? = '' OR c.open_kfid = ?) ORDER BY c.closed_at, c.id LIMIT {PAGE}
"""
_STEPS = """
SELECT case_id, at, name, level, servicer, reason, data FROM case_steps WHERE case_id IN ({ids})
ORDER BY case_id, n
"""
_MESSAGES = """
SELECT c.id, m.sent_at, m.origin, m.servicer_userid, m.handled_by
FROM cases c CROSS JOIN messages m ON m.open_kfid = c.open_kfid
    AND m.external_userid = c.external_userid AND m.sent_at BETWEEN c.opened_at AND c.closed_at
WHERE c.id IN ({ids}) AND m.outcome NOT IN ('history', 'recalled')
ORDER BY c.id, m.sent_at, m.received_at
"""
_REPLIES = """
SELECT c.id, o.ended_at, o.because
FROM cases c CROSS JOIN outbox o ON o.open_kfid = c.open_kfid
    AND o.external_userid = c.external_userid AND o.ended_at BETWEEN c.opened_at AND c.closed_at
WHERE c.id IN ({ids}) AND o.kind = 'SendMessage' AND o.state = 'sent' ORDER BY c.id, o.ended_at
"""
_ENDINGS = "SELECT case_id, reason FROM case_endings WHERE case_id IN ({ids})"
_SUGGESTED = """
SELECT fate, COUNT(*) AS n FROM (
    SELECT MAX(CASE o.outcome WHEN 'sent' THEN 3 WHEN 'edited' THEN 2 WHEN 'rejected' THEN 1
        ELSE 0 END) AS fate
    FROM suggestions s LEFT JOIN suggestion_outcomes o ON o.external_userid = s.external_userid
        AND o.suggestion = s.id
    WHERE s.created_at >= ? AND s.created_at < ? AND s.msgid <> '' AND (? = '' OR s.open_kfid = ?)
    GROUP BY s.open_kfid, s.external_userid, s.msgid) AS occasions
GROUP BY fate
"""
_FATES = ("untouched", "rejected", "edited", "sent")
_RATINGS = "SELECT case_id, score FROM ratings WHERE asked_how <> 'none' AND case_id IN ({ids})"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the case, without its text.

    Args:
        servicer: userid in lower case, empty = the customer wrote it.
        handled_by: ``router.function`` that owned a customer's message.
    """

    at: float
    servicer: str = ""
    handled_by: str = ""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A closed case with what happened in it.

    Args:
        next_at: when the conversation's next case was opened.
        said: by customer and servicers, in order.
        replies: when WeCom accepted a message of the bot, and for which reason it was said.
        invited: whether the customer was asked for a rating.
        score: 1 to 5, ``None`` = no rating.
        ended_for: the reason that its servicer told after the end.
    """

    case: Case
    next_at: float | None = None
    steps: Sequence[Step] = ()
    said: Sequence[Said] = ()
    replies: Sequence[tuple[float, Because | None]] = ()
    invited: bool = False
    score: int | None = None
    ended_for: str = ""


@dataclass(slots=True)
class _Parts:
    """Rows of one page, by case."""

    steps: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    messages: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    replies: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    ratings: dict[str, int | None] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)


class Measured:
    """Reads closed cases page by page; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def closed(
        self, since: float, until: float, open_kfid: str = "", *, in_full: bool = True
    ) -> AsyncIterator[list[CaseRecord]]:
        """Cases that were closed in ``[since, until)``, in pages.

        Args:
            open_kfid: of one kf account only.
            in_full: with messages, replies and rating; without them only the case and its steps.
        """
        after = (since, "")
        while True:
            rows = await self._db.scan(_CLOSED, since, until, *after, open_kfid, open_kfid)
            if rows:
                parts = await self._parts([row["id"] for row in rows], in_full=in_full)
                yield [_record(row, parts) for row in rows]
                after = (rows[-1]["closed_at"], rows[-1]["id"])
            if len(rows) < PAGE:
                return

    async def suggested(self, since: float, until: float, open_kfid: str = "") -> dict[str, int]:
        """To how many texts of customers suggestions stood ready, and what became of the best.

        Returns:
            By ``sent``, ``edited``, ``rejected`` and ``untouched``; each text is counted once, by
            the first of these that is true of any of its suggestions.
        """
        rows = await self._db.scan(_SUGGESTED, since, until, open_kfid, open_kfid)
        found = {_FATES[row["fate"]]: int(row["n"]) for row in rows}
        return {fate: found.get(fate, 0) for fate in reversed(_FATES)}

    async def open_now(self) -> tuple[dict[str, int], float | None]:
        """How many open cases have which status, and since when the longest wait for a person."""
        rows = await self._db.scan(
            "SELECT status, COUNT(*) AS n, MIN(waiting_since) AS since FROM cases"
            " WHERE closed_at IS NULL GROUP BY status"
        )
        waiting = [row["since"] for row in rows if row["since"] is not None]
        return {row["status"]: row["n"] for row in rows}, min(waiting, default=None)

    async def _parts(self, ids: list[str], *, in_full: bool) -> _Parts:
        parts = _Parts()
        _group(parts.steps, await self._of(_STEPS, ids), "case_id")
        if in_full:
            _group(parts.messages, await self._of(_MESSAGES, ids), "id")
            _group(parts.replies, await self._of(_REPLIES, ids), "id")
            behaviours = self._db.tables()
            if "ratings" in behaviours:
                rated = await self._of(_RATINGS, ids)
                parts.ratings = {row["case_id"]: row["score"] for row in rated}
            if "case_endings" in behaviours:
                told = await self._of(_ENDINGS, ids)
                parts.endings = {row["case_id"]: row["reason"] for row in told}
        return parts

    async def _of(self, sql: str, ids: list[str]) -> list[Row]:
        return await self._db.scan(sql.format(ids=", ".join("?" * len(ids))), *ids)


def _group(into: dict[str, list[Row]], rows: Iterable[Row], key: str) -> None:
    for row in rows:
        into[row[key]].append(row)


def _record(row: Row, parts: _Parts) -> CaseRecord:
    case, next_at = case_of(row), row["next_at"]
    return CaseRecord(
        case=case,
        next_at=next_at,
        steps=[step_of(one) for one in parts.steps[case.id]],
        said=[
            _said(one)
            for one in parts.messages[case.id]
            if next_at is None or one["sent_at"] < next_at
        ],
        replies=[
            (one["ended_at"], _because(one["because"]) if one["because"] else None)
            for one in parts.replies[case.id]
        ],
        invited=case.id in parts.ratings,
        score=parts.ratings.get(case.id),
        ended_for=parts.endings.get(case.id, ""),
    )


def _said(row: Row) -> Said:
    servicer = (row["servicer_userid"] or "?").lower() if row["origin"] != 3 else ""
    return Said(row["sent_at"], servicer, row["handled_by"] or "")
