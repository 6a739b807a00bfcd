"""How do the channels of config.yaml become rows?"""

import structlog

from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Store

log = structlog.get_logger(__name__)

CONFIG, HAND = "config", "hand"
"""Who described a channel: config.yaml, or a command or the API."""


async def take_channels(config: Config, store: Store, now: float) -> None:
    """Write what config.yaml says; a channel that it no longer names stays as it was.

    Raises:
        Misconfigured: a state means something else already; start-up stops rather than count one
            channel's customers for another.
    """
    refused = await store.channels.take(config.channels.codes, CONFIG, now)
    if refused:
        told = "; ".join(f"{one.id}: state {state} is taken" for one, state in refused)
        raise Misconfigured(f"channels.codes: {told}")
    log.info("channels.read", channels=len(config.channels.codes))
