"""What does a commit write down of the events: the transcript, and what became of replies?"""

from collections.abc import Sequence

from bot.model import MessageRecalled, MessageReceived, SendFailed
from bot.routing.turn import Turn
from bot.store import Handled, Letter, Store, Unit


def record_messages(store: Store, unit: Unit, turn: Turn, letters: Sequence[Letter]) -> None:
    """Add to the unit what was written, and who decided what became of it."""
    for letter in letters:
        if isinstance(letter.event, MessageReceived):
            handled = turn.decisions.handled.get(letter.event.msgid, Handled("seen"))
            store.transcript.record(
                unit,
                letter.event,
                handled,
                received_at=letter.received_at,
                trace_id=letter.trace_id,
            )
    recorded = {one.event.msgid for one in letters if isinstance(one.event, MessageReceived)}
    for msgid, handled in turn.decisions.handled.items():
        if msgid not in recorded:  # it had waited for the model
            store.transcript.settle(unit, turn.conversation, msgid, handled)
    for msgid, feedback in turn.decisions.judged.items():
        store.transcript.judge(unit, turn.conversation, msgid, feedback)


def apply_events(store: Store, unit: Unit, turn: Turn, letters: Sequence[Letter]) -> None:
    """Add to the unit what the events alone bring about, whoever answers them."""
    conversation = turn.conversation
    for letter in letters:
        match letter.event:
            case MessageReceived(origin=5):
                store.outbox.cancel_unsent(unit, conversation, turn.now, "a servicer wrote")
            case MessageRecalled() as recalled:
                store.transcript.recall(unit, conversation, recalled.recall_msgid, turn.now)
                store.outbox.cancel_answer(unit, conversation, recalled.recall_msgid, turn.now)
            case SendFailed() as failed:
                store.outbox.mark_undelivered(unit, failed.fail_msgid, failed.fail_type, turn.now)
            case _:
                pass
