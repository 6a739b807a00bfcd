"""How does somebody make, see, pause and pay for channel codes? `concierge channel`."""

import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import open_store
from bot.app.channel_files import channels_in
from bot.app.channels import CONFIG, HAND, take_channels
from bot.commands.consent import operator
from bot.commands.customers import note
from bot.commands.orders import text_of_file
from bot.config import Channel, Config
from bot.config.hours import read_dates
from bot.delivery.channel_courier import today, wanted
from bot.errors import Misconfigured
from bot.store import ChannelRow, Store, Unit
from bot.store.channel_facts import ChannelFacts
from bot.web.code_images import Look, Undrawable, draw_png, draw_svg

KINDS = {"contact": "好友", "kf": "客服", "partner": "合作方", "group": "群", "staff": "员工"}
SOURCES = {"natural": "自然", "paid": "付费", "referral": "裂变", "unattributed": "未归因"}
_MOST_CENTS = 10**12
_CODE_CHARS = 30


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Store]:
    """The store, with what config.yaml says of channels in it."""
    store = open_store(config)
    try:
        await take_channels(config, store, time.time())
        yield store
    finally:
        store.close()


async def known(store: Store, channel_id: str) -> ChannelRow:
    """A channel.

    Raises:
        Misconfigured: there is none of this id.
    """
    row = await store.channels.get(channel_id)
    if row is None:
        raise Misconfigured(f"没有编号为 {channel_id} 的渠道，concierge channel list 列出全部")
    return row


async def listed(config: Config, out: TextIO, *, as_json: bool = False) -> int:
    """List every channel, and whether its code is there."""
    async with opened(config) as store:
        rows, ways = await store.channels.all(), await store.ways.all()
    if as_json:
        told = [
            {
                "id": row.channel.id,
                "name": row.channel.name,
                "kind": row.channel.kind,
                "source": row.channel.source,
                "origin": row.origin,
                "paused": row.paused_at is not None,
                "ready": bool(ways.get(row.channel.id) and ways[row.channel.id].url),
            }
            for row in rows
        ]
        print(msgspec.json.encode(told).decode(), file=out)
        return 0
    for row in rows:
        channel, way = row.channel, ways.get(row.channel.id)
        state = "停用" if row.paused_at is not None else "启用"
        ready = (
            "已建好"
            if way and way.url
            else (f"没建成：{way.error}" if way and way.error else "待建")
        )
        kinds = f"{KINDS[channel.kind]}/{SOURCES[channel.source]}"
        print(f"{channel.id}  {channel.name}  {kinds}  {state}  {ready}", file=out)
    print(f"共 {len(rows)} 个渠道。" if rows else "还没有渠道。", file=out)
    return 0


async def show(config: Config, channel_id: str, out: TextIO) -> int:
    """Print a channel: what it is, whom it leads to now, and what its code says."""
    zone, now = ZoneInfo(config.timezone), time.time()
    async with opened(config) as store:
        row = await known(store, channel_id)
        moment = datetime.fromtimestamp(now, zone)
        so_far = await today(store, moment, config.channels.group_full_at)
        leads_to, is_well = wanted(row, so_far)
        way = await store.ways.get(channel_id)
        away = await store.ways.away()
    channel = row.channel
    print(
        f"{channel.id}  {channel.name}（{KINDS[channel.kind]}，{SOURCES[channel.source]}）",
        file=out,
    )
    print("写在 config.yaml 里" if row.origin == CONFIG else "由命令或接口建立", file=out)
    if row.paused_at is not None:
        print(f"停用于 {datetime.fromtimestamp(row.paused_at, zone):%Y-%m-%d %H:%M}", file=out)
    print(
        f"现在接待：{'、'.join(leads_to) or '没有人'}{'' if is_well else '（请看一眼）'}", file=out
    )
    if gone := [one for one in leads_to if one.lower() in away]:
        print(f"已不能接待：{'、'.join(gone)}", file=out)
    if channel.tags:
        print(f"打标签：{'、'.join(channel.tags)}", file=out)
    print(f"码：{way.says or way.url or '待建（serve 运行时几秒内建好）'}", file=out)
    if config.server.public_url:
        print(f"落地页：{page_of(config, channel)}", file=out)
    if way.error:
        print(f"上次没成：{way.error}", file=out)
    return 0


