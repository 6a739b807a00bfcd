"""How do the channels of config.yaml become rows, and who brings WeCom in line with all of them?"""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog

from bot.app.engine import Engine
from bot.config import Config
from bot.delivery.channel_courier import ChannelCourier
from bot.delivery.channel_keeping import ChannelKeeping
from bot.delivery.contact_access import ContactAccess
from bot.delivery.send import Courier
from bot.errors import Misconfigured
from bot.model import Effect, KeepChannel, Lane
from bot.ports import Clock
from bot.store import Store
from bot.wecom.kf import Kf

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


def channel_couriers(
    config: Config, store: Store, access: ContactAccess, kf: Kf, clock: Clock
) -> dict[type[Effect], Courier]:
    """Who carries the effects about channels."""
    full_at, zone = config.channels.group_full_at, ZoneInfo(config.timezone)
    return {KeepChannel: ChannelCourier(store, access, kf, clock, zone, full_at)}


def build_channel_keeping(
    engine: Engine,
    access: ContactAccess,
    fetch: Callable[[str, int], Awaitable[bytes]],
    woken: Callable[[str, Lane], None],
) -> ChannelKeeping:
    """What looks after all channels; the leaders of `staff` are told what needs people."""
    config, phrases = engine.config, engine.phrases
    return ChannelKeeping(
        engine.store,
        access,
        engine.clock,
        ZoneInfo(config.timezone),
        config.channels.group_full_at,
        tuple(one.userid for one in config.staff if one.level == "leader"),
        lambda about, name: phrases.say(f"channels.{about}", name=name),
        fetch,
        woken,
    )
