"""How does an event change what we know of a conversation? Pure: facts and event in, facts out."""

from dataclasses import replace

from bot.model import (
    EffectFailed,
    Event,
    MessageReceived,
    Ownership,
    ServiceState,
    SessionChanged,
    SessionEntered,
)
from bot.store import ConversationFacts

SESSION_S = 48 * 3600
"""A session ends 48 h after the customer's last message (wecom-api §3.5)."""

SKEW_S = 5
"""How far WeCom's whole-second clock and ours may differ before order is in doubt."""

CUSTOMER = 3
"""Origin of a message that the customer wrote; 5 = a servicer did (wecom-api §3.7)."""


def after(facts: ConversationFacts, event: Event) -> ConversationFacts:
    """What is known of the conversation once this event has happened."""
    match event:
        case MessageReceived(origin=5):
            return _owned(facts, ServiceState.HUMAN, event.servicer_userid, event.sent_at)
        case MessageReceived():
            return _customer_wrote(facts, event)
        case SessionChanged(change_type=3):
            return _ended(facts, event.sent_at)
        case SessionChanged():
            servicer = event.new_servicer_userid or event.old_servicer_userid
            return _owned(facts, ServiceState.HUMAN, servicer, event.sent_at)
        case SessionEntered():
            came = replace(facts, channel=event.scene)
            if event.welcome_code is None:
                return came
            # a welcome code means: nothing written here for 48 h, so no session is open (§3.9)
            return _owned(came, ServiceState.ENDED, None, event.sent_at)
        case EffectFailed(effect="SendOnEvent"):
            # the welcome that was to introduce the assistant never came
            return replace(facts, disclosed_at=None)
        case _:
            return facts


def _owned(
    facts: ConversationFacts, state: ServiceState, servicer: str | None, as_of: float
) -> ConversationFacts:
    if as_of < facts.ownership.as_of - SKEW_S:
        # older than what a read has told since: neither can be trusted, read again
        return replace(facts, ownership=Ownership(None, None, facts.ownership.as_of))
    return replace(facts, ownership=Ownership(state, servicer, max(as_of, facts.ownership.as_of)))


def _ended(facts: ConversationFacts, at: float) -> ConversationFacts:
    ended = replace(_owned(facts, ServiceState.ENDED, None, at), disclosed_at=None)
    if ended.ownership.state is None or facts.customer_wrote_at <= at:
        return ended
    # told late: the customer has written since, which begins another session
    near = facts.customer_wrote_at <= at + SKEW_S
    state = None if near else ServiceState.NEW
    return replace(ended, ownership=Ownership(state, None, facts.customer_wrote_at))


def _customer_wrote(facts: ConversationFacts, message: MessageReceived) -> ConversationFacts:
    ownership, disclosed_at = facts.ownership, facts.disclosed_at
    if message.sent_at - facts.customer_wrote_at > SESSION_S:
        if disclosed_at is not None and message.sent_at - disclosed_at > SESSION_S:
            disclosed_at = None  # a new session whose welcome did not say it either
        if ownership.state is not None and message.sent_at - ownership.as_of > SESSION_S:
            ownership = Ownership(None, None, 0.0)  # the old one fell to 4 by itself, silently
    if ownership.state is ServiceState.ENDED:
        if message.sent_at >= ownership.as_of:
            ownership = Ownership(ServiceState.NEW, None, message.sent_at)
        elif message.sent_at >= ownership.as_of - SKEW_S:
            # written in the second in which it ended: before or after, only a read can tell
            ownership = Ownership(None, None, ownership.as_of)
    return replace(
        facts,
        ownership=ownership,
        disclosed_at=disclosed_at,
        window_msgid=message.msgid,
        customer_wrote_at=max(facts.customer_wrote_at, message.sent_at),
    )