async def create(config: Config, channels: Sequence[Channel], out: TextIO) -> int:
    """Make channels, or change those that were made by hand.

    Raises:
        Misconfigured: one is described in config.yaml, or means something else already; none is
            made then.
    """
    async with opened(config) as store:
        before = {row.channel.id: row for row in await store.channels.all()}
        for channel in channels:
            await _check_free(store, channel, before)
        refused = await store.channels.take(channels, HAND, time.time())
        if refused:
            raise Misconfigured(f"{refused[0][0].id}：编号 {refused[0][1]} 已经是别的东西")
        for channel in channels:
            await note(store, "channels.write", f"channel:{channel.id}", time.time())
    changed = sum(channel.id in before for channel in channels)
    print(f"新建 {len(channels) - changed} 个渠道，修改 {changed} 个。", file=out)
    print("码由正在运行的 concierge serve 在几秒内建好。", file=out)
    return 0


async def create_from(config: Config, file: Path, out: TextIO) -> int:
    """Make every channel of a CSV.

    Raises:
        Misconfigured: what is wrong, by line; none is made then.
    """
    return await create(config, channels_in(text_of_file(file)), out)


async def create_for_staff(config: Config, out: TextIO) -> int:
    """Make a code for each member of `staff`, who brings people of their own (B37).

    Raises:
        Misconfigured: there are no members.
    """
    if not config.staff:
        raise Misconfigured("config.yaml 的 staff 里还没有成员")
    channels = [
        Channel.model_validate(
            {
                "id": _staff_code(one.key),
                "name": f"{one.name}的码",
                "kind": "staff",
                "source": "referral",
                "receivers": [{"userid": one.userid}],
            }
        )
        for one in config.staff
    ]
    return await create(config, channels, out)


def _staff_code(userid: str) -> str:
    """A code that tells members apart, also those whose userid is no code."""
    plain = f"staff-{userid}".replace(".", "-").replace("@", "-")
    if plain == f"staff-{userid}" and len(plain) <= _CODE_CHARS:
        return plain
    digest = hashlib.sha256(userid.encode()).hexdigest()[:6]
    return f"{plain[: _CODE_CHARS - 7]}-{digest}"


async def pause(config: Config, channel_id: str, out: TextIO, *, on: bool) -> int:
    """Pause a channel, or open it again."""
    async with opened(config) as store:
        row, now = await known(store, channel_id), time.time()
        unit = Unit()
        store.channels.pause(unit, channel_id, now if on else None)
        await store.database.commit(unit)
        await note(store, f"channels.{'pause' if on else 'resume'}", f"channel:{channel_id}", now)
    if not on:
        print(f"{channel_id} 已恢复。", file=out)
        return 0
    if row.channel.is_of_friends and row.channel.spare:
        after = f"以后扫码由 {'、'.join(row.channel.spare)} 接待"
    else:
        after = "印出去的码仍然能扫（没有备用成员可换）"
    print(f"{channel_id} 已停用：{after}。", file=out)
    return 0


async def cost(config: Config, channel_id: str, days: str, amount: str, out: TextIO) -> int:
    """Enter what a channel cost on each of some days.

    Args:
        days: ``2026-11-20``, or ``2026-11-20~2026-11-30``.
        amount: in yuan, a day.

    Raises:
        Misconfigured: these are no days, or no amount.
    """
    listed_days, cents = _days(days), cents_of(amount)
    async with opened(config) as store:
        await known(store, channel_id)
        unit, facts = Unit(), ChannelFacts(store.database)
        facts.cost(unit, channel_id, listed_days, cents, by=operator(), at=time.time())
        await store.database.commit(unit)
        await note(store, "channels.cost", f"channel:{channel_id}", time.time(), why=days)
    print(f"{channel_id}：{len(listed_days)} 天，每天 {cents / 100:.2f} 元。", file=out)
    return 0


