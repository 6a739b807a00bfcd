"""May this customer take part in a campaign, as far as its audience goes?"""

from dataclasses import dataclass

from bot.config import Campaign, CampaignAudience
from bot.routing import Turn
from bot.store import Store

_DAY_S = 86_400.0

_FRIEND_SINCE = """
SELECT MIN(r.first_added_at) FROM relations r WHERE r.external_userid IN ({marks})
"""
_BOUGHT = """
SELECT 1 FROM sales s WHERE s.external_userid IN ({marks}) AND s.paid_at IS NOT NULL
    AND s.amount > s.refunded LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Joiner:
    """What is known of somebody who wants to take part.

    Args:
        channel: by which the person came first, empty = by none.
        friend_s: how long somebody of the company has been a friend, ``None`` = nobody ever was.
    """

    tags: frozenset[str]
    channel: str
    friend_s: float | None
    has_bought: bool


def is_meant(audience: CampaignAudience, who: Joiner) -> bool:
    """Whether every condition holds. Pure."""
    is_old = who.friend_s is not None and who.friend_s >= audience.new_days * _DAY_S
    return (
        (not audience.tags or not who.tags.isdisjoint(audience.tags))
        and who.tags.isdisjoint(audience.without)
        and (not audience.channels or who.channel in audience.channels)
        and (audience.friends == "any" or (audience.friends == "old") == is_old)
        and (audience.bought == "any" or (audience.bought == "yes") == who.has_bought)
    )


async def may_join(turn: Turn, facts: Store, campaign: Campaign) -> bool:
    """Whether this turn's customer is of a campaign's audience; a person's ids count together."""
    if campaign.audience == CampaignAudience():
        return True
    return is_meant(campaign.audience, await _joiner(turn, facts))


async def _joiner(turn: Turn, facts: Store) -> Joiner:
    customers = await facts.people.same_person(turn.external_userid)
    marks = ",".join("?" * len(customers))
    db = facts.database
    since = await db.fetch_one(_FRIEND_SINCE.format(marks=marks), *customers)
    bought = await db.fetch_one(_BOUGHT.format(marks=marks), *customers)
    touched = await facts.profiles.touched(turn.external_userid)
    came = touched.first_channel if touched else ""
    first_at = since[0] if since else None
    return Joiner(
        tags=frozenset(turn.tags),
        channel=(await facts.channels.channel_of(came)).id if came else "",
        friend_s=None if first_at is None else turn.now - float(first_at),
        has_bought=bought is not None,
    )
