"""Bring a conversation to people when asked, or when the bot cannot help (R-11.2 to R-11.4).

The customer is told only after WeCom has accepted: asking is one turn, its outcome another.
"""

from dataclasses import replace

from msgspec import structs

from bot.config import Config
from bot.model import (
    CardPressed,
    EffectDone,
    EffectFailed,
    Emitted,
    SendFailed,
    ServicerStatusChanged,
    ServiceState,
    SessionChanged,
    StaffAction,
    TimerDue,
)
from bot.model.cases import ASSIGNED, BOT, QUEUED, SEATED, SERVING, TICKET, WITH_PEOPLE
from bot.model.effects import HUMAN_OWNS
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.store import Store
from handlers.escalation import (
    briefing,
    clocks,
    closing,
    desk,
    following,
    listening,
    outcomes,
    store,
)
from handlers.escalation.requesting import (
    HANDOFF,
    Wish,
    ask_another,
    follow_up,
    hand_over,
    tell_leaders,
    want,
    wish_for,
)
from handlers.escalation.rules import Rules
from knowledge import Library, Meaning

router = Router("escalation", stage=Stage.HUMAN, tables=store.TABLES)

_TAKEN, _PASSED, _ENDED, _REOPENED = 1, 2, 3, 4
"""change_type of a session (wecom-api §3.9)."""

_RECEIVING = 1
_BLOCKED_BY_CUSTOMER = 10
"""fail_type of a customer who refuses this account's messages (wecom-api §3.9)."""

_NOT_TO_BE_HANDED = frozenset({"too_late", "undelivered", "customer_blocked"})
"""Reasons for which a session would help nobody: what is said in it does not arrive."""


# -------------------------------------------------------------------- what the customer writes


@router.observe()
async def heard(turn: Turn, rules: Rules) -> None:
    """While people have the case: who answered, and whether the customer gives up waiting, or
    says what needs somebody else."""
    listening.overhear(turn, rules)


@router.message(Tapped("human"))
async def tapped(turn: Turn, facts: Store, rules: Rules) -> None:
    """The customer tapped 转人工."""
    await want(turn, facts, wish_for("asked", rules))


@router.message(IsText())
async def needed(
    turn: Turn, facts: Store, library: Library, rules: Rules, meaning: Meaning
) -> None:
    """What the customer writes needs a person: it is asked for, or a class of risk says so."""
    await listening.judged(turn, facts, library, rules, meaning)


@router.message(IsText())
async def while_nobody_is_there(turn: Turn, facts: Store) -> None:
    """A ticket is open: the customer leaves a phone number, or does not want it any more."""
    await listening.beside_a_ticket(turn, facts)


# -------------------------------------------------------------------- what others want


@router.on(Emitted, tag="escalate")
async def escalated(turn: Turn, event: Emitted, facts: Store, rules: Rules) -> None:
    """Another behaviour, or the engine, wants a person."""
    reason = str(event.data.get("reason", "asked"))
    ticket_only = bool(event.data.get("ticket")) or reason in _NOT_TO_BE_HANDED
    wish = wish_for(reason, rules, level=int(event.data.get("level", 2)))
    about = str(event.data.get("case_id", "")) if ticket_only else ""
    await want(turn, facts, replace(wish, ticket_only=ticket_only, case_id=about))


@router.on(Emitted, tag="with_people")
async def with_people(turn: Turn, config: Config) -> None:
    """A servicer has the session, though the case is new; an old word for it proves nothing."""
    case, owner = turn.cases.open, turn.facts.ownership
    known = owner.is_known(turn.now, config.routing.ownership_max_age_s)
    if case and case.status == BOT and known and owner.state is ServiceState.HUMAN:
        servicer = owner.servicer or ""
        level = turn.roster.level_of(servicer)
        turn.cases.step("taken", servicer=servicer, level=level, reason="with_person")
        clocks.watch_idleness(turn, case, config.escalation.idle_notice_s)


@router.on(Emitted, tag="gave_up_waiting")
async def gave_up(turn: Turn, facts: Store) -> None:
    """The customer will not wait any longer."""
    await closing.give_up(turn, facts)


@router.on(Emitted, tag="seat_free")
async def seat_free(turn: Turn, facts: Store) -> None:
    """Somebody may be able to take what waits."""
    case = turn.cases.open
    if case is not None and case.status in (QUEUED, TICKET):
        await hand_over(turn, facts, outcomes.SEAT)


