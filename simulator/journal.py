"""What does sync_msg hand out, from where on, and what has the product seen of it?"""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

HORIZON_S = 3 * 86_400
"""sync_msg goes back 3 days (wecom-api §3.7)."""


class Page(NamedTuple):
    """A slice of the journal and the position behind it."""

    entries: list[bytes]
    end: int
    has_more: bool


class Journal:
    """Messages and events of one account, encoded once, in order of time.

    Positions count from the account's beginning and go on after `forget`.
    """

    def __init__(self) -> None:
        self._base = 0
        self._entries: list[bytes] = []
        self._times: list[int] = []
        self._shown_positions: list[int] = []
        self._shown_times: list[float] = []
        self.used = 0  # highest position that the product came back with
        self.returned: list[tuple[int, float]] = []  # cursors that came back, and when

    @property
    def end(self) -> int:
        """Position behind the newest entry."""
        return self._base + len(self._entries)

    def append(self, entry: bytes, at: int) -> int:
        """Add an entry and return its position."""
        self._entries.append(entry)
        self._times.append(at)
        return self.end - 1

    def page(self, position: int, limit: int, now: float) -> Page:
        """Up to ``limit`` entries from ``position`` on, none older than the horizon."""
        oldest = bisect_left(self._times, int(now) - HORIZON_S)
        start = max(position - self._base, oldest, 0)
        entries = self._entries[start : start + limit]
        end = self._base + start + len(entries)
        if entries:
            self._shown_positions.append(max(end, self._last_shown))
            self._shown_times.append(now)
        return Page(entries, end, end < self.end)

    def before(self, position: int, count: int) -> list[bytes]:
        """The ``count`` entries in front of ``position``, for repeats."""
        stop = max(position - self._base, 0)
        return self._entries[max(stop - count, 0) : stop]

    def shown_at(self, position: int) -> float | None:
        """When the entry at ``position`` was first handed out, if it was."""
        index = bisect_right(self._shown_positions, position)
        return self._shown_times[index] if index < len(self._shown_times) else None

    def returned_at(self, position: int) -> float | None:
        """When the product first came back with a cursor behind the entry, if it did."""
        index = bisect_right(self.returned, (position, float("inf")))
        return self.returned[index][1] if index < len(self.returned) else None

    def forget(self) -> None:
        """Drop all entries; positions go on, so that stored cursors stay good."""
        self._base = self.end
        self.used = 0
        self.returned.clear()
        self._entries.clear()
        self._times.clear()
        self._shown_positions.clear()
        self._shown_times.clear()

    @property
    def _last_shown(self) -> int:
        return self._shown_positions[-1] if self._shown_positions else 0
