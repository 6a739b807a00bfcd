"""How is WeCom to be told of changed tags? By one effect that reads what is so when it is sent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.model import Conversation, Lane
from bot.model.effects import ProjectTags
from bot.store.database import Unit
from bot.store.outbox import Draft

if TYPE_CHECKING:
    from bot.store import Store

PROJECT_TTL_S = 3 * 86_400.0


def projection_queue(external_userid: str) -> str:
    """The queue in which a customer's tags are brought to WeCom."""
    return f"tags/{external_userid}"


async def ask_projection(
    store: "Store", unit: Unit, external_userid: str, keys: Sequence[str], now: float
) -> list[str]:
    """Add to the unit that WeCom is told, if one of these changes is applied.

    Args:
        keys: of `Tags.assign`.

    Returns:
        The queues that may have something to send.
    """
    if not keys:
        return []
    condition = (
        "EXISTS (SELECT 1 FROM tag_history h WHERE h.outcome = 'applied' AND h.change IN"
        f" ({', '.join('?' * len(keys))}))"
    )
    return await project(store, unit, external_userid, now, condition, *keys)


async def project(
    store: "Store",
    unit: Unit,
    external_userid: str,
    now: float,
    condition: str = "true",
    *params: object,
) -> list[str]:
    """Add to the unit that WeCom is told of the tags of this person, if a condition holds.

    One that waits already reads what is so then, so that none is added to it.
    """
    if not store.tags.settings.project:
        return []
    queues = []
    for customer in await store.people.same_person(external_userid):
        draft = Draft(
            subject=Conversation("", customer).subject,
            queue=projection_queue(customer),
            conversation=None,
            lane=Lane.BACKGROUND,
            effect=ProjectTags(external_userid=customer),
            expires_at=now + PROJECT_TTL_S,
        )
        await store.outbox.post_if(
            unit,
            draft,
            now,
            f"{condition} AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.queue = ?"
            " AND o.state = 'pending')",
            *(*params, draft.queue),
        )
        queues.append(draft.queue)
    return queues
