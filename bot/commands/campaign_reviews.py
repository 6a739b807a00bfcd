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
from bot.errors import Misconfigured
from bot.model import Conversation
from bot.store import Unit
from handlers.referral import store
from handlers.referral.rules import Standing, Why

_APPEALED = (Why.RISK, Why.FRAUD, Why.OVER_CAP)
"""Reasons against which a person may decide; facts such as `not_new` are no opinion."""


async def listed(config: Config, campaign: str, out: TextIO) -> int:
    """List what waits for a person, and what the rules of risk refused, with the reasons."""
    zone = ZoneInfo(config.timezone)
    async with opened(config) as facts:
        await known(facts, campaign)
        rows = await facts.database.scan(
            "SELECT id, at, standing, reason, signals FROM referral_invites WHERE campaign = ?"
            " AND reason IN ('risk', 'fraud', 'over_cap') ORDER BY at",
            campaign,
        )
    for row in rows:
        said = "，".join(map(_said, msgspec.json.decode(row["signals"])))
        head = f"{row['id']}  {when(row['at'], zone)}  {row['standing']}  {row['reason']}"
        print(f"{head}  {said or '—'}", file=out)
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


async def decide(config: Config, invite: str, out: TextIO, *, counts: bool, why: str) -> int:
    """Write down what a person decided about an invitation; it holds against the rules of risk.

    Raises:
        Misconfigured: there is no such invitation, or nothing to be decided about it.
    """
    now = time.time()
    async with opened(config) as facts:
        one = await store.invite(facts, invite)
        if one is None:
            raise Misconfigured(f"没有编号为 {invite} 的邀请")
        if counts and one.reason not in _APPEALED:
            raise Misconfigured(f"{invite} 的原因是 {one.reason or '—'}，不由人决定")
        after = replace(one, standing=Standing.VALID, reason="reviewed")
        if not counts:
            after = replace(one, standing=Standing.REVOKED, reason=Why.FRAUD)
        unit = Unit(store.moved(one, after, now, operator()))
        inviter = await store.by_state(facts, one.state)
        if inviter is not None:
            where = Conversation(inviter.open_kfid, inviter.external_userid)
            await facts.mailbox.deliver(unit, [looked_at(where, one.campaign, now)], now)
        await facts.database.commit(unit)
        verdict = "accepted" if counts else "rejected"
        await note(facts, f"campaign.{verdict}", invite, now, why=why)
    print(f"{invite}：{'算一位' if counts else '不算'}。", file=out)
    return 0
