"""Who may be given a conversation, and in which order (R-11.4)?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import StaffMember
from bot.policy.roster import Roster
from tests.unit.policy.rosters import at, member, office, roster, shift

NOON = at("2026-11-23 12:00")  # a Monday
NIGHT = at("2026-11-23 23:00")


def names(one: Roster, level: int = 2, moment: float = NOON, **more: Any) -> list[str]:
    given = {"open_kfid": "wk", "loads": {}} | more
    return [c.userid for c in one.candidates(level=level, at=moment, **given)]


def test_the_least_loaded_for_his_capacity_comes_first() -> None:
    one = roster(member("a", capacity=2), member("b", capacity=10), member("c"))
    assert names(one, loads={"A": 1, "b": 4, "c": 2}) == ["b", "c", "a"]
    assert names(one, loads={"a": 2, "B": 4, "b": 6, "c": 4}) == ["c"]
    assert names(one) == ["a", "b", "c"]


def test_skill_comes_before_the_last_servicer_and_he_before_load() -> None:
    one = roster(member("a"), member("b"), member("c", skills=["退款"]))
    assert names(one, loads={"c": 4, "b": 3}, skill="退款", last="B") == ["c", "b", "a"]
    assert names(one, loads={"c": 4, "b": 3}, last="b") == ["b", "a", "c"]
    assert names(one, loads={"c": 5, "b": 3}, skill="退款") == ["a", "b"]


def test_juniors_serve_level_2_and_experts_only_when_no_junior_is_there() -> None:
    one = roster(office("a"), member("e", "expert"), member("boss", "leader"))
    assert names(one) == ["a"]
    assert names(one, loads={"a": 5}) == []  # he is there: the case waits for him
    assert names(one, moment=NIGHT) == ["e"]
    assert names(one, exclude=["A"]) == ["e"]
    assert names(roster(member("boss", "leader"))) == []


def test_level_3_goes_to_experts_then_leaders_and_never_to_a_junior() -> None:
    one = roster(
        member("a", skills=["退款"]),
        member("e", "expert"),
        member("boss", "leader", skills=["退款"]),
    )
    assert names(one, level=3, skill="退款") == ["e", "boss"]
    assert names(one, level=3, loads={"e": 5}) == ["boss"]
    assert names(one, level=3, exclude=["e", "boss"]) == []
    levels = [c.level for c in one.candidates(level=3, open_kfid="wk", at=NOON, loads={})]
    assert levels == [3, 3]


def test_only_who_serves_the_account_and_may_be_assigned_comes_into_question() -> None:
    one = roster(member("a", accounts=["wkA"]), member("b", capacity=0), member("c"))
    assert names(one, open_kfid="wkA") == ["a", "c"]
    assert names(one, open_kfid="wkB") == ["c"]
    trainee = roster(member("b", capacity=0), member("e", "expert"))
    assert names(trainee) == ["e"]


def test_a_deputy_stands_in_for_an_absent_skill() -> None:
    one = roster(
        office("a", skills=["退款"], deputies=["E"]),
        member("b"),
        member("e", "expert"),
    )
    assert names(one, skill="退款") == ["a", "b"]  # he is there himself
    assert names(one, moment=NIGHT, skill="退款") == ["e", "b"]
    assert names(one, moment=NIGHT) == ["b"]  # nothing special: no need to call an expert
    assert names(one, moment=NIGHT, skill="退款", exclude=["a"]) == ["e", "b"]
    assert names(one, moment=NIGHT, skill="退款", exclude=["e"]) == ["b"]
    assert names(one, moment=NIGHT, skill="退款", loads={"e": 5}) == ["b"]


def test_a_deputy_stands_in_for_an_absent_level() -> None:
    boss = member("boss", "leader")
    one = roster(office("e", "expert", deputies=["boss", "a"]), member("a"), boss)
    assert names(one, level=3, moment=NIGHT) == ["boss"]  # a junior may not
    late = roster(office("a", deputies=["boss"]), boss)
    assert names(late, moment=NIGHT) == ["boss"]
    assert late.next_opening("wk", 2, NIGHT) == NIGHT
    elsewhere = roster(office("a", deputies=["b"]), member("b", "leader", accounts=["wkB"]))
    assert names(elsewhere, moment=NIGHT) == []


def test_an_absent_deputy_stands_in_for_nobody() -> None:
    one = roster(office("a", deputies=["b"], skills=["退款"]), office("b", "leader"), member("c"))
    assert names(one, moment=NIGHT, skill="退款") == ["c"]


def test_leaders_on_duty_are_told_or_all_of_them() -> None:
    day, night = [shift("08:00", "20:00")], [shift("20:00", "08:00")]
    one = roster(
        member("x", "leader", shifts=day, capacity=0, deputies=["e"]),
        member("y", "leader", shifts=night),
        member("z", "leader", shifts=day, accounts=["wkZ"]),
        member("e", "expert", shifts=night),
    )
    assert one.leaders("wk", NOON) == ("x",)
    assert one.leaders("wkZ", NOON) == ("x", "z")
    assert one.leaders("wk", NIGHT) == ("y", "e")
    only = roster(office("x", "leader"), office("y", "leader"))
    assert only.leaders("wk", NIGHT) == ("x", "y")
    assert roster(member("a")).leaders("wk", NOON) == ()


def test_people_are_known_by_userid_in_any_case() -> None:
    one = roster(member("ZhangSan", "expert", name="张三"), member("li"), member("boss", "leader"))
    assert [one.level_of(who) for who in ("zhangsan", "LI", "boss", "new")] == [3, 2, 3, 2]
    assert (one.name_of("ZHANGSAN"), one.name_of("new")) == ("张三", "new")


USERIDS = ["a", "B", "c", "D", "e", "F"]
PEOPLE = st.lists(
    st.builds(
        member,
        st.sampled_from(USERIDS),
        st.sampled_from(["junior", "expert", "leader"]),
        capacity=st.integers(0, 3),
        skills=st.lists(st.sampled_from(["退款", "团购"]), max_size=2),
        accounts=st.sampled_from([[], ["wk"], ["other"]]),
        deputies=st.lists(st.sampled_from(USERIDS), max_size=2),
        shifts=st.sampled_from([[], [shift("09:00", "18:00")], [shift("18:00", "09:00")]]),
    ),
    max_size=6,
    unique_by=lambda one: one.userid,
)
LOADS = st.dictionaries(st.sampled_from([*USERIDS, "A", "b"]), st.integers(0, 4))
SKILLS = st.sampled_from(["", "退款", "团购", "法务"])
EXCLUDED = st.lists(st.sampled_from(["A", "b", "e"]), max_size=2)


@given(PEOPLE, LOADS, SKILLS, st.sampled_from(["", *USERIDS]), EXCLUDED, st.sampled_from([2, 3]))
def test_whoever_is_a_candidate_may_take_it(
    people: list[StaffMember],
    loads: dict[str, int],
    skill: str,
    last: str,
    excluded: list[str],
    level: int,
) -> None:
    one = roster(*people)
    found = one.candidates(
        level=level, open_kfid="wk", at=NOON, skill=skill, loads=loads, last=last, exclude=excluded
    )
    by_id = {person.userid: person for person in people}
    barred = {userid.lower() for userid in excluded}
    assert len({c.userid for c in found}) == len(found)
    for candidate in found:
        person = by_id[candidate.userid]
        load = sum(n for userid, n in loads.items() if userid.lower() == person.key)
        assert load < candidate.capacity == person.capacity  # never over capacity
        assert one.on_duty(person.userid, NOON)
        assert person.serves("wk")
        assert person.key not in barred
        assert candidate.level == one.level_of(person.userid) >= level


@given(PEOPLE, LOADS, SKILLS, st.sampled_from(["", *USERIDS]))
def test_juniors_are_ordered_by_skill_last_load_and_name(
    people: list[StaffMember], loads: dict[str, int], skill: str, last: str
) -> None:
    alone = [p.model_copy(update={"deputies": (), "level": "junior"}) for p in people]
    found = roster(*alone).candidates(
        level=2, open_kfid="wk", at=NOON, skill=skill, loads=loads, last=last
    )
    by_id = {person.userid: person for person in alone}

    def rank(userid: str) -> tuple[bool, bool, float, str]:
        person = by_id[userid]
        load = sum(n for name, n in loads.items() if name.lower() == person.key)
        is_last = person.key == last.lower()
        return skill not in person.skills, not is_last, load / person.capacity, person.key

    ranks = [rank(candidate.userid) for candidate in found]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("level", [2, 3])
def test_the_order_of_the_configuration_does_not_matter(level: int) -> None:
    people = [member("c"), member("a"), member("e", "expert"), member("b"), member("d", "expert")]
    forth, back = roster(*people), roster(*people[::-1])
    assert names(forth, level=level) == names(back, level=level)
