"""Who has the session just now, so that this member cannot write in it (wecom-api §3.5)?

WeCom lets only its servicer write to the customer, and whoever writes after the end reopens it. The
page says so before somebody taps; where nothing is known for sure, WeCom decides.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Ownership, ServiceState
from bot.policy.roles import Who
from bot.routing.facts import SESSION_S


class By(StrEnum):
    """Who has it."""

    BOT = "bot"
    QUEUE = "queue"
    COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True)
class Held:
    """Why the member cannot send.

    Args:
        servicer: userid of the colleague who has it, empty = nobody has.
    """

    by: By
    servicer: str = ""


def held_from(who: Who, owner: Ownership, now: float) -> Held | None:
    """What keeps him from sending, ``None`` = nothing that we know of."""
    if owner.state is None or not owner.is_known(now, SESSION_S):
        return None
    if owner.state.bot_may_send:
        return Held(By.BOT)
    if owner.state is ServiceState.QUEUED:
        return Held(By.QUEUE)
    servicer = owner.servicer or ""
    if owner.state is ServiceState.HUMAN and servicer and servicer.lower() != who.key:
        return Held(By.COLLEAGUE, servicer)
    return None
