"""By which ways did a campaign bring people: customers' codes, members' codes, a group, an account?

Only an add is an invitation. A group is counted by its code; that somebody follows an official
account cannot be known from WeCom, so what he says of it is counted as said (C22, B37).
"""

import msgspec

from bot.store import CHANNEL, Statement, Store
from bot.store.channel_facts import ChannelFacts
from handlers.referral.store import Known

FOLLOWED = "followed"


class StaffCode(msgspec.Struct, frozen=True):
    """A member's own code.

    Args:
        came: people who never were anybody's friend before, `stayed` who did not leave since.
        gifts: how many of them got the newcomer's gift, or are owed it.
    """

    channel: str
    came: int
    stayed: int
    gifts: int


class Modes(msgspec.Struct, frozen=True):
    """What each way brought within the campaign's time.

    Args:
        credited: by customers' personal codes.
        group: who came into the group by its code, ``None`` = there is none that is counted.
        group_invited: of them, who was credited.
        said_followed: who says that he follows the account; verified is nobody.
    """

    credited: int
    staff: tuple[StaffCode, ...]
    group: int | None
    group_invited: int
    said_followed: int


_STAFF = """
SELECT s.id AS channel, COUNT(DISTINCT e.external_userid) AS came,
    COUNT(DISTINCT CASE WHEN EXISTS (SELECT 1 FROM relation_events d
        WHERE d.external_userid = e.external_userid AND d.kind = 'deleted'
            AND d.detail LIKE 'customer%' AND d.at >= e.at) THEN e.external_userid END) AS gone
FROM channel_states s JOIN relation_events e ON e.state = s.state AND e.kind = 'added'
WHERE s.kind = ? AND s.id = ? AND e.at >= ? AND e.at <= ? AND NOT EXISTS (
    SELECT 1 FROM relation_events b WHERE b.external_userid = e.external_userid AND b.at < e.at)
GROUP BY s.id
"""
_GIFTS = """
SELECT COUNT(*) FROM referral_grants g JOIN channel_states s ON s.state = g.state
WHERE g.campaign = ? AND g.side = 'newcomer' AND g.standing IN ('owed', 'given') AND s.kind = ?
    AND s.id = ?
"""
_INVITED = """
SELECT COUNT(*) FROM referral_invites WHERE campaign = ? AND external_userid IN ({marks})
    AND standing <> 'refused'
"""
_AT_ONCE = 500


async def modes(facts: Store, known: Known) -> Modes:
    """Count every way."""
    campaign, terms = known.campaign, known.terms
    db, window = facts.database, (terms.start, terms.end)
    staff = []
    for channel in campaign.staff:
        row = await db.fetch_one(_STAFF, CHANNEL, channel, *window)
        came, gone = (row["came"], row["gone"]) if row else (0, 0)
        gifts = await db.fetch_one(_GIFTS, campaign.id, CHANNEL, channel)
        staff.append(StaffCode(channel, came, came - gone, gifts[0] if gifts else 0))
    credited = await db.fetch_one(
        "SELECT COUNT(*) FROM referral_invites WHERE campaign = ? AND standing <> 'refused'",
        campaign.id,
    )
    said = await db.fetch_one(
        "SELECT COUNT(*) FROM referral_declared WHERE campaign = ? AND what = ?",
        *(campaign.id, FOLLOWED),
    )
    assert credited is not None
    assert said is not None
    group, invited = await _group(facts, known)
    return Modes(credited[0], tuple(staff), group, invited, said[0])


async def _group(facts: Store, known: Known) -> tuple[int | None, int]:
    place, terms = known.campaign.group, known.terms
    if place is None or place.channel is None:
        return None, 0
    states = {
        row["state"]
        for row in await facts.database.fetch(
            "SELECT state FROM channel_states WHERE kind = ? AND id = ?", CHANNEL, place.channel
        )
    }
    people = sorted(
        {
            row["external_userid"]
            for row in await ChannelFacts(facts.database).group_joins()
            if row["state"] in states and terms.start <= row["at"] <= terms.end
        }
    )
    invited = 0
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        sql = _INVITED.format(marks=",".join("?" * len(some)))
        row = await facts.database.fetch_one(sql, known.campaign.id, *some)
        invited += row[0] if row else 0
    return len(people), invited


def declared(campaign: str, customer: str, what: str, now: float) -> Statement:
    """A customer says that he did something; a repeat changes nothing."""
    return Statement(
        "INSERT INTO referral_declared VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (campaign, customer, what, now),
    )
