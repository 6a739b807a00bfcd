"""The end of a case: by the servicer, by a button, by silence, by the customer who gives up.

Whatever ends it, the others are told once, and whoever waits may have the seat.
"""

from collections.abc import Collection, Sequence

from bot.config import Escalation
from bot.model import Because, Case, EffectDone, Reply, ServiceState
from bot.model.cases import BOT, SEATED, SERVING, TICKET, WITH_PEOPLE
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import briefing, clocks, seating, store
from handlers.escalation.requesting import (
    Wish,
    follow_up,
    tell_leaders,
    tell_staff,
)

END, GIVEN_UP, BACK = "escalation.end", "escalation.given_up", "escalation.handed_back"
"""What came of ending a session: because it is done, because the customer gave up waiting, or
because whoever had it gives it back to the bot."""

_LET_GO = ("ended", "already", "not_human")
"""Outcomes after which no servicer has the session."""


async def close(
    turn: Turn, facts: Store, outcome: str, *, by: str, code: str = "", code_at: float = 0.0
) -> None:
    """Close the open case and say so; its seat is free for somebody who waits.

    Args:
        outcome: how it ended.
        by: ``servicer``, ``button``, ``idle``, ``gap``, or ``unseen`` where nothing told of it.
        code: permits one message within 20 s of `code_at`, empty = none.
    """
    case = turn.cases.open
    if case is not None:
        turn.cases.step("closed", reason=outcome, data={"by": by})
        await closed(turn, facts, case, outcome, by=by, code=code, code_at=code_at)


async def closed(
    turn: Turn,
    facts: Store,
    case: Case,
    outcome: str,
    *,
    by: str,
    code: str = "",
    code_at: float = 0.0,
) -> None:
    """A case has ended: its clocks stop, its cards say so, the others hear of it."""
    clocks.stop_nudges(turn, case)
    asked = {case.servicer} if by == "servicer" and case.status == SERVING else set()
    closed_text = turn.phrases.say("escalation.card_closed")
    await settle_cards(turn, facts, case.id, closed_text, but=asked)
    turn.emit(
        "case_closed",
        case_id=case.id,
        by=by,
        outcome=outcome,
        served_level=case.served_level,
        end_code=code,
        code_at=code_at,
    )
    if case.status in WITH_PEOPLE:
        await seating.offer(turn, facts, freed=case.servicer)


async def left(turn: Turn, facts: Store) -> None:
    """Nobody has written for a day (R-11.6); whoever still waits for a person is not forgotten."""
    case = turn.cases.open
    if case is not None and turn.cases.close_if_left():
        await after_a_day(turn, facts, case)


async def after_a_day(turn: Turn, facts: Store, case: Case) -> None:
    """A case is closed because a day has passed.

    Args:
        case: as it was before.
    """
    await closed(turn, facts, case, "gap", by="gap")
    if case.status != BOT and (case.waiting_since is not None or case.answered_at is None):
        await follow_up(turn, facts, Wish(case.reason, level=case.level), case)
        if case.status == TICKET:  # its own look for somebody may be under way, and end here
            clocks.follow_up_later(turn, case.id, clocks.SOON_S)


async def ask_reason(turn: Turn, facts: Store, case: Case, reasons: Sequence[str]) -> None:
    """Whoever has ended a case in the client is asked why, on the card that he has."""
    if case.status != SERVING:
        return
    for card in await store.cards_of(facts, case.id):
        if case.servicer not in (userid.lower() for userid in card.userids):
            continue
        if not card.response_code:  # it was used by a press; his next one brings another
            turn.notify(card.userids, turn.phrases.say("escalation.staff_tell_why"))
        turn.update_card(
            card.response_code,
            briefing.ended(turn, reasons),
            userids=card.userids,
            task_id=card.task_id,
        )
        store.card_asks(turn, card.task_id)


async def settle_others(turn: Turn, facts: Store, case: Case, servicer: str, key: str) -> None:
    """Somebody has the case now: the cards of the others say who."""
    text = turn.phrases.say(key, name=turn.roster.name_of(servicer))
    has_it = {servicer.lower()}
    await settle_cards(turn, facts, case.id, text, but=has_it)


async def settle_cards(
    turn: Turn, facts: Store, case_id: str, text: str, *, but: Collection[str] = ()
) -> None:
    """Grey out the buttons of every card about a case, for everybody but some."""
    for card in await store.cards_of(facts, case_id):
        if any(userid.lower() in but for userid in card.userids):
            continue
        turn.update_card(card.response_code, replace_name=text, task_id=card.task_id)
        store.card_settled(turn, card.task_id)


async def card_arrived(turn: Turn, facts: Store, done: EffectDone) -> None:
    """A card's code has come: kept for later, or used at once when it has come too late."""
    code, task_id = str(done.result.get("response_code") or ""), str(done.result.get("task_id"))
    card = await store.card(facts, task_id)
    if card is None or not card.is_settled:
        store.card_can_change(turn, task_id, code)
        return
    case = await facts.cases.get(card.case_id)
    has_it = case is not None and case.status in SEATED and case.servicer not in card.userids
    key = "escalation.card_taken" if has_it else "escalation.card_closed"
    name = turn.roster.name_of(case.servicer) if case else ""
    turn.update_card(code, replace_name=turn.phrases.say(key, name=name), task_id=task_id)