@router.on(Emitted, tag="servicer_left")
async def servicer_left(turn: Turn, event: Emitted, facts: Store) -> None:
    """Whoever was to take the case has stopped receiving before he answered."""
    case = turn.cases.open
    if case is None or case.servicer != event.data.get("userid"):
        return
    if case.status == ASSIGNED:
        await ask_another(turn, facts, case, outcomes.LATER)
    elif case.status == SERVING and case.waiting_since is not None:
        name = turn.roster.name_of(case.servicer)
        tell_leaders(turn, "escalation.leader_left", name=name)


@router.on(Emitted, tag="case_answered")
async def answered(turn: Turn, event: Emitted, facts: Store) -> None:
    """A servicer has written: nobody needs to be reminded, and the cards say who it is."""
    case = turn.cases.open
    if case is None or case.id != event.data.get("case_id"):
        return
    clocks.stop_nudges(turn, case)
    store.end_ticket(turn, case.servicer)
    await closing.settle_others(turn, facts, case, case.servicer, "escalation.card_taken")


@router.on(Emitted, tag="case_left")
async def left(turn: Turn, facts: Store) -> None:
    """Nobody has written for a day (R-11.6)."""
    await closing.left(turn, facts)


@router.on(Emitted, tag="case_left_behind")
async def left_behind(turn: Turn, event: Emitted, facts: Store) -> None:
    """The customer came after a day, before anybody noticed that the case was over."""
    case = await facts.cases.get(str(event.data.get("case_id")))
    if case is not None:
        was = structs.replace(case, status=str(event.data.get("status")))
        await closing.after_a_day(turn, facts, was)


@router.on(Emitted, tag="solved")
async def solved(turn: Turn) -> None:
    """The customer says that it is solved; the case stays open for what else he has to ask."""
    case = turn.cases.step("solved")
    if case is not None and case.status == TICKET:
        turn.cases.step("given_up", reason="solved")
        store.end_ticket(turn, "customer")
    if case is not None and case.status not in WITH_PEOPLE:
        served = case.served_level
        turn.emit(
            "case_solved", case_id=case.id, by="customer", outcome="solved", served_level=served
        )


@router.on(Emitted, tag="unsolved")
async def unsolved(turn: Turn) -> None:
    """The customer says that it is not solved after all."""
    turn.cases.step("unsolved")


# -------------------------------------------------------------------- what WeCom answers and tells


@router.on(EffectDone, tag=HANDOFF)
async def handed_off(
    turn: Turn, done: EffectDone, facts: Store, library: Library, config: Config
) -> None:
    """Tell customer and staff what WeCom really did."""
    numbers = config.escalation
    match outcome := done.result.get("outcome"):
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
    case = turn.cases.newest
    if case and done.result.get("reason") == outcomes.SEAT and outcome != "nobody":
        await closing.seat_is_free(turn, facts, turn.conversation.open_kfid, after=case)


