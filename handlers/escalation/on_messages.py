"""Which messages of a customer are for people, or say something about them?"""

from bot.routing import IsText, Tapped, Turn
from bot.routing.suggesting import Suggester
from bot.store import Store
from handlers.escalation import listening, suggesting
from handlers.escalation.requesting import want, wish_for
from handlers.escalation.router import router
from handlers.escalation.rules import Rules
from knowledge import Library, Meaning


@router.observe()
async def heard(turn: Turn, facts: Store, rules: Rules) -> None:
    """While people have the case: who answered, and whether the customer gives up waiting, or
    says what needs somebody else."""
    await listening.overhear(turn, facts, rules)


@router.observe()
async def prepared(turn: Turn, suggester: Suggester) -> None:
    """While people have the session: what could be said is kept for them, and sent to nobody."""
    await suggesting.prepare(turn, suggester)


@router.message(Tapped("human"))
async def tapped(turn: Turn, facts: Store, rules: Rules) -> None:
    """The customer tapped 转人工."""
    await want(turn, facts, wish_for(turn, "asked", rules))


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
