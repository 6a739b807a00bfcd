"""Answer questions from the knowledge base, or offer the nearest ones."""

from bot.model import Because, MenuItem
from bot.routing import IsText, Router, Stage, Tapped, Turn
from knowledge import Audience, Decision, FaqEntry, Library, Match

router = Router("faq", stage=Stage.ANSWER)


@router.message(Tapped("faq:"))
async def tapped(turn: Turn, library: Library) -> None:
    """Answer the question behind a tapped menu item."""
    audience = Audience(today=turn.today, open_kfid=turn.conversation.open_kfid)
    entry = library.of(audience.open_kfid).get((turn.message.menu_id or "").removeprefix("faq:"))
    if entry is None or not entry.is_for(audience):
        turn.reply(turn.phrases.say("faq.gone"), because=Because(source="reply", ref="faq.gone"))
        return
    say(turn, entry, library, Because(source="faq", ref=entry.id, detail={"how": "tapped"}))


@router.message(IsText())
async def answer(turn: Turn, library: Library) -> None:
    """Answer what the gate lets out; offer three where it is not sure; else decline."""
    audience = Audience(today=turn.today, open_kfid=turn.conversation.open_kfid)
    verdict = await library.of(audience.open_kfid).ask(turn.text, audience)
    if verdict.decision is Decision.ANSWER:
        best = verdict.matches[0]
        say(turn, best.entry, library, _because(best, verdict.how))
    elif verdict.decision is Decision.OFFER:
        best = verdict.matches[0]
        turn.reply(
            turn.phrases.say("faq.offer"),
            menu=[MenuItem(f"faq:{m.entry.id}", m.entry.question) for m in verdict.matches],
            tail=turn.phrases.say("faq.offer_tail"),
            because=_because(best, "offer"),
            category=best.entry.category,
        )


def say(turn: Turn, entry: FaqEntry, library: Library, because: Because) -> None:
    """Say an entry's answer with its follow-up questions."""
    base = library.of(turn.conversation.open_kfid)
    follow_ups = [found for entry_id in entry.menu if (found := base.get(entry_id))]
    turn.reply(
        entry.answer,
        menu=[MenuItem(f"faq:{one.id}", one.question) for one in follow_ups],
        because=because,
        category=entry.category,
    )


def _because(match: Match, how: str) -> Because:
    return Because(
        source="faq",
        ref=match.entry.id,
        score=round(match.score, 4),
        detail={"how": how} | dict(match.why),
    )
