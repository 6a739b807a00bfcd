"""A customer opens the chat: greet him within the 20 s that WeCom allows (R-2.1)."""

from bot.config import Delivery
from bot.model import Because, MenuItem, Reply, SessionEntered
from bot.routing import Turn
from bot.store import Store
from handlers.welcome.choosing import KF, Occasion
from handlers.welcome.in_force import Welcomes
from handlers.welcome.router import router
from knowledge import Library

MENU_QUESTIONS = 6


@router.on(SessionEntered)
async def greet(
    turn: Turn,
    entered: SessionEntered,
    *,
    library: Library,
    delivery: Delivery,
    store: Store,
    welcomes: Welcomes,
) -> None:
    """Send the welcome with frequent questions; a code that is nearly dead is not tried.

    Without a code the introduction goes before the first reply, so that nobody is left without it.
    """
    expires_at = entered.sent_at + delivery.late_welcome_s
    if entered.welcome_code is None or turn.now >= expires_at:
        return
    audience = turn.audience
    featured = library.of(audience.open_kfid).featured(audience, MENU_QUESTIONS)
    menu = [MenuItem(f"faq:{entry.id}", entry.question) for entry in featured]
    menu.append(MenuItem("human", turn.phrases.say("escalation.menu_item")))
    text, tail, name = await _said(turn, entered, store, welcomes)
    because = Because(source="welcome", ref=name) if name else None
    reply = Reply(text=text, menu=tuple(menu), tail=tail, because=because)
    turn.reply_by_code(entered.welcome_code, reply, expires_at=expires_at)


async def _said(
    turn: Turn, entered: SessionEntered, store: Store, welcomes: Welcomes
) -> tuple[str, str, str]:
    """Text, what stands under the menu, and the id of the welcome; the general one has none."""
    came = (await store.channels.channel_of(entered.scene)).channel
    occasion = Occasion(
        at=KF,
        moment=turn.local_time(turn.now),
        channel=came.id if came else "",
        welcome=came.welcome if came else "",
    )
    chosen = welcomes.choose(occasion)
    if chosen is not None:
        values = {
            "company": turn.setting.company,
            "who": turn.who,
            "channel": came.name if came else "",
            "staff": turn.who,
        }
        nameless = turn.phrases.say("welcome.nameless")
        text = welcomes.say(chosen.text, values, nameless=nameless)
        tail = welcomes.say(chosen.tail, values, nameless=nameless)
        if text is not None and tail is not None:
            return text, tail or turn.phrases.say("welcome.tail"), chosen.id
    return turn.phrases.say("welcome.newcomer", who=turn.who), turn.phrases.say("welcome.tail"), ""
