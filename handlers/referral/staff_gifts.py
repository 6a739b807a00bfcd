"""Who came by a member's own code, and gets the newcomer's gift of a campaign (B37, D48)?

Nobody is rewarded for bringing him. As with invitations, the whole history says it anew each time.
"""

from dataclasses import dataclass

from bot.store import CHANNEL, Store
from handlers.referral import rules, store
from handlers.referral.rules import Tie
from handlers.referral.store import Known


@dataclass(frozen=True, slots=True)
class Came:
    """An add by a member's code that earns the gift.

    Args:
        thaws_at: from when on it is his, if he is still a friend.
    """

    state: str
    userid: str
    thaws_at: float


async def came(facts: Store, customers: list[str], known: Known) -> Came | None:
    """The first add of a person by one of the campaign's members' codes, if it stands: he was
    new, it ran, he is still a friend, and no inviter brought him.
    """
    campaign, terms = known.campaign, known.terms
    if campaign.newcomer is None or not campaign.staff:
        return None
    if not terms.corp_users and any(one.startswith(rules.CORP_USER) for one in customers):
        return None
    among = await store.excluding(facts, known)
    invited = await store.invites_of(facts, customers)
    if any(one.is_credited and one.campaign in among for one in invited):
        return None
    ties = [one for one in await store.history(facts, customers) if not one.in_group]
    for tie in ties:
        if tie.began and terms.runs_at(tie.at) and await _is_staff(facts, known, tie):
            life = rules.life(tie.at, tie.state, tie.userid, ties, terms)
            stands = rules.is_new(tie.at, ties, terms) and life.revoked_at is None
            return Came(tie.state, tie.userid, life.thaws_at) if stands else None
    return None


async def _is_staff(facts: Store, known: Known, tie: Tie) -> bool:
    found = await facts.channels.channel_of(tie.state) if tie.state else None
    return found is not None and found.kind == CHANNEL and found.id in known.campaign.staff
