"""Nothing was found: say so, show the nearest questions, and bring in a person the second time."""

from bot.model import Because, MenuItem
from bot.routing import IsText, Router, Stage, Turn
from knowledge import Library

router = Router("fallback", stage=Stage.FALLBACK)

NEAREST = 3


@router.message(IsText())
async def missed(turn: Turn, library: Library) -> None:
    """Offer the nearest questions; every second miss in a row asks for a person (R-11.2)."""
    if turn.misses_in_a_row % 2 == 1:
        turn.emit("escalate", reason="missed_twice")
        turn.settle("missed")
        return
    audience = turn.audience
    nearest = await library.of(audience.open_kfid).search(turn.text, audience, NEAREST)
    menu = [MenuItem(f"faq:{match.entry.id}", match.entry.question) for match in nearest]
    key = "fallback.missed" if menu else "fallback.missed_plain"
    because = Because(source="reply", ref=key)
    turn.reply(
        turn.phrases.say(key),
        menu=menu,
        tail=turn.phrases.say("fallback.tail") if menu else "",
        because=because,
    )
    turn.settle("missed", because)


@router.message()
async def anything(turn: Turn) -> None:
    """What no behaviour wanted, e.g. an empty text, is never met with silence."""
    key = "fallback.missed_plain"
    turn.reply(turn.phrases.say(key), because=Because(source="reply", ref=key))
    turn.settle("missed")
