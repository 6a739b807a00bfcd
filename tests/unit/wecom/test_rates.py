"""Is a limit that several processes share never exceeded, and used where there is a pool?"""

from collections.abc import Callable, Sequence

from bot.ports import Drawn
from bot.wecom.rates import GRANT_S, Rates

MINUTE = (100, 60.0)


class FakePool:
    """The common part, in memory. Drive it with `closed`: then nobody is answered."""

    def __init__(self) -> None:
        self.closed = False
        self.drawn: dict[object, Callable[[], Sequence[Drawn]]] = {}

    def draw(
        self,
        name: str,
        drawn: Callable[[], Sequence[Drawn]],
        want: int,
        granted: Callable[[int], None],
    ) -> None:
        if self.closed:
            return
        self.drawn[(name, drawn)] = drawn
        (mine,) = drawn()
        others = sum(one()[0].used for key, one in self.drawn.items() if key != (name, drawn))
        granted(max(0, min(want, mine.limit - mine.used - others)))


class Clock:
    """Moved by hand."""

    now = 1_000.0


def processes(count: int, pool: FakePool | None, clock: Clock) -> list[Rates]:
    return [Rates(pool, lambda: count, lambda: clock.now) for _ in range(count)]


def calls(rates: Rates, tries: int) -> int:
    return sum(rates.of("/api", MINUTE).take() is None for _ in range(tries))


def test_without_a_pool_each_process_has_its_part() -> None:
    clock = Clock()
    assert [calls(one, 200) for one in processes(4, None, clock)] == [25] * 4
    assert calls(Rates(clock=lambda: clock.now), 200) == 100


def test_who_has_more_to_call_draws_from_the_pool_and_together_they_have_the_limit() -> None:
    pool, clock = FakePool(), Clock()
    busy, *idle = processes(4, pool, clock)
    assert calls(busy, 200) == 12 + 50
    assert sum(calls(one, 200) for one in idle) == 3 * 12


def test_a_pool_that_goes_away_lets_nobody_have_more_than_there_is() -> None:
    pool, clock = FakePool(), Clock()
    one, *others = processes(4, pool, clock)
    used = calls(one, 40)
    pool.closed = True
    used += calls(one, 200) + sum(calls(other, 200) for other in others)
    assert used <= 100
    clock.now += 61.1
    assert calls(one, 200) == 12  # the shares go on


def test_what_was_drawn_and_not_used_in_time_is_given_up() -> None:
    pool, clock = FakePool(), Clock()
    (one,) = processes(1, pool, clock)
    calls(one, 51)  # the share, and one from the pool
    pool.closed = True
    clock.now += GRANT_S
    assert calls(one, 200) == 0


def test_the_window_slides_for_the_pool_too() -> None:
    pool, clock = FakePool(), Clock()
    (one,) = processes(1, pool, clock)
    most, minute = 0, list[tuple[float, int]]()
    for second in range(300):
        clock.now += 1
        minute.append((clock.now, calls(one, 5)))
        most = max(most, sum(made for at, made in minute if at > clock.now - 60))
        assert most <= 100, second
    assert sum(made for _, made in minute) > 350


def test_a_refusal_says_when_to_come_again() -> None:
    pool, clock = FakePool(), Clock()
    (one,) = processes(1, pool, clock)
    calls(one, 200)
    again_at = one.of("/api", MINUTE).take()
    assert again_at is not None
    assert clock.now < again_at <= clock.now + 1


def test_a_limit_below_the_number_of_processes_still_lets_each_call() -> None:
    one, *_ = processes(40, None, Clock())
    assert one.of("/rare", (30, 60.0)).take() is None
