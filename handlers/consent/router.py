"""Ask for consent, and do what customers want done with their own data (R-15.1 to R-15.3).

What a message decides holds whoever has the conversation and whatever silences the bot, so an
observer decides it; the handlers only answer. Nobody is asked why, and nobody is won back.
"""

from collections.abc import Iterable

from bot.config import Config
from bot.model import Emitted, TimerDue
from bot.model.consents import Purpose, Standing
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.routing.facts import CUSTOMER
from bot.store import Store
from handlers.consent import answering, notice, requests
from handlers.consent.rules import Wish
from handlers.consent.understanding import Understanding
from knowledge import Library

router = Router("consent", stage=Stage.GUARD, tables=requests.TABLES)

DECIDED = {
    Wish.STOP: (Purpose.MARKETING, Standing.WITHDRAWN),
    Wish.UNTAG: (Purpose.PROFILING_TAGS, Standing.WITHDRAWN),
    Wish.AGREE_ADS: (Purpose.MARKETING, Standing.GIVEN),
    Wish.AGREE_TAGS: (Purpose.PROFILING_TAGS, Standing.GIVEN),
}
"""What a wish decides at once."""

WANTED = "consent_needed"
"""Emitted by who needs a purpose now: it is asked for, if it may be."""


@router.observe()
async def overhear(
    turn: Turn, store: Store, understanding: Understanding, library: Library, config: Config
) -> None:
    """Decide what a message says about consent, and plan to ask what was not asked yet."""
    if turn.message.origin != CUSTOMER:
        return
    if (choice := notice.choice_of(turn.message.menu_id)) is not None:
        turn.cases.withdraw()
        turn.consent(choice.purpose, choice.decision, notice_version=choice.version)
        return
    found = {} if turn.message.menu_id else await _wanted(turn, understanding, library)
    for wish in found:
        if wish in DECIDED:
            turn.consent(*DECIDED[wish])
        elif wish in answering.FOR_PEOPLE:
            answering.note(turn, wish, config)
    if not found:
        await notice.plan(turn, store, config.consent)
    elif not answering.wants_more(turn, found):
        turn.cases.withdraw()
    elif not answering.people_own(turn):  # the rest of the message is for others to answer
        await _answer(turn, found, store, config)


@router.on(TimerDue, tag=notice.ASK)
async def ask(turn: Turn, store: Store, config: Config) -> None:
    """Ask, once the first answer is given."""
    await notice.show(turn, store, config.consent)


@router.on(Emitted, tag=WANTED)
async def needed(turn: Turn, event: Emitted, store: Store, config: Config) -> None:
    """Ask for a purpose because it is needed now."""
    wanted = config.consent.model_copy(update={"ask": (event.data["purpose"],)})
    await notice.show(turn, store, wanted)


@router.message(Tapped(notice.PREFIX))
async def tapped(turn: Turn) -> None:
    """Say what a choice means."""
    choice = notice.choice_of(turn.message.menu_id)
    if choice is not None:
        answering.acknowledge(turn, choice.purpose, choice.decision)


@router.message(Tapped(answering.ERASE))
async def confirmed(turn: Turn, store: Store) -> None:
    """Erase, or leave it, as was tapped under the question."""
    await answering.confirm(turn, store, sure=turn.message.menu_id == answering.SURE)


@router.message(IsText())
async def asked(
    turn: Turn, store: Store, understanding: Understanding, library: Library, config: Config
) -> None:
    """Answer what was wanted; what the message wants beside it is for others to answer."""
    if turn.message.menu_id:
        return
    if turn.phrases.heard("consent.sure", turn.text) and await requests.waiting(store, turn):
        await answering.confirm(turn, store, sure=True)
        return
    found = await _wanted(turn, understanding, library)
    if found and not answering.wants_more(turn, found):
        await _answer(turn, found, store, config)


async def _wanted(turn: Turn, understanding: Understanding, library: Library) -> dict[Wish, str]:
    base = library.of(turn.conversation.open_kfid)
    return await understanding.of(turn.text, is_known=base.has_exactly(turn.text, turn.audience))


async def _answer(turn: Turn, found: Iterable[Wish], store: Store, config: Config) -> None:
    for wish in found:
        if wish in DECIDED:
            answering.acknowledge(turn, *DECIDED[wish])
        elif wish is Wish.EXPLAIN:
            await answering.explain(turn, store)
        else:
            answering.promise(turn, wish, config)
