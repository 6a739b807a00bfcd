"""Greet a customer who opens the chat, within the 20 s that WeCom allows (R-2.1)."""

from bot.config import Delivery
from bot.model import MenuItem, Reply, SessionEntered
from bot.routing import Router, Stage, Turn
from knowledge import Library

router = Router("welcome", stage=Stage.SESSION)

MENU_QUESTIONS = 6


@router.on(SessionEntered)
async def greet(turn: Turn, entered: SessionEntered, library: Library, delivery: Delivery) -> None:
    """Send the welcome with frequent questions; a code that is nearly dead is not tried."""
    expires_at = entered.sent_at + delivery.late_welcome_s
    if entered.welcome_code is None or turn.now >= expires_at:
        return
    audience = turn.audience
    featured = library.of(audience.open_kfid).featured(audience, MENU_QUESTIONS)
    menu = [MenuItem(f"faq:{entry.id}", entry.question) for entry in featured]
    menu.append(MenuItem("human", turn.phrases.say("escalation.menu_item")))
    reply = Reply(
        text=turn.phrases.say("welcome.newcomer", who=turn.who),
        menu=tuple(menu),
        tail=turn.phrases.say("welcome.tail"),
    )
    turn.reply_by_code(entered.welcome_code, reply, expires_at=expires_at)
