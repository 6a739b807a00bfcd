"""What must hold before a customer's message may be answered?

Each middleware is one concern; `bot/app/engine.py` writes them in the order in which they run. One
that
settles the message without calling `proceed` ends its way.
"""

from collections.abc import Awaitable, Callable

from bot.model import MessageReceived
from bot.routing.facts import CUSTOMER, SESSION_S
from bot.routing.turn import Turn
from bot.store import Store

Proceed = Callable[[], Awaitable[None]]
Middleware = Callable[[Turn, Proceed], Awaitable[None]]


async def only_customers(turn: Turn, proceed: Proceed) -> None:
    """What a servicer wrote is recorded, never answered."""
    if turn.message.origin != CUSTOMER:
        turn.settle("servicer")
        return
    await proceed()


def respect_switches(store: Store) -> Middleware:
    """Silence where somebody silenced the bot, or blocked the customer."""

    async def middleware(turn: Turn, proceed: Proceed) -> None:
        silence = await store.switches.silence_of(turn.conversation)
        if silence is not None:
            turn.settle("blocked" if silence.kind == "block" else "silenced")
            return
        await proceed()

    return middleware


def leave_people_alone(max_age_s: float) -> Middleware:
    """Silence while a person has, or waits to have, the conversation (R-11.3).

    When that was last known longer than `max_age_s` ago, the message goes on: its reply is sent
    only after the sender has read the state anew.
    """

    async def middleware(turn: Turn, proceed: Proceed) -> None:
        owner = turn.facts.ownership
        human_owns = owner.state is not None and owner.state.human_owns
        if human_owns and owner.is_known(turn.now, max_age_s):
            turn.settle("silent")
            return
        await proceed()

    return middleware


async def not_too_late(turn: Turn, proceed: Proceed) -> None:
    """What WeCom lets nobody answer any more goes to people (48 h, wecom-api §3.10)."""
    if turn.now - turn.message.sent_at > SESSION_S:
        turn.settle("too_late")
        turn.emit("escalate", reason="too_late", msgid=turn.message.msgid)
        return
    await proceed()


def limit_floods(store: Store, messages: int, window_s: float) -> Middleware:
    """Answer at most so many messages of one customer in a window; say so once, politely."""

    async def middleware(turn: Turn, proceed: Proceed) -> None:
        if turn.awaited is not None:
            await proceed()  # it was counted when it came
            return
        handled = turn.decisions.handled.values()
        count = sum(one.outcome != "silent" for one in handled)  # that was for people
        if not turn.is_first:
            count += await store.transcript.messages_since(
                turn.conversation, turn.message.sent_at - window_s
            )
        if count < messages:
            await proceed()
            return
        if turn.outcome_before != "flood":
            turn.reply(turn.phrases.say("engine.flood"), category="service")
        turn.settle("flood")

    return middleware


def is_fragment(message: MessageReceived, heard: Callable[[str, str], bool]) -> bool:
    """Whether a message alone is a greeting or half a sentence whose rest may follow (R-11.1)."""
    return (
        message.origin == CUSTOMER
        and message.msgtype == "text"
        and message.menu_id is None
        and heard("engine.fragments", message.text)
    )
