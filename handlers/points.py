"""Tell customers how many points they have, and which will expire next (R-8.1)."""

from bot.model import Because
from bot.routing import Router, Says, Stage, Turn
from bot.store import Store
from bot.store.points import lots

router = Router("points", stage=Stage.CAMPAIGN)


@router.message(Says("points.balance"))
async def balance(turn: Turn, facts: Store) -> None:
    """The balance, and what of it is used up by when; who never had any hears what others know."""
    postings = await facts.points.of(turn.external_userid)
    if not postings:
        return
    left = await facts.points.balance(turn.external_userid)
    text = turn.phrases.say("points.balance", points=left)
    open_lots = lots(postings)
    first = next((one for one in open_lots if one.expires_at is not None), None)
    if first is not None and first.expires_at is not None:
        day = turn.local_time(first.expires_at)
        text += turn.phrases.say("points.expires", points=first.left, day=f"{day:%Y-%m-%d}")
    turn.reply(text, because=Because(source="reply", ref="points.balance"))
