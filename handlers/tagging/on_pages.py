"""What do members change of a customer's tags on a page? It stands for a while against rules."""

from bot.model import StaffAction
from bot.model.consents import Purpose, Standing
from bot.model.tags import TagChange, TagSource, group_of
from bot.routing import Turn
from bot.store import Store
from handlers.tagging.router import router

CHANGE = "tagging.change"


@router.action(CHANGE)
async def changed(turn: Turn, action: StaffAction, facts: Store) -> None:
    """Put a tag on, or take it off (R-4.3); `data`: `name`, `on`."""
    name, add = str(action.data.get("name", "")).strip(), bool(action.data.get("on"))
    try:
        change = TagChange(
            name=name, add=add, at=turn.now, source=TagSource.HUMAN, by=action.userid
        )
    except ValueError:
        turn.answer(action, turn.phrases.say("tagging.no_name"))
        return
    purpose = Purpose(facts.tags.settings.group(group_of(name)).purpose)
    agreed = await facts.consents.standing(turn.external_userid, purpose) is Standing.GIVEN
    if add and not agreed:
        turn.answer(action, turn.phrases.say("tagging.no_consent"))
        return
    turn.decisions.tags.append(change)
    key = "tagging.put_on" if add else "tagging.taken_off"
    turn.answer(action, turn.phrases.say(key, name=name), done=True)
