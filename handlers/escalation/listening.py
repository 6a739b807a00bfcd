"""What does the customer's message mean for the case, beside what it asks?"""

import re

from bot.model import MessageReceived
from bot.model.cases import ASSIGNED, BOT, QUEUED, SERVING, TICKET, WANTED, WITH_PEOPLE
from bot.routing import Turn
from bot.routing.facts import CUSTOMER
from bot.store import Store
from handlers.escalation import closing, leaving, meant, outcomes, store
from handlers.escalation.requesting import tell_staff, value_of, want, wish_of
from handlers.escalation.rules import Rules, Wanted, Weighed, decide, judge, weigh
from knowledge import Decision, Library, Meaning, Verdict

LEFT_BEHIND = "case_left_behind"
"""A message came after a day: it has closed the case before."""

GRAVE = 70
"""Classes of this priority and above go to people whatever the knowledge says."""

BODILY = 90
"""The same where nobody said so, and it is only meant: life and limb."""

PLAIN = 40
"""Classes of this priority and below (trade, goods with a fault, an operator's own) give way to
what the knowledge answers."""

RATED = "rated"
"""Outcome of a rating, and of what is said about it."""

RATED_S = 600.0
"""So long after a rating a text may be about it; later it is a new matter."""

_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


async def overhear(turn: Turn, facts: Store, rules: Rules) -> None:
    """While people have the case: who answered, whether the customer gives up waiting, and
    whether what he writes needs somebody else.
    """
    case, message = turn.cases.open, turn.event
    gone = turn.cases.left_behind
    if gone and all(one.name != LEFT_BEHIND for one in turn.decisions.emitted):
        turn.emit(LEFT_BEHIND, case_id=gone.id, status=gone.status)
    if case is None or not isinstance(message, MessageReceived):
        return
    if message.origin != CUSTOMER:
        if case.answered_at == message.sent_at:
            turn.emit("case_answered", case_id=case.id)
        return
    owner = turn.facts.ownership.state
    if case.status == BOT and owner is not None and owner.human_owns:
        turn.emit("with_people")  # a servicer opened the session again, or never let go of it
    elif case.status in (QUEUED, ASSIGNED) and _gives_up(turn):
        turn.emit("gave_up_waiting")
    elif case.status in WITH_PEOPLE:
        wanted = judge(turn.text, rules, tags=value_of(turn))
        if wanted is not None and wanted.level > case.level:
            turn.emit("escalate", reason=wanted.reason)
        if case.status == SERVING and await leaving.is_away(turn, facts, case):
            turn.emit(leaving.AWAITED)


async def judged(
    turn: Turn, facts: Store, library: Library, rules: Rules, meaning: Meaning
) -> None:
    """Bring in a person where the message needs one; a tapped item never does."""
    if turn.message.menu_id:
        return
    said = weigh(turn.text, rules)
    understood = await _understood(turn, library, rules, meaning, said)
    wanted = decide(understood, rules, tags=value_of(turn))
    if wanted is None or _explains_a_rating(turn, wanted):
        return
    if await _is_known(turn, library, wanted, is_said=wanted.reason in said.hits):
        return
    if turn.phrases.has_reply(wanted.care):
        outcomes.say(turn, wanted.care)
    await want(turn, facts, wish_of(wanted))


async def beside_a_ticket(turn: Turn, facts: Store) -> None:
    """While nobody could be found yet: the customer leaves a phone number, or wants nobody."""
    case = turn.cases.open
    owner = turn.facts.ownership.state
    if case is None or (owner is not None and owner.human_owns):
        return
    if case.status in (WANTED, ASSIGNED, TICKET) and _gives_up(turn):
        if case.status != ASSIGNED:  # a seat is taken, and WeCom not moved yet: see `overhear`
            await closing.give_up(turn, facts)
        outcomes.say(turn, "escalation.given_up")
    elif case.status == TICKET and (found := _PHONE.search(turn.text)):
        await store.leave_contact(turn, facts, found[0])
        outcomes.say(turn, "escalation.contact_noted")
        tell_staff(turn, "escalation.staff_contact", case.reason, contact=found[0])


def _gives_up(turn: Turn) -> bool:
    return turn.phrases.heard("escalation.not_waiting", turn.text)


def _explains_a_rating(turn: Turn, wanted: Wanted) -> bool:
    """Why somebody rated poorly is no new matter: an expert follows it up already."""
    lately = turn.outcome_within(RATED_S) == RATED
    return lately and wanted.reason != "asked" and wanted.priority < GRAVE


async def _understood(
    turn: Turn, library: Library, rules: Rules, meaning: Meaning, said: Weighed
) -> Weighed:
    """What the words say and what the message means; of an entry's own words nothing is asked."""
    base = library.of(turn.conversation.open_kfid)
    if not meant.is_readable(turn.text) or base.has_exactly(turn.text, turn.audience):
        return said
    return meant.agreed(said, await meaning.of(turn.text), turn.text, rules)


async def _is_known(turn: Turn, library: Library, wanted: Wanted, *, is_said: bool) -> bool:
    """Whether the bot shall answer, because the knowledge has this very matter."""
    if wanted.reason == "asked" or wanted.priority >= (GRAVE if is_said else BODILY):
        return False
    verdict = await library.of(turn.conversation.open_kfid).ask(turn.text, turn.audience)
    return gives_way(wanted.priority, verdict, is_said=is_said)


def gives_way(priority: int, verdict: Verdict, *, is_said: bool) -> bool:
    """Whether a class of this priority gives way to what the knowledge has to say.

    What is said gives way to an entry with these very words, and a plain matter to any answer:
    whoever still wants a person after it says so. What is only meant gives way to any answer, and
    a plain matter to a choice of entries too.

    Args:
        is_said: by the words of the class.
    """
    if is_said:
        answers = verdict.decision is Decision.ANSWER
        return verdict.how == "exact" or (priority <= PLAIN and answers)
    helps = (Decision.ANSWER, Decision.OFFER) if priority <= PLAIN else (Decision.ANSWER,)
    return verdict.decision in helps
