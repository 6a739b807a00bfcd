"""What does somebody who invites get to read?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from bot.config import Campaign
from bot.model import MenuItem
from bot.routing import Turn
from bot.routing.phrases import Phrases
from bot.store import Store
from handlers.referral import grants, rules, store
from handlers.referral.grants import Grant, Paid
from handlers.referral.modes import FOLLOWED
from handlers.referral.rules import Standing, Why
from handlers.referral.store import Invite, Known, Participant

_MOST_FRIENDS = 10

_STANDS = {
    Standing.PENDING: "referral.friend_pending",
    Standing.REVIEW: "referral.friend_review",
    Standing.VALID: "referral.friend_valid",
    Standing.REVOKED: "referral.friend_revoked",
}


def reached(phrases: Phrases, one: Grant) -> str:
    """That a tier is reached, and what became of its reward."""
    name, say = one.definition.name, phrases.say
    head = say("referral.newcomer_gift", name=name)
    if one.tier:
        head = say("referral.tier_reached", n=one.tier, name=name)
    match one.standing:
        case Paid.QUEUED:
            return say("referral.tier_queued", n=one.tier, name=name)
        case Paid.NONE:
            return say("referral.tier_none", n=one.tier, name=name)
        case Paid.OWED:
            return head + say("referral.paid_gift")
        case _ if not one.definition.is_virtual:
            return head + say("referral.paid_sent")
        case _ if one.code:
            return head + say("referral.paid_code", code=one.code)
        case _ if one.definition.points is not None:
            return head + say("referral.paid_points", points=one.definition.points)
        case _:
            return head + say("referral.paid_tag")


async def progress(turn: Turn, facts: Store, who: Participant, known: Known) -> str:
    """How far an inviter is: what counts, what is missing, and how each friend stands."""
    say, campaign = turn.phrases.say, known.campaign
    counts = await store.counts(facts, who.state)
    valid, pending = counts[Standing.VALID], counts[Standing.PENDING] + counts[Standing.REVIEW]
    lines = [say("referral.progress", campaign=campaign.name, valid=valid, pending=pending)]
    ahead = rules.missing(campaign.tiers_of(who.arm), valid)
    if ahead is None:
        lines.append(say("referral.all_reached"))
    else:
        tier, missing = ahead
        name = campaign.rewards[tier.reward].name
        lines.append(say("referral.missing", n=missing, name=name))
    friends = [one for one in await store.through(facts, who.state) if one.standing in _STANDS]
    for one in friends[-_MOST_FRIENDS:]:
        when = turn.local_time(one.at)
        lines.append(say(_STANDS[one.standing], name=masked(one.external_userid), day=_day(when)))
    return "\n".join(lines)


async def explained(turn: Turn, facts: Store, campaign: Campaign, arm: str) -> str:
    """The rules with what is left of each reward: what customers are told is so (R-3.5.3)."""
    say = turn.phrases.say
    lines = [say("referral.rules_head", campaign=campaign.name, end=campaign.end)]
    for tier in campaign.tiers_of(arm):
        name = campaign.rewards[tier.reward].name
        left = await grants.left_of(facts, campaign, tier.reward, turn.now)
        key = "referral.rule_tier" if left is None else "referral.rule_tier_left"
        more = {} if left is None else {"left": left}
        lines.append(say(key, n=tier.invites, name=name, **more))
    lines.append(_what_counts(turn.phrases, campaign))
    group = None if campaign.by_group else campaign.group
    for key, place in (("rule_group", group), ("rule_account", campaign.account)):
        if place is not None and place.url is not None:
            lines.append(say(f"referral.{key}", name=place.name, url=place.url))
    return "\n".join([*lines, *([campaign.rules] if campaign.rules else [])])


def of_mode(phrases: Phrases, campaign: Campaign, key: str) -> str:
    """A text as it is where members are added, or where a group is joined."""
    if campaign.by_group and campaign.group is not None:
        return phrases.say(f"referral.{key}_group", name=campaign.group.name)
    return phrases.say(f"referral.{key}")


def _what_counts(phrases: Phrases, campaign: Campaign) -> str:
    hours = round(campaign.freeze_s / 3600)
    if campaign.by_group and campaign.group is not None:
        name = campaign.group.name
        return phrases.say("referral.rule_counts_group", name=name, hours=hours)
    if hours:
        return phrases.say("referral.rule_counts", hours=hours)
    return phrases.say("referral.rule_counts_now")


def listed(phrases: Phrases, some: Sequence[Grant]) -> str:
    """Everything that the customer has, with its codes."""
    shown = [one for one in some if one.standing is not Paid.WITHDRAWN]
    if not shown:
        return phrases.say("referral.nothing_yet")
    return "\n".join(reached(phrases, one) for one in shown)


def menu(phrases: Phrases, campaign: Campaign) -> tuple[MenuItem, ...]:
    """What can be tapped under each answer."""
    offered = ["poster", "progress", "rules", "rewards"]
    if campaign.account is not None:
        offered.append(FOLLOWED)
    return tuple(
        MenuItem(f"referral:{what}:{campaign.id}", phrases.say(f"referral.item_{what}"))
        for what in offered
    )


def against(phrases: Phrases, one: Invite) -> str:
    """What spoke against an invitation, as whoever decides reads it."""
    signals = msgspec.json.decode(one.signals)
    told = [_signal(phrases, signal) for signal in signals]
    return "；".join([because(phrases, one), *told] if one.reason == Why.OVER_CAP else told)


def _signal(phrases: Phrases, signal: dict[str, Any]) -> str:
    name, seen, points = signal["name"], signal["seen"], signal["points"]
    if name == "device":
        return phrases.say(f"referral.device_{seen}")
    share = f"{seen:.0%}" if isinstance(seen, float) else str(seen)
    said = phrases.say(f"referral.signal_{name}", seen=share)
    return phrases.say("referral.signal", said=said, points=points)


def because(phrases: Phrases, one: Invite) -> str:
    """Why it stands as it does, empty = nothing is in its way."""
    key = f"referral.why_{one.reason}"
    return phrases.say(key, n=1) if one.reason and phrases.has_reply(key) else ""


def masked(external_userid: str) -> str:
    """Whom a friend may be told from others by, and by nobody else: two of his id's characters."""
    return f"**{external_userid[-2:]}"


def _day(moment: datetime) -> str:
    return f"{moment:%m-%d}"
