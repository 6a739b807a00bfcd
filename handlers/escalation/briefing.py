"""What does a servicer need to know before the first word (R-11.5)?"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Button, Card, Case, Selection
from bot.model.cases import NOTED
from bot.routing import Turn
from bot.store import Line, Store
from handlers.escalation import clocks, store, summing_up
from handlers.escalation.requesting import why
from knowledge import Library

TURNS, SUGGESTED = 6, 3
ACTIONS = ("take", "raise", "later", "end")
"""What a card's buttons do; each is a text ``escalation.button_<action>``."""

TELL = "reason"
"""The button of a card that asks why a case has ended."""

WHY, NOT_CHOSEN = "why", "none"
"""Key of the list of reasons, and its option that is none."""

CARD = "escalation.card"
_LINE_CHARS, _REPLY_CHARS = 80, 160
_NAMES = ("remark", "name", "nickname")


@dataclass(frozen=True, slots=True)
class Briefing:
    """The hand-over note: a card with buttons, and the conversation beside it."""

    card: Card
    notes: str


async def brief(
    turn: Turn,
    facts: Store,
    library: Library,
    case: Case,
    servicer: str,
    *,
    reasons: Sequence[str],
    within_s: float | None = None,
    is_unannounced: bool = False,
) -> None:
    """Send the hand-over note to one servicer.

    Args:
        reasons: for which he may end the case.
        within_s: seconds after which somebody else is asked, ``None`` = nobody is.
        is_unannounced: the customer was with somebody else, and WeCom lets nobody tell him of the
            change: a code comes only when a session enters the hands of people for the first time
            (wecom-api §3.5), and the bot is silent there.
    """
    due_at = None if within_s is None else turn.now + within_s
    briefing = await compose(turn, facts, library, case, reasons, due_at=due_at)
    case = turn.cases.step("briefed", servicer=servicer) or case
    task_id = f"case_{case.id}_{case.steps}"  # WeCom takes an id once
    turn.send_card(
        [servicer],
        briefing.card,
        task_id=task_id,
        fallback=turn.phrases.say("escalation.card_as_text", title=briefing.card.title),
        tag=CARD,
    )
    store.card_sent(turn, task_id, case.id, (servicer,))
    greets = [turn.phrases.say("escalation.notes_greet")] if is_unannounced else []
    turn.notify([servicer], "\n".join([briefing.notes, *greets]))


async def compose(
    turn: Turn,
    facts: Store,
    library: Library,
    case: Case,
    reasons: Sequence[str],
    *,
    due_at: float | None = None,
) -> Briefing:
    """The note as it stands now: who, reason, level, wait, what was said, what could be said.

    Args:
        due_at: until when he may answer before somebody else is asked.
    """
    lines = await facts.transcript.dialogue(turn.conversation, case.opened_at, TURNS)
    said = [line.text for line in lines if line.who == "customer" and line.text]
    asked = [text for text in said if not turn.phrases.heard("escalation.request", text)]
    found = await summing_up.newest(facts, case)
    summary = found.lines(turn) if found else []
    values = {
        "account": turn.account_name,
        "reason": await _why(turn, facts, case),
        "level": turn.phrases.say(f"escalation.level_{max(case.level, 2)}"),
    }
    say = turn.phrases.say
    facts_of_it = [
        ("escalation.line_level", values["level"]),
        ("escalation.line_waits", waited(turn, case)),
        ("escalation.line_due", await _due(turn, facts, case, due_at)),
        ("escalation.line_tried", say("escalation.tried", n=_tried(lines))),
        ("escalation.line_orders", await _orders(turn, facts)),
        ("escalation.line_tags", "、".join(sorted(turn.tags))),
    ]
    card = Card(
        title=say("escalation.card_title", **values),
        desc=" · ".join(filter(None, (turn.account_name, await _name(turn, facts)))),
        source=turn.setting.company,
        quote=said[-1][:_LINE_CHARS] if said else "",
        text="\n".join(summary) or summing_up.in_own_words(asked),
        lines=tuple((say(key), value) for key, value in facts_of_it if value),
        buttons=tuple(
            Button(action, say(f"escalation.button_{action}"), 1 if action == "take" else 2)
            for action in ACTIONS
        ),
        selection=why_it_ends(turn, reasons),
    )
    notes = [say("escalation.notes", **values), *await _left(turn, facts, case), *summary]
    notes += [_told(turn, line) for line in lines]
    notes += await _suggestions(turn, library, asked)
    return Briefing(card, "\n".join(notes))


