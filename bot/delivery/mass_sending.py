"""How does a mass-send task come to be at WeCom, once (wecom-api §4.12)?

`add_msg_template` asks the member again each time it is called, and WeCom gives it no key. So it is
written down before that it is called; who finds that looks for the task first, by its text, its
member and its customer, once the list of tasks has had time to show it. Where that cannot be told,
nothing more is made.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import (
    NotAuthorised,
    NotConsented,
    NotFriends,
    Rejected,
    SendCancelled,
    Throttled,
)
from bot.model import Conversation, Emitted, Lane, MakeMassSend
from bot.model.mass_sends import MASS_SEND_MOVED
from bot.model.outreach import Reach
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.ports import Clock
from bot.store import Arrival, AuditEntry, KnownSend, Parcel, Statement, Store, Unit
from bot.store.mass_sends import LOOK_AFTER_S, NO_CONSENT, confirmed, created, ended, unwanted
from bot.wecom.limits import platform_limits
from bot.wecom.mass_sends import as_sent

log = structlog.get_logger(__name__)

NOT_PERMITTED, SILENCED, MAYBE_MADE = "not_permitted", "silenced", "maybe_made"
FAILED, LEFT = "fail_list", "not_friends"
"""Why nothing comes of one, in one word each: they are shown in the texts of the timeline."""

SKEW_S = 300.0
"""How far WeCom's clock may be behind ours when what we made is looked for."""

_NOBODY = 41048
_OPERATOR_PAUSE_S = 600.0


class Undecidable(Exception):
    """There is a task that may be this one, and WeCom does not say for whom it is"""


@dataclass(frozen=True, slots=True)
class Moves:
    """Writes down how far a task is, and tells its customer's mailbox.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def created(self, known: KnownSend, msgid: str) -> None:
        """There is a task: the member can send it now."""
        now = self.clock.now()
        statement = created(known.send.id, msgid, now, now + LOOK_AFTER_S)
        await self._commit(known, Reach.CREATED, "", statement)

    async def confirmed(self, known: KnownSend, at: float, look_at: float) -> None:
        """The member has sent it; whether it arrived is not known yet."""
        statement = confirmed(known.send.id, at, look_at)
        await self._commit(known, Reach.CONFIRMED, "", statement)

    async def ended(self, known: KnownSend, state: Reach, why: str = "") -> None:
        """This came of it."""
        statement = ended(known.send.id, state, why, self.clock.now())
        await self._commit(known, state, why, statement)

    async def _commit(self, known: KnownSend, state: Reach, why: str, statement: Statement) -> None:
        send, now, unit = known.send, self.clock.now(), Unit()
        unit.statements.append(statement)
        subject = Conversation("", send.external_userid).subject
        moved = Emitted(
            name=MASS_SEND_MOVED,
            data={"id": send.id, "ref": send.ref},
            external_userid=send.external_userid,
        )
        arrival = Arrival(subject, moved, Lane.BACKGROUND, f"mass:{send.id}:{state}", now)
        await self.store.mailbox.deliver(unit, [arrival], now)
        entry = AuditEntry(
            at=now,
            actor="engine",
            action=f"mass_send.{state}",
            subject=subject,
            why=send.reason,
            result=why,
        )
        self.store.audit.note(unit, entry)
        await self.store.database.commit(unit)
        log.info("mass_send.moved", send=send.id, state=state.value, why=why)
        self.woken(subject, Lane.BACKGROUND)


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for a task that an earlier try may have made."""

    store: Store
    guard: Guard
    clock: Clock

    async def msgid_of(self, api: ContactApi, known: KnownSend) -> str:
        """The task at WeCom, empty = there is none.

        Raises:
            Undecidable: there may be one.
            WeComError: as the client.
        """
        send, begin = known.send, known.planned_at - SKEW_S
        texts = {as_sent(one).strip() for one in (send.text, self.guard.check(send.text).text)}
        until = self.clock.now() + SKEW_S
        listed = [
            one.msgid
            async for one in api.mass_sends.made_between(begin, until)
            if one.text.strip() in texts
        ]
        taken, unsure = await self.store.mass_sends.taken(listed), False
        for msgid in listed:
            if msgid in taken:
                continue
            with suppress(SendCancelled):
                results = await api.mass_sends.results_of(msgid, send.member)
                if send.external_userid in results:
                    return msgid
                unsure = unsure or not results
        if unsure:
            raise Undecidable
        return ""


