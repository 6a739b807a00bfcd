"""Which nouns does the engine speak of? Pure data: no IO, no clock.

Times are Unix seconds (UTC) and end in ``_at``; durations are seconds and end in ``_s``.
"""

from bot.model.conversation import Conversation, Ownership, ServiceState
from bot.model.effects import (
    AnswerRequest,
    Because,
    Choice,
    Consult,
    Effect,
    HandOff,
    KeepMedia,
    MenuItem,
    NotifyStaff,
    Reply,
    SendMessage,
    SendOnEvent,
    Written,
    basis_of,
)
from bot.model.events import (
    AppMessageReceived,
    EffectDone,
    EffectFailed,
    Emitted,
    Event,
    MessageRecalled,
    MessageReceived,
    SendFailed,
    ServicerStatusChanged,
    SessionChanged,
    SessionEntered,
    TimerDue,
    UnknownHappened,
)
from bot.model.lanes import Lane

__all__ = [
    "AnswerRequest",
    "AppMessageReceived",
    "Because",
    "Choice",
    "Consult",
    "Conversation",
    "Effect",
    "EffectDone",
    "EffectFailed",
    "Emitted",
    "Event",
    "HandOff",
    "KeepMedia",
    "Lane",
    "MenuItem",
    "MessageRecalled",
    "MessageReceived",
    "NotifyStaff",
    "Ownership",
    "Reply",
    "SendFailed",
    "SendMessage",
    "SendOnEvent",
    "ServiceState",
    "ServicerStatusChanged",
    "SessionChanged",
    "SessionEntered",
    "TimerDue",
    "UnknownHappened",
    "Written",
    "basis_of",
]
