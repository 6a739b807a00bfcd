"""A machine's clock may be set; what waits must not be overtaken because of it, nor wait long."""

from dataclasses import dataclass

from bot.delivery.lanes import FOLLOWED_BACK_S, SystemClock


@dataclass
class FakeMachine:
    """Set `wall` to set its clock; `pass_by` lets time pass."""

    wall: float = 1_000_000.0
    ticks: float = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.ticks)


def test_it_says_what_the_machine_says() -> None:
    machine = FakeMachine()
    clock = machine.clock()
    machine.pass_by(10)
    assert clock.now() == machine.wall
    machine.wall += 7200
    assert clock.now() == machine.wall


def test_set_back_it_goes_on_at_half_its_speed_until_both_agree() -> None:
    machine = FakeMachine()
    clock, began = machine.clock(), machine.wall
    machine.wall -= 60
    assert clock.now() == began
    machine.pass_by(10)
    assert clock.now() == began + 5
    machine.pass_by(110)
    assert clock.now() == machine.wall == began + 60
    machine.pass_by(1)
    assert clock.now() == machine.wall


def test_a_clock_that_was_wrong_by_hours_is_followed() -> None:
    machine = FakeMachine()
    clock = machine.clock()
    machine.wall -= FOLLOWED_BACK_S + 1
    assert clock.now() == machine.wall


def test_it_begins_no_earlier_than_what_was_written_before() -> None:
    machine = FakeMachine()
    clock = machine.clock()
    clock.comes_after(machine.wall + 30)
    assert clock.now() == machine.wall + 30
    clock.comes_after(machine.wall + 10)
    assert clock.now() == machine.wall + 30


def test_a_start_that_takes_long_puts_it_no_further_ahead() -> None:
    machine = FakeMachine()
    clock = machine.clock()
    machine.pass_by(4)  # the database is opened
    clock.comes_after(0.0)
    assert clock.now() == machine.wall
    clock.comes_after(machine.wall - 1)
    assert clock.now() == machine.wall


def test_what_was_written_in_a_far_future_is_not_believed() -> None:
    machine = FakeMachine()
    clock = machine.clock()
    clock.comes_after(machine.wall + 40 * 86_400)
    assert clock.now() == machine.wall
