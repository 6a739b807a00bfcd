"""Who was asked what about whom? The audit of the company's systems; it names nobody."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.store.database import Database, Row

_SHOWN = 4


class ToolCalls:
    """The tool_calls table; only ever added to, until retention."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def record(
        self,
        external_userid: str,
        tool: str,
        *,
        wanted_by: str,
        arguments: Mapping[str, Any],
        outcome: str,
        ms: int,
        at: float,
        trace_id: str = "",
    ) -> None:
        """Write one call, at once: it has happened, whatever becomes of its turn."""
        await self._db.execute(
            "INSERT INTO tool_calls (at, person_id, tool, wanted_by, arguments, outcome, ms,"
            " trace_id) VALUES (?, COALESCE((SELECT person_id FROM customers"
            " WHERE external_userid = ?), ''), ?, ?, ?, ?, ?, ?)",
            *(at, external_userid, tool, wanted_by, masked(arguments), outcome, ms, trace_id),
        )

    async def last(self, limit: int = 50) -> list[Row]:
        """The last calls, newest first."""
        return await self._db.scan("SELECT * FROM tool_calls ORDER BY id DESC LIMIT ?", limit)


def masked(arguments: Mapping[str, Any]) -> str:
    """Arguments as JSON: of a long value the last four signs, of a short one its length."""
    shown = {_name(name): _masked(str(value)) for name, value in arguments.items()}
    return msgspec.json.encode(shown).decode()


def _name(name: str) -> str:
    """The name of an argument; what a model made up may quote the customer."""
    return name if name.isascii() and name.isidentifier() and len(name) <= 40 else "?"


def _masked(text: str) -> str:
    return f"…{text[-_SHOWN:]}" if len(text) >= 3 * _SHOWN else f"({len(text)})"
