"""How is everything forgotten that is held of a person, and how does it stay forgotten?

The list of tables (`bot/store/tables.py`) says where a person's rows are. Their files go, then the
rows in one unit, then the data key: whatever a backup, a free page or the log still holds was
sealed with it. The list of erasures lies in the file of keys and is gone through at every start, so
that a kill in the middle resumes and a restored backup forgets again.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.store.audit import CUSTOMER, AuditEntry
from bot.store.database import Row, Unit
from bot.store.tables import Table

if TYPE_CHECKING:
    from bot.store import Store

log = structlog.get_logger(__name__)

WAIT_S = 600.0
"""How long what is still on its way to the customer, or to WeCom, is waited for."""

WISH = (
    "INSERT INTO erasure_wishes (external_userid, receipt, asked_at, asked_by)"
    " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
"""How a turn decides that a customer is erased: its own statement, committed with the turn."""

_AT_ONCE = 400


def new_receipt() -> str:
    """A name for an erasure that says nothing of the person."""
    return f"e_{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is left of an erasure.

    Args:
        id: names it for ever; says nothing of the person.
        counts: rows that were deleted, by table; files as ``files``.
        erased_at: ``None`` = it is still to be done.
    """

    id: str
    asked_at: float
    asked_by: str
    counts: dict[str, int]
    erased_at: float | None


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases persons.

    Args:
        tables: all that are declared, those of the behaviours too.
        keep_orders: orders stay, without whose they are and without what was in them: the law wants
            accounts kept.
    """

    store: "Store"
    tables: Sequence[Table]
    keep_orders: bool = False
    now: Callable[[], float] = time.time

    async def ask(self, customer: str, *, by: str, now: float, receipt: str = "") -> str:
        """Put a person on the list; returns the receipt's id. A second time it is the same one."""
        keys = self.store.keys
        row = await keys.fetch_one(
            "SELECT receipt FROM erasures WHERE customer = ? AND erased_at IS NULL", customer
        )
        if row is not None:
            return str(row["receipt"])
        receipt = receipt or new_receipt()
        await keys.execute(
            "INSERT INTO erasures (receipt, asked_at, asked_by, customer) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            *(receipt, now, by, customer),
        )
        return receipt

    async def receipts(self) -> list[Receipt]:
        """Every erasure, newest first."""
        rows = await self.store.keys.fetch("SELECT * FROM erasures ORDER BY asked_at DESC")
        return [_receipt(row) for row in rows]

    async def look(self) -> int:
        """Erase who is due, once what is on its way has gone; returns how many were erased."""
        for wish in await self.store.database.fetch("SELECT * FROM erasure_wishes"):
            customer, receipt = wish["external_userid"], wish["receipt"]
            at, by = wish["asked_at"], wish["asked_by"]
            await self.ask(customer, by=by, now=at, receipt=receipt)
            await self.store.database.execute(
                "DELETE FROM erasure_wishes WHERE receipt = ?", receipt
            )
        rows = await self.store.keys.fetch(
            "SELECT * FROM erasures WHERE erased_at IS NULL ORDER BY asked_at"
        )
        done = 0
        for row in rows:
            if row["asked_at"] < self.now() - WAIT_S or not await self._is_busy(row["customer"]):
                await self.carry_out(row["receipt"])
                done += 1
        return done

    async def replay(self) -> int:
        """Forget again what a restored backup has brought back, and end what was interrupted."""
        known = await self._erased_before()
        found: list[str] = []
        for some in _portions(known):
            rows = await self.store.database.fetch(
                f"SELECT external_userid FROM customers WHERE person_id IN ({_marks(some)})", *some
            )
            found += [row["external_userid"] for row in rows]
        for customer in found:
            receipt = await self.ask(customer, by="restored", now=self.now())
            await self.carry_out(receipt)
        for some in _portions(known):
            await self.store.keys.execute(
                f"DELETE FROM wrapped_keys WHERE owner IN ({_marks(some)})", *some
            )
        rows = await self.store.keys.fetch(
            "SELECT receipt FROM erasures WHERE erased_at IS NULL AND persons <> '[]'"
        )
        for row in rows:  # they had begun
            await self.carry_out(row["receipt"])
        return len(found) + len(rows)

    async def carry_out(self, receipt: str) -> Receipt:
        """Erase one person, whatever was done of it before."""
        row = await self._row(receipt)
        customers = await self.store.people.same_person(row["customer"])
        persons = sorted({*json.loads(row["persons"]), *await self._persons_of(customers)})
        await self.store.keys.execute(
            "UPDATE erasures SET persons = ? WHERE receipt = ?", json.dumps(persons), receipt
        )
        subjects = [CUSTOMER + customer for customer in customers]
        async with self.store.vault.closed(subjects):
            files = await asyncio.to_thread(_unlink, await self._files(customers, subjects))
            counts = await self._delete_rows(receipt, customers, persons)
            counts |= {"files": files} if files else {}
            unit = Unit()
            unit.add(f"DELETE FROM wrapped_keys WHERE owner IN ({_marks(persons)})", *persons)
            unit.add(
                "UPDATE erasures SET erased_at = ?, customer = '', counts = ? WHERE receipt = ?",
                *(self.now(), json.dumps(counts), receipt),
            )
            await self.store.keys.commit(unit)
        for database in (self.store.database, self.store.keys):
            await database.forget()
        log.info("erasure.done", receipt=receipt, rows=sum(counts.values()))
        return _receipt(await self._row(receipt))

    # ------------------------------------------------------------------ inside

    async def _row(self, receipt: str) -> Row:
        row = await self.store.keys.fetch_one("SELECT * FROM erasures WHERE receipt = ?", receipt)
        assert row is not None, f"no erasure {receipt}"
        return row

    async def _erased_before(self) -> list[str]:
        listed = await self.store.keys.fetch(
            "SELECT persons FROM erasures WHERE erased_at IS NOT NULL"
        )
        known = {one for row in listed for one in json.loads(row["persons"])}
        rows = await self.store.database.fetch("SELECT person_id FROM erased_persons")
        return sorted(known | {row["person_id"] for row in rows})

    async def _is_busy(self, customer: str) -> bool:
        """Whether something is still on its way: the last word, a tag or a task taken back."""
        customers = await self.store.people.same_person(customer)
        await self.store.mass_sends.withdraw_all(customers, "erased", self.now())
        if await self.store.mass_sends.wanted_no_more(customers):
            return True
        subjects = [CUSTOMER + one for one in customers]
        row = await self.store.database.fetch_one(
            f"SELECT 1 FROM outbox WHERE subject IN ({_marks(subjects)})"
            " AND state IN ('pending', 'claimed') LIMIT 1",
            *subjects,
        )
        return row is not None

    async def _persons_of(self, customers: Sequence[str]) -> list[str]:
        rows = await self.store.database.fetch(
            f"SELECT DISTINCT person_id FROM customers WHERE external_userid IN"
            f" ({_marks(customers)})",
            *customers,
        )
        return [row["person_id"] for row in rows]

    async def _files(self, customers: Sequence[str], subjects: Sequence[str]) -> list[Path]:
        """Media, and whatever was exported that has a line about them."""
        media = await self.store.database.fetch(
            f"SELECT path FROM media WHERE subject IN ({_marks(subjects)})", *subjects
        )
        exported = await self.store.database.fetch(
            "SELECT path FROM exports WHERE id IN (SELECT export FROM export_lines"
            f" WHERE external_userid IN ({_marks(customers)}))",
            *customers,
        )
        files = [self.store.media.folder / row["path"] for row in media]
        return [*files, *(Path(row["path"]) for row in exported)]

    async def _delete_rows(
        self, receipt: str, customers: Sequence[str], persons: Sequence[str]
    ) -> dict[str, int]:
        """Everything in one unit: there is no half of it."""
        now, unit, names = self.now(), Unit(), []
        if self.keep_orders:
            unit.add(
                "UPDATE orders SET external_userid = '', body = NULL WHERE external_userid IN"
                f" ({_marks(customers)})",
                *customers,
            )
            unit.add(
                "UPDATE sales SET external_userid = '', body = NULL, matched_by = '',"
                " unionid_key = '', phone_key = '', unmatched_why = 'erased'"
                f" WHERE external_userid IN ({_marks(customers)})",
                *customers,
            )
            names += ["orders kept", "sales kept"]
        exported = f"SELECT export FROM export_lines WHERE external_userid IN ({_marks(customers)})"
        for table, column in (("exports", "id"), ("export_lines", "export")):
            sql = f"DELETE FROM {table} WHERE {column} IN ({exported}) RETURNING 1"
            unit.add(sql, *customers)
            names.append(table)
        for table, column, values in self._where(customers, persons):
            unit.add(
                f"DELETE FROM {table} WHERE {column} IN ({_marks(values)}) RETURNING 1", *values
            )
            names.append(table)
        for person in persons:
            unit.add(
                "INSERT INTO erased_persons VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                *(person, receipt, now),
            )
        entry = AuditEntry(at=now, actor="eraser", action="erase", subject=receipt, result="done")
        self.store.audit.note(unit, entry)
        rows = await self.store.database.commit(unit)
        counts: dict[str, int] = {}
        for name, deleted in zip(names, rows, strict=False):
            counts[name] = counts.get(name, 0) + len(deleted)
        return {name: count for name, count in counts.items() if count}

    def _where(
        self, customers: Sequence[str], persons: Sequence[str]
    ) -> Iterable[tuple[str, str, Sequence[str]]]:
        """Where something about these customers may be; who they are comes last."""
        named = [*customers, *(CUSTOMER + customer for customer in customers)]
        last = ("customers",)
        for table in self.tables:
            if table.person and table.name not in last:
                yield table.name, table.person, named
        yield "switches", "key", customers
        for table_name, column in (
            ("tool_calls", "person_id"),
            ("merges", "kept"),
            ("merges", "merged"),
            ("kept_persons", "person_id"),
            ("kept_persons", "kept"),
        ):
            yield table_name, column, persons
        yield "customers", "external_userid", customers
        yield "persons", "person_id", persons


def _receipt(row: Row) -> Receipt:
    return Receipt(
        id=row["receipt"],
        asked_at=row["asked_at"],
        asked_by=row["asked_by"],
        counts=json.loads(row["counts"]),
        erased_at=row["erased_at"],
    )


def _unlink(files: Sequence[Path]) -> int:
    there = [file for file in files if file.is_file()]
    for file in there:
        file.unlink()
    return len(there)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _portions(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
