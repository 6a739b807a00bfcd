"""Answer a greeting, thanks or goodbye that came alone."""

from bot.model import Because, MenuItem
from bot.routing import Router, Says, Stage, Turn
from knowledge import Library

router = Router("greeting", stage=Stage.SESSION)

MENU_QUESTIONS = 5


@router.message(Says("greeting.hello"))
async def hello(turn: Turn, library: Library) -> None:
    """Greet back and show what is asked most; in a burst the question itself is enough."""
    if turn.has_question:
        turn.settle("greeted")
        return
    audience = turn.audience
    featured = library.of(audience.open_kfid).featured(audience, MENU_QUESTIONS)
    menu = [MenuItem(f"faq:{entry.id}", entry.question) for entry in featured]
    say(turn, "greeting.hello", menu)


@router.message(Says("greeting.thanks"))
async def thanks(turn: Turn) -> None:
    """Answer thanks."""
    say(turn, "greeting.thanks")


@router.message(Says("greeting.bye"))
async def bye(turn: Turn) -> None:
    """Answer a goodbye."""
    say(turn, "greeting.bye")


def say(turn: Turn, key: str, menu: list[MenuItem] | None = None) -> None:
    """Say a fixed text with its key as the reason."""
    turn.reply(turn.phrases.say(key), menu=menu or (), because=Because(source="reply", ref=key))
