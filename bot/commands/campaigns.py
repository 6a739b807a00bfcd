"""How does somebody describe, open, pause and judge referral campaigns? `concierge campaign`."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import campaign_lint as lint
from bot.app import open_store, vectors_folder
from bot.app.campaign_figures import campaign_figures
from bot.app.referral import take_campaigns
from bot.commands.campaign_advice import print_advice
from bot.commands.campaign_groups import print_groups, print_modes
from bot.commands.consent import operator
from bot.commands.customers import note, when
from bot.config import Campaign, Config
from bot.errors import Misconfigured
from bot.model import Conversation, Emitted, Lane
from bot.store import Arrival, Store, Unit
from handlers.referral import advice, breakdown, figures, grants, modes, store
from handlers.referral.crediting import COUNTED
from handlers.referral.paying import RESTOCKED
from handlers.referral.rules import Phase, Standing
from handlers.referral.store import Known

_PHASES = {"draft": "草稿", "open": "进行中", "paused": "已暂停", "ended": "已结束"}
_MOST_CODES = 1_000_000
_AT_ONCE = 500


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Store]:
    """The store, with what config.yaml says of campaigns in it."""
    facts = open_store(config)
    try:
        await take_campaigns(config, facts, time.time())
        yield facts
    finally:
        facts.close()


async def known(facts: Store, campaign: str) -> Known:
    """A campaign.

    Raises:
        Misconfigured: there is none of this id.
    """
    found = await store.campaign(facts, campaign)
    if found is None:
        raise Misconfigured(f"没有编号为 {campaign} 的活动，concierge campaign list 列出全部")
    return found


async def listed(config: Config, out: TextIO) -> int:
    """List every campaign."""
    async with opened(config) as facts:
        every = await store.campaigns(facts)
    for one in every:
        campaign = one.campaign
        phase, window = _PHASES[one.phase], f"{campaign.start} 到 {campaign.end}"
        print(f"{campaign.id}  {campaign.name}  {phase}  {window}", file=out)
    if not every:
        print("还没有活动。", file=out)
    return 0


async def show(config: Config, campaign: str, out: TextIO) -> int:
    """What a campaign is, and what is left of its rewards."""
    async with opened(config) as facts:
        one = await known(facts, campaign)
        print(f"{one.campaign.id}  {one.campaign.name}  {_PHASES[one.phase]}", file=out)
        print(f"  {one.campaign.start} 到 {one.campaign.end}", file=out)
        for tier in one.campaign.tiers:
            reward = one.campaign.rewards[tier.reward]
            left = await grants.left_of(facts, one.campaign, tier.reward, time.time())
            said = "不限" if left is None else f"还剩 {left}"
            print(f"  {tier.invites} 位：{reward.name}（{said}）", file=out)
        for at, phase in one.terms.phases:
            zone = ZoneInfo(config.timezone)
            print(f"  {when(at, zone)}  {_PHASES[phase]}", file=out)
    return 0


async def turn(config: Config, campaign: str, phase: Phase, out: TextIO) -> int:
    """Open, pause or end a campaign; what the linter blocks is not opened.

    Returns:
        1 when it was not opened.
    """
    now = time.time()
    async with opened(config) as facts:
        one = await known(facts, campaign)
        override = one.campaign.legal_override
        if phase is Phase.OPEN:
            found = await judged(config, one.campaign, out)
            _print_findings(found, out)
            blocked = [finding for finding in found if finding.blocks]
            if blocked and not override:
                print("没有打开：改掉上面的，或由法务写明 legal_override。", file=out)
                return 1
            if blocked:
                kinds = ",".join(sorted({finding.kind for finding in blocked}))
                await note(facts, "campaign.overridden", campaign, now, why=override, result=kinds)
        unit = Unit([store.turned(campaign, phase, operator(), now)])
        await facts.database.commit(unit)
        await note(facts, f"campaign.{phase}", campaign, now)
    print(f"活动 {campaign}：{_PHASES[phase]}。", file=out)
    return 0


async def linted(config: Config, campaign: str, out: TextIO) -> int:
    """Print what the linter finds; 1 when it blocks."""
    async with opened(config) as facts:
        one = await known(facts, campaign)
    found = await judged(config, one.campaign, out)
    _print_findings(found, out)
    if not found:
        print("没有发现问题。", file=out)
    return int(any(finding.blocks for finding in found))


async def judged(config: Config, campaign: Campaign, out: TextIO) -> list[lint.Finding]:
    """What speaks against a campaign; says so when nothing but its words could be judged."""
    linter = await lint.build_linter(config, vectors_folder(config))
    if linter.meaning.lacks:
        print("没有编码器（embeddings.provider），只查了字面，没有查意思。", file=out)
    return await linter.check(campaign)


def _print_findings(found: list[lint.Finding], out: TextIO) -> None:
    for one in found:
        mark = "✗" if one.blocks else "·"
        print(f"{mark} {one.where}：{one.what}——{one.why}", file=out)
    if any(one.blocks for one in found):
        print(lint.SANCTION, file=out)


async def add_codes(config: Config, pool: str, file: Path, out: TextIO, *, until: str = "") -> int:
    """Import coupon codes, one a line; those that are there already stay as they are.

    Args:
        until: last day on which they can be redeemed, empty = for ever.

    Raises:
        Misconfigured: the file cannot be read, or holds too many, or that is no day.
    """
    expires_at = _end_of(until, ZoneInfo(config.timezone)) if until else None
    try:
        codes = list(
            dict.fromkeys(filter(None, map(str.strip, file.read_text("utf-8-sig").split())))
        )
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} 读不了：{error}") from error
    if len(codes) > _MOST_CODES or any(len(code) > 100 for code in codes):
        raise Misconfigured(f"{file}：最多 {_MOST_CODES} 个，每个不超过 100 个字符")
    now = time.time()
    async with opened(config) as facts:
        added = await facts.coupons.bring(pool, codes, now, expires_at)
        await note(facts, "campaign.codes", pool, now, result=str(added))
        for one in await store.campaigns(facts):
            await wake_queue(facts, one.campaign.id, now)
    print(f"{pool}：新增 {added} 个，原来就有 {len(codes) - added} 个。", file=out)
    return 0


def _end_of(day: str, zone: ZoneInfo) -> float:
    """The end of a local day."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as error:
        raise Misconfigured(f"{day} 不是日期，应如 2026-12-31") from error
    return (begins + timedelta(days=1)).timestamp()


