"""What may a member do about a case: take it, pass it on, put it off, give it back, end it?

The same actions come from cards and from pages; who may do what is decided here.
"""

from collections.abc import Sequence

from msgspec import structs

from bot.model import Case, Seat, StaffAction
from bot.model.cases import ASSIGNED, BOT, NOTED, SEATED
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import briefing, clocks, closing, store
from handlers.escalation.outcomes import TAKE
from handlers.escalation.requesting import (
    GIVEN_BACK,
    HANDOFF,
    ask_another,
    raise_to_expert,
    why,
)
from knowledge import Library

SNOOZE_S = 1800.0
NOTE_S = 86_400.0
"""So long after the end of his case a servicer may add a note to it."""

LONGEST_NOTE = 500

_ONE_MORE = 10_000
"""A member who takes a case himself is not kept from it by his capacity."""


async def take(
    turn: Turn, facts: Store, library: Library, action: StaffAction, reasons: Sequence[str]
) -> None:
    """接单: he has seen it, or he takes one that waits."""
    case = await _case(turn, facts, action)
    if case is None:
        return
    if case.status == BOT:
        turn.answer(action, turn.phrases.say("escalation.staff_gone"))
    elif case.status not in SEATED:
        level = turn.roster.level_of(action.userid)
        seat = Seat(action.userid, level, _ONE_MORE)
        turn.hand_off(TAKE, tag=HANDOFF, case_id=case.id, seats=[seat])
    elif case.servicer != action.userid.lower():
        name = turn.roster.name_of(case.servicer)
        turn.answer(action, turn.phrases.say("escalation.staff_too_late", name=name))
    else:
        if case.status == ASSIGNED:
            level = turn.roster.level_of(action.userid)
            turn.cases.step("taken", servicer=action.userid, level=level)
            clocks.stop_nudges(turn, case)
            await closing.settle_others(turn, facts, case, case.servicer, "escalation.card_taken")
        await _keep_the_other_buttons(turn, facts, library, action, reasons)


async def _keep_the_other_buttons(
    turn: Turn, facts: Store, library: Library, action: StaffAction, reasons: Sequence[str]
) -> None:
    """His card says that it is his, and what else he can press."""
    case = turn.cases.open
    assert case is not None
    card = (await briefing.compose(turn, facts, library, case, reasons)).card
    name = turn.roster.name_of(action.userid)
    taken = structs.replace(
        card,
        desc=turn.phrases.say("escalation.card_taken", name=name),
        buttons=tuple(button for button in card.buttons if button.key != "take"),
    )
    task_id = str(action.data.get("task_id", ""))
    turn.update_card(
        str(action.data.get("response_code", "")), taken, userids=[action.userid], task_id=task_id
    )
    store.card_can_change(turn, task_id, "")  # the code is used; the next press brings another


async def pass_on(turn: Turn, facts: Store, action: StaffAction) -> None:
    """转专家: whoever has it gives it to somebody of a higher level, who reads what he wrote."""
    case = await _case(turn, facts, action)
    if case is None or not _may(turn, case, action):
        return
    if note := str(action.data.get("note", "")).strip()[:LONGEST_NOTE]:
        turn.cases.step(NOTED, servicer=action.userid, note=note)
    await raise_to_expert(turn, facts, case)


async def put_off(turn: Turn, facts: Store, action: StaffAction) -> None:
    """稍后: he is reminded in half an hour, and nobody is nagged till then."""
    case = await _case(turn, facts, action)
    if case is None or not _may(turn, case, action):
        return
    turn.cases.step("snoozed", servicer=action.userid, data={"until": turn.now + SNOOZE_S})
    if case.status == ASSIGNED:
        turn.cases.step("taken", servicer=action.userid, level=turn.roster.level_of(action.userid))
    clocks.stop_nudges(turn, case)
    clocks.watch_idleness(turn, case, SNOOZE_S, woken=True)
    minutes = round(SNOOZE_S / 60)
    text = turn.phrases.say("escalation.staff_put_off", minutes=minutes)
    turn.answer(action, text, done=True)


