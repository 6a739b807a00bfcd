"""How do the channels of config.yaml become rows, and who brings WeCom in line with all of them?"""

from collections import Counter
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog

from bot.app.engine import Engine
from bot.config import Config
from bot.delivery.channel_courier import ChannelCourier
from bot.delivery.channel_keeping import ChannelKeeping
from bot.delivery.contact_access import ContactAccess
from bot.delivery.passing_on import PassingOn
from bot.delivery.send import Courier
from bot.errors import Misconfigured
from bot.model import Effect, KeepChannel, Lane
from bot.ports import Clock
from bot.store import Passing, Store, Succession
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


def leaders_of(config: Config) -> tuple[str, ...]:
    """Who is told when something needs people."""
    return tuple(one.userid for one in config.staff if one.level == "leader")


def named(config: Config, userid: str) -> str:
    """What colleagues call a member."""
    return next((one.name for one in config.staff if one.key == userid.lower()), userid)


def build_passing_on(
    engine: Engine,
    access: ContactAccess,
    wake_queue: Callable[[str, Lane], None],
    wake_subject: Callable[[str, Lane], None],
) -> PassingOn:
    """What passes on the customers of members who leave or get another job."""
    config = engine.config

    def say(one: Succession, counts: Counter[Passing]) -> str:
        answered = {Passing.TAKEN_OVER, Passing.REFUSED, Passing.WITHDRAWN}
        return engine.phrases.say(
            "channels.passed_on",
            member=named(config, one.member),
            successor=named(config, one.successor),
            taken_over=counts[Passing.TAKEN_OVER],
            refused=counts[Passing.REFUSED],
            failed=sum(n for state, n in counts.items() if state not in answered),
            userid=one.member,
        )

    leaders = leaders_of(config)
    return PassingOn(engine.store, access, engine.clock, leaders, say, wake_queue, wake_subject)


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
        leaders_of(config),
        lambda about, name: phrases.say(f"channels.{about}", name=name),
        fetch,
        woken,
    )
