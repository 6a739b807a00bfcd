"""What a conversation's case becomes, told by a `CaseBook` alone."""

from typing import Any

from msgspec import structs

from bot.model import Case, MessageReceived
from bot.model.cases import ASSIGNED, BOT, GAP_S, SERVING, WANTED
from bot.routing.cases import CaseBook

NOW = 1_800_000_000.0
LEVELS = {"lisi": 3}


def message(
    at: float = NOW, *, origin: int = 3, servicer: str | None = None, msgid: str = "m1"
) -> MessageReceived:
    return MessageReceived(
        open_kfid="wk",
        external_userid="wm",
        sent_at=at,
        msgid=msgid,
        origin=origin,
        msgtype="text",
        content={"content": "在吗"},
        servicer_userid=servicer,
    )


def book(case: Case | None = None, now: float = NOW) -> CaseBook:
    return CaseBook(case, now, lambda servicer: LEVELS.get(servicer, 2))


def stored(case: Case | None) -> Case:
    assert case is not None
    return structs.replace(case, version=0)


def opened(at: float = NOW, **changes: Any) -> Case:
    cases = book(now=at)
    cases.hear(message(at))
    for name, what in changes.items():
        cases.step(name, **what)
    return stored(cases.open)


def test_a_customer_s_first_message_opens_a_case() -> None:
    cases = book()
    cases.hear(message())
    assert cases.open is not None
    assert (cases.open.status, cases.open.opened_at, cases.open.level) == (BOT, NOW, 1)
    (change,) = cases.changes
    assert [step.name for step in change.steps] == ["opened"]


def test_a_message_within_a_day_goes_on_with_it() -> None:
    cases = book(opened(), NOW + GAP_S - 1)
    cases.hear(message(NOW + GAP_S - 1, msgid="m2"))
    (change,) = cases.changes
    assert (change.after.active_at, change.steps) == (NOW + GAP_S - 1, ())


def test_after_a_day_the_old_case_is_closed_as_of_then_and_another_opened() -> None:
    cases = book(opened(), NOW + GAP_S)
    cases.hear(message(NOW + GAP_S, msgid="m2"))
    old, new = cases.changes
    assert (old.after.closed_at, old.after.outcome) == (NOW + GAP_S, "gap")
    assert new.after.opened_at == NOW + GAP_S
    assert new.after.id != old.after.id


def test_what_a_servicer_writes_opens_no_case() -> None:
    cases = book()
    cases.hear(message(origin=5, servicer="zhangsan"))
    assert cases.changes == ()


def test_the_first_words_of_a_servicer_answer_and_the_next_ones_do_not() -> None:
    cases = book(opened())
    cases.hear(message(NOW + 5, origin=5, servicer="ZhangSan"))
    cases.hear(message(NOW + 6, origin=5, servicer="zhangsan"))
    (change,) = cases.changes
    assert [step.name for step in change.steps] == ["answered"]
    assert (change.after.answered_at, change.after.served_level) == (NOW + 5, 2)
    assert (change.after.status, change.after.servicer) == (SERVING, "zhangsan")
    assert change.after.active_at == NOW + 6


def test_an_expert_who_answers_after_a_junior_raises_the_level_that_served() -> None:
    cases = book(opened())
    cases.hear(message(NOW + 5, origin=5, servicer="zhangsan"))
    cases.hear(message(NOW + 9, origin=5, servicer="lisi"))
    assert cases.open is not None
    assert (cases.open.served_level, cases.open.servicer) == (3, "lisi")


def test_the_wait_begins_with_the_first_message_that_nobody_answered() -> None:
    case = opened(wanted={"level": 2, "reason": "asked"}, assigned={"servicer": "zhangsan"})
    assert (case.status, case.waiting_since) == (ASSIGNED, NOW)
    cases = book(case)
    cases.hear(message(NOW + 5, origin=5, servicer="zhangsan"))
    assert cases.open is not None
    assert cases.open.waiting_since is None
    cases.hear(message(NOW + 7, msgid="m2"))
    cases.hear(message(NOW + 9, msgid="m3"))
    assert cases.open.waiting_since == NOW + 7


def test_wanted_twice_keeps_the_first_reason_and_the_higher_level() -> None:
    case = opened(wanted={"level": 2, "reason": "asked"})
    cases = book(case)
    again = cases.step("wanted", level=3, reason="complaint")
    assert again is not None
    assert (again.status, again.reason, again.level) == (WANTED, "asked", 3)


def test_a_case_that_is_left_is_closed_as_of_its_last_message_and_a_day() -> None:
    cases = book(opened(), NOW + 2 * GAP_S)
    assert cases.close_if_left()
    assert cases.open is None
    assert cases.newest is not None
    assert cases.newest.closed_at == NOW + GAP_S
    assert not book(opened(), NOW + GAP_S - 1).close_if_left()


def test_thanks_after_the_end_open_no_case() -> None:
    cases = book()
    cases.hear(message())
    cases.withdraw()
    assert cases.changes == ()
    cases.hear(message(NOW + 1, msgid="m2"))
    assert cases.open is not None
    assert cases.open.opened_at == NOW + 1


def test_withdrawing_leaves_a_case_alone_that_was_open_before() -> None:
    cases = book(opened())
    cases.hear(message(NOW + 1, msgid="m2"))
    cases.withdraw()
    assert cases.open is not None


def test_withdrawing_leaves_a_case_alone_that_an_earlier_message_of_the_burst_opened() -> None:
    cases = book()
    cases.hear(message())
    cases.hear(message(NOW + 1, msgid="m2"))
    cases.withdraw()
    assert cases.open is not None
    assert cases.open.opened_at == NOW
