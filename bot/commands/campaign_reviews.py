"""Which invitations must a person look at, and what did he decide? `concierge campaign review`."""

import time
from dataclasses import replace
from typing import TextIO
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
        signals = msgspec.json.decode(row["signals"])
        said = "，".join(f"{one['name']}={one['seen']}（{one['points']} 分）" for one in signals)
        head = f"{row['id']}  {when(row['at'], zone)}  {row['standing']}  {row['reason']}"
        print(f"{head}  {said or '—'}  device=absent", file=out)
    if not rows:
        print("没有要核对的。", file=out)
    return 0


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
