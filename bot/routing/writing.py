"""May we write to a customer who asks nothing just now, and who can otherwise?

Whoever reaches out asks here before he decides, and takes another way when the answer is no. The
gates of the sender hold all the same.
"""

from bot.model import Conversation
from bot.model.cases import WANTED, WITH_PEOPLE
from bot.model.consents import Purpose
from bot.policy.consent import permits
from bot.routing.turn import Turn
from bot.store import ConversationFacts, Store

WINDOW_S = 48 * 3600.0
"""So long after the customer wrote a message is accepted (wecom-api §3.10)."""

ON_THE_WAY_S = 600.0
"""So long before its end nothing is begun that may have to wait for the sender."""

MOST_SPENT = 3
"""Messages of the five of a window that may be gone: the last ones belong to what must be said, an
answer or a hand-over.
"""


async def may_write(turn: Turn, store: Store) -> bool:
    """Whether the bot may write in the conversation of this turn."""
    if not turn.has_conversation or turn.account.autonomy.mode == "off":
        return False
    return await _may_write(store, turn.facts, turn.now)


async def could_write(store: Store, where: Conversation, now: float) -> bool:
    """The same of a conversation of another turn, in which it is asked again."""
    return await _may_write(store, await store.conversations.facts(where), now)


async def with_people(store: Store, facts: ConversationFacts) -> bool:
    """Whether people have the conversation, or are being found for the customer (R-9.3)."""
    owner = facts.ownership.state
    if owner is not None and owner.human_owns:
        return True
    case = await store.cases.open_of(facts.conversation)
    return case is not None and case.status in (WANTED, *WITH_PEOPLE)


async def may_advertise(store: Store, external_userid: str) -> bool:
    """Whether the customer has agreed to it."""
    standing = await store.consents.standing(external_userid, Purpose.MARKETING)
    return permits(Purpose.MARKETING, standing)


async def friend_of(store: Store, external_userid: str, first: str = "") -> str:
    """Which member can write to the customer as his friend; empty = nobody.

    Args:
        first: who goes before the others if he still is one.
    """
    members = [one.userid for one in await store.contacts.friends_of(external_userid)]
    return first if first in members else next(iter(members), "")


async def _may_write(store: Store, facts: ConversationFacts, now: float) -> bool:
    if not 0 <= now - facts.customer_wrote_at < WINDOW_S - ON_THE_WAY_S:
        return False
    if await with_people(store, facts) or await store.switches.silence_of(facts.conversation):
        return False
    return await store.conversations.spent(facts.conversation, facts.window_msgid) <= MOST_SPENT
