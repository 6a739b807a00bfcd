"""Which invitations must a person look at, and what did he decide? `concierge campaign review`."""

import time
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app.engine import load_phrases
from bot.commands.campaigns import known, looked_at, opened
from bot.commands.consent import operator
from bot.commands.customers import note, when
from bot.config import Config
from bot.errors import Misconfigured, StoreRefused
from bot.model import Conversation
from bot.store import Store, Unit, UnitConflict
from handlers.referral import reviews, saying, store
from handlers.referral.crediting import COUNTED
from handlers.referral.on_appeals import REVIEWED


async def listed(config: Config, campaign: str, out: TextIO) -> int:
    """List what waits for a person, and what the rules of risk refused, with the reasons."""
    zone = ZoneInfo(config.timezone)
    async with opened(config) as facts:
        await known(facts, campaign)
        rows = await facts.database.scan(
            "SELECT i.*, a.at AS appealed_at, r.why"
            " FROM referral_invites i LEFT JOIN referral_reviews r ON r.invite = i.id"
            " LEFT JOIN referral_appeals a ON a.state = i.state AND a.closed_at IS NULL"
            " WHERE i.campaign = ? AND i.reason IN ('risk', 'fraud', 'over_cap')"
            " ORDER BY CASE WHEN a.at IS NULL THEN 1 ELSE 0 END, i.at",
            campaign,
        )
    phrases = load_phrases(config, ())
    for row in rows:
        said = saying.against(phrases, store.invite_in(row))
        head = f"{row['id']}  {when(row['at'], zone)}  {row['standing']}  {row['reason']}"
        asked = f"  申诉 {when(row['appealed_at'], zone)}" if row["appealed_at"] else ""
        before = f"  人核对过：{row['why']}" if row["why"] else ""
        print(f"{head}  {said or '—'}{asked}{before}", file=out)
    if not rows:
        print("没有要核对的。", file=out)
    return 0


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
    inviter = await store.by_state(facts, one.state)
    assert inviter is not None, "an invitation is made by a participant's code"
    obstacle = await reviews.obstacle(facts, one) if counts else ""
    if obstacle == "facts":
        raise Misconfigured(f"{invite} 的原因是 {one.reason or '—'}，不由人决定")
    if obstacle:
        raise Misconfigured(f"{invite}：这位客户在本活动里已经算给别人了")
    after = reviews.as_decided(one, counts=counts, by=operator(), now=now)
    unit = Unit(reviews.decided(one, after, inviter.external_userid, (operator(), why), now))
    where = Conversation(inviter.open_kfid, inviter.external_userid)
    told = [looked_at(where, one.campaign, now, name) for name in (COUNTED, REVIEWED)]
    if counts:
        newcomer = Conversation("", one.external_userid)
        told.append(looked_at(newcomer, one.campaign, now, reviews.ACCEPTED, invite=one.id))
    await facts.mailbox.deliver(unit, told, now)
    try:
        await facts.database.commit(unit)
    except UnitConflict as error:
        raise Misconfigured(f"{invite} 刚刚变过，请再看一遍") from error
    except StoreRefused as error:  # credited to somebody in this moment
        raise Misconfigured(f"{invite}：这位客户在本活动里已经算给别人了") from error
    verdict = "accepted" if counts else "rejected"
    await note(facts, f"campaign.{verdict}", invite, now, why=why)
