"""What one case contributes: its class, its waits, its work, whether it is resolved."""

import math

import pytest

from bot.measuring.measure import is_substantive, kind_of, measure
from bot.model import Because
from bot.store import CaseRecord
from tests.unit.measuring.records import (
    FIXED,
    FOUND,
    LATER,
    NOW,
    a_record,
    answered,
    asked,
    step,
    wrote,
)

H48 = 48 * 3600.0
WANTED = step("wanted", 60, level=2, reason="asked")


def hours(begin: float, end: float, _open_kfid: str) -> float:
    """Business is open during the first hundred seconds of each case."""
    return max(0.0, min(end, NOW + 100) - max(begin, NOW))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (a_record(), "L1"),
        (a_record(next_after=H48), "L1"),
        (a_record(next_after=H48 - 1), "reopened"),
        (a_record(next_after=0.0), "reopened"),
        (a_record(WANTED), "unserved"),
        (a_record(WANTED, step("given_up", 90)), "unserved"),
        (a_record(WANTED, step("ticketed", 61)), "unserved"),
        (a_record(WANTED, next_after=60), "unserved"),
        (a_record(step("assigned", 5, servicer="zhangsan")), "unserved"),
        (a_record(step("taken", 5, servicer="zhangsan", level=2)), "unserved"),
        (a_record(WANTED, answered(90)), "L2"),
        (a_record(answered(90)), "L2"),
        (a_record(WANTED, answered(90), next_after=60), "L2"),
        (a_record(WANTED, answered(90, "lisi", 3)), "L3"),
        (a_record(WANTED, answered(90), answered(120, "lisi", 3)), "L3"),
        (a_record(WANTED, answered(90, "lisi", 3), answered(120)), "L3"),
        (a_record(WANTED, answered(90), step("wanted", 99, level=3, reason="junior")), "L2"),
    ],
)
def test_a_case_is_in_one_class(record: CaseRecord, kind: str) -> None:
    assert kind_of(record) == kind


def test_a_case_without_people_may_be_reopened_for_two_days() -> None:
    record = a_record(closed=3600)
    assert measure(record, NOW + 3600 + H48 - 1, hours).settling
    assert not measure(record, NOW + 3600 + H48, hours).settling
    assert not measure(a_record(WANTED), NOW + 3601, hours).settling


# ---------------------------------------------------------------------- first response


@pytest.mark.parametrize(
    ("because", "counts"),
    [
        (None, False),
        (FIXED, False),
        (Because(source="escalation", ref="asked"), False),
        (FOUND, True),
        (Because(source="model", ref="x"), True),
        (Because(source="offer", ref="x"), True),
        (Because(source="burst", detail={"reasons": [{"source": "reply"}]}), False),
        (
            Because(source="burst", detail={"reasons": [{"source": "reply"}, {"source": "faq"}]}),
            True,
        ),
    ],
)
def test_a_fixed_text_acknowledges_and_answers_nothing(
    because: Because | None, counts: bool
) -> None:
    assert is_substantive(because) is counts


def test_the_first_answer_ends_the_wait() -> None:
    record = a_record(replies=[(1, FIXED), (2, None), (7, FOUND), (9, FOUND)])
    assert measure(record, LATER, hours).any_s == (7.0, 7.0)


def test_a_servicer_s_words_answer_too() -> None:
    record = a_record(said=[asked(), wrote(150)], replies=[(160, FOUND)])
    assert measure(record, LATER, hours).any_s == (150.0, 100.0)


def test_small_talk_does_not_wait() -> None:
    record = a_record(said=[asked(0, "greeting.hello"), asked(20)], replies=[(22, FOUND)])
    assert measure(record, LATER, hours).any_s == (2.0, 2.0)
    assert measure(a_record(said=[asked(0, "greeting.hello")]), LATER, hours).any_s is None


def test_what_was_never_answered_is_infinite() -> None:
    assert measure(a_record(replies=[(3, FIXED)]), LATER, hours).any_s == (math.inf, math.inf)


def test_a_person_s_first_words_end_the_wait_for_a_person() -> None:
    record = a_record(WANTED, step("taken", 70, servicer="zhangsan", level=2), answered(150))
    assert measure(record, LATER, hours).human_s == (90.0, 40.0)
    assert measure(a_record(WANTED), LATER, hours).human_s == (math.inf, math.inf)


