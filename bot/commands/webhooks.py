"""Who follows what happens to customers, and how is something told once more?"""

import secrets
import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.commands.customers import note, opened
from bot.config import Config
from bot.delivery.webhooks import AT_ONCE, follower_of, webhook_draft, webhook_queue
from bot.errors import Misconfigured
from bot.store import Unit


async def list_webhooks(config: Config, out: TextIO) -> int:
    """Print each address, what it gets and what waits for it."""
    if not config.webhooks:
        print("没有配置 webhooks。", file=out)
        return 0
    async with opened(config) as store:
        last = await store.changes.last_id()
        for name, webhook in config.webhooks.items():
            place = await store.changes.place_of(follower_of(name))
            behind = "还没有开始" if place is None else f"还有 {max(0, last - place)} 件没看"
            counts = await store.outbox.counts_of(webhook_queue(name))
            waiting = counts.get("pending", 0) + counts.get("claimed", 0)
            states = f"待发 {waiting}，已发 {counts.get('sent', 0)}，放弃 {counts.get('dead', 0)}"
            print(f"{name}  {webhook.url}  {states}；{behind}", file=out)
            print(f"  {'、'.join(webhook.events)}", file=out)
    return 0


async def replay(
    config: Config, name: str, since: str, out: TextIO, *, now: float | None = None
) -> int:
    """Tell an address once more what happened since a day or minute; ids stay the same.

    Raises:
        Misconfigured: there is no such address, or that is no time.
    """
    webhook = config.webhooks.get(name)
    if webhook is None:
        raise Misconfigured(f"config.yaml 的 webhooks 里没有 {name}")
    at = time.time() if now is None else now
    moment, run, told = _moment(since, ZoneInfo(config.timezone)), secrets.token_hex(4), 0
    async with opened(config) as store:
        place = await store.changes.id_before(moment)
        while found := await store.changes.after(place, webhook.events, AT_ONCE):
            unit = Unit()
            drafts = [webhook_draft(name, one, at, run) for one in found if one.at >= moment]
            await store.outbox.post(unit, drafts, at)
            await store.database.commit(unit)
            told, place = told + len(drafts), found[-1].id
        await note(store, "webhooks.replay", name, at, why=since, result=str(told))
    print(f"{told} 件将再发一遍；X-Concierge-Id 与第一次相同，对方凭它去重。", file=out)
    return 0


def _moment(since: str, zone: ZoneInfo) -> float:
    try:
        return datetime.fromisoformat(since).replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise Misconfigured(f"--since {since!r} 应如 2026-11-20 或 2026-11-20T10:00") from error