@router.on(EffectDone, tag=closing.END)
async def session_ended(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The session was to end."""
    await closing.ended(turn, facts, done)


@router.on(EffectDone, tag=closing.GIVEN_UP)
async def session_given_up(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The customer was to be let out of the queue."""
    await closing.given_up(turn, facts, done)


@router.on(EffectDone, tag=briefing.CARD)
async def card_arrived(turn: Turn, done: EffectDone, facts: Store) -> None:
    """By its code the card can be changed once; at once, when it has come too late."""
    await closing.card_arrived(turn, facts, done)


@router.on(EffectFailed)
async def failed(turn: Turn, event: EffectFailed, facts: Store) -> None:
    """A hand-over that never came about, or a reply that died, is for people to follow up."""
    if event.tag == HANDOFF and event.error.startswith("cancelled"):
        outcomes.withheld(turn)
    elif event.tag == HANDOFF:
        refused = EffectDone(effect_id=event.effect_id, effect=event.effect, result={})
        await outcomes.nobody(turn, facts, refused)
    elif event.tag == briefing.CARD:
        names = "、".join(turn.roster.name_of(userid) for userid in event.data.get("userids", ()))
        tell_leaders(turn, "escalation.leader_no_card", name=names)
    elif event.tag == closing.END and (case := turn.cases.open):
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_not_ended"))
    elif event.effect == "SendMessage" and HUMAN_OWNS in event.error:
        turn.emit("with_people")
    elif event.effect == "SendMessage":
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
        await closing.ended_in_client(turn, facts, event)
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
            await briefing.brief(turn, facts, library, taken, servicer)


@router.on(ServicerStatusChanged)
async def servicer_came_or_went(turn: Turn, event: ServicerStatusChanged, facts: Store) -> None:
    """One who comes may take what waits; what one who goes has not answered is given on."""
    if event.status == _RECEIVING:
        await closing.seat_is_free(turn, facts, event.open_kfid)
        return
    userid = event.servicer_userid.lower()
    for case in await facts.cases.held_by(userid):
        if case.conversation.open_kfid == event.open_kfid:
            turn.emit("servicer_left", to=case.conversation, userid=userid)


# -------------------------------------------------------------------- clocks


@router.on(TimerDue, tag=clocks.NUDGE)
async def nudge(turn: Turn, due: TimerDue, facts: Store, config: Config) -> None:
    """He was given a case and has not answered: remind him, at last ask somebody else."""
    case = turn.cases.open
    same = case is not None and (case.servicer, case.given_at) == (
        due.data.get("servicer"),
        due.data.get("given_at"),
    )
    if case is None or not same or case.status != ASSIGNED:
        return
    waits = briefing.waited(turn, case)
    turn.cases.step("nudged", servicer=case.servicer)
    if due.data.get("last"):
        name = turn.roster.name_of(case.servicer)
        tell_leaders(turn, "escalation.leader_slow", name=name, waited=waits)
        await ask_another(turn, facts, case, "too_slow")
    else:
        text = turn.phrases.say("escalation.staff_nudge", account=turn.account_name, waited=waits)
        turn.notify([case.servicer], text)


@router.on(TimerDue, tag=clocks.RETRY)
async def retry(turn: Turn, due: TimerDue, facts: Store) -> None:
    """Somebody may be there now."""
    case = turn.cases.open
    if case is None or case.id != due.key:
        await following.give(turn, facts, due.key)
    elif case.status in (QUEUED, TICKET):
        await hand_over(turn, facts, outcomes.LATER)
    elif case.status == ASSIGNED and case.given_at == due.data.get("given_at"):
        await ask_another(turn, facts, case, outcomes.LATER)


@router.on(TimerDue, tag=clocks.FOLLOW_UP)
async def followed_up(turn: Turn, due: TimerDue, facts: Store) -> None:
    """Something is left of a case, and somebody may be there for it now."""
    await following.give(turn, facts, due.key)


@router.on(TimerDue, tag=clocks.IDLE)
async def idle(turn: Turn, due: TimerDue, config: Config) -> None:
    """Nobody may be writing any more."""
    case = turn.cases.open
    if case is not None and case.id == due.key and case.status in SEATED:
        closing.end_by_idleness(turn, case, config.escalation, woken=bool(due.data.get("woken")))


@router.on(TimerDue, tag=clocks.DEADLINE)
async def deadline(turn: Turn, due: TimerDue, facts: Store) -> None:
    """A deadline of the case's class comes nearer, or is there (R-11.11)."""
    await following.remind(turn, facts, due)


# -------------------------------------------------------------------- what members press


@router.on(CardPressed)
async def pressed(turn: Turn, event: CardPressed, facts: Store) -> None:
    """Who pressed what on which card: it becomes an action about that customer."""
    card = await store.card(facts, event.task_id)
    if card is None or event.key not in briefing.ACTIONS:
        if event.task_id.startswith("case_"):
            turn.notify([event.userid], turn.phrases.say("escalation.staff_gone"))
        return
    store.card_can_change(turn, card.task_id, event.response_code)
    turn.forward(
        StaffAction(
            open_kfid=card.conversation.open_kfid,
            external_userid=card.conversation.external_userid,
            userid=event.userid,
            name=f"escalation.{event.key}",
            data={
                "case_id": card.case_id,
                "task_id": card.task_id,
                "response_code": event.response_code,
            },
        )
    )


@router.action("escalation.take")
async def take(turn: Turn, action: StaffAction, facts: Store, library: Library) -> None:
    """接单."""
    await desk.take(turn, facts, library, action)


@router.action("escalation.raise")
async def pass_on(turn: Turn, action: StaffAction, facts: Store) -> None:
    """转专家."""
    await desk.pass_on(turn, facts, action)


@router.action("escalation.later")
async def put_off(turn: Turn, action: StaffAction, facts: Store) -> None:
    """稍后处理."""
    await desk.put_off(turn, facts, action)


@router.action("escalation.end")
async def end(turn: Turn, action: StaffAction, facts: Store) -> None:
    """结束并交还机器人."""
    await desk.end(turn, facts, action)
