"""How do referral campaigns of config.yaml become rows, and what makes codes and posters?"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from bot.app.engine import Engine
from bot.config import Campaign, Config
from bot.delivery.contact_access import ContactAccess
from bot.delivery.personal_ways import Fetch, PersonalWayCourier
from bot.delivery.send import Courier
from bot.delivery.valuing import NICKNAME
from bot.errors import Misconfigured
from bot.model import DropWay, Effect, MakeWay
from bot.ports import Clock
from bot.store import Statement, Store, Unit
from bot.web.code_images import Undrawable
from bot.web.posters import Poster, draw_poster
from handlers.referral import store as ledger

log = structlog.get_logger(__name__)

POSTER = "poster"
"""Before the colon, in the source of a picture that is a participant's poster."""

CONFIG, HAND = "config", "hand"
"""Who described a campaign: config.yaml, or a command."""

_MOST_NAME = 12


async def take_campaigns(config: Config, store: Store, now: float) -> None:
    """Write what config.yaml says; a campaign that it no longer names stays as it was."""
    for campaign in config.referral.campaigns:
        await put_campaign(config, store, campaign, Edit(CONFIG), now)
    log.info("referral.read", campaigns=len(config.referral.campaigns))


class Edit(NamedTuple):
    """An edit of a campaign.

    Args:
        origin: who describes it, `CONFIG` or `HAND`.
        by: who edited it; `why`, empty = nobody said.
        also: what is written with it.
    """

    origin: str
    by: str = CONFIG
    why: str = ""
    also: tuple[Statement, ...] = ()


async def put_campaign(
    config: Config, store: Store, campaign: Campaign, edit: Edit, now: float
) -> None:
    """Write a campaign, or what is different about it, with the log of the change."""
    window = campaign.window(ZoneInfo(config.timezone))
    logged = ledger.changed(campaign, edit.by, edit.why, now)
    await store.database.commit(
        Unit([*edit.also, logged, ledger.put(campaign, window, edit.origin, now)])
    )


def way_couriers(
    store: Store, access: ContactAccess, clock: Clock, fetch: Fetch | None
) -> dict[type[Effect], Courier]:
    """Who makes and deletes the codes of single customers."""
    courier = PersonalWayCourier(store, access, clock, fetch or _no_network)
    return {MakeWay: courier, DropWay: courier}


def posters(engine: Engine) -> Callable[[str], Awaitable[bytes]]:
    """What draws the poster of a participant's state when it is to be sent."""
    store, say = engine.store, engine.phrases.say

    async def draw(state: str) -> bytes:
        who = await ledger.by_state(store, state)
        known = await ledger.campaign(store, who.campaign) if who else None
        way = await store.personal_ways.get(state)
        if who is None or known is None or not way.is_usable:
            raise Misconfigured(f"{state}: there is no code to be drawn")
        name = await _nickname(store, who.external_userid)
        campaign = known.campaign
        line = say("referral.poster_who", name=name) if name else ""
        scan = "referral.poster_scan_group" if campaign.by_group else "referral.poster_scan"
        lines = (say(scan), say("referral.poster_until", end=campaign.end[:10]))
        background = Path(campaign.poster) if campaign.poster else None
        poster = Poster(way.content, campaign.name, line, lines, background)
        try:
            return await asyncio.to_thread(draw_poster, poster)
        except Undrawable as error:
            raise Misconfigured(f"{campaign.id}: {error}") from error

    return draw


async def _nickname(store: Store, external_userid: str) -> str:
    for one in await store.profiles.of(external_userid):
        if one.name == NICKNAME:
            return one.value[:_MOST_NAME]
    return ""


async def _no_network(url: str, _most_bytes: int) -> bytes:
    raise Misconfigured(f"{url}: no network here")
