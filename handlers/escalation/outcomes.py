"""WeCom has answered: what do customer and staff learn, and which clocks start?

The customer is told only what WeCom has accepted (R-11.4).
"""

from collections.abc import Mapping
from typing import Any

from bot.config import Escalation
from bot.model import Because, Case, EffectDone, Reply, ServiceState
from bot.model.cases import (
    ASSIGNED,
    EXPERT,
    QUEUED,
    RAISED,
    SERVING,
    TICKET,
    WANTED,
    WITH_PEOPLE,
)
from bot.policy.roster import opening
from bot.routing import Turn
from bot.routing.facts import SESSION_S
from bot.routing.wording import hours_text, opening_text
from bot.store import Store
from handlers.escalation import briefing, clocks, closing, seating, store
from handlers.escalation.requesting import (
    GIVEN_BACK,
    LATER,
    SEAT,
    SLOW,
    SUCCEEDED,
    hand_over,
    tell_leaders,
    tell_staff,
    why,
)
from knowledge import Library

_OUT_OF_POOL = frozenset({"briefed", "taken", "answered", "ticketed", "given_up"})
"""Steps after which a case does not wait in the pool any more."""

_UNASKED = frozenset({LATER, SEAT})

TAKE = "taken_from_card"
"""Reason of a hand-over to the member who pressed the button."""

RETRY_QUEUED_S, RETRY_TICKET_S = 60.0, 600.0
_SAID_ONCE_S = 1800.0
_FEW = 5


async def assigned(
    turn: Turn, facts: Store, library: Library, done: EffectDone, numbers: Escalation
) -> None:
    """A servicer has the session."""
    case = turn.cases.open
    servicer = str(done.result.get("servicer", ""))
    if case is None or case.servicer != servicer.lower():
        return  # it has moved on since
    reason = str(done.result.get("reason"))
    before, code = str(done.result.get("away_from", "")).lower(), done.result.get("msg_code")
    moved = bool(before) and before != case.servicer
    later = "escalation.assigned_later" if reason in _UNASKED else "escalation.assigned"
    _say_by_code(turn, code, "escalation.passed_on" if moved else later, ServiceState.HUMAN)
    if moved and reason != SUCCEEDED:  # that one has left
        so = case.reason if reason in SLOW | _UNASKED else reason
        name = turn.roster.name_of(servicer)
        _tell_of_case(turn, before, "escalation.staff_moved", so, name=name)
    store.end_ticket(turn, servicer)
    clocks.watch_idleness(turn, case, numbers.idle_notice_s)
    if reason == TAKE and case.status == ASSIGNED:
        turn.cases.step("taken", servicer=servicer, level=turn.roster.level_of(servicer))
        return
    clocks.start_nudges(turn, case, numbers.reassign_after_s)
    await closing.settle_others(turn, facts, case, servicer, "escalation.card_moved")
    await briefing.brief(
        *(turn, facts, library, case, servicer),
        reasons=numbers.close_reasons,
        within_s=numbers.reassign_after_s,
        is_unannounced=moved and not code,
    )
    if case.level >= EXPERT > turn.roster.level_of(servicer):
        if await seating.seats_for(turn, facts, case, EXPERT, barred={servicer.lower()}):
            await hand_over(turn, facts, SEAT, away_from=servicer)  # wanted while he was asked
            return
        name = turn.roster.name_of(servicer)
        tell_leaders(turn, "escalation.leader_no_expert", name=name)


async def queued(turn: Turn, facts: Store, done: EffectDone, numbers: Escalation) -> None:
    """It waits in the pool of the account, or goes on waiting there."""
    case = turn.cases.open
    if case is None:
        return
    since = await _queued_since(facts, case)
    is_new = since is None or not done.result.get("again")
    if case.status != QUEUED:  # also where an earlier try moved it, whose answer was lost
        case = turn.cases.step("queued") or case
    else:
        is_new = False
    if is_new:
        ahead = await facts.line.place_of(case)
        wait_s = await facts.line.usual_wait(turn.conversation.open_kfid, turn.now - 86_400, _FEW)
        text = turn.phrases.say("escalation.queued")
        if ahead:
            text += turn.phrases.say("escalation.queued_place", ahead=ahead)
        if wait_s:
            minutes = max(1, round(wait_s / 60))
            text += turn.phrases.say("escalation.queued_wait", minutes=minutes)
        _say_by_code(
            turn, done.result.get("msg_code"), "escalation.queued", ServiceState.QUEUED, text
        )
        tell_staff(turn, "escalation.staff_queued", case.reason)
    elif since is not None and turn.now - since >= numbers.reassign_after_s:
        await _tell_of_the_queue(turn, facts, case, since)
    clocks.look_again(turn, case, _next_try_s(turn, case))