def why_it_ends(turn: Turn, reasons: Sequence[str]) -> Selection:
    """The list from which a servicer chooses why a case ends; nothing is chosen at first."""
    first = (NOT_CHOSEN, turn.phrases.say("escalation.choose_reason"))
    told = [(reason, why(turn, reason)) for reason in reasons]
    title = turn.phrases.say("escalation.selection_reason")
    return Selection(WHY, title, (first, *told))


def ended(turn: Turn, reasons: Sequence[str]) -> Card:
    """The card of a case that was ended in the client: why?"""
    say = turn.phrases.say
    return Card(
        title=say("escalation.card_why"),
        desc=turn.account_name,
        source=turn.setting.company,
        buttons=(Button(TELL, say("escalation.button_reason")),),
        selection=why_it_ends(turn, reasons),
    )


def waited(turn: Turn, case: Case) -> str:
    """How long the customer has waited for a person."""
    since = case.waiting_since or case.wanted_at or turn.now
    minutes, seconds = divmod(int(max(0.0, turn.now - since)), 60)
    key = "escalation.waited_minutes" if minutes else "escalation.waited_seconds"
    return turn.phrases.say(key, minutes=minutes, seconds=seconds)


async def _left(turn: Turn, facts: Store, case: Case) -> list[str]:
    """What colleagues wrote for whoever has the case next."""
    return [
        turn.phrases.say(
            "escalation.notes_left", name=turn.roster.name_of(step.servicer), note=step.note
        )
        for step in await facts.cases.steps(case)
        if step.name == NOTED and step.note
    ]


async def _why(turn: Turn, facts: Store, case: Case) -> str:
    """Why a person was wanted first, and what has been added to it last."""
    wanted = [step.reason for step in await facts.cases.steps(case) if step.name == "wanted"]
    reasons = dict.fromkeys(filter(None, (case.reason, *wanted[-1:])))
    return "；".join(why(turn, reason) for reason in reasons)


def _tried(lines: list[Line]) -> int:
    return sum(line.who == "bot" for line in lines)


def _told(turn: Turn, line: Line) -> str:
    text = line.text or turn.phrases.say("escalation.not_text", kind=_kind(turn, line.msgtype))
    at = turn.local_time(line.at).strftime("%H:%M")
    return turn.phrases.say(f"escalation.line_of_{line.who}", at=at, text=text[:_REPLY_CHARS])


def _kind(turn: Turn, msgtype: str) -> str:
    key = f"escalation.kind_{msgtype}"
    return turn.phrases.say(key) if turn.phrases.has_reply(key) else msgtype


async def _due(turn: Turn, facts: Store, case: Case, due_at: float | None) -> str:
    """By when the first answer is due: of its class, or before somebody else is asked."""
    ends = [due_at, await clocks.answer_due_at(turn, facts, case)]
    soonest = min((end for end in ends if end is not None), default=None)
    if soonest is None or case.answered_at is not None:
        return ""
    at = turn.local_time(soonest)
    form = "%H:%M:%S" if at.date() == turn.today else "%m-%d %H:%M"
    return turn.phrases.say("escalation.due", at=at.strftime(form))


async def _name(turn: Turn, facts: Store) -> str:
    """What the customer is called, as far as it is known."""
    known = {one.name: one.value for one in await facts.profiles.of(turn.external_userid)}
    return next((known[name] for name in _NAMES if known.get(name)), "")


async def _orders(turn: Turn, facts: Store) -> str:
    orders = await facts.orders.of(turn.conversation.external_userid)
    return f"{orders[0].number} {orders[0].status}".strip() if orders else ""


async def _suggestions(turn: Turn, library: Library, asked: list[str]) -> list[str]:
    if not asked:
        return []
    audience = turn.audience
    found = await library.of(audience.open_kfid).search(asked[-1], audience, SUGGESTED)
    if not found:
        return []
    answers = [
        turn.phrases.say("escalation.suggested", n=n, answer=match.entry.answer[:_REPLY_CHARS])
        for n, match in enumerate(found, 1)
    ]
    return [turn.phrases.say("escalation.suggestions"), *answers]