async def costs(config: Config, channel_id: str, days: str, out: TextIO) -> int:
    """Print what was entered for each of some days, and for which nothing was.

    Raises:
        Misconfigured: these are no days.
    """
    wanted_days = _days(days)
    async with opened(config) as store:
        await known(store, channel_id)
        found = await ChannelFacts(store.database).costs(wanted_days[0], wanted_days[-1])
    entered = found.get(channel_id, {})
    for day in wanted_days:
        print(f"{day}  {entered[day] / 100:.2f} 元" if day in entered else f"{day}  没填", file=out)
    whole = f"{sum(entered.values()) / 100:.2f} 元" if entered else "未知"
    print(f"{channel_id}：填了 {len(entered)}/{len(wanted_days)} 天，共 {whole}。", file=out)
    return 0


def _days(text: str) -> list[str]:
    span = read_dates(text)
    if span is None:
        raise Misconfigured("日期写成 2026-11-20，或一段 2026-11-20~2026-11-30")
    return [day.isoformat() for day in span.days()]


async def channels_of(store: Store, userid: str) -> list[Channel]:
    """The channels on whose codes a member is."""
    rows = await store.channels.all()
    return [row.channel for row in rows if userid.lower() in named_on(row.channel)]


def named_on(channel: Channel) -> set[str]:
    """Everybody on a code, spare ones too, lower-cased."""
    return {*(one.key for one in channel.receivers), *(one.lower() for one in channel.spare)}


def cents_of(amount: str) -> int:
    """An amount in yuan as 分.

    Raises:
        Misconfigured: it is none.
    """
    try:
        cents = Decimal(amount) * 100
        if cents != cents.to_integral_value() or not 0 <= cents <= _MOST_CENTS:
            raise InvalidOperation
    except InvalidOperation:
        raise Misconfigured(f"{amount!r} 不是金额：写成 350 或 350.50（元）") from None
    return int(cents)


async def draw(
    config: Config, channel_id: str, to: Path, look: Look, out: TextIO, *, page: bool = False
) -> int:
    """Write the code of a channel as a picture.

    Args:
        to: ``….png`` or ``….svg``.
        page: of our landing page instead of WeCom itself.

    Raises:
        Misconfigured: the code is not there yet, or cannot be drawn like this.
    """
    if to.suffix.lower() not in {".png", ".svg"}:
        raise Misconfigured(f"{to}：文件名以 .png 或 .svg 结尾")
    async with opened(config) as store:
        row = await known(store, channel_id)
        content = page_of(config, row.channel) if page else (await store.ways.get(channel_id)).says
    if not content:
        raise Misconfigured(f"{channel_id} 的码还没有建好：concierge serve 运行时几秒内建好")
    try:
        drawn = (draw_svg if to.suffix.lower() == ".svg" else draw_png)(content, look)
        to.write_bytes(drawn)
    except (Undrawable, OSError) as error:
        raise Misconfigured(f"{to}：{error}") from error
    print(f"{to}：{content}", file=out)
    return 0


def page_of(config: Config, channel: Channel) -> str:
    """The address of a channel's landing page.

    Raises:
        Misconfigured: nobody outside can see us.
    """
    if not config.server.public_url:
        raise Misconfigured("落地页要先填 server.public_url：外界看到的地址")
    return f"{config.server.public_url}/l/{channel.id}"


async def _check_free(store: Store, channel: Channel, before: dict[str, ChannelRow]) -> None:
    row = before.get(channel.id)
    if row is not None and row.origin == CONFIG:
        raise Misconfigured(f"{channel.id} 写在 config.yaml 里，在那里改")
    for state in channel.codes:
        found = await store.channels.channel_of(state)
        if found.is_known and found.id != channel.id:
            raise Misconfigured(f"{channel.id}：编号 {state} 已经属于 {found.kind} {found.id}")
