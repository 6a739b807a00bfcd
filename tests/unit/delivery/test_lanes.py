import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import pytest

from bot.delivery import lanes as lanes_module
from bot.delivery.lanes import Hurry, Lanes, SystemClock, Turnstile
from bot.errors import RetryLater
from bot.model import Lane


async def until(condition: Callable[[], object], *, description: str) -> None:
    """Wait on a condition, for at most five seconds."""
    give_up_at = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up_at, f"not within 5 s: {description}"
        await asyncio.sleep(0.001)


class Work:
    """Runs until it is let go; drive it with `let_go`, read `running`, `started` and `most`."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running: set[str] = set()
        self.most = 0
        self.answers: dict[str, list[float | Exception | None]] = defaultdict(list)
        self._gates: dict[str, asyncio.Event] = {}
        self.waits = False

    async def __call__(self, key: str) -> float | None:
        assert key not in self.running, "a key ran twice at once"
        self.started.append(key)
        self.running.add(key)
        self.most = max(self.most, len(self.running))
        try:
            if self.waits:
                await self._gate(key).wait()
                self._gates.pop(key, None)
            else:
                await asyncio.sleep(0.001)
        finally:
            self.running.discard(key)
        answer = self.answers[key].pop(0) if self.answers[key] else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def let_go(self, key: str) -> None:
        self._gate(key).set()

    def _gate(self, key: str) -> asyncio.Event:
        return self._gates.setdefault(key, asyncio.Event())


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def lanes(work: Work) -> AsyncIterator[Lanes]:
    slots = {Lane.URGENT: 1, Lane.HANDOFF: 1, Lane.REPLY: 2, Lane.BACKGROUND: 1}
    made = Lanes("test", work, slots, SystemClock())
    yield made
    await made.stop(0)


async def test_a_key_runs_one_at_a_time_and_once_more_when_woken_meanwhile(
    lanes: Lanes, work: Work
) -> None:
    work.waits = True
    lanes.wake("a", Lane.REPLY)
    await until(lambda: "a" in work.running, description="a runs")
    for _ in range(5):
        lanes.wake("a", Lane.REPLY)
    work.let_go("a")
    await until(lambda: len(work.started) == 2, description="a runs again")
    work.let_go("a")
    await until(lambda: not lanes.busy, description="all is done")
    assert work.started == ["a", "a"]


async def test_no_lane_has_more_running_than_its_slots(lanes: Lanes, work: Work) -> None:
    for number in range(50):
        lanes.wake(f"k{number}", Lane.REPLY)
    await until(lambda: not lanes.busy, description="all is done")
    assert len(work.started) == 50
    assert work.most == 2


async def test_a_full_lane_does_not_hold_up_a_more_urgent_one(lanes: Lanes, work: Work) -> None:
    work.waits = True
    for key in ("a", "b", "c"):
        lanes.wake(key, Lane.REPLY)
    lanes.wake("welcome", Lane.URGENT)
    await until(lambda: "welcome" in work.running, description="the welcome runs")
    assert "c" not in work.running
    for key in ("a", "b", "c", "welcome"):
        work.let_go(key)
    await until(lambda: not lanes.busy, description="all is done")


async def test_the_lower_rank_goes_first(lanes: Lanes, work: Work) -> None:
    work.waits = True
    for key in ("a", "b"):
        lanes.wake(key, Lane.REPLY)
    lanes.wake("old", Lane.REPLY, (1, 10.0))
    lanes.wake("older", Lane.REPLY, (1, 5.0))
    lanes.wake("fresh", Lane.REPLY, (0, 99.0))
    work.waits = False
    work.let_go("a")
    work.let_go("b")
    await until(lambda: not lanes.busy, description="all is done")
    assert work.started[2:] == ["fresh", "older", "old"]


async def test_a_waiting_key_moves_to_the_more_urgent_lane_and_runs_once(
    lanes: Lanes, work: Work
) -> None:
    work.waits = True
    for key in ("a", "b", "c"):
        lanes.wake(key, Lane.REPLY)
    lanes.wake("c", Lane.URGENT)
    await until(lambda: "c" in work.running, description="c runs in the urgent lane")
    for key in ("a", "b", "c"):
        work.let_go(key)
    await until(lambda: not lanes.busy, description="all is done")
    assert work.started.count("c") == 1


async def test_a_key_that_names_a_moment_is_run_again_then(lanes: Lanes, work: Work) -> None:
    started = time.time()
    work.answers["a"] = [started + 0.05]
    lanes.wake("a", Lane.REPLY)
    await until(lambda: len(work.started) == 2, description="a comes back")
    assert time.time() >= started + 0.04


async def test_of_two_moments_the_earlier_stays(lanes: Lanes, work: Work) -> None:
    lanes.wake_at("a", time.time() + 60)
    lanes.wake_at("a", time.time() + 0.01)
    lanes.wake_at("a", time.time() + 60)
    await until(lambda: work.started == ["a"], description="the earlier moment")


async def test_a_moment_that_has_passed_is_now(lanes: Lanes, work: Work) -> None:
    lanes.wake_at("a", 0.0)
    await until(lambda: work.started == ["a"], description="a runs")


@pytest.mark.parametrize("error", [RetryLater("x"), OSError("disk"), ValueError("a bug")])
async def test_work_that_fails_is_tried_again_and_frees_its_slot(
    lanes: Lanes, work: Work, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "_AFTER_FAILURE_S", 0.01)
    work.answers["a"] = [error]
    lanes.wake("a", Lane.BACKGROUND)
    lanes.wake("b", Lane.BACKGROUND)
    await until(lambda: work.started.count("a") == 2, description="a is tried again")
    assert "b" in work.started


async def test_stopping_lets_what_runs_finish_and_starts_nothing_more(
    lanes: Lanes, work: Work
) -> None:
    work.waits = True
    for key in ("a", "b", "c"):
        lanes.wake(key, Lane.REPLY)
    await until(lambda: work.running == {"a", "b"}, description="two run")
    stopping = asyncio.ensure_future(lanes.stop(5))
    await asyncio.sleep(0)
    work.let_go("a")
    work.let_go("b")
    await stopping
    lanes.wake("d", Lane.REPLY)
    lanes.wake_at("e", 0.0)
    await asyncio.sleep(0.01)
    assert work.running == set()
    assert "d" not in work.started
    assert "e" not in work.started


async def test_after_stopping_nothing_that_waited_is_started(lanes: Lanes, work: Work) -> None:
    work.waits = True
    for key in ("a", "b", "c"):
        lanes.wake(key, Lane.REPLY)
    await until(lambda: work.running == {"a", "b"}, description="two run")
    stopping = asyncio.ensure_future(lanes.stop(5))
    await asyncio.sleep(0)
    work.let_go("a")
    work.let_go("b")
    await stopping
    await asyncio.sleep(0.01)
    assert "c" not in work.started


async def test_what_does_not_finish_in_time_is_cancelled(lanes: Lanes, work: Work) -> None:
    work.waits = True
    lanes.wake("a", Lane.REPLY)
    await until(lambda: "a" in work.running, description="a runs")
    started = time.monotonic()
    await lanes.stop(0.02)
    assert time.monotonic() - started < 2
    assert work.running == set()


async def test_while_something_urgent_is_under_way_few_others_begin() -> None:
    first, others, hurry = Work(), Work(), Hurry()
    first.waits = others.waits = True
    slots = dict.fromkeys(Lane, 64)
    drains = Lanes("drain", first, slots, SystemClock(), hurry)
    sends = Lanes("send", others, slots, SystemClock(), hurry)
    drains.wake("urgent", Lane.URGENT)
    for number in range(8):
        sends.wake(str(number), Lane.REPLY)
    sends.wake("model", Lane.MODEL)
    await until(lambda: len(others.running) == 2, description="one reply and a model")
    others.let_go("0")  # nobody starves: one ends, the next begins
    await until(lambda: "1" in others.running, description="the second")
    assert hurry
    first.let_go("urgent")
    await until(lambda: {"2", "6", "7"} <= others.running, description="all of them")
    assert not hurry
    for key in sorted(others.running):
        others.let_go(key)
    await until(lambda: not sends.busy, description="the end")


async def test_of_many_that_are_ready_one_goes_on_in_each_round_of_the_loop() -> None:
    """What comes in meanwhile, such as a callback, is looked at between any two of them."""
    rounds = 0
    seen: dict[str, int] = {}

    def count() -> None:
        nonlocal rounds
        rounds += 1
        if len(seen) < len(keys):
            asyncio.get_running_loop().call_soon(count)

    async def work(key: str) -> None:
        seen[key] = rounds

    keys = [str(number) for number in range(40)]
    lanes = Lanes("drain", work, dict.fromkeys(Lane, 64), SystemClock())
    for key in keys:
        lanes.wake(key, Lane.REPLY)
    count()
    await until(lambda: not lanes.busy, description="all of them")
    assert list(seen) == keys
    assert len(set(seen.values())) == len(keys)


async def test_what_is_urgent_waits_for_no_round() -> None:
    began: list[str] = []

    async def work(key: str) -> None:
        began.append(key)

    lanes = Lanes("drain", work, dict.fromkeys(Lane, 64), SystemClock())
    for number in range(8):
        lanes.wake(str(number), Lane.REPLY)
    lanes.wake("urgent", Lane.URGENT)
    await until(lambda: not lanes.busy, description="all of them")
    assert began[0] == "urgent"


async def test_who_leaves_the_turnstile_holds_nobody_up() -> None:
    turnstile = Turnstile()
    leaving = asyncio.create_task(turnstile.go_through())
    staying = asyncio.create_task(turnstile.go_through())
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(5):
        await staying
        await turnstile.go_through()
