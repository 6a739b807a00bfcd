"""How are the tags of many customers changed at once, so that it can be undone?

A run is a row; every change it made names it. Undoing takes off what the run put on and nobody has
touched since, and puts back what it took off, through the same gates as everything else.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from bot.model import Lane
from bot.model.effects import FollowTagRun
from bot.model.tags import TagChange, TagSource
from bot.store import tag_statements as sql
from bot.store.database import Row, Unit
from bot.store.outbox import Draft
from bot.store.projecting import PROJECT_TTL_S, ask_projection

if TYPE_CHECKING:
    from bot.store import Store

AT_ONCE = 100
"""Customers, or changes, in one commit: turns get their say between."""

MOVES = ("rename", "merge")
"""Kinds of runs after which one tag stands for another."""

RUNS_LOOKED_AT = 50
"""Back to so many runs it is looked which tag has become which."""

_OF_RUN = (
    "SELECT * FROM tag_history WHERE run = ? AND outcome = 'applied' AND added = ? AND id < ?"
    " ORDER BY id DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Run:
    """Changes of many customers at once."""

    id: str
    kind: str
    asked: dict[str, Any]
    at: float
    by: str
    changes: int
    undone_at: float | None
    undone_by: str

    @property
    def moved(self) -> tuple[str, str]:
        """Of a rename or a merge, from which name to which; undone, the other way."""
        old, new = str(self.asked.get("from", "")), str(self.asked.get("to", ""))
        return (old, new) if self.undone_at is None else (new, old)


class TagRuns:
    """Runs over the tags of many customers."""

    def __init__(self, store: "Store") -> None:
        self._store, self._db = store, store.database

    async def begin(self, kind: str, asked: Mapping[str, Any], *, by: str, at: float) -> str:
        """Write down that a run begins; returns its id."""
        run = f"run_{secrets.token_hex(4)}"
        asked_json = msgspec.json.encode(asked).decode()
        await self._db.execute(
            "INSERT INTO tag_runs (id, kind, asked, at, by) VALUES (?, ?, ?, ?, ?)",
            *(run, kind, asked_json, at, by),
        )
        return run

    async def finish(self, run: str, now: float) -> int:
        """Write down how many changes it made, and that WeCom's library is to follow; returns the
        number.
        """
        unit = Unit()
        unit.add(
            "UPDATE tag_runs SET changes = (SELECT COUNT(*) FROM tag_history h WHERE h.run = ?"
            " AND h.outcome = 'applied') WHERE id = ?",
            *(run, run),
        )
        await self._follow(unit, run, now)
        await self._db.commit(unit)
        found = await self.get(run)
        return found.changes if found else 0

    async def _follow(self, unit: Unit, run: str, now: float) -> None:
        """Add that the library of corp tags follows a rename or a merge, or its undoing."""
        found = await self.get(run)
        if found is None or found.kind not in MOVES or not self._store.tags.settings.project:
            return
        draft = Draft(
            subject="corp",
            queue="corp_tags",
            conversation=None,
            lane=Lane.BACKGROUND,
            effect=FollowTagRun(run=run),
            expires_at=now + PROJECT_TTL_S,
        )
        await self._store.outbox.post(unit, [draft], now)

    async def instead_of(self, name: str) -> tuple[str, str] | None:
        """Which tag has become this one last, and by which run; ``None`` = none has."""
        rows = await self._db.fetch(
            "SELECT * FROM tag_runs WHERE kind IN ('rename', 'merge')"
            " ORDER BY COALESCE(undone_at, at) DESC LIMIT ?",
            RUNS_LOOKED_AT,
        )
        for one in map(_run, rows):
            old, new = one.moved
            if new == name:
                return old, one.id
        return None

    async def get(self, run: str) -> Run | None:
        """One run."""
        row = await self._db.fetch_one("SELECT * FROM tag_runs WHERE id = ?", run)
        return _run(row) if row else None

    async def last(self, limit: int = 20) -> list[Run]:
        """The last runs, newest first."""
        rows = await self._db.fetch("SELECT * FROM tag_runs ORDER BY at DESC LIMIT ?", limit)
        return [_run(row) for row in rows]

    # ------------------------------------------------------------------ changing many

    async def change(self, changes: Sequence[tuple[str, TagChange]], now: float) -> dict[str, int]:
        """Put on and take off, in portions.

        Returns:
            How often each outcome came of it; empty = nothing to change.
        """
        outcomes: dict[str, int] = {}
        for start in range(0, len(changes), AT_ONCE):
            unit, keys = Unit(), []
            for customer, change in changes[start : start + AT_ONCE]:
                made = self._store.tags.assign(unit, customer, [change])
                await ask_projection(self._store, unit, customer, made, now)
                keys += made
            await self._db.commit(unit)
            for outcome, count in (await self._outcomes(keys)).items():
                outcomes[outcome] = outcomes.get(outcome, 0) + count
        return outcomes

    async def rename(self, old: str, new: str, run: str, now: float) -> dict[str, int]:
        """Give everybody who has one tag another one instead, each with where it came from.

        Returns:
            How often each outcome came of putting the new one on.
        """
        outcomes: dict[str, int] = {}
        async for rows in self._with(old, now):
            unit, keys = Unit(), []
            unit.add(  # what people took off before, or this very moment, stays off
                "INSERT INTO tag_holds SELECT external_userid, ?, removed_at, by FROM tag_holds"
                f" WHERE name = ? AND external_userid IN ({', '.join('?' * len(rows))})"
                " ON CONFLICT (external_userid, name) DO NOTHING",
                *(new, old, *(row["external_userid"] for row in rows)),
            )
            for row in rows:
                customer = row["external_userid"]
                taken = self._take_off(unit, row, f"renamed:{new}", run, now)
                put = self._store.tags.assign(unit, customer, [_again(row, new, run, now)])
                await ask_projection(self._store, unit, customer, [taken, *put], now)
                keys += put
            await self._db.commit(unit)
            for outcome, count in (await self._outcomes(keys)).items():
                outcomes[outcome] = outcomes.get(outcome, 0) + count
        return outcomes

    async def undo(self, run: str, *, by: str, now: float) -> tuple[int, int]:
        """Take back what a run did, newest change first; safe to repeat.

        Returns:
            How many changes were taken back, and how many were left: touched since, or not
            permitted any more.
        """
        done = left = 0
        for added in (True, False):  # first off, then back: of an exclusive group there is one
            before = 2**62
            while rows := await self._db.fetch(_OF_RUN, run, added, before, AT_ONCE):
                unit = Unit()
                keys = [await self._take_back(unit, row, run, by, now) for row in rows]
                await self._db.commit(unit)
                applied = (await self._outcomes(keys)).get("applied", 0)
                done, left, before = done + applied, left + len(rows) - applied, rows[-1]["id"]
        unit = Unit()
        unit.add(
            "UPDATE tag_runs SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL",
            *(now, by, run),
        )
        await self._follow(unit, run, now)
        await self._db.commit(unit)
        return done, left

    # ------------------------------------------------------------------ inside

    async def _take_back(self, unit: Unit, row: Row, run: str, by: str, now: float) -> str:
        customer, name = row["external_userid"], row["name"]
        if row["added"]:
            key = secrets.token_hex(8)
            unit.statements += sql.taken_off(
                key,
                "external_userid = ? AND name = ? AND run = ?",
                (customer, name, run),
                rule=f"undo:{run}",
                at=now,
                by=by,
            )
        else:
            was = msgspec.json.decode(row["was"]) if row["was"] else {}
            change = TagChange(
                name=name,
                add=True,
                at=now,
                source=TagSource(was.get("source", TagSource.RULE)),
                rule=was.get("rule", ""),
                version=was.get("version", ""),
                msgid=was.get("msgid", ""),
                by=was.get("by", ""),
                expires_at=was.get("expires_at"),
            )
            (key,) = self._store.tags.assign(unit, customer, [change])
        await ask_projection(self._store, unit, customer, [key], now)
        return key

    def _take_off(self, unit: Unit, row: Row, rule: str, run: str, now: float) -> str:
        key = secrets.token_hex(8)
        unit.statements += sql.taken_off(
            key,
            "external_userid = ? AND name = ?",
            (row["external_userid"], row["name"]),
            rule=rule,
            at=now,
            run=run,
        )
        return key

    async def _with(self, name: str, now: float) -> AsyncIterator[list[Row]]:
        after = ""
        while rows := await self._db.fetch(
            "SELECT * FROM customer_tags WHERE name = ? AND external_userid > ?"
            " AND (expires_at IS NULL OR expires_at > ?) ORDER BY external_userid LIMIT ?",
            *(name, after, now, AT_ONCE),
        ):
            yield rows
            after = rows[-1]["external_userid"]

    async def _outcomes(self, keys: Sequence[str]) -> dict[str, int]:
        if not keys:
            return {}
        rows = await self._db.fetch(
            "SELECT outcome, COUNT(DISTINCT change) AS n FROM tag_history WHERE change IN"
            f" ({', '.join('?' * len(keys))}) GROUP BY outcome",
            *keys,
        )
        return {row["outcome"]: row["n"] for row in rows}


def _again(row: Row, name: str, run: str, now: float) -> TagChange:
    """The same assignment under another name."""
    return TagChange(
        name=name,
        add=True,
        at=now,
        source=TagSource(row["source"]),
        rule=row["rule"],
        version=row["version"],
        msgid=row["msgid"],
        by=row["by"],
        expires_at=row["expires_at"],
        run=run,
    )


def _run(row: Row) -> Run:
    return Run(**dict(row) | {"asked": msgspec.json.decode(row["asked"])})
