from typing import Any

import pytest

from bot.model import (
    EffectFailed,
    Event,
    MessageReceived,
    Ownership,
    ServiceState,
    SessionChanged,
    SessionEntered,
    TimerDue,
)
from bot.routing.facts import SESSION_S, after
from bot.store import ConversationFacts
from tests.builders import a_customer, a_message

LAN = a_customer()
T = 1_000_000.0
WHERE: dict[str, Any] = {"open_kfid": LAN.open_kfid, "external_userid": LAN.external_userid}


def facts(state: ServiceState | None = None, as_of: float = T, **more: Any) -> ConversationFacts:
    return ConversationFacts(LAN, Ownership(state, None, as_of), **more)


def wrote(at: float = T, **more: Any) -> MessageReceived:
    return a_message(sent_at=at, **more)


def changed(kind: int, at: float = T, **more: Any) -> SessionChanged:
    return SessionChanged(**WHERE, change_type=kind, sent_at=at, **more)


def servicer_wrote(at: float = T) -> MessageReceived:
    return a_message(sent_at=at, origin=5, servicer_userid="zhangsan")


NEW, BOT, QUEUED, HUMAN, ENDED = ServiceState


@pytest.mark.parametrize(
    ("before", "event", "state", "servicer"),
    [
        (None, wrote(), None, None),
        (NEW, wrote(), NEW, None),
        (BOT, wrote(), BOT, None),
        (QUEUED, wrote(), QUEUED, None),
        (HUMAN, wrote(), HUMAN, None),
        (ENDED, wrote(), NEW, None),
        (NEW, servicer_wrote(), HUMAN, "zhangsan"),
        (NEW, changed(1, new_servicer_userid="lisi"), HUMAN, "lisi"),
        (HUMAN, changed(2, old_servicer_userid="a", new_servicer_userid="b"), HUMAN, "b"),
        (HUMAN, changed(3, old_servicer_userid="lisi"), ENDED, None),
        (ENDED, changed(4, new_servicer_userid="lisi"), HUMAN, "lisi"),
        (HUMAN, SessionEntered(**WHERE, sent_at=T, welcome_code="c"), ENDED, None),
        (HUMAN, SessionEntered(**WHERE, sent_at=T), HUMAN, None),
        (HUMAN, TimerDue(name="alarm"), HUMAN, None),
    ],
)
def test_an_event_says_who_owns_the_conversation(
    before: ServiceState | None, event: Event, state: ServiceState | None, servicer: str | None
) -> None:
    now = after(facts(before), event).ownership
    assert (now.state, now.servicer) == (state, servicer)


def test_the_customer_s_last_message_opens_the_window() -> None:
    message = wrote()
    known = after(facts(), message)
    assert (known.window_msgid, known.customer_wrote_at) == (message.msgid, T)


def test_what_a_servicer_wrote_opens_no_window() -> None:
    known = after(facts(window_msgid="m0", customer_wrote_at=T - 9), servicer_wrote())
    assert (known.window_msgid, known.customer_wrote_at) == ("m0", T - 9)


def test_an_event_much_older_than_what_is_known_makes_the_owner_unknown() -> None:
    """Neither can be trusted, so it is read again before anything is sent (R-1.7)."""
    known = after(facts(HUMAN), changed(3, at=T - 60))
    assert known.ownership == Ownership(None, None, T)


def test_a_second_of_skew_between_two_clocks_is_no_doubt() -> None:
    assert after(facts(HUMAN), changed(3, at=T - 1)).ownership == Ownership(ENDED, None, T)


def test_a_message_from_well_before_the_end_does_not_open_the_session_again() -> None:
    assert after(facts(ENDED), wrote(at=T - 60)).ownership.state is ENDED


def test_a_message_that_arrives_late_does_not_turn_time_back() -> None:
    known = after(facts(BOT, customer_wrote_at=T), wrote(at=T - 60))
    assert known.customer_wrote_at == T


@pytest.mark.parametrize(("pause", "state"), [(SESSION_S, HUMAN), (SESSION_S + 1, None)])
def test_a_session_falls_to_its_end_48_hours_after_the_last_word(
    pause: float, state: ServiceState | None
) -> None:
    known = after(facts(HUMAN, customer_wrote_at=T), wrote(at=T + pause))
    assert known.ownership.state is state


@pytest.mark.parametrize(("pause", "disclosed_at"), [(SESSION_S, T), (SESSION_S + 1, None)])
def test_a_new_session_is_introduced_again(pause: float, disclosed_at: float | None) -> None:
    known = after(facts(BOT, customer_wrote_at=T, disclosed_at=T), wrote(at=T + pause))
    assert known.disclosed_at == disclosed_at


def test_a_welcome_introduces_the_session_that_it_opens() -> None:
    known = after(facts(ENDED, disclosed_at=T), wrote(at=T + 60))
    assert known.disclosed_at == T


def test_a_welcome_that_failed_introduced_nobody() -> None:
    failed = EffectFailed(effect_id=1, effect="SendOnEvent", **WHERE)
    assert after(facts(disclosed_at=T), failed).disclosed_at is None


def test_after_the_end_of_a_session_the_bot_introduces_itself_again() -> None:
    assert after(facts(HUMAN, disclosed_at=T), changed(3)).disclosed_at is None
