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

    One that waits already reads what is so then, so that none is added to it.

    Args:
        keys: of `Tags.assign`.

    Returns:
        The queues that may have something to send.
    """
    if not store.tags.settings.project or not keys:
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
        marks = ", ".join("?" * len(keys))
        await store.outbox.post_if(
            unit,
            draft,
            now,
            "EXISTS (SELECT 1 FROM tag_history h WHERE h.outcome = 'applied' AND h.change IN"
            f" ({marks})) AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.queue = ? AND"
            " o.state = 'pending')",
            *(*keys, draft.queue),
        )
        queues.append(draft.queue)
    return queues
