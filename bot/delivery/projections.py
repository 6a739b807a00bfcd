"""How is asked for a customer's tags to be brought to WeCom, outside of a turn?"""

from bot.model import Conversation, Lane, ProjectTags
from bot.store import Draft, Store, Unit
from bot.store.projecting import PROJECT_TTL_S, projection_queue


def projection(external_userid: str, now: float, *, read: bool = False) -> Draft:
    """A row of the outbox that asks for it.

    Args:
        read: take in first what people have changed in WeCom.
    """
    return Draft(
        subject=Conversation("", external_userid).subject,
        queue=projection_queue(external_userid),
        conversation=None,
        lane=Lane.BACKGROUND,
        effect=ProjectTags(external_userid=external_userid, read=read),
        expires_at=now + PROJECT_TTL_S,
    )


async def post_projection(store: Store, unit: Unit, draft: Draft, now: float) -> None:
    """Add the row, unless the customer's queue has one that was not tried yet.

    A row that only projects would do for one that reads, were it not blind to what people changed:
    who must read asks whatever waits.
    """
    effect = draft.effect
    if isinstance(effect, ProjectTags) and effect.read:
        await store.outbox.post(unit, [draft], now)
        return
    await store.outbox.post_if(
        unit,
        draft,
        now,
        "NOT EXISTS (SELECT 1 FROM outbox o WHERE o.queue = ? AND o.state = 'pending')",
        draft.queue,
    )
