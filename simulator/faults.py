"""What goes wrong on demand? Each fault has a count or a probability, and may name one path."""

import itertools
import random

import msgspec

KINDS = frozenset(
    {
        "error",  # answer `code` without doing anything
        "http",  # answer HTTP status `code` (default 502)
        "expire_token",  # every access token dies before the call (`code`: 40014, 42001 or 40001)
        "reset_before",  # connection dropped, nothing done
        "reset_after_accept",  # connection dropped after the effect was applied
        "truncate",  # half of the answer, then the connection ends; the effect was applied
        "delay",  # `seconds` before the call is looked at
        "hang",  # `seconds` (default 60), then the connection is dropped, nothing done
        "duplicate_messages",  # sync_msg repeats messages of earlier pages
        "empty_page",  # sync_msg answers nothing, with has_more = 1
        "lose_callback",  # a callback is never delivered
        "duplicate_callback",  # a callback is delivered twice, sealed anew
        "late_callback",  # a callback comes `seconds` later (default 5), after what happened since
        "cut_callback",  # the connection ends in the middle of a callback; it is delivered again
        "hold_callback",  # one of customer contact is overtaken by the next one
        "empty_contacts",  # batch/get_by_user answers "nobody" with errcode 0
        "refuse_card",  # message/send of a card answers `code` (default 43012), texts pass
        "send_fail",  # accepted, then a msg_send_fail event with fail_type `code`
    }
)


class Fault(msgspec.Struct, kw_only=True):
    """One thing that goes wrong.

    Args:
        path: only calls of this API path, e.g. ``/cgi-bin/kf/send_msg``; ``None`` = every path.
        times: how often at most; ``None`` with a probability = for ever, without one = once.
        probability: chance per opportunity.
        seconds: length of a delay, a hang, a lateness, or of the window after 45009 and 45033.
    """

    kind: str
    path: str | None = None
    code: int | None = None
    times: int | None = None
    probability: float | None = None
    seconds: float | None = None
    id: int = 0


class Faults:
    """All faults in force; the same seed and calls give the same accidents."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._ids = itertools.count(1)
        self._by_kind: dict[str, list[Fault]] = {}
        self.happened = 0

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    def add(self, fault: Fault) -> int:
        """Put a fault in force.

        Raises:
            ValueError: there is no such kind.
        """
        if fault.kind not in KINDS:
            raise ValueError(
                f"unknown fault kind {fault.kind!r}, known: {', '.join(sorted(KINDS))}"
            )
        fault.id = next(self._ids)
        if fault.times is None and fault.probability is None:
            fault.times = 1
        self._by_kind.setdefault(fault.kind, []).append(fault)
        return fault.id

    def lift(self, fault_id: int) -> None:
        """This one is over."""
        for kind, faults in list(self._by_kind.items()):
            self._by_kind[kind] = [one for one in faults if one.id != fault_id]
            if not self._by_kind[kind]:
                del self._by_kind[kind]

    def clear(self) -> None:
        """Everything works again."""
        self._by_kind.clear()

    def take(self, kind: str, path: str | None = None) -> Fault | None:
        """The fault of this kind that strikes now, if any; its count goes down."""
        for fault in self._by_kind.get(kind, ()):
            if fault.path not in (None, path):
                continue
            if fault.probability is not None and self._random.random() >= fault.probability:
                continue
            self._spend(fault)
            return fault
        return None

    def _spend(self, fault: Fault) -> None:
        self.happened += 1
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            kept = [other for other in self._by_kind[fault.kind] if other is not fault]
            if kept:
                self._by_kind[fault.kind] = kept
            else:
                del self._by_kind[fault.kind]