async def stats(config: Config, campaign: str, out: TextIO, *, as_json: bool = False) -> int:
    """Print the figures of a campaign."""
    now, zone = time.time(), ZoneInfo(config.timezone)
    async with opened(config) as facts:
        one = await known(facts, campaign)
        if as_json:
            told = await campaign_figures(config, facts, campaign, now)
            print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
            return 0
        found = await figures.figures(facts, campaign, now)
        arms, cohorts = await breakdown.groups(facts, campaign, zone)
        stays = await breakdown.stays(facts, campaign, (one.terms.start, one.terms.end), now)
        by_mode = await modes.modes(facts, one)
        advised = await advice.open_advice(facts, campaign)
    for name, k in (("到现在", found.to_date), ("最近 7 天", found.week)):
        print(
            f"{name}：参加 {k.participants}，邀请过 {k.inviters}，记上 {k.credited}，"
            f"仍有效 {k.still_valid}；K 毛 {_k(k.gross)}，净 {_k(k.net)}，按参加者 {_k(k.classic)}",
            file=out,
        )
    standings = "，".join(f"{_STANDS[key]} {n}" for key, n in found.standings.items())
    print(f"邀请：{standings}", file=out)
    for reason, n in sorted(found.reasons.items(), key=lambda item: -item[1]):
        print(f"  · {reason} {n}", file=out)
    for tier, n in found.tiers.items():
        print(f"  满 {tier} 位：{n} 人", file=out)
    each = "—" if found.cost_each is None else f"{found.cost_each / 100:.2f} 元"
    print(f"奖励成本 {found.cost / 100:.2f} 元，每位有效新客 {each}", file=out)
    print(_mix(found.virtual, found.physical), file=out)
    print_groups(arms, cohorts, stays, out)
    print_modes(by_mode, one.campaign, out)
    print_advice(advised, out)
    return 0


def _mix(virtual: int, physical: int) -> str:
    """How the rewards are mixed, against 3 : 7 (B20)."""
    text = f"虚拟 {virtual} 份，实物 {physical} 份"
    if given := virtual + physical:
        parts = round(10 * virtual / given)
        text += f"，约 {parts} : {10 - parts}（目标 3 : 7）"
    return text


_STANDS = {
    Standing.REFUSED: "不算",
    Standing.REVIEW: "待核对",
    Standing.PENDING: "待确认",
    Standing.VALID: "有效",
    Standing.REVOKED: "收回",
}


def _k(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def looked_at(
    whose: Conversation, campaign: str, now: float, name: str = COUNTED, **more: str
) -> Arrival:
    """What lets a mailbox see again what has become of invitations."""
    event = Emitted(
        name=name,
        data={"campaign": campaign, **more},
        open_kfid=whose.open_kfid,
        external_userid=whose.external_userid,
    )
    return Arrival(whose.subject, event, Lane.BACKGROUND, None, now)


async def wake_queue(facts: Store, campaign: str, now: float) -> int:
    """Let everybody whose invitations count be looked at again: more may be left, or enough.

    Returns:
        How many wait for a reward.
    """
    rows = await facts.database.fetch(
        "SELECT p.open_kfid, p.external_userid, EXISTS (SELECT 1 FROM referral_grants g"
        "   WHERE g.state = p.state AND g.standing = 'queued' AND g.side = 'inviter') AS waits"
        " FROM referral_participants p WHERE p.campaign = ? AND EXISTS (SELECT 1"
        "   FROM referral_invites i WHERE i.state = p.state AND i.standing = 'valid')"
        " ORDER BY (SELECT MIN(g.reached_at) FROM referral_grants g WHERE g.state = p.state"
        "   AND g.standing = 'queued') NULLS LAST",
        campaign,
    )
    newcomers = await facts.database.fetch(
        "SELECT external_userid FROM referral_grants WHERE campaign = ? AND side = 'newcomer'"
        " AND standing = 'queued' ORDER BY reached_at, id",
        campaign,
    )
    told = [
        looked_at(Conversation(row["open_kfid"], row["external_userid"]), campaign, now)
        for row in rows
    ]
    told += [
        looked_at(Conversation("", row["external_userid"]), campaign, now, RESTOCKED)
        for row in newcomers
    ]
    for start in range(0, len(told), _AT_ONCE):
        unit = Unit()
        await facts.mailbox.deliver(unit, told[start : start + _AT_ONCE], now)
        await facts.database.commit(unit)
    return sum(int(row["waits"]) for row in rows) + len(newcomers)
