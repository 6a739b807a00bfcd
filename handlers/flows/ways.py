"""By which way may a customer of a flow be reached now, if by any?"""

from bot.model import Conversation
from bot.model.cases import WITH_PEOPLE
from bot.model.consents import Purpose
from bot.policy.consent import permits
from bot.store import Store
from handlers.flows.store import Run

WINDOW_S = 48 * 3600.0 - 600.0
"""So long after the customer wrote we may write ourselves (wecom-api §3.10), less the way."""

MOST_SPENT = 3
"""Messages of the five that may be gone: a flow takes none of the last ones."""


async def with_people(facts: Store, run: Run) -> bool:
    """Whether people have the conversation, or a case of the customer (R-9.3)."""
    if not run.open_kfid:
        return False
    where = Conversation(run.open_kfid, run.external_userid)
    owner = (await facts.conversations.facts(where)).ownership.state
    case = await facts.cases.open_of(where)
    owned = owner is not None and owner.human_owns
    return owned or (case is not None and case.status in WITH_PEOPLE)


async def may_advertise(facts: Store, run: Run) -> bool:
    """Whether the customer has agreed to it."""
    standing = await facts.consents.standing(run.external_userid, Purpose.MARKETING)
    return permits(Purpose.MARKETING, standing)


async def can_write(facts: Store, run: Run, now: float) -> bool:
    """Whether the customer wrote so lately that WeCom lets us write, and there is room."""
    if not run.open_kfid:
        return False
    where = Conversation(run.open_kfid, run.external_userid)
    known = await facts.conversations.facts(where)
    if not 0 <= now - known.customer_wrote_at < WINDOW_S:
        return False
    if await facts.switches.silence_of(where):
        return False
    return await facts.conversations.spent(where, known.window_msgid) <= MOST_SPENT


async def member(facts: Store, run: Run) -> str:
    """Who can write to the customer as his friend; the one of the flow goes first."""
    friends = await facts.contacts.friends_of(run.external_userid)
    members = [one.userid for one in friends]
    if run.userid in members:
        return run.userid
    return members[0] if members else ""