async def _tell_of_the_queue(turn: Turn, facts: Store, case: Case, since: float) -> None:
    """Tell the leaders of this wait, once."""
    steps = await facts.cases.steps(case)
    if any(step.name == "queue_told" and step.at >= since for step in steps):
        return
    turn.cases.step("queue_told")
    tell_leaders(turn, "escalation.leader_queue", waited=briefing.waited(turn, case))


async def _queued_since(facts: Store, case: Case) -> float | None:
    """Since when it waits in the pool; servicers for whom WeCom refused it do not count."""
    since: float | None = None
    for step in await facts.cases.steps(case):
        if step.name == "queued":
            since = step.at if since is None else since
        elif step.name in _OUT_OF_POOL:
            since = None
    return since


async def nobody(turn: Turn, facts: Store, done: EffectDone) -> None:
    """Nobody receives, or WeCom did not let it through: a ticket, and the bot goes on."""
    case = turn.cases.open
    if case is None:
        return
    owner = turn.facts.ownership
    if owner.state is ServiceState.HUMAN and owner.servicer:
        kept(turn, done, owner.servicer)
        return
    reason = str(done.result.get("reason", case.reason))
    refused = done.result.get("outcome") != "nobody"
    quiet = reason in _UNASKED or reason == TAKE
    if case.status != TICKET:
        turn.cases.step("ticketed", reason="refused" if refused else "nobody")
        store.open_ticket(turn, case.id, case.level, case.reason)
    if not quiet:
        _tell_operator(turn, done)
        key = "escalation.staff_refused" if refused else "escalation.staff_nobody"
        tell_staff(turn, key, case.reason)
        if refused:
            say(turn, "escalation.refused")
        elif not await _told_lately(turn, facts):
            _say_nobody(turn, case)
        elif reason != "suggest":
            say(turn, "escalation.still_nobody")
    clocks.look_again(turn, case, _until_somebody(turn, case))


async def next_in_line(turn: Turn, facts: Store, result: Mapping[str, Any]) -> None:
    """A seat was offered to this case: the next one of the line tries for what is left.

    Args:
        result: of the hand-over, or what its failure tells of it.
    """
    case = turn.cases.newest
    if case is not None and result.get("reason") == SEAT:
        used = result.get("outcome") in ("assigned", "already")
        tries = 0 if used else int(result.get("tries", 0)) + 1
        await seating.offer(turn, facts, after=case, tries=tries)


def already(turn: Turn, done: EffectDone, numbers: Escalation) -> None:
    """A person has it by himself."""
    case = turn.cases.open
    servicer = str(done.result.get("servicer", ""))
    if case is not None and (case.status not in WITH_PEOPLE or case.servicer != servicer.lower()):
        turn.cases.step("taken", servicer=servicer, level=turn.roster.level_of(servicer))
        clocks.watch_idleness(turn, case, numbers.idle_notice_s)
        store.end_ticket(turn, servicer)


def withheld(turn: Turn) -> None:
    """The bot was silenced before WeCom was asked: the matter is noted, and nobody is told."""
    case = turn.cases.open
    if case is None or case.status not in (WANTED, QUEUED, TICKET):
        return
    if case.status == WANTED:
        turn.cases.step("ticketed", reason="silenced")
        store.open_ticket(turn, case.id, case.level, case.reason)
    clocks.look_again(turn, case, RETRY_TICKET_S)


