"""To what has a person agreed, when, and what shows it?

`consents` keeps every decision; `consent_standing` what holds now. Both change in one unit, which
also withdraws the unsent rows that rest on a consent taken back: what is decided at 10:00:00 holds
for what was planned for 10:00:01 (R-15.2).
"""

from collections.abc import Sequence

import msgspec

from bot.model.consents import Asked, ConsentDecision, Purpose, Standing
from bot.store.audit import CUSTOMER, Audit, AuditEntry
from bot.store.changes import CHANGED
from bot.store.database import Database, Row, Unit
from bot.store.people import SAME_PERSON, People, same_person
from bot.store.vault import Vault

GIVEN = (
    "EXISTS (SELECT 1 FROM consent_standing WHERE external_userid = ? AND purpose = ?"
    " AND decision = 'given')"
)
"""The gate inside a statement; its parameters are the customer and the purpose."""


def given(customer: str, purpose: str) -> str:
    """The gate over SQL expressions; what another customer of the same person said later closes it.

    A decision is copied to every customer of the person; only those who were found to be one
    afterwards can differ.
    """
    return f"""
EXISTS (SELECT 1 FROM consent_standing g WHERE g.external_userid = {customer}
    AND g.purpose = {purpose} AND g.decision = 'given'
    AND NOT EXISTS (SELECT 1 FROM consent_standing w WHERE w.purpose = g.purpose
        AND w.decision <> 'given' AND w.at > g.at
        AND w.external_userid IN {same_person(customer)}))
"""


NOT_CONSENTED = "no consent"
"""Why a row is withdrawn whose purpose is not agreed to."""

_ASKED = "asked"


class Consents:
    """The decisions of all customers; what one customer decides holds for the whole person."""

    def __init__(self, database: Database, vault: Vault, people: People, audit: Audit) -> None:
        self._db, self._vault, self._people, self._audit = database, vault, people, audit

    async def standing(self, external_userid: str, purpose: Purpose) -> Standing:
        """How the person that this customer is stands to a purpose."""
        return (await self.standings(external_userid)).get(purpose, Standing.UNKNOWN)

    async def standings(self, external_userid: str) -> dict[Purpose, Standing]:
        """Every purpose that the person has decided about; of two decisions the later one holds."""
        rows = await self._db.fetch(
            "SELECT purpose, decision FROM consent_standing c WHERE c.external_userid IN"
            f" {SAME_PERSON} ORDER BY c.at, c.decision <> 'given'",
            external_userid,
        )
        return {Purpose(row["purpose"]): Standing(row["decision"]) for row in rows}

    async def asked(self, external_userid: str) -> list[Asked]:
        """Every notice that was shown to the customer."""
        rows = await self._db.fetch(
            "SELECT purpose, notice_version, at FROM consents WHERE external_userid = ?"
            " AND decision = ? ORDER BY at",
            *(external_userid, _ASKED),
        )
        return [Asked(Purpose(row["purpose"]), row["notice_version"], row["at"]) for row in rows]

    async def history(self, external_userid: str) -> list[tuple[Row, str]]:
        """Everything that was asked and decided, oldest first, each with its evidence."""
        subject = CUSTOMER + external_userid
        await self._vault.ready([subject])
        rows = await self._db.fetch(
            "SELECT * FROM consents WHERE external_userid = ? ORDER BY at, id", external_userid
        )
        return [
            (row, self._vault.open(subject, row["evidence"]).decode() if row["evidence"] else "")
            for row in rows
        ]

    async def decide(
        self,
        unit: Unit,
        external_userid: str,
        purpose: Purpose,
        decision: Standing,
        *,
        notice_version: str,
        channel: str,
        evidence: str,
        at: float,
        by: str = "customer",
    ) -> None:
        """Add to the unit what makes a decision hold, for every customer of the person."""
        decided = ConsentDecision(
            purpose=purpose,
            decision=decision,
            notice_version=notice_version,
            channel=channel,
            evidence=evidence,
            by=by,
        )
        await self.record(unit, external_userid, [decided], at)

    async def record(
        self, unit: Unit, external_userid: str, decided: Sequence[ConsentDecision], at: float
    ) -> None:
        """The same for several decisions."""
        if not decided:
            return
        customers = await self._people.same_person(external_userid)
        await self._vault.ready(CUSTOMER + customer for customer in customers)
        for one in decided:
            for customer in customers:
                self._write(unit, customer, one.decision, one, at)
                self._stand(unit, customer, one, at)
                if one.decision is not Standing.GIVEN:
                    self.withdraw_unsent(unit, customer, one.purpose, at)
            self._note(unit, external_userid, one, at)

    async def ask(
        self,
        unit: Unit,
        external_userid: str,
        purposes: Sequence[Purpose],
        *,
        notice_version: str,
        channel: str,
        evidence: str,
        at: float,
    ) -> None:
        """Add to the unit that a notice with these choices was shown."""
        await self._vault.ready([CUSTOMER + external_userid])
        for purpose in purposes:
            shown = ConsentDecision(
                purpose=purpose,
                decision=Standing.UNKNOWN,
                notice_version=notice_version,
                channel=channel,
                evidence=evidence,
                by="bot",
            )
            self._write(unit, external_userid, _ASKED, shown, at)

    def withdraw_unsent(
        self, unit: Unit, external_userid: str, purpose: Purpose, at: float
    ) -> None:
        """Withdraw what waits to be sent for a purpose; what is on the wire cannot be recalled."""
        unit.add(
            "UPDATE outbox SET state = 'cancelled', ended_at = ?, error = ? WHERE subject = ?"
            " AND purpose = ? AND purpose <> '' AND state IN ('pending', 'held')",
            *(at, NOT_CONSENTED, CUSTOMER + external_userid, purpose),
        )

    # ------------------------------------------------------------------ inside

    def _write(
        self, unit: Unit, customer: str, decision: str, one: ConsentDecision, at: float
    ) -> None:
        sealed = self._vault.seal(CUSTOMER + customer, one.evidence.encode())
        unit.add(
            "INSERT INTO consents (external_userid, purpose, decision, notice_version, channel,"
            " evidence, at, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(customer, one.purpose, decision, one.notice_version, one.channel, sealed, at, one.by),
        )

    def _stand(self, unit: Unit, customer: str, one: ConsentDecision, at: float) -> None:
        unit.add(
            "INSERT INTO consent_standing VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (external_userid, purpose) DO UPDATE SET"
            " decision = excluded.decision, at = excluded.at,"
            " notice_version = excluded.notice_version WHERE excluded.at >= consent_standing.at",
            *(customer, one.purpose, one.decision, at, one.notice_version),
        )

    def _note(self, unit: Unit, external_userid: str, one: ConsentDecision, at: float) -> None:
        actor = one.by if one.by == "customer" or ":" in one.by else f"staff:{one.by}"
        entry = AuditEntry(
            at=at,
            actor=actor,
            action=f"consent.{one.decision}",
            subject=CUSTOMER + external_userid,
            why=one.channel,
            version=one.notice_version,
            result=one.purpose,
        )
        self._audit.note(unit, entry)
        told = msgspec.json.encode({"purpose": one.purpose, "decision": one.decision}).decode()
        unit.add(CHANGED, "consent.changed", external_userid, at, told)
