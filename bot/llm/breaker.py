"""Is it worth asking? After failures in a row nobody waits for a service that is down."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after some failures in a row; then one call per rest is let through to try.

    Args:
        failures: in a row, until it opens.
        rest_s: how long it stays open.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        failures: int = 5,
        rest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._rest_s, self._clock = failures, rest_s, clock
        self._failures = 0
        self._rest_until = 0.0

    def admits(self) -> bool:
        """Whether a call may be made now; while it is open, asking takes the one try."""
        if self._failures < self._limit:
            return True
        if self._clock() < self._rest_until:
            return False
        self._rest_until = self._clock() + self._rest_s
        return True

    def succeeded(self) -> None:
        """A call got its answer."""
        self._failures = 0

    def failed(self) -> None:
        """A call got none."""
        self._failures += 1
        if self._failures >= self._limit:
            self._rest_until = self._clock() + self._rest_s
