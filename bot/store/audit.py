"""Who did what, to whom, why and with what result? Rows that nobody changes.

A customer is named by person_id, which the statement itself looks up: it names nobody any more once
the person's rows and key are gone, so that erasing a person need not touch the audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.database import Database, Row, Unit

CUSTOMER = "customer:"
"""What a subject begins with that is written down as person_id."""

UNKNOWN_PERSON = "p_unknown"

_INSERT = (
    "INSERT INTO audit (at, actor, action, subject, why, version, inputs, result, trace_id)"
    " VALUES (?, ?, ?, {subject}, ?, ?, ?, ?, ?)"
)
_PERSON = "COALESCE((SELECT person_id FROM customers WHERE external_userid = ?), ?)"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action; opaque ids only, never what somebody wrote.

    Args:
        actor: a behaviour (``faq.answer``), ``customer``, ``staff:<userid>`` or ``command:<user>``.
        action: kinds of what was done, separated by spaces.
        subject: to whom or what: a mailbox subject, or anything that names no customer.
        why: rule, entry or reason.
        version: of the rule or the content it was decided by.
        inputs: keyed digest of what it was decided from (`Vault.digest`).
    """

    at: float
    actor: str
    action: str
    subject: str
    why: str = ""
    version: str = ""
    inputs: str = ""
    result: str = ""
    trace_id: str = ""


class Audit:
    """The audit table; it only grows."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def note(self, unit: Unit, entry: AuditEntry) -> None:
        """Write an action down, in the commit that does it."""
        customer = entry.subject.removeprefix(CUSTOMER)
        is_customer = customer != entry.subject
        subject = (customer, UNKNOWN_PERSON) if is_customer else (entry.subject,)
        unit.add(
            _INSERT.format(subject=_PERSON if is_customer else "?"),
            *(entry.at, entry.actor, entry.action, *subject, entry.why, entry.version),
            *(entry.inputs, entry.result, entry.trace_id),
        )

    async def search(
        self,
        *,
        actor: str = "",
        action: str = "",
        subjects: Sequence[str] = (),
        since: float = 0.0,
        limit: int = 200,
    ) -> list[Row]:
        """Entries, newest first.

        Args:
            actor: whole, or its beginning when it ends in ``*``.
            action: one of the kinds that an entry names.
            subjects: any of them; customers by person_id.
        """
        wanted: list[str] = ["at >= ?"]
        values: list[object] = [since]
        if actor.endswith("*"):
            wanted.append("substr(actor, 1, ?) = ?")
            values += [len(actor) - 1, actor[:-1]]
        elif actor:
            wanted.append("instr(' ' || actor || ' ', ?) > 0")
            values.append(f" {actor} ")
        if action:
            wanted.append("instr(' ' || action || ' ', ?) > 0")
            values.append(f" {action} ")
        if subjects:
            wanted.append(f"subject IN ({','.join('?' * len(subjects))})")
            values += subjects
        return await self._db.scan(
            f"SELECT * FROM audit WHERE {' AND '.join(wanted)} ORDER BY at DESC, id DESC LIMIT ?",
            *values,
            limit,
        )

    async def persons_of(self, external_userids: Sequence[str]) -> list[str]:
        """Under which names these customers stand in the audit."""
        rows = await self._db.fetch(
            "SELECT DISTINCT person_id FROM customers WHERE external_userid IN"
            f" ({','.join('?' * len(external_userids))})",
            *external_userids,
        )
        return [row["person_id"] for row in rows]