@dataclass(frozen=True, slots=True)
class MassSendCourier:
    """Makes tasks, each for one customer."""

    store: Store
    access: ContactAccess
    finder: Finder
    moves: Moves

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Make one, unless it is there already or nobody wants it any more."""
        effect, now = parcel.effect, self.moves.clock.now()
        assert isinstance(effect, MakeMassSend)
        known = await self.store.mass_sends.get(effect.send_id)
        if known is None or known.state is not Reach.PLANNED:
            made = known is not None and known.msgid
            return Ended("sent" if made else "cancelled", error="moved on already")
        if await self.store.switches.silence_of(Conversation("", known.send.external_userid)):
            return _unwanted(known, SILENCED, now)
        try:
            if not await self.store.outbox.claim(parcel, now):
                return Later(now, "closed meanwhile")
        except NotConsented:
            return _unwanted(known, NO_CONSENT, now)
        api = await self.access.api()
        if api is None and known.tried_at is not None:
            return Later(now + _OPERATOR_PAUSE_S, NOT_PERMITTED)
        if api is None:
            return await self._over(known, Reach.BLOCKED, NOT_PERMITTED)
        found = None if known.tried_at is None else await self._made_before(api, known, now)
        return found or await self._make(api, parcel, known)

    async def _made_before(self, api: ContactApi, known: KnownSend, now: float) -> Outcome | None:
        """What becomes of one that an earlier try may have made; ``None`` = it did not."""
        try:
            msgid = await self.finder.msgid_of(api, known)
        except Undecidable:
            await self.store.mass_sends.give_up(known, MAYBE_MADE, now)
            return Ended("dead", error=MAYBE_MADE)
        if msgid:
            return await self._made(known, msgid)
        settled_at = (known.tried_at or now) + platform_limits().contact.mass_settle_s
        return Later(settled_at, "an earlier try may have made it") if now < settled_at else None

    async def _make(self, api: ContactApi, parcel: Parcel, known: KnownSend) -> Outcome:
        send, book = known.send, self.store.mass_sends
        verdict = self.finder.guard.check(send.text)
        if verdict.decision not in (Decision.ALLOW, Decision.MASK):
            kinds = ",".join(dict.fromkeys(one.kind for one in verdict.found))
            return await self._over(known, Reach.BLOCKED, f"lexicon:{kinds}")
        if not await book.try_now(send.id, self.moves.clock.now()):
            return Ended("cancelled", error=known.cancel_why or "wanted no more")
        try:
            made = await api.mass_sends.create(send.member, [send.external_userid], verdict.text)
        except Throttled:
            await self.store.outbox.forget_try(parcel)
            if known.tried_at is None:
                await book.untried(send.id)
            raise
        except NotAuthorised as error:
            await self.access.refused(error)
            return await self._over(known, Reach.BLOCKED, NOT_PERMITTED, error)
        except Rejected as error:
            return await self._over(known, Reach.IMPOSSIBLE, _refusal(error), error)
        if send.external_userid in made.fail_list:
            return await self._over(known, Reach.IMPOSSIBLE, FAILED)
        return await self._made(known, made.msgid)

    async def _made(self, known: KnownSend, msgid: str) -> Outcome:
        await self.moves.created(known, msgid)
        return Ended("sent")

    async def _over(
        self, known: KnownSend, state: Reach, why: str, error: Rejected | None = None
    ) -> Outcome:
        await self.moves.ended(known, state, why)
        return Ended("dead", error=why, errcode=error.errcode if error else None)


def _unwanted(known: KnownSend, why: str, now: float) -> Outcome:
    """A task that an earlier try may have made is looked for, and cancelled, by whoever looks."""
    return Ended("cancelled", error=why, statements=[unwanted(known.send.id, why, now)])


def _refusal(error: Rejected) -> str:
    if isinstance(error, NotFriends) or error.errcode == _NOBODY:
        return LEFT
    return f"refused_{error.errcode}"