async def ended(turn: Turn, facts: Store, done: EffectDone) -> None:
    """WeCom has answered our wish to end the session."""
    case = turn.cases.open
    if case is None:
        return
    steps = await facts.cases.steps(case)
    ending = next((step for step in reversed(steps) if step.name == "ending"), None)
    if ending is None:
        return  # that one is closed, and the customer has begun another
    outcome, by = ending.reason, str(ending.data.get("by", "button"))
    match done.result.get("outcome"):
        case "ended" | "already":
            code, at = str(done.result.get("msg_code") or ""), float(done.result.get("at", 0))
            await close(turn, facts, outcome, by=by, code=code, code_at=at)
        case "not_human":  # its end was never told, and the customer has written since
            await close(turn, facts, outcome, by=by)
        case "not_quiet":
            pass  # somebody has written meanwhile; its clock runs on
        case _:
            turn.notify([case.servicer], turn.phrases.say("escalation.staff_not_ended"))


async def give_up(turn: Turn, facts: Store) -> None:
    """The customer will not wait any longer."""
    case = turn.cases.open
    if case is None or (case.answered_at is not None and case.status in WITH_PEOPLE):
        return
    if case.status in WITH_PEOPLE and case.status != SERVING:
        turn.end_session(tag=GIVEN_UP)
    else:
        turn.cases.step("given_up", reason="customer")
        store.end_ticket(turn, "customer")


async def given_up(turn: Turn, facts: Store, done: EffectDone) -> None:
    """Where WeCom let go of the session the bot has the customer back; else nothing is said."""
    case = turn.cases.open
    if case is None or done.result.get("outcome") not in _LET_GO:
        return
    await _bot_has_it(turn, facts, done, "customer", "given_up")
    store.end_ticket(turn, "customer")
    if done.result["outcome"] == "not_human":
        pass  # it had come to nobody yet
    elif case.servicer:
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_given_up"))
    else:
        tell_staff(turn, "escalation.staff_given_up", case.reason)


async def handed_back(turn: Turn, facts: Store, done: EffectDone) -> None:
    """Where WeCom let go of the session the bot has the customer, and the case goes on."""
    case = turn.cases.open
    if case is None or case.status not in SEATED:
        return  # it has ended meanwhile, or is the bot's already
    if done.result.get("outcome") in _LET_GO:
        await _bot_has_it(turn, facts, done, "handed_back", "handed_back")
    else:
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_not_ended"))


async def _bot_has_it(turn: Turn, facts: Store, done: EffectDone, reason: str, key: str) -> None:
    """The case is the bot's: its clocks stop, its cards say so, its seat is free."""
    case = turn.cases.open
    assert case is not None
    turn.cases.step("given_up", reason=reason)
    clocks.stop_nudges(turn, case)
    await settle_cards(turn, facts, case.id, turn.phrases.say(f"escalation.card_{key}"))
    code, key = done.result.get("msg_code"), f"escalation.{key}"
    if isinstance(code, str) and code:
        because = Because(source="reply", ref=key)
        turn.reply_by_code(
            code,
            Reply(text=turn.phrases.say(key), because=because),
            expires_at=float(done.result.get("at", turn.now)) + turn.setting.codes.end_s,
            in_state=int(ServiceState.ENDED),
        )
    await seating.offer(turn, facts, freed=case.servicer)


def end_by_idleness(turn: Turn, case: Case, numbers: Escalation, *, woken: bool) -> None:
    """Nobody writes any more: remind the servicer, then end the session (R-11.3)."""
    quiet = turn.now - case.active_at
    if woken:
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_woken"))
        clocks.watch_idleness(turn, case, numbers.idle_notice_s)
    elif quiet < numbers.idle_notice_s:
        clocks.watch_idleness(turn, case, numbers.idle_notice_s - quiet)
    elif case.waiting_since is not None:  # the customer waits: an end would be an insult
        name = turn.roster.name_of(case.servicer)
        minutes = round((turn.now - case.waiting_since) / 60)
        tell_leaders(turn, "escalation.leader_silent", name=name, minutes=minutes)
        turn.notify([case.servicer], turn.phrases.say("escalation.staff_silent", minutes=minutes))
        turn.check_session()
        clocks.watch_idleness(turn, case, numbers.idle_end_s)
    elif quiet < numbers.idle_end_s:
        left = numbers.idle_end_s - quiet
        text = turn.phrases.say("escalation.staff_idle", minutes=max(1, round(left / 60)))
        turn.notify([case.servicer], text)
        clocks.watch_idleness(turn, case, left)
    else:
        turn.cases.step("ending", reason="idle", data={"by": "idle"})
        turn.end_session(tag=END, quiet_since=case.active_at)
        clocks.watch_idleness(turn, case, numbers.idle_end_s)  # WeCom may refuse
