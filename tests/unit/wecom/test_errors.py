import re
from typing import Any

import pytest

from bot.errors import (
    AllowanceSpent,
    CodeSpent,
    NotAuthorised,
    Rejected,
    RetryLater,
    ServicerUnavailable,
    Throttled,
    WindowClosed,
    WrongState,
)
from bot.wecom.apis import KF_SEND, KF_SYNC
from bot.wecom.errors import KNOWN_CODES, error_for, means_already_accepted
from bot.wecom.limits import RateLimit, platform_limits


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, RetryLater),
        (45009, Throttled),
        (45033, Throttled),
        (60020, NotAuthorised),
        (95017, NotAuthorised),
        (95001, AllowanceSpent),
        (95002, WindowClosed),
        (95013, WrongState),
        (95016, WrongState),
        (95018, WrongState),
        (95014, ServicerUnavailable),
        (95019, ServicerUnavailable),
        (95007, CodeSpent),
        (40058, Rejected),
        (12345678, Rejected),
    ],
)
def test_a_code_becomes_what_can_be_done_about_it(errcode: int, kind: Any) -> None:
    assert type(error_for(KF_SEND.path, errcode)) is kind


def test_a_conflicting_code_is_the_allowance_on_a_send_only() -> None:
    assert type(error_for(KF_SEND.path, 95026)) is AllowanceSpent
    assert type(error_for(KF_SYNC.path, 95026)) is Rejected


@pytest.mark.parametrize(
    ("errcode", "accepted"),
    [(40058, True), (95099, True), (40300, True), (95001, False), (95018, False), (None, False)],
)
def test_a_refusal_of_a_repeat_may_say_that_the_first_was_accepted(
    errcode: int, accepted: bool
) -> None:
    assert means_already_accepted(Rejected(KF_SEND.path, errcode)) is accepted


def test_success_is_no_error_and_every_class_is_of_a_known_code() -> None:
    assert {0, -1, 40058, 45009, 95018, 600018} <= KNOWN_CODES


def test_limits_are_those_of_the_reference() -> None:
    limits = platform_limits()
    assert (limits.kf.allowance, limits.kf.window_s, limits.kf.text_bytes) == (5, 172_800, 2048)
    assert re.fullmatch(limits.kf.msgid_pattern, "bot_8f1c-0d2e")
    assert not re.fullmatch(limits.kf.msgid_pattern, "x" * 33)


@pytest.mark.parametrize("pace", [0.01, 0.7, 5.0])
def test_a_rate_limit_never_lets_more_through_in_any_window(pace: float) -> None:
    now, made = 0.0, []
    limit = RateLimit((20, 60.0), clock=lambda: now)
    while now < 300:
        if limit.take() is None:
            made.append(now)
        now += pace
    for begin in made:
        assert sum(begin <= at < begin + 60 for at in made) <= 20
    assert len(made) >= min(300 / pace, 5 * 20) * 0.9


def test_a_rate_limit_says_when_there_is_room() -> None:
    now = 0.0
    limit = RateLimit((2, 60.0), (3, 3600.0), clock=lambda: now)
    assert [limit.take(), limit.take()] == [None, None]
    first = limit.take()
    assert first is not None
    now = first
    assert limit.take() is None
    assert (limit.take() or 0) > 3600
