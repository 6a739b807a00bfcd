"""What has WeCom answered to our wishes, and what does it tell by itself?"""

from bot.config import Config
from bot.model import (
    EffectDone,
    EffectFailed,
    SendFailed,
    ServicerStatusChanged,
    SessionChanged,
)
from bot.model.effects import NOT_OURS
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import (
    briefing,
    clocks,
    closing,
    losing,
    outcomes,
    seating,
    store,
    summing_up,
)
from handlers.escalation.requesting import HANDOFF, Wish, follow_up, tell_leaders, want
from handlers.escalation.router import router
from knowledge import Library

_TAKEN, _PASSED, _ENDED, _REOPENED = 1, 2, 3, 4
"""change_type of a session (wecom-api §3.9)."""

_RECEIVING = 1
_BLOCKED_BY_CUSTOMER = 10
"""fail_type of a customer who refuses this account's messages (wecom-api §3.9)."""


@router.on(EffectDone, tag=HANDOFF)
async def handed_off(
    turn: Turn, done: EffectDone, facts: Store, library: Library, config: Config
) -> None:
    """Tell customer and staff what WeCom really did."""
    numbers = config.escalation
    match done.result.get("outcome"):
        case "assigned":
            await outcomes.assigned(turn, facts, library, done, numbers)
        case "queued":
            await outcomes.queued(turn, facts, done, numbers)
        case "already":
            outcomes.already(turn, done, numbers)
        case "kept":
            outcomes.kept(turn, done, str(done.result.get("servicer", "")))
        case _:
            await outcomes.nobody(turn, facts, done)
    await outcomes.next_in_line(turn, facts, done.result)


@router.on(EffectDone, tag=closing.END)
async def session_ended(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The session was to end."""
    await closing.ended(turn, facts, done)


@router.on(EffectDone, tag=closing.GIVEN_UP)
async def session_given_up(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The customer was to be let out of the queue."""
    await closing.given_up(turn, facts, done)


@router.on(EffectDone, tag=closing.BACK)
async def session_handed_back(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The session was to be the bot's again."""
    await closing.handed_back(turn, facts, done)


@router.on(EffectDone, tag=briefing.CARD)
async def card_arrived(turn: Turn, done: EffectDone, facts: Store) -> None:
    """By its code the card can be changed once; at once, when it has come too late."""
    await closing.card_arrived(turn, facts, done)


@router.on(EffectDone, tag=summing_up.SUMMARY)
async def summed_up(turn: Turn, done: EffectDone) -> None:
    """The model has summed the case up, or could not."""
    await summing_up.arrived(turn, done)


@router.on(EffectFailed)
async def failed(turn: Turn, event: EffectFailed, facts: Store) -> None:
    """A hand-over that never came about, or a reply that died, is for people to follow up."""
    if event.tag == HANDOFF and event.error.startswith("cancelled"):
        outcomes.withheld(turn)
    elif event.tag == HANDOFF:
        refused = EffectDone(effect_id=event.effect_id, effect=event.effect, result={})
        await outcomes.nobody(turn, facts, refused)
        await outcomes.next_in_line(turn, facts, event.data)
    elif event.tag == briefing.CARD:
        names = "、".join(turn.roster.name_of(userid) for userid in event.data.get("userids", ()))
        tell_leaders(turn, "escalation.leader_no_card", name=names)
    elif event.tag in (closing.END, closing.BACK) and (case := turn.cases.open):
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_not_ended"))
    elif event.effect == "SendMessage" and NOT_OURS in event.error:
        turn.emit("with_people")
    elif event.effect == "SendMessage" and event.data.get("asked", True):
        died = event.error.startswith("dead")
        await want(turn, facts, Wish("reply_died", ticket_only=not died))


@router.on(SendFailed)
async def undelivered(turn: Turn, event: SendFailed, facts: Store) -> None:
    """WeCom accepted a reply and could not deliver it: only people can still help."""
    blocked = event.fail_type == _BLOCKED_BY_CUSTOMER
    reason = "customer_blocked" if blocked else "undelivered"
    await follow_up(turn, facts, Wish(reason), turn.cases.open)


@router.on(SessionChanged)
async def changed(
    turn: Turn, event: SessionChanged, facts: Store, library: Library, config: Config
) -> None:
    """Servicers move sessions in their client: taken, passed on, ended, opened again."""
    if event.change_type == _ENDED:
        await losing.ended_in_client(turn, facts, event, config.escalation.close_reasons)
        return
    case, servicer = turn.cases.open, event.new_servicer_userid or ""
    if case is None or not servicer:
        return
    clocks.stop_nudges(turn, case)
    level = turn.roster.level_of(servicer)
    if taken := turn.cases.step("taken", servicer=servicer, level=level, reason="by_himself"):
        store.end_ticket(turn, servicer)
        clocks.watch_idleness(turn, taken, config.escalation.idle_notice_s)
        if event.change_type != _REOPENED:
            reasons = config.escalation.close_reasons
            await briefing.brief(turn, facts, library, taken, servicer, reasons=reasons)


@router.on(ServicerStatusChanged)
async def servicer_came_or_went(turn: Turn, event: ServicerStatusChanged, facts: Store) -> None:
    """One who comes may take what waits; what one who goes has not answered is given on."""
    if event.status == _RECEIVING:
        await seating.offer(turn, facts)
        return
    userid = event.servicer_userid.lower()
    for case in await facts.cases.held_by(userid):
        if case.conversation.open_kfid == event.open_kfid:
            turn.emit("servicer_left", to=case.conversation, userid=userid)
