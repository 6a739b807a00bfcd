"""Answer questions from the knowledge base, or offer the nearest ones.

Where the gate is not sure enough, a model, if there is one, says whether the entries answer.
"""

from bot.config import Config
from bot.model import Because
from bot.routing import IsText, Router, Says, Stage, Tapped, Turn
from bot.routing.values import Values
from bot.store import Store
from handlers.faq import advising, asking, feedback
from handlers.faq.voice import Voice, because_of, item_of
from knowledge import Decision, Library, Verdict

router = Router("faq", stage=Stage.ANSWER)


@router.message(Tapped("faq:"))
async def tapped(turn: Turn, library: Library, store: Store, values: Values) -> None:
    """Answer the question behind a tapped menu item."""
    voice = Voice(turn, library, store, values, asks=False)
    entry = voice.entry((turn.message.menu_id or "").removeprefix("faq:"))
    if entry is None:
        turn.reply(turn.phrases.say("faq.gone"), because=Because(source="reply", ref="faq.gone"))
        return
    await voice.say(entry, Because(source="faq", ref=entry.id, detail={"how": "tapped"}))


@router.message(Tapped("solved:"))
async def tapped_solved(turn: Turn, store: Store) -> None:
    """The customer tapped 解决了 under an answer."""
    await feedback.solved(turn, store, (turn.message.menu_id or "").removeprefix("solved:"))


@router.message(Tapped("unsolved:"))
async def tapped_unsolved(turn: Turn, library: Library, store: Store) -> None:
    """The customer tapped 没解决 under an answer."""
    entry_id = (turn.message.menu_id or "").removeprefix("unsolved:")
    await feedback.unsolved(turn, library, store, entry_id)


@router.message(Says("faq.solved"))
async def says_solved(turn: Turn, store: Store) -> None:
    """The customer says that it helped, if something was answered just now."""
    await feedback.solved(turn, store, None)


@router.message(Says("faq.unsolved"))
async def says_unsolved(turn: Turn, library: Library, store: Store) -> None:
    """The customer says that it did not help, if something was answered just now."""
    await feedback.unsolved(turn, library, store, None)


@router.message(IsText())
async def answer(
    turn: Turn, library: Library, store: Store, values: Values, config: Config
) -> None:
    """Answer what the gate lets out; else ask the model, offer three, or decline."""
    voice = Voice(turn, library, store, values, asks=config.answers.feedback)
    verdict = await voice.base.ask(turn.text, turn.audience)
    if verdict.how != "exact" and await asking.answered_in_parts(voice):
        return
    verdict = await asking.in_context(voice, verdict)
    if asking.may_be_said(verdict):
        await asking.note_asked_again(voice, verdict)
        best = verdict.matches[0]
        asks = verdict.how != "exact"
        await voice.say(best.entry, because_of(best, verdict.how), asks=asks)
    elif turn.can_consult and (choices := advising.choices_of(turn, verdict)):
        turn.consult(turn.text, choices, recent=await advising.recent(turn, store))
    elif turn.advice and (entry := voice.entry(turn.advice.written.chosen)):
        await advising.say_advised(voice, entry, turn.advice.written)
    elif verdict.decision is not Decision.DECLINE:
        _offer(turn, verdict)


def _offer(turn: Turn, verdict: Verdict) -> None:
    best = verdict.matches[0]
    turn.reply(
        turn.phrases.say("faq.offer"),
        menu=[item_of(match.entry) for match in verdict.matches],
        tail=turn.phrases.say("faq.offer_tail"),
        because=because_of(best, "offer", source="offer", **advising.refused_in(turn)),
        category=best.entry.category,
    )
