"""What could be said to the customer, while a person has the session?

Kept with the message that it answers, for whoever looks at the conversation; nobody is sent it.
"""

from bot.model import Because, Reply
from bot.model.cases import WITH_PEOPLE
from bot.routing import Turn
from bot.routing.facts import CUSTOMER
from bot.store import Store
from knowledge import Library

SOURCE = "faq"
MOST = 3


async def prepare(turn: Turn, facts: Store, library: Library) -> None:
    """Keep the best answers to what the customer writes to people."""
    case, owner = turn.cases.open, turn.facts.ownership.state
    with_people = owner is not None and owner.human_owns
    if case is None or case.status not in WITH_PEOPLE or not with_people:
        return
    if turn.message.origin != CUSTOMER or not turn.text:
        return
    audience = turn.audience
    found = await library.of(audience.open_kfid).search(turn.text, audience, MOST)
    for match in found:
        because = Because(source=SOURCE, ref=match.entry.id, score=match.score)
        reply = Reply(text=match.entry.answer, because=because)
        sql, params = await facts.suggestions.prepared(
            turn.conversation, reply, msgid=turn.message.msgid, now=turn.now
        )
        turn.record(sql, *params)
