"""Answer small talk that came alone: greetings, thanks, goodbyes, "are you a robot?", emoticons.

Trigger words are whole messages: what merely begins with 谢谢 or 你好 is a question for others.
What asks for nothing (谢谢, 好的, 再见, praise, an emoticon) opens no case, and so reopens none.
"""

from bot.model import Because, MenuItem
from bot.routing import IsSymbols, Router, Says, Stage, Turn
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


@router.message(Says("greeting.robot"))
async def robot(turn: Turn) -> None:
    """Say plainly that an AI answers (R-15.8)."""
    say(turn, "greeting.robot", who=turn.who)


@router.message(Says("greeting.thanks"))
async def thanks(turn: Turn) -> None:
    """Answer thanks."""
    turn.cases.withdraw()
    say(turn, "greeting.thanks")


@router.message(Says("greeting.bye"))
async def bye(turn: Turn) -> None:
    """Answer a goodbye."""
    turn.cases.withdraw()
    say(turn, "greeting.bye")


@router.message(Says("greeting.okay"))
async def okay(turn: Turn) -> None:
    """Answer 好的 and 嗯; between questions of one burst it needs no answer."""
    if turn.has_question and turn.phrases.heard("engine.fragments", turn.text):
        turn.settle("greeted")
        return
    turn.cases.withdraw()
    say(turn, "greeting.okay")


@router.message(Says("greeting.praise"))
async def praise(turn: Turn) -> None:
    """Answer praise."""
    turn.cases.withdraw()
    say(turn, "greeting.praise")


@router.message(Says("greeting.abuse"))
async def abuse(turn: Turn) -> None:
    """Stay calm, and show the way to a person."""
    say(turn, "greeting.abuse", [MenuItem("human", turn.phrases.say("escalation.menu_item"))])


@router.message(IsSymbols())
async def symbols(turn: Turn) -> None:
    """Answer a message of emoticons, or of question marks that ask whether anybody is there."""
    is_nudge = any(sign in turn.text for sign in "?？")
    if not is_nudge:
        turn.cases.withdraw()
    say(turn, "greeting.nudge" if is_nudge else "greeting.emoticon")


def say(turn: Turn, key: str, menu: list[MenuItem] | None = None, **values: object) -> None:
    """Say a fixed text with its key as the reason."""
    because = Because(source="reply", ref=key)
    turn.reply(turn.phrases.say(key, **values), menu=menu or (), because=because)
