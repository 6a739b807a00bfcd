"""How far is each mass-send task, as far as WeCom has told (R-9.6)?

Every statement that moves a row leaves one alone that is over: who comes second changes nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from bot.errors import Unreadable
from bot.model import Conversation
from bot.model.consents import Purpose
from bot.model.mass_sends import MassSend
from bot.model.outreach import Reach
from bot.store.database import Database, Row, Statement, Unit
from bot.store.vault import Vault

LOOK_AFTER_S = 60.0
"""So long after it was planned it is looked at, whether the task was made or nobody tries to."""

NO_CONSENT = "no_consent"
"""Why one is not wanted any more whose customer has taken his consent back."""

_OPEN = "state IN ('planned', 'task_created', 'confirmed')"

_ADD = """
INSERT INTO mass_sends (id, external_userid, member, feature, ref, reason, purpose, text,
    planned_at, expires_at, next_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
# one that is not wanted any more is looked at at once, whatever it was to wait for
_CREATED = """
UPDATE mass_sends SET state = 'task_created', why = '', msgid = ?, created_at = ?,
    next_at = CASE cancel_why WHEN '' THEN ? ELSE ? END
WHERE id = ? AND state = 'planned'
"""
_CONFIRMED = f"""
UPDATE mass_sends SET state = 'confirmed', confirmed_at = ?, next_at = ? WHERE id = ? AND {_OPEN}
"""
_ENDED = f"""
UPDATE mass_sends SET state = ?, why = ?, ended_at = ?, next_at = NULL WHERE id = ? AND {_OPEN}
"""
_DROP = """
UPDATE mass_sends SET cancel_why = ?, next_at = ?
WHERE external_userid = ? AND cancel_why = '' AND state IN ('planned', 'task_created') AND
"""


@dataclass(frozen=True, slots=True)
class KnownSend:
    """A mass-send task with how far it is.

    Args:
        tried_at: when WeCom was last asked to make it; from then on there may be a task.
        msgid: of the task, empty = none is known.
        cancel_why: why it is not wanted any more, empty = it is.
    """

    send: MassSend
    state: Reach
    why: str
    planned_at: float
    tried_at: float | None
    msgid: str
    created_at: float | None
    confirmed_at: float | None
    reminders: int
    cancel_why: str


class MassSends:
    """The table `mass_sends`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def added(self, one: MassSend, now: float) -> Statement:
        """The statement that plans one; what was planned before stays as it is."""
        subject = _subject(one.external_userid)
        await self._vault.ready([subject])
        sealed = self._vault.seal(subject, msgspec.json.encode({"content": one.text}))
        return Statement(
            _ADD,
            (
                *(one.id, one.external_userid, one.member.lower(), one.feature, one.ref),
                *(one.reason, one.purpose or "", sealed, now, one.expires_at),
                now + LOOK_AFTER_S,
            ),
        )

    async def get(self, send_id: str) -> KnownSend | None:
        """One, or ``None`` when there is no such."""
        row = await self._db.fetch_one("SELECT * FROM mass_sends WHERE id = ?", send_id)
        return (await self._known([row]))[0] if row else None

    async def due(self, now: float, limit: int) -> list[KnownSend]:
        """What must be looked at; first what is not wanted any more."""
        rows = await self._db.fetch(
            "SELECT * FROM mass_sends WHERE next_at <= ? ORDER BY cancel_why = '', next_at LIMIT ?",
            *(now, limit),
        )
        return await self._known(rows)

    async def of_customer(self, external_userid: str) -> list[KnownSend]:
        """Every one to a customer, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM mass_sends WHERE external_userid = ? ORDER BY planned_at, id",
            external_userid,
        )
        return await self._known(rows)

    async def wanted_no_more(self, customers: Sequence[str]) -> bool:
        """Whether something of theirs is still to be cancelled at WeCom."""
        marks = ",".join("?" * len(customers))
        row = await self._db.fetch_one(
            f"SELECT 1 FROM mass_sends WHERE external_userid IN ({marks}) AND cancel_why <> ''"
            " AND next_at IS NOT NULL LIMIT 1",
            *customers,
        )
        return row is not None

    async def reminded_at(self, member: str) -> float | None:
        """When WeCom last reminded a member for us."""
        row = await self._db.fetch_one(
            "SELECT MAX(reminded_at) AS at FROM mass_sends WHERE member = ?"
            " AND reminded_at IS NOT NULL",
            member,
        )
        return None if row is None or row["at"] is None else float(row["at"])

    async def taken(self, msgids: Sequence[str]) -> set[str]:
        """Those of these tasks that are known to be of some customer."""
        if not msgids:
            return set()
        marks = ",".join("?" * len(msgids))
        rows = await self._db.fetch(
            f"SELECT msgid FROM mass_sends WHERE msgid <> '' AND msgid IN ({marks})", *msgids
        )
        return {row["msgid"] for row in rows}

    async def is_being_made(self, send_id: str) -> bool:
        """Whether the sender still tries to make the task."""
        row = await self._db.fetch_one(
            "SELECT 1 FROM outbox WHERE msgid = ? AND state IN ('pending', 'claimed')", send_id
        )
        return row is not None

    async def summary(self, since: float) -> list[Row]:
        """How many that were planned since then are how far, by feature and reason."""
        return await self._db.scan(
            "SELECT feature, state, why, COUNT(*) AS n FROM mass_sends WHERE planned_at >= ?"
            " GROUP BY feature, state, why ORDER BY feature, state, why",
            since,
        )

    # ------------------------------------------------------------------ what happens to them

    async def try_now(self, send_id: str, now: float) -> bool:
        """Write down that WeCom is asked to make the task; ``False`` = it is wanted no more."""
        rows = await self._db.execute(
            "UPDATE mass_sends SET tried_at = ? WHERE id = ? AND state = 'planned'"
            " AND cancel_why = '' RETURNING id",
            *(now, send_id),
        )
        return bool(rows)

    async def untried(self, send_id: str) -> None:
        """WeCom refused to hear: there is no task of this first try."""
        await self._db.execute(
            "UPDATE mass_sends SET tried_at = NULL WHERE id = ? AND state = 'planned'", send_id
        )

    async def look_again(self, known: KnownSend, at: float) -> None:
        """Look at it later; not where it became unwanted meanwhile: that is looked at at once."""
        await self._db.execute(
            f"UPDATE mass_sends SET next_at = ? WHERE id = ? AND cancel_why = ? AND {_OPEN}",
            *(at, known.send.id, known.cancel_why),
        )

    async def give_up(self, known: KnownSend, why: str, now: float) -> None:
        """Ask no more: it stays as it is, which is all that is known."""
        await self._db.execute(
            "UPDATE mass_sends SET next_at = NULL, ended_at = ?, why = ?"
            f" WHERE id = ? AND cancel_why = ? AND {_OPEN}",
            *(now, why, known.send.id, known.cancel_why),
        )

    async def remind_now(self, known: KnownSend, now: float) -> None:
        """Write down that WeCom is asked to remind the member."""
        await self._db.execute(
            "UPDATE mass_sends SET reminders = reminders + 1, reminded_at = ? WHERE id = ?",
            *(now, known.send.id),
        )

    def withdraw(self, unit: Unit, external_userid: str, purpose: Purpose, at: float) -> None:
        """Add that what rests on a consent that has ended is wanted no more (R-15.2)."""
        unit.add(f"{_DROP} purpose = ?", NO_CONSENT, at, external_userid, purpose)

    async def withdraw_all(self, customers: Sequence[str], why: str, at: float) -> None:
        """Nothing of these customers is wanted any more."""
        unit = Unit()
        for customer in customers:
            unit.add(f"{_DROP} 1 = 1", why, at, customer)
        await self._db.commit(unit)

    async def _known(self, rows: Sequence[Row]) -> list[KnownSend]:
        await self._vault.ready({_subject(row["external_userid"]) for row in rows})
        return [self._open(row) for row in rows]

    def _open(self, row: Row) -> KnownSend:
        send = MassSend(
            id=row["id"],
            member=row["member"],
            external_userid=row["external_userid"],
            text=self._text(row),
            feature=row["feature"],
            ref=row["ref"],
            reason=row["reason"],
            expires_at=row["expires_at"],
            purpose=Purpose(row["purpose"]) if row["purpose"] else None,
        )
        return KnownSend(
            *(send, Reach(row["state"]), row["why"], row["planned_at"], row["tried_at"]),
            *(row["msgid"], row["created_at"], row["confirmed_at"], row["reminders"]),
            row["cancel_why"],
        )

    def _text(self, row: Row) -> str:
        with suppress(Unreadable):
            body = self._vault.open(_subject(row["external_userid"]), row["text"])
            return str(msgspec.json.decode(body)["content"])
        return ""


def created(send_id: str, msgid: str, now: float, look_at: float) -> Statement:
    """The statement that says that there is a task."""
    return Statement(_CREATED, (msgid, now, look_at, now, send_id))


def confirmed(send_id: str, at: float, look_at: float) -> Statement:
    """The statement that says that the member has sent it."""
    return Statement(_CONFIRMED, (at, look_at, send_id))


def ended(send_id: str, state: Reach, why: str, now: float) -> Statement:
    """The statement that says what came of it."""
    return Statement(_ENDED, (state, why, now, send_id))


def unwanted(send_id: str, why: str, at: float) -> Statement:
    """The statement by which one is wanted no more; what is at WeCom is cancelled there."""
    return Statement(
        "UPDATE mass_sends SET cancel_why = ?, next_at = ? WHERE id = ? AND cancel_why = ''"
        " AND state IN ('planned', 'task_created')",
        (why, at, send_id),
    )


def dropped(external_userid: str, ref: str, why: str, at: float) -> Statement:
    """The statement by which what has this `ref`, or one below it, is wanted no more."""
    below = f"{ref}/"
    return Statement(
        f"{_DROP} (ref = ? OR substr(ref, 1, ?) = ?)",
        (why, at, external_userid, ref, len(below), below),
    )


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject
