"""A member wants the customer to be asked whether he may be tagged; how often, is decided here.

The bot asks where it speaks. Where people do, the member sends the question himself and the page
reports it; the customer's words are understood whoever has the conversation.
"""

from bot.config import Config
from bot.model import StaffAction
from bot.model.consents import Purpose
from bot.routing import Turn
from bot.store import Store
from handlers.consent import notice
from handlers.consent.router import router

TAGS = Purpose.PROFILING_TAGS


@router.action("consent.ask")
async def ask(turn: Turn, action: StaffAction, store: Store, config: Config) -> None:
    """Show him the notice, if he may be asked and the bot speaks; a second tap finds him asked."""
    wanted = config.consent.model_copy(update={"ask": (TAGS.value,)})
    if not await notice.due(turn, store, wanted):
        turn.answer(action, turn.phrases.say("consent.page_not_again"))
    elif not await notice.show(turn, store, wanted):
        turn.answer(action, turn.phrases.say("consent.page_not_now"))
    else:
        turn.answer(action, turn.phrases.say("consent.page_asked"), done=True)


@router.action("consent.asked")
async def asked(turn: Turn, action: StaffAction, store: Store, config: Config) -> None:
    """The member says that he has sent the question: it counts as one."""
    wanted = config.consent.model_copy(update={"ask": (TAGS.value,)})
    if await notice.due(turn, store, wanted):
        turn.ask_consent([TAGS], wanted.notice_version)
    turn.answer(action, turn.phrases.say("consent.page_asked"), done=True)