def kept(turn: Turn, done: EffectDone, servicer: str) -> None:
    """Nobody else can take it: whoever has it keeps it, and the leaders know."""
    case = turn.cases.open
    if case is None or (case.status == SERVING and case.servicer == servicer.lower()):
        return  # he has answered meanwhile
    if case.servicer != servicer.lower():  # he had given it back, or somebody else nearly had it
        name = "assigned" if case.answered_at is None else "taken"
        level = turn.roster.level_of(servicer)
        case = turn.cases.step(name, servicer=servicer, level=level) or case
    if case.status == ASSIGNED:
        clocks.look_again(turn, case, _next_try_s(turn, case))
    if done.result.get("reason") in _UNASKED:
        return
    reason = str(done.result.get("reason"))
    if reason in (GIVEN_BACK, RAISED):
        turn.notify([servicer], turn.phrases.say("escalation.staff_kept"))
    elif reason not in SLOW:
        _tell_of_case(turn, servicer, "escalation.staff_kept_graver", reason)
    name = turn.roster.name_of(servicer)
    waits = briefing.waited(turn, case)
    tell_leaders(turn, "escalation.leader_kept", name=name, waited=waits)


def say(turn: Turn, key: str, **values: object) -> None:
    """Say what must be said whoever answers, while WeCom delivers it."""
    if turn.now - turn.facts.customer_wrote_at > SESSION_S:
        return  # WeCom would not deliver it any more (wecom-api §3.10)
    turn.reply(
        turn.phrases.say(key, **values),
        because=Because(source="reply", ref=key),
        category="service",
    )


def _tell_of_case(turn: Turn, userid: str, key: str, reason: str, **values: str) -> None:
    """Tell one servicer what became of the open case."""
    values |= {"account": turn.account_name, "reason": why(turn, reason)}
    turn.notify([userid], turn.phrases.say(key, **values))


def _tell_operator(turn: Turn, done: EffectDone) -> None:
    """A switch or a permission is missing at WeCom: who leads learns which one."""
    errcode = done.result.get("errcode")
    if errcode is None:
        return
    key = f"escalation.error_{errcode}"
    known = turn.phrases.has_reply(key)
    advice = turn.phrases.say(key if known else "escalation.error_other", errcode=errcode)
    tell_leaders(turn, "escalation.leader_operator", errcode=errcode, advice=advice)


def _say_by_code(
    turn: Turn, code: object, key: str, state: ServiceState, text: str | None = None
) -> None:
    """With people only a code may speak; without one the customer sees WeCom's own line."""
    if isinstance(code, str) and code:
        because = Because(source="reply", ref=key)
        reply = Reply(text=text or turn.phrases.say(key), because=because)
        expires_at = turn.now + turn.setting.codes.moved_s
        turn.reply_by_code(code, reply, expires_at=expires_at, in_state=int(state))


def _say_nobody(turn: Turn, case: Case) -> None:
    opens = turn.roster.next_opening(turn.conversation.open_kfid, case.level, turn.now)
    if opens is not None and opens > turn.now:
        when = opening_text(turn.phrases, opening(opens, turn.now, turn.setting.zone))
        say(turn, "escalation.nobody_until", when=when)
    elif turn.account.is_open(turn.now):
        say(turn, "escalation.nobody")
    else:
        say(turn, "escalation.nobody_hours", hours=hours_text(turn.phrases, turn.account))


def _next_try_s(turn: Turn, case: Case) -> float:
    """Rarer the longer it waits: a seat that is free is told at once, so this is for the rest."""
    waited = turn.now - (case.wanted_at or turn.now)
    return min(max(waited / 10, RETRY_QUEUED_S), RETRY_TICKET_S)


def _until_somebody(turn: Turn, case: Case) -> float:
    opens = turn.roster.next_opening(turn.conversation.open_kfid, case.level, turn.now)
    if opens is None or opens <= turn.now:
        return RETRY_TICKET_S
    return opens - turn.now + 1.0


async def _told_lately(turn: Turn, facts: Store) -> bool:
    reasons = [
        Because(source="reply", ref=f"escalation.{key}")
        for key in ("nobody", "nobody_until", "nobody_hours")
    ]
    return await facts.outbox.said_since(turn.conversation, reasons, turn.now - _SAID_ONCE_S)
