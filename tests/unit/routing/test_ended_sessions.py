"""Who owns a conversation in the second in which its session ends and the customer writes on?"""

import pytest

from bot.model import Conversation, MessageReceived, Ownership, ServiceState
from bot.routing.facts import after
from bot.store import ConversationFacts

HERE = Conversation("wk", "wm")
ENDED_AT = 1_800_000_000.7


def state_after(sent_at: float) -> ServiceState | None:
    facts = ConversationFacts(HERE, Ownership(ServiceState.ENDED, None, ENDED_AT))
    message = MessageReceived(
        open_kfid="wk",
        external_userid="wm",
        sent_at=sent_at,
        msgid="m1",
        origin=3,
        msgtype="text",
        content={"content": "还在吗"},
    )
    return after(facts, message).ownership.state


def test_a_later_message_begins_a_new_session() -> None:
    assert state_after(1_800_000_001.0) is ServiceState.NEW


@pytest.mark.parametrize("sent_at", [1_800_000_000.0, 1_799_999_997.0])
def test_a_message_of_the_same_second_leaves_the_state_to_be_read(sent_at: float) -> None:
    """WeCom counts whole seconds, we do not: its 0 may be after our 0.7. Taken for ended, the
    answer would be held for ever.
    """
    assert state_after(sent_at) is None


def test_a_message_from_well_before_the_end_changes_nothing() -> None:
    assert state_after(1_799_999_900.0) is ServiceState.ENDED