def test_who_came_by_himself_was_not_waited_for() -> None:
    assert measure(a_record(answered(90)), LATER, hours).human_s is None
    record = a_record(step("taken", 70, servicer="zhangsan", level=2), WANTED, answered(150))
    assert measure(record, LATER, hours).human_s is None
    assert measure(a_record(), LATER, hours).human_s is None


# ---------------------------------------------------------------------- work


def test_a_servicer_works_since_the_message_before_but_not_longer_than_five_minutes() -> None:
    said = [asked(), asked(100), wrote(130), wrote(150), wrote(1000)]
    record = a_record(WANTED, answered(130), said=said)
    assert measure(record, LATER, hours).worked_s == {2: 30.0 + 20.0 + 300.0}


def test_he_cannot_have_worked_before_he_was_given_the_case() -> None:
    assigned = step("assigned", 120, servicer="zhangsan", level=2)
    record = a_record(WANTED, assigned, answered(130), said=[asked(), wrote(130)])
    assert measure(record, LATER, hours).worked_s == {2: 10.0}


def test_saying_that_he_takes_what_he_has_makes_him_no_later() -> None:
    assigned = step("assigned", 20, servicer="zhangsan", level=2)
    taken = step("taken", 120, servicer="zhangsan", level=2)
    record = a_record(WANTED, assigned, taken, answered(130), said=[asked(), wrote(130)])
    assert measure(record, LATER, hours).worked_s == {2: 110.0}


def test_work_is_of_the_level_at_which_he_answered() -> None:
    said = [asked(), wrote(40), wrote(60, "lisi"), wrote(70)]
    steps = [answered(40), answered(60, "lisi", 3), answered(70)]
    record = a_record(step("wanted", 5, level=2, reason="asked"), *steps, said=said)
    assert measure(record, LATER, hours).worked_s == {2: 50.0, 3: 20.0}


def test_who_took_over_from_one_of_his_level_works_at_it_too() -> None:
    said = [asked(), wrote(40, "lisi"), wrote(90, "wangwu")]
    taken = step("taken", 60, servicer="wangwu", level=3)
    record = a_record(WANTED, answered(40, "lisi", 3), taken, said=said)
    assert measure(record, LATER, hours).worked_s == {3: 40.0 + 30.0}


def test_a_core_customer_is_one_whose_want_says_so() -> None:
    core = step("wanted", 5, level=3, reason="core", data={"core": True})
    assert measure(a_record(core), LATER, hours).core
    assert not measure(a_record(WANTED), LATER, hours).core


# ---------------------------------------------------------------------- resolved


@pytest.mark.parametrize(
    ("record", "resolved"),
    [
        (a_record(), True),
        (a_record(next_after=60), False),
        (a_record(step("solved", 50), next_after=60), True),
        (a_record(step("solved", 50), step("unsolved", 70), next_after=60), False),
        (a_record(step("solved", 50), score=2), False),
        (a_record(how="solved", next_after=60), False),
        (a_record(score=3), True),
        (a_record(WANTED), False),
        (a_record(WANTED, step("solved", 90)), False),
        (a_record(WANTED, answered(90), how="ended"), True),
        (a_record(WANTED, answered(90), how="solved", next_after=60), False),
        (a_record(WANTED, answered(90), how="ended", score=1), False),
    ],
)
def test_resolved_is_said_by_the_customer_or_shown_by_his_silence(
    record: CaseRecord, resolved: bool
) -> None:
    assert measure(record, LATER, hours).resolved is resolved


def test_who_wants_a_person_after_all_has_taken_back_that_it_is_solved() -> None:
    solved = step("solved", 30)
    assert measure(a_record(solved, next_after=60.0), LATER, hours).resolved
    assert not measure(
        a_record(solved, WANTED, answered(90), next_after=60.0), LATER, hours
    ).resolved
    again = a_record(WANTED, answered(90), step("solved", 120), next_after=60.0)
    assert measure(again, LATER, hours).resolved
    raised = step("wanted", 150, level=3, reason="raised")
    assert measure(a_record(answered(90), solved, raised, next_after=60.0), LATER, hours).resolved
