"""How is asked for what stands behind a channel at WeCom to be made what it should be?"""

from bot.model import Lane
from bot.model.effects import KeepChannel
from bot.store.database import Unit
from bot.store.outbox import Draft, Outbox

KEEP_TTL_S = 3 * 86_400.0


def channel_queue(channel_id: str) -> str:
    """The queue in which everything about one channel is done, in order."""
    return f"channel/{channel_id}"


async def ask_keeping(outbox: Outbox, unit: Unit, channel_id: str, now: float) -> str:
    """Add to the unit that WeCom is brought in line with a channel; returns the queue.

    One that waits already reads what is so then, so that none is added to it.
    """
    queue = channel_queue(channel_id)
    draft = Draft(
        subject="corp",
        queue=queue,
        conversation=None,
        lane=Lane.BACKGROUND,
        effect=KeepChannel(channel_id=channel_id),
        expires_at=now + KEEP_TTL_S,
    )
    await outbox.post_if(
        unit,
        draft,
        now,
        "NOT EXISTS (SELECT 1 FROM outbox o WHERE o.queue = ? AND o.state = 'pending')",
        queue,
    )
    return queue
