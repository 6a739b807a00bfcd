"""What people did is told apart from what we did, at any moment of it."""

from bot.delivery.tag_difference import compare, plan
from bot.store import Mark

NOW, SETTLE_S = 1_000.0, 10.0


def mark(status: str, *, ours: bool = True, age: float = 60.0) -> dict[str, Mark]:
    return {"et1": Mark("et1", status, ours, NOW - age)}


def test_what_we_do_not_know_was_put_on_by_people() -> None:
    found = compare({"et1"}, {}, NOW, SETTLE_S)
    assert found.added == {"et1"}
    assert found.put == (Mark("et1", "there", False, NOW),)


def test_what_is_missing_was_taken_off_by_people() -> None:
    for ours in (True, False):
        found = compare(set(), mark("there", ours=ours), NOW, SETTLE_S)
        assert found.removed == {"et1"}, ours
        assert found.drop == ("et1",), ours


def test_what_we_were_about_to_do_is_nobody_s_doing_whatever_came_of_it() -> None:
    for status in ("adding", "removing"):
        came = compare({"et1"}, mark(status), NOW, SETTLE_S)
        assert (came.added, came.removed) == (frozenset(), frozenset()), status
        assert [one.status for one in came.put] == ["there"], status
        lost = compare(set(), mark(status), NOW, SETTLE_S)
        assert (lost.added, lost.removed, lost.drop) == (frozenset(), frozenset(), ("et1",)), status


def test_a_reading_may_lag_behind_what_we_have_just_done() -> None:
    for there, status in ((set(), "there"), ({"et1"}, "gone")):
        young = compare(there, mark(status, age=5.0), NOW, SETTLE_S)
        assert young.unsettled, status
        assert (young.added, young.removed, young.put, young.drop) == (
            *(frozenset(), frozenset()),
            *((), ()),
        ), status
        old = compare(there, mark(status, age=11.0), NOW, SETTLE_S)
        assert not old.unsettled, status
        assert old.added | old.removed == {"et1"}, status


def test_what_people_did_long_ago_needs_no_patience() -> None:
    assert compare(set(), mark("there", ours=False, age=1.0), NOW, SETTLE_S).removed == {"et1"}


def test_what_agrees_changes_nothing() -> None:
    for there, status, age in (({"et1"}, "there", 1.0), (set(), "gone", 5.0)):
        found = compare(there, mark(status, age=age), NOW, SETTLE_S)
        assert (found.put, found.drop, found.unsettled) == ((), (), False), status
    assert compare(set(), mark("gone", age=60.0), NOW, SETTLE_S).drop == ("et1",)


def test_only_what_our_books_have_had_is_taken_away() -> None:
    marks = {
        "mine": Mark("mine", "there", True, NOW),
        "theirs": Mark("theirs", "there", False, NOW),
        "foreign": Mark("foreign", "there", True, NOW),
        "gone": Mark("gone", "gone", True, NOW),
    }
    found = plan({"new", "gone"}, marks, managed={"mine", "theirs", "gone", "new"})
    assert (found.add, found.remove) == (("gone", "new"), ("mine",))


def test_what_may_have_come_through_is_done_again() -> None:
    assert plan({"et1"}, mark("adding"), {"et1"}).add == ("et1",)
    assert plan({"et1"}, mark("removing"), {"et1"}).add == ("et1",)
    assert plan(set(), mark("adding"), {"et1"}).remove == ("et1",)
    assert plan(set(), mark("removing"), {"et1"}).remove == ("et1",)
    assert not plan({"et1"}, mark("there"), {"et1"})
