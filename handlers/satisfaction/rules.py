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

CODE_S = 18.0
"""An end code lives 20 s from its event on, ways included (wecom-api §3.11)."""

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
        by: ``servicer``, ``button``, ``idle``, ``customer`` or ``gap``.
        served_level: highest level of people that really wrote, 0 = none.
        end_code: permits one message while the session is ended; empty = there is none.
        code_at: when WeCom gave the code, Unix seconds.
    """

    case_id: str
    by: str = ""
    outcome: str = ""
    served_level: int = 0
    end_code: str | None = None
    code_at: float | None = None

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
        is_silenced: a switch, a block or the account's autonomy forbids it.
        is_busy: another case goes on, or people have the session.
        was_wanted: a person was asked for in this case.
        was_asked: somebody asked this customer lately.
        spent: messages of the allowance that are gone.
    """

    now: float
    wrote_at: float
    is_silenced: bool = False
    is_busy: bool = False
    was_wanted: bool = False
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


def invitation(closed: Closed, settings: Satisfaction, around: Around) -> tuple[str, str]:
    """How the customer is asked, and if not, why not (R-11.10)."""
    served = closed.served_level >= JUNIOR
    if not settings.enabled or not (settings.after_human if served else settings.after_bot):
        return NONE, "off"
    if around.is_silenced:
        return NONE, "silenced"
    why_not = _not_by_code(closed, around) if served else _not_by_message(closed, around)
    if why_not:
        return NONE, why_not
    if around.was_asked:
        return NONE, "asked_lately"
    return (CODE if served else MESSAGE), ""


def _not_by_code(closed: Closed, around: Around) -> str:
    """While the session is ended only the code may speak: without it nobody is asked."""
    if not closed.end_code or closed.code_at is None:
        return "no_code"
    return "" if around.now < closed.code_at + CODE_S else "code_too_late"


def _not_by_message(closed: Closed, around: Around) -> str:
    if around.was_wanted or closed.by in ("servicer", "button", "idle"):
        return "nobody_served"  # asking how the service was would be mockery
    if closed.outcome != "solved":
        return "not_solved"
    if around.is_busy:
        return "busy"
    if around.now - around.wrote_at > SOON_S:
        return "too_late"
    return "no_room" if around.spent >= ROOM else ""


def item_id(case_id: str, score: int) -> str:
    """Id of a menu item, at most 64 bytes (wecom-api §3.10)."""
    return f"{_PREFIX}:{case_id}:{score}"


def tap_of(menu_id: str | None) -> Tap | None:
    """The rating in an id that a tap brought back, if it is one of ours."""
    found = _ID.fullmatch(menu_id or "")
    return Tap(found[1], int(found[2])) if found else None


def reading(
    *, is_text: bool, is_known: bool, asks: bool, goes_on: bool, has_reason: bool
) -> Reading:
    """What a text is that comes after the reason was asked for.

    Args:
        is_text: plain words, no tap.
        is_known: it is small talk, a request for a person, or exactly a question of the knowledge.
        asks: it may well be a question.
        goes_on: a case was going on before it.
        has_reason: the reason was given already.
    """
    if not is_text or is_known:
        return Reading.OTHER
    if asks or goes_on:
        return Reading.OTHER if has_reason else Reading.BOTH
    return Reading.REASON
