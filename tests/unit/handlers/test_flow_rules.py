"""Which step comes next, and when: pure rules of flows."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.app.flows import flows_in
from handlers.flows.flow import (
    Branch,
    Condition,
    Evidence,
    Flow,
    Situation,
    Step,
    Wait,
    due_at,
    holds,
    reminder_at,
    said_to_friend,
    step_after,
)

FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOW = Situation(moment=FRIDAY, tags=frozenset({"意向：奶粉"}), channel="poster-1")
FLOW = Flow(
    id="f",
    kind="k",
    name="n",
    steps=(
        Step(id="a", branches=(Branch(when=Condition(tags=frozenset({"意向：奶粉"})), to="c"),)),
        Step(id="b"),
        Step(id="c", branches=(Branch(when=Condition(ordered=True), to="end"),)),
        Step(id="d"),
    ),
)


@pytest.mark.parametrize(
    ("after", "situation", "expected"),
    [
        ("a", NOW, "c"),
        ("a", Situation(moment=FRIDAY), "b"),
        ("c", NOW, "d"),
        ("c", Situation(moment=FRIDAY, ordered=True), None),
        ("d", NOW, None),
        ("taken-out", NOW, "b"),
    ],
)
def test_the_next_step(after: str, situation: Situation, expected: str | None) -> None:
    found = step_after(FLOW, after, {"a", after}, situation)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (Wait(seconds=600), FRIDAY + timedelta(minutes=10)),
        (Wait(days=3), FRIDAY + timedelta(days=3)),
        (Wait(days=1, at=time(9)), datetime(2026, 11, 21, 9, tzinfo=UTC)),
        (Wait(at=time(20)), datetime(2026, 11, 20, 20, tzinfo=UTC)),
        (Wait(at=time(9)), datetime(2026, 11, 21, 9, tzinfo=UTC)),
    ],
)
def test_when_a_step_is_due(wait: Wait, expected: datetime) -> None:
    assert due_at(wait, FRIDAY) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(), True),
        (Condition(tags=frozenset({"意向：奶粉", "x"})), True),
        (Condition(without_tags=frozenset({"意向：奶粉"})), False),
        (Condition(channels=frozenset({"other"})), False),
        (Condition(wrote=False), True),
        (Condition(wrote=True), False),
        (Condition(hours=(time(22), time(8))), False),
        (Condition(hours=(time(9), time(18))), True),
    ],
)
def test_a_condition(condition: Condition, expected: bool) -> None:
    assert holds(condition, NOW) is expected


def test_a_reminder_a_day_for_three_days_at_most() -> None:
    step, asked = Step(id="a", reminders=9), 1_000.0
    told: list[float] = []
    while (at := reminder_at(step, asked, told)) is not None:
        told.append(at)
    assert told == [1_000.0 + day * 86_400 for day in (1, 2, 3)]
    assert reminder_at(Step(id="b"), asked, []) is None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step(id="a"), "您好"),
        (Step(id="a", evidence=Evidence.ORDER), "您好"),
        (Step(id="a", evidence=Evidence.REPLY, words=("=领",)), ""),
        (Step(id="a", evidence=Evidence.DECLARED, words=("=好了",)), ""),
        (Step(id="a", button="我已关注"), ""),
        (Step(id="a", button="我已关注", friend_text="到客服里点"), "到客服里点"),
    ],
)
def test_what_only_the_bot_could_hear_is_not_asked_in_a_friend_s_chat(
    step: Step, expected: str
) -> None:
    assert said_to_friend(step, "您好") == expected


def test_a_mass_send_that_could_not_be_answered_is_refused_at_load(tmp_path: Path) -> None:
    step = "{id: s, text: 关注我们, button: 我已关注, way: %s}"
    file = tmp_path / "flows.yaml"
    for way, is_refused in (("mass_send", True), ("staff", False), ("pigeon", True)):
        text = f"flows: [{{id: f, kind: k, name: n, steps: [{step % way}]}}]"
        file.write_text(text, "utf-8")
        found, problems = flows_in([file])
        assert bool(problems) is is_refused, way
        assert len(found) == (not is_refused)
