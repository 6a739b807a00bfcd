"""A model that does not answer is left alone for a while."""

from bot.llm.breaker import CircuitBreaker


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Seconds) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=3, rest_s=30, clock=clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    assert not opened(Seconds()).admits()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = CircuitBreaker(failures=2, clock=Seconds())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.admits()


def test_after_its_rest_one_call_tries_for_all() -> None:
    clock = Seconds()
    breaker = opened(clock)
    clock.now += 30
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_try_that_succeeds_closes_it() -> None:
    clock = Seconds()
    breaker = opened(clock)
    clock.now += 30
    breaker.admits()
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(3))


def test_a_try_that_fails_opens_it_again() -> None:
    clock = Seconds()
    breaker = opened(clock)
    clock.now += 30
    breaker.admits()
    breaker.failed()
    clock.now += 29
    assert not breaker.admits()
    clock.now += 1
    assert breaker.admits()


def test_a_try_that_never_ends_does_not_close_it_for_ever() -> None:
    clock = Seconds()
    breaker = opened(clock)
    clock.now += 30
    assert breaker.admits()
    clock.now += 30
    assert breaker.admits()
