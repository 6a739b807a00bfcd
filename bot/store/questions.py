"""What was asked and written in all conversations, and what did people make of it?

The messages themselves are the log of questions; this module adds the gap that each was put into,
its vector, and the decisions about gaps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from bot.errors import Unreadable
from bot.model import Because
from bot.store.database import Database, Row, Statement, Unit
from bot.store.vault import Vault

_content = msgspec.json.Decoder(dict[str, Any]).decode
_because = msgspec.json.Decoder(Because).decode

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Written:
    """A text message, as far as questions can be told from it.

    Args:
        origin: 3 = the customer, 5 = a servicer.
        menu_id: of the tapped item, when it is the echo of a tap.
    """

    open_kfid: str
    msgid: str
    external_userid: str
    origin: int
    sent_at: float
    text: str
    menu_id: str
    handled_by: str
    outcome: str
    because: Because | None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a question belongs.

    Args:
        vector: float32 bytes made by `model`; empty = none.
    """

    open_kfid: str
    msgid: str
    external_userid: str
    asked_at: float
    gap: str
    model: str = ""
    vector: bytes = b""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about a gap."""

    gap: str
    state: Literal["rejected", "accepted"]
    size: int
    entry: str
    at: float
    by: str


class Questions:
    """The tables questions, gaps and gap_votes, and the log that they are about."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def written(self, since: float) -> list[Written]:
        """Every text message since then, by conversation and time; what cannot be opened is
        left out.
        """
        rows = await self._db.scan(
            "SELECT open_kfid, msgid, external_userid, origin, sent_at, body, handled_by, outcome,"
            " because FROM messages INDEXED BY messages_by_age WHERE received_at >= ?"
            " AND msgtype = 'text' AND body IS NOT NULL AND recalled_at IS NULL"
            " ORDER BY open_kfid, external_userid, sent_at, received_at",
            since,
        )
        await self._vault.ready({_subject(row) for row in rows})
        return [one for row in rows if (one := self._opened(row)) is not None]

    async def placed(self, since: float) -> dict[tuple[str, str], Placed]:
        """Where questions were put before, by open_kfid and msgid."""
        rows = await self._db.scan("SELECT * FROM questions WHERE asked_at >= ?", since)
        await self._vault.ready({_subject(row) for row in rows})
        found: dict[tuple[str, str], Placed] = {}
        for row in rows:
            try:
                vector = self._vault.open(_subject(row), row["vector"]) if row["vector"] else b""
            except Unreadable:
                vector = b""
            found[row["open_kfid"], row["msgid"]] = Placed(**{**dict(row), "vector": vector})
        return found

    async def place(self, questions: Iterable[Placed]) -> None:
        """Remember where questions belong; placed anew, the last word counts."""
        listed = list(questions)
        await self._vault.ready({_subject_of(one.external_userid) for one in listed})
        for at in range(0, len(listed), _AT_ONCE):
            unit = Unit()
            for one in listed[at : at + _AT_ONCE]:
                sealed = (
                    self._vault.seal(_subject_of(one.external_userid), one.vector)
                    if one.vector
                    else None
                )
                unit.add(
                    "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (open_kfid, msgid) DO UPDATE SET"
                    " external_userid = excluded.external_userid, asked_at = excluded.asked_at,"
                    " gap = excluded.gap, model = excluded.model, vector = excluded.vector",
                    *(one.open_kfid, one.msgid, one.external_userid, one.asked_at),
                    *(one.gap, one.model, sealed),
                )
            await self._db.commit(unit)

    async def decided(self, base: str) -> dict[str, Decided]:
        """The last decision about each gap."""
        rows = await self._db.scan("SELECT * FROM gaps WHERE base = ?", base)
        return {
            row["id"]: Decided(
                row["id"],
                row["state"],
                row["size"],
                row["entry"],
                row["decided_at"],
                row["decided_by"],
            )
            for row in rows
        }

    def decide(self, base: str, decided: Decided) -> Statement:
        """The decision, for a unit with what follows from it."""
        return Statement(
            "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (base, id) DO UPDATE SET"
            " state = excluded.state, size = excluded.size, entry = excluded.entry,"
            " decided_at = excluded.decided_at, decided_by = excluded.decided_by",
            (
                *(base, decided.gap, decided.state, decided.size, decided.entry),
                *(decided.at, decided.by),
            ),
        )

    async def votes(self, base: str, gap: str) -> Mapping[str, str]:
        """Who holds which entry to be the answer."""
        rows = await self._db.fetch(
            "SELECT voter, entry FROM gap_votes WHERE base = ? AND gap = ?", base, gap
        )
        return {row["voter"]: row["entry"] for row in rows}

    def vote(self, base: str, gap: str, voter: str, entry: str, now: float) -> Statement:
        """Note a person's word; the last one counts."""
        return Statement(
            "INSERT INTO gap_votes VALUES (?, ?, ?, ?, ?) ON CONFLICT (base, gap, voter)"
            " DO UPDATE SET entry = excluded.entry, voted_at = excluded.voted_at",
            (base, gap, voter, entry, now),
        )

    async def commit(self, statements: Sequence[Statement]) -> None:
        """Write a decision and what follows from it as one.

        Raises:
            UnitConflict: an entry is not any more as the decision found it.
        """
        await self._db.commit(Unit(list(statements)))

    def _opened(self, row: Row) -> Written | None:
        try:
            content = _content(self._vault.open(_subject(row), row["body"]))
            because = _because(row["because"]) if row["because"] else None
        except (Unreadable, msgspec.DecodeError):
            return None
        return Written(
            open_kfid=row["open_kfid"],
            msgid=row["msgid"],
            external_userid=row["external_userid"],
            origin=row["origin"],
            sent_at=row["sent_at"],
            text=str(content.get("content", "")).strip(),
            menu_id=str(content.get("menu_id") or ""),
            handled_by=row["handled_by"] or "",
            outcome=row["outcome"],
            because=because,
        )


def _subject(row: Row) -> str:
    return _subject_of(row["external_userid"])


def _subject_of(external_userid: str) -> str:
    return f"customer:{external_userid}"
