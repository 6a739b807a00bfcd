"""What is a conversation, and who owns it right now?"""

from enum import IntEnum

import msgspec


class ServiceState(IntEnum):
    """WeCom's state of a session (wecom-api §3.5)."""

    NEW = 0
    BOT = 1
    QUEUED = 2
    HUMAN = 3
    ENDED = 4

    @property
    def bot_may_send(self) -> bool:
        """Whether ``send_msg`` is allowed in this state."""
        return self in (ServiceState.NEW, ServiceState.BOT)

    @property
    def human_owns(self) -> bool:
        """Whether a person has, or waits to have, the conversation."""
        return self in (ServiceState.QUEUED, ServiceState.HUMAN)


class Conversation(msgspec.Struct, frozen=True):
    """One customer at one 客服账号, lasting."""

    open_kfid: str
    external_userid: str

    @property
    def subject(self) -> str:
        """The mailbox that takes this conversation's events."""
        return f"customer:{self.external_userid}"


class Ownership(msgspec.Struct, frozen=True):
    """Who owns a conversation, as far as we know.

    Args:
        state: ``None`` when it is not known: never read, or what was told contradicts itself.
        servicer: userid of the servicer in state 3.
        as_of: Unix seconds at which WeCom or an event said so.
    """

    state: ServiceState | None = None
    servicer: str | None = None
    as_of: float = 0.0

    def is_known(self, now: float, max_age_s: float) -> bool:
        """Whether the fact is fresh enough to act on."""
        return self.state is not None and now - self.as_of <= max_age_s
