"""What is a friend told through a member, who must confirm it in his app (企业群发)?"""

import hashlib

import msgspec

from bot.model.consents import Purpose

MASS_SEND_MOVED = "mass_send_moved"
"""Name of the emission that tells a customer's mailbox how far a mass-send task is now: ``id`` and
``ref``; how far stands in its row."""


class MassSend(msgspec.Struct, frozen=True, kw_only=True):
    """One touch of one customer, for whom a task is made at WeCom.

    Args:
        id: names it for ever, so that the same one twice is one; see `mass_send_id`.
        member: userid of who is asked to send it; the customer is his friend.
        text: what the customer reads.
        feature: what reaches out, such as ``flow``.
        ref: which of them; comes back with every move.
        reason: why; no customer is touched without one (A49).
        expires_at: Unix seconds after which it is not wanted any more, and is cancelled.
        purpose: what the customer must agree to; it is cancelled when that ends.
    """

    id: str
    member: str
    external_userid: str
    text: str
    feature: str
    ref: str
    reason: str
    expires_at: float
    purpose: Purpose | None = None


def mass_send_id(*parts: str) -> str:
    """The id of the one touch that these words name."""
    return "m" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
