"""What could be said to the customer, while a person has the session?

Kept with the message that it answers, for whoever looks at the conversation; nobody is sent it.
"""

from bot.model.cases import WITH_PEOPLE
from bot.routing import Turn
from bot.routing.facts import CUSTOMER
from bot.routing.suggesting import Suggester, asks
from bot.store import Statement


async def prepare(turn: Turn, suggester: Suggester) -> None:
    """Keep the best answers to what the customer writes to people."""
    case, owner = turn.cases.open, turn.facts.ownership.state
    with_people = owner is not None and owner.human_owns
    if case is None or case.status not in WITH_PEOPLE or not with_people:
        return
    if turn.message.origin != CUSTOMER or not asks(turn.phrases, turn.text):
        return
    msgid = turn.message.msgid
    kept = await suggester.keep(turn.conversation, msgid, turn.text, turn.audience, turn.now)
    turn.decisions.records += [Statement(sql, params) for sql, params in kept]
