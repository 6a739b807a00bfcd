"""Who is asked how it was, which tap is a rating, and which text is the reason for it? Pure."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from bot.config import Satisfaction
from bot.model.cases import JUNIOR

CODE, MESSAGE, NONE = "code", "message", "none"
"""How somebody was asked: by the end code, by a message within the allowance, not at all."""

RATEABLE_S = 24 * 3600.0
"""The last answer within this time counts (R-11.10)."""

SOON_S = 600.0
"""After a case of the bot: who wrote nothing for so long has left, and is not called back."""

ROOM = 3
"""Messages of the five that may be gone; the rest is for what the customer asks next (§3.10)."""

SCORES = (5, 4, 3, 2, 1)

_PREFIX = "csat"
_ID = re.compile(_PREFIX + r":([0-9A-Za-z_-]{1,56}):([1-5])", re.ASCII)


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What `case_closed` tells.

    Args:
        served_level: highest level of people that really wrote, 0 = none.
        end_code: permits one message while the session is ended; empty = there is none.
        code_at: when WeCom gave the code, Unix seconds.
    """

    case_id: str
    served_level: int = 0
    end_code: str = ""
    code_at: float = 0.0

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Closed":
        """From the data of the event.

        Raises:
            msgspec.ValidationError: it is not as the escalation behaviour promises.
        """
        return msgspec.convert(data, cls, strict=False)


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What else decides whether somebody may be asked.

    Args:
        now: Unix seconds.
        wrote_at: when the customer wrote last.
        code_s: so long after it was given an end code is tried.
        is_silenced: a switch, a block or the account's autonomy forbids it.
        is_busy: another case goes on, or people have, or are to have, the session.
        in_vain: a person was asked for in this case, and none has written.
        was_asked: somebody asked this customer lately.
        spent: messages of the allowance that are gone.
    """

    now: float
    wrote_at: float
    code_s: float
    is_silenced: bool = False
    is_busy: bool = False
    in_vain: bool = False
    was_asked: bool = False
    spent: int = 0


class Tap(msgspec.Struct, frozen=True):
    """A tapped item of an invitation."""

    case_id: str
    score: int


class Reading(Enum):
    """What a text is that comes after the reason was asked for.

    `BOTH` is doubt: it is kept as the reason, and answered as a question too.
    """

    REASON = "reason"
    BOTH = "both"
    OTHER = "other"


def why_no_code(closed: Closed, settings: Satisfaction, around: Around) -> str:
    """Why a customer is not asked when a case has ended, empty = they are (R-11.10).

    While the session is ended only the end code may speak: without it nobody is asked. A customer
    whom nobody served is not asked either: it would be mockery.
    """
    if not settings.enabled:
        return "off"
    if closed.served_level < JUNIOR:
        return "nobody_served" if around.in_vain else "not_solved"
    if not settings.after_human:
        return "off"
    if not closed.end_code:
        return "no_code"
    if around.now >= closed.code_at + around.code_s:
        return "code_too_late"
    return _not_to_disturb(around)


def why_no_message(settings: Satisfaction, around: Around) -> str:
    """Why a customer is not asked who just said that the bot has solved it, empty = they are."""
    if not settings.enabled or not settings.after_bot:
        return "off"
    if around.in_vain:
        return "nobody_served"
    if around.is_busy:
        return "busy"
    if around.now - around.wrote_at > SOON_S:
        return "too_late"
    if around.spent >= ROOM:
        return "no_room"
    return _not_to_disturb(around)


def _not_to_disturb(around: Around) -> str:
    if around.is_silenced:
        return "silenced"
    return "asked_lately" if around.was_asked else ""


def item_id(case_id: str, score: int) -> str:
    """Id of a menu item, at most 64 bytes (wecom-api §3.10)."""
    return f"{_PREFIX}:{case_id}:{score}"


def tap_of(menu_id: str | None) -> Tap | None:
    """The rating in an id that a tap brought back, if it is one of ours."""
    found = _ID.fullmatch(menu_id or "")
    return Tap(found[1], int(found[2])) if found else None


def reading(
    *, is_text: bool, is_known: bool, asks: bool, comes_first: bool, has_reason: bool
) -> Reading:
    """What a text is that comes after the reason was asked for.

    Args:
        is_text: plain words, no tap.
        is_known: it is small talk, a request for a person, or exactly a question of the knowledge.
        asks: it may well be a question.
        comes_first: nothing else was said since the rating.
        has_reason: the reason was given already.
    """
    if not is_text or is_known:
        return Reading.OTHER
    if asks or not comes_first:
        return Reading.OTHER if has_reason else Reading.BOTH
    return Reading.REASON
