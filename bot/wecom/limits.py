"""How much does the platform allow, and how much of it have we used?"""

import datetime
import hashlib
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec


class KfLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a kf conversation allows (wecom-api §3)."""

    allowance: int
    window_s: int
    text_bytes: int
    menu_head_bytes: int
    menu_tail_bytes: int
    menu_items: int
    menu_id_bytes: int
    menu_content_bytes: int
    msgid_pattern: str
    welcome_code_s: int
    end_code_s: int
    code_reserve_s: int
    queue_code_s: int
    reply_code_s: int
    callback_token_s: int
    page_size: int
    accounts_page_size: int
    customers_per_call: int


class MediaLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How media are kept and fetched (wecom-api §1.9)."""

    kept_s: int
    image_bytes: int
    video_bytes: int
    file_bytes: int
    smallest_bytes: int
    chunk_bytes: int


class StaffLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What messages to members allow (wecom-api §5.1)."""

    text_bytes: int
    recipients: int
    per_member_minute: int
    per_member_hour: int
    duplicate_window_s: int


class CardLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many characters the texts of a card may have (wecom-api §5.3)."""

    source: int
    title: int
    desc: int
    quote: int
    text: int
    line_name: int
    selection_title: int
    option: int
    line_value: int
    button: int
    url_bytes: int


class ContactLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What customer contact allows (wecom-api §4)."""

    members_per_page: int
    page_size: int
    follower_pages: int
    concurrency: int
    tags: int
    tag_name_chars: int
    tags_per_add: int
    urgent: int
    welcome_code_s: int
    welcome_text_bytes: int
    welcome_attachments: int
    group_welcome_bytes: int
    mass_text_bytes: int
    mass_list_page: int
    mass_result_page: int
    mass_reminders: int
    mass_settle_s: float
    settle_s: float
    transfers_per_call: int
    transfer_message_chars: int
    transfers_on_job: int
    transfer_window_days: int
    transfer_veto_s: int


class ApiLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often any API may be called (wecom-api §1.8)."""

    per_minute: int
    per_hour: int
    our_share: float
    token_per_minute: int
    token_per_hour: int
    blocked_for_s: tuple[int, ...]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a version of the limits brought.

    Args:
        digest: of all numbers since then; of the newest version.
    """

    version: int
    at: datetime.date
    what: str
    digest: str = ""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in limits.yaml."""

    version: int
    changes: tuple[Change, ...]
    kf: KfLimits
    media: MediaLimits
    staff: StaffLimits
    card: CardLimits
    contact: ContactLimits
    api: ApiLimits


def digest_of(limits: Limits) -> str:
    """Another one when any number is another."""
    numbers = msgspec.to_builtins(msgspec.structs.replace(limits, version=0, changes=()))
    return hashlib.sha256(msgspec.json.encode(numbers, order="sorted")).hexdigest()[:12]


@cache
def platform_limits() -> Limits:
    """The limits this version of Concierge was written for."""
    source = Path(__file__).with_name("limits.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=Limits)


class RateWindow:
    """Counts calls in a window that slides in 60 steps, in constant memory.

    A token bucket that may be emptied at once lets nearly twice its rate through within one
    window; this never lets more than `limit` through.
    """

    _STEPS = 60

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.window_s = window_s
        self._step_s = window_s / self._STEPS
        self._counts: deque[list[float]] = deque()  # [begin of step, calls]
        self._used = 0.0

    def used(self, now: float) -> int:
        """Calls within the window."""
        while self._counts and self._counts[0][0] + self.window_s + self._step_s <= now:
            self._used -= self._counts.popleft()[1]
        return int(self._used)

    def free_at(self, now: float, limit: int | None = None) -> float:
        """When the next call may be made: `now`, or a later time.

        Args:
            limit: as it is now, where it changes.
        """
        if self.used(now) < (self.limit if limit is None else limit) or not self._counts:
            return now
        return self._counts[0][0] + self.window_s + self._step_s

    def take(self, now: float, calls: int) -> None:
        """Count calls."""
        if not self._counts or self._counts[-1][0] + self._step_s <= now:
            self._counts.append([now, 0])
        self._counts[-1][1] += calls
        self._used += calls


class RateLimit:
    """Several windows that must all have room, e.g. a minute's and an hour's."""

    def __init__(self, *windows: tuple[int, float], clock: Callable[[], float] = time.time) -> None:
        self._windows = [RateWindow(limit, window_s) for limit, window_s in windows]
        self._clock = clock

    def take(self, calls: int = 1) -> float | None:
        """Count calls, or say when there will be room for the next one.

        Returns:
            ``None`` when they may be made now, else Unix seconds.
        """
        now = self._clock()
        free_at = max(window.free_at(now) for window in self._windows)
        if free_at > now:
            return free_at
        for window in self._windows:
            window.take(now, calls)
        return None
