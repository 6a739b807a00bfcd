"""Bring a conversation to people when asked, or when the bot cannot help (R-11.2 to R-11.4).

The customer is told only after WeCom has accepted: asking is one turn, its outcome another.
"""

from bot.model import (
    Because,
    EffectDone,
    EffectFailed,
    Emitted,
    Reply,
    SendFailed,
    SessionChanged,
)
from bot.model.effects import HUMAN_OWNS
from bot.routing import Router, Says, Stage, Tapped, Turn
from bot.routing.facts import SESSION_S
from bot.routing.wording import hours_text
from bot.store import Store
from handlers.escalation import store

router = Router("escalation", stage=Stage.HUMAN, tables=store.TABLES)

HANDOFF = "escalation.handoff"
QUEUE_CODE_S = 47 * 3600
"""The queue code lives 48 h (wecom-api §3.11); a little less is safe."""

_ENDED = 3
_QUEUED = 2
_BLOCKED_BY_CUSTOMER = 10
"""fail_type of a customer who refuses this account's messages (wecom-api §3.9)."""


@router.message(Tapped("human"))
async def tapped(turn: Turn) -> None:
    """The customer tapped 转人工."""
    _request(turn, "asked")


@router.message(Says("escalation.request"))
async def asked(turn: Turn) -> None:
    """The customer asks for a person in words."""
    _request(turn, "asked")


@router.on(Emitted, tag="escalate")
async def escalated(turn: Turn, event: Emitted) -> None:
    """Another behaviour, or the engine, wants a person."""
    _request(turn, str(event.data.get("reason", "asked")))


@router.on(EffectDone, tag=HANDOFF)
async def handed_off(turn: Turn, done: EffectDone, facts: Store) -> None:
    """Tell customer and staff what WeCom really did."""
    outcome = str(done.result.get("outcome"))
    reason = str(done.result.get("reason", "asked"))
    store.became(turn, outcome)
    match outcome:
        case "queued":
            _say_queued(turn, done.result.get("msg_code"))
            _tell_staff(turn, "escalation.staff_queued", reason)
        case "nobody":
            if reason != "suggest" or not await store.told_nobody_lately(facts, turn):
                _say_nobody(turn)
            _tell_staff(turn, "escalation.staff_nobody", reason)
        case "refused" | "ended":
            _say(turn, "escalation.refused")
            _tell_staff(turn, "escalation.staff_refused", reason)
        case _:
            pass  # a person has it already


@router.on(EffectFailed)
async def failed(turn: Turn, event: EffectFailed) -> None:
    """A hand-over that never came about, or a reply that died, is for people to follow up."""
    if event.tag == HANDOFF:
        store.became(turn, "refused")
        _tell_staff(turn, "escalation.staff_refused", "asked")
    elif event.effect == "SendMessage" and HUMAN_OWNS not in event.error:
        _tell_staff(turn, "escalation.staff_dead", "reply_died")


@router.on(SendFailed)
async def undelivered(turn: Turn, event: SendFailed) -> None:
    """WeCom accepted a reply and could not deliver it: only people can still help."""
    reason = "customer_blocked" if event.fail_type == _BLOCKED_BY_CUSTOMER else "undelivered"
    _tell_staff(turn, "escalation.staff_dead", reason)


@router.on(SessionChanged)
async def changed(turn: Turn, event: SessionChanged) -> None:
    """Remember who took the request, and when it was over."""
    if event.change_type == _ENDED:
        store.became(turn, "closed")
    else:
        store.became(turn, "taken", event.new_servicer_userid)


def _request(turn: Turn, reason: str) -> None:
    if not turn.wants_handoff:
        turn.hand_off(reason, tag=HANDOFF)
        store.requested(turn, reason)
    turn.settle("handed_off", Because(source="escalation", ref=reason))


def _say_queued(turn: Turn, code: object) -> None:
    """In the pool only the queue code may speak; without one the customer sees WeCom's own line."""
    if isinstance(code, str) and code:
        key = "escalation.queued"
        turn.reply_by_code(
            code,
            Reply(text=turn.phrases.say(key), because=Because(source="reply", ref=key)),
            expires_at=turn.now + QUEUE_CODE_S,
            in_state=_QUEUED,
        )


def _say_nobody(turn: Turn) -> None:
    if turn.account.is_open(turn.now):
        _say(turn, "escalation.nobody")
    else:
        _say(turn, "escalation.nobody_hours", hours=hours_text(turn.phrases, turn.account))


def _say(turn: Turn, key: str, **values: object) -> None:
    if turn.now - turn.facts.customer_wrote_at > SESSION_S:
        return  # WeCom would not deliver it any more (wecom-api §3.10)
    turn.reply(
        turn.phrases.say(key, **values),
        because=Because(source="reply", ref=key),
        category="service",
    )


def _tell_staff(turn: Turn, key: str, reason: str) -> None:
    known = f"escalation.reason_{reason}"
    why = turn.phrases.say(known) if turn.phrases.has_reply(known) else reason
    turn.notify(
        [member.userid for member in turn.staff],
        turn.phrases.say(key, account=turn.account_name, reason=why),
    )