async def hand_back(turn: Turn, facts: Store, action: StaffAction) -> None:
    """交还: to the bot, which goes on with the case, or to somebody else of the line.

    `data["to"]`: ``bot`` or ``others``. WeCom lets a session go back only by ending it (wecom-api
    §3.5): what the customer writes next is the bot's.
    """
    case = await _case(turn, facts, action)
    if case is None or not _may(turn, case, action):
        return
    if action.data.get("to") == "bot":
        turn.cases.step("handing_back", servicer=action.userid)
        turn.end_session(tag=closing.BACK)
        turn.answer(action, turn.phrases.say("escalation.staff_to_bot"), done=True)
    else:
        await ask_another(turn, facts, case, GIVEN_BACK)
        turn.answer(action, turn.phrases.say("escalation.staff_to_others"), done=True)


async def end(
    turn: Turn, facts: Store, library: Library, action: StaffAction, reasons: Sequence[str]
) -> None:
    """结束并交还机器人: the session ends, the next message is the bot's; he says why.

    Args:
        reasons: one of which is chosen; without one the session goes on, and nobody waits for it.
    """
    about = await facts.cases.get(str(action.data.get("case_id", "")))
    if about is not None and about.is_over and about.servicer == action.userid.lower():
        await tell_reason(turn, facts, action, reasons)  # he has ended it in the client
        return
    case = await _case(turn, facts, action)
    if case is None or not _may(turn, case, action):
        return
    code = str(action.data.get("reason", ""))
    if code not in reasons:
        turn.answer(action, turn.phrases.say("escalation.staff_why"))
        if action.data.get("task_id"):
            await _keep_the_other_buttons(turn, facts, library, action, reasons)
        return
    turn.cases.step(
        "ending",
        servicer=action.userid,
        reason=code,
        data={"by": "button"},
        note=str(action.data.get("note", ""))[:LONGEST_NOTE],
    )
    turn.end_session(tag=closing.END)


async def tell_reason(
    turn: Turn, facts: Store, action: StaffAction, reasons: Sequence[str]
) -> None:
    """提交原因: why he has ended a case in the client."""
    case = await facts.cases.get(str(action.data.get("case_id", "")))
    code, task_id = str(action.data.get("reason", "")), str(action.data.get("task_id", ""))
    change = str(action.data.get("response_code", ""))
    if case is None or action.userid.lower() != case.servicer:
        return
    if code not in reasons:
        turn.answer(action, turn.phrases.say("escalation.staff_why"))
        turn.update_card(change, briefing.ended(turn, reasons), task_id=task_id)
        store.card_asks(turn, task_id)
        return
    store.tell_reason(turn, case, case.servicer, code)
    kept = turn.phrases.say("escalation.card_reason_kept", reason=why(turn, code))
    turn.update_card(change, replace_name=kept, task_id=task_id)
    store.card_settled(turn, task_id)


async def take_note(turn: Turn, facts: Store, userid: str, note: str) -> None:
    """备注: what is to be known of the case that he has, or had last."""
    case = await facts.cases.last_of(userid, turn.now - NOTE_S)
    if case is None or not note:
        turn.notify([userid], turn.phrases.say("escalation.staff_no_note"))
        return
    await store.add_note(turn, facts, case, userid.lower(), note[:LONGEST_NOTE])
    turn.notify([userid], turn.phrases.say("escalation.staff_noted"))


async def _case(turn: Turn, facts: Store, action: StaffAction) -> Case | None:
    """The case that the action is about, if it is still open; else the member is told."""
    case = turn.cases.open
    if case is not None and action.data.get("case_id") in (None, case.id):
        return case
    turn.answer(action, turn.phrases.say("escalation.staff_gone"))
    task_id = str(action.data.get("task_id", ""))
    turn.update_card(
        str(action.data.get("response_code", "")),
        replace_name=turn.phrases.say("escalation.card_closed"),
        task_id=task_id,
    )
    store.card_settled(turn, task_id)
    return None


def _may(turn: Turn, case: Case, action: StaffAction) -> bool:
    """Whoever has the case, and who leads, may; others are told who has it."""
    leaders = turn.roster.leaders(turn.conversation.open_kfid, turn.now)
    userid = action.userid.lower()
    if case.status in SEATED and userid in {case.servicer, *(one.lower() for one in leaders)}:
        return True
    name = turn.roster.name_of(case.servicer) if case.servicer else ""
    key = "escalation.staff_not_yours" if name else "escalation.staff_gone"
    turn.answer(action, turn.phrases.say(key, name=name))
    return False
