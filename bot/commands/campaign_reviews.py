"""Which invitations must a person look at, and what did he decide? `concierge campaign review`."""

import time
from dataclasses import replace
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.commands.campaigns import known, looked_at, opened
from bot.commands.consent import operator
from bot.commands.customers import note, when
from bot.config import Config
from bot.errors import Misconfigured, StoreRefused
from bot.model import Conversation, TimerDue
from bot.store import Store, Unit, UnitConflict
from handlers.referral import store
from handlers.referral.crediting import COUNTED, THAW
from handlers.referral.on_appeals import REVIEWED
from handlers.referral.on_contacts import PAY
from handlers.referral.reviews import APPEALED, reviewed
from handlers.referral.rules import Standing, Why
from handlers.referral.store import Invite


async def listed(config: Config, campaign: str, out: TextIO) -> int:
    """List what waits for a person, and what the rules of risk refused, with the reasons."""
    zone = ZoneInfo(config.timezone)
    async with opened(config) as facts:
        await known(facts, campaign)
        rows = await facts.database.scan(
            "SELECT i.id, i.at, i.standing, i.reason, i.signals, a.at AS appealed_at, r.why"
            " FROM referral_invites i LEFT JOIN referral_reviews r ON r.invite = i.id"
            " LEFT JOIN referral_appeals a ON a.state = i.state AND a.closed_at IS NULL"
            " WHERE i.campaign = ? AND i.reason IN ('risk', 'fraud', 'over_cap')"
            " ORDER BY CASE WHEN a.at IS NULL THEN 1 ELSE 0 END, i.at",
            campaign,
        )
    for row in rows:
        said = "，".join(map(_said, msgspec.json.decode(row["signals"])))
        head = f"{row['id']}  {when(row['at'], zone)}  {row['standing']}  {row['reason']}"
        asked = f"  申诉 {when(row['appealed_at'], zone)}" if row["appealed_at"] else ""
        before = f"  人核对过：{row['why']}" if row["why"] else ""
        print(f"{head}  {said or '—'}{asked}{before}", file=out)
    if not rows:
        print("没有要核对的。", file=out)
    return 0


def _said(signal: dict[str, Any]) -> str:
    """One reason, as whoever decides reads it."""
    name, seen, points = signal["name"], signal["seen"], signal["points"]
    if name == "device":
        return "设备：看不到" if seen == "absent" else f"设备：{seen}"
    share = f"{seen:.0%}" if isinstance(seen, float) else str(seen)
    return f"{_SIGNALS.get(name, '{seen}').format(seen=share)}（{points} 分）"


_SIGNALS = {
    "speed": "一分钟内最多添加 {seen} 位",
    "rhythm": "添加的间隔几乎一样（离散 {seen}）",
    "quick_leavers": "{seen} 十分钟内就删除",
    "leavers": "{seen} 一天内删除",
    "same_stay": "停留的时间几乎一样（离散 {seen}）",
    "helper": "这位客户扫过 {seen} 个人的码",
    "helpers": "{seen} 的客户扫过三个以上的人的码",
    "night": "凌晨一小时内 {seen} 位",
    "anonymous": "只有 {seen} 有 unionid",
    "mutual": "两人互相邀请",
    "ring": "周围的人互相邀请（每人 {seen} 次）",
    "same_address": "收货地址与另外 {seen} 人相同",
    "same_phone": "手机号与另外 {seen} 人相同",
    "silent": "{seen} 的客户一周没有说过话",
}


async def _commit(facts: Store, unit: Unit, invite: str) -> None:
    try:
        await facts.database.commit(unit)
    except UnitConflict as error:
        raise Misconfigured(f"{invite} 刚刚变过，请再看一遍") from error
    except StoreRefused as error:
        raise Misconfigured(f"{invite}：这位客户在本活动里已经算给别人了") from error


async def decide(config: Config, invite: str, out: TextIO, *, counts: bool, why: str) -> int:
    """Write down what a person decided about an invitation; see `judge`."""
    async with opened(config) as facts:
        await judge(facts, invite, counts=counts, why=why, now=time.time())
    print(f"{invite}：{'算一位' if counts else '不算'}。", file=out)
    return 0


async def judge(facts: Store, invite: str, *, counts: bool, why: str, now: float) -> None:
    """A person decides about an invitation: that holds against the rules of risk. Inviter and
    newcomer get what is theirs, and the inviter is told.

    Raises:
        Misconfigured: there is no such invitation, or nothing to be decided about it.
    """
    one = await store.invite(facts, invite)
    if one is None:
        raise Misconfigured(f"没有编号为 {invite} 的邀请")
    if counts and one.reason not in APPEALED:
        raise Misconfigured(f"{invite} 的原因是 {one.reason or '—'}，不由人决定")
    after = replace(one, standing=Standing.REVOKED, reason=Why.FRAUD)
    if counts:
        standing = Standing.PENDING if now < one.thaws_at else Standing.VALID
        after = replace(one, standing=standing, reason="reviewed", reviewed_by=operator())
    unit = Unit(store.moved(one, after, now, operator()))
    await _goes_on(facts, unit, after, now)
    inviter = await store.by_state(facts, one.state)
    if inviter is not None:
        customer = inviter.external_userid
        unit.statements += reviewed(after, customer, operator(), why, now)
        where = Conversation(inviter.open_kfid, customer)
        told = [looked_at(where, one.campaign, now, name) for name in (COUNTED, REVIEWED)]
        await facts.mailbox.deliver(unit, told, now)
    await _commit(facts, unit, invite)
    verdict = "accepted" if counts else "rejected"
    await note(facts, f"campaign.{verdict}", invite, now, why=why)


async def _goes_on(facts: Store, unit: Unit, after: Invite, now: float) -> None:
    """What the newcomer's mailbox does next: wait for the end of the freeze, or give him his."""
    if after.standing is Standing.REVOKED:
        return
    customer = after.external_userid
    name = THAW if after.standing is Standing.PENDING else PAY
    timer = TimerDue(name=name, key=after.id, open_kfid="", external_userid=customer)
    subject = Conversation("", customer).subject
    await facts.mailbox.schedule(unit, subject, timer, max(now, after.thaws_at), now=now)
