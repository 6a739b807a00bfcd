"""How does WeCom behave in the played week? Sessions of all conversations, and the raw log."""

import itertools
from collections.abc import Callable, Sequence

from benchmarks.week.log import Log, Seen
from bot.commands.dialogue import Payload, PlayedKf, shown
from bot.errors import ServicerUnavailable, WrongState
from bot.model import Conversation, ServiceState
from bot.ports import Clock
from bot.wecom.kf import CustomerProfile, Servicer, Servicers

SESSION_S = 48 * 3600.0

Moved = Callable[[Conversation], None]
"""Told whose session has moved."""


class WeekKf(PlayedKf):
    """Plays the kf APIs for many conversations and notes what goes over the wires.

    Args:
        receiving: who receives at this moment.
    """

    def __init__(self, clock: Clock, log: Log, receiving: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self.clock, self.log, self._receiving_now = clock, log, receiving
        self.moved: Moved = lambda _conversation: None
        self.menus: dict[Conversation, tuple[str, ...]] = {}
        self._states: dict[Conversation, ServiceState] = {}
        self._owners: dict[Conversation, str] = {}
        self._wrote_at: dict[Conversation, float] = {}
        self._given = itertools.count(1)
        self._codes_of: dict[str, Conversation] = {}

    def state_of(self, conversation: Conversation) -> ServiceState:
        """The session falls to its end 48 h after the customer's last message."""
        if self.clock.now() - self._wrote_at.get(conversation, 0.0) >= SESSION_S:
            return ServiceState.ENDED
        return self._states.get(conversation, ServiceState.ENDED)

    def owner(self, conversation: Conversation) -> str:
        """Who has the session, empty = no person."""
        has = self.state_of(conversation) is ServiceState.HUMAN
        return self._owners.get(conversation, "") if has else ""

    def customer_wrote(
        self, conversation: Conversation, text: str, menu: tuple[str, ...] = ()
    ) -> None:
        """A message of the customer opens a session that has ended."""
        if self.state_of(conversation) is ServiceState.ENDED:
            self._states[conversation] = ServiceState.NEW
        self._wrote_at[conversation] = self.clock.now()
        self._note("customer", conversation, text=text, menu=menu)

    def servicer_wrote(self, conversation: Conversation, servicer: str, text: str) -> None:
        """A message of a servicer, from his client."""
        self._note("servicer", conversation, text=text, servicer=servicer)

    def pressed(self, conversation: Conversation, servicer: str) -> None:
        """A servicer pressed a button of his card."""
        self._note("pressed", conversation, servicer=servicer)

    def move(self, conversation: Conversation, state: ServiceState, servicer: str = "") -> str:
        """The session moves, by the API or in a client; returns a code for one message."""
        self._states[conversation], self._owners[conversation] = state, servicer
        self._note("session", conversation, state=int(state), servicer=servicer)
        self.moved(conversation)
        code = f"code-{next(self._given)}"
        self._codes_of[code] = conversation
        return code

    # ------------------------------------------------------------------ what the product calls

    async def send(self, conversation: Conversation, msgid: str, payload: Payload) -> str:
        """Take a message while the session is not with people."""
        if not self.state_of(conversation).bot_may_send:
            raise WrongState("send_msg", 95018, "session state")
        return self._take(conversation, msgid, payload)

    async def send_on_event(self, code: str, msgid: str, payload: Payload) -> str:
        """Take a message that a code permits."""
        return self._take(self._codes_of.pop(code), msgid, payload)

    async def get_state(self, conversation: Conversation) -> tuple[ServiceState, str | None]:
        """The state of the session, and who has it."""
        return self.state_of(conversation), self.owner(conversation) or None

    async def list_servicers(self, open_kfid: str) -> Servicers:
        """Whoever receives at this hour."""
        return Servicers(tuple(Servicer(userid, True) for userid in self._receiving_now()))

    async def batch_get_customers(self, external_userids: Sequence[str]) -> list[CustomerProfile]:
        """Nobody has a unionid."""
        return [CustomerProfile(userid) for userid in external_userids]

    async def trans(
        self, conversation: Conversation, state: ServiceState, servicer: str | None = None
    ) -> str | None:
        """Move the session as the product wants it."""
        if self.state_of(conversation) is ServiceState.ENDED:
            raise WrongState("trans", 95016, "session ended")
        if servicer and servicer not in self._receiving_now():
            raise ServicerUnavailable("trans", 95014, "not receiving")
        return self.move(conversation, state, servicer or "")

    def _take(self, conversation: Conversation, msgid: str, payload: Payload) -> str:
        text, items = shown(payload)
        menu = tuple(item for item, _ in items)
        self.menus[conversation] = menu
        self._note("bot", conversation, text=text, menu=menu)
        return msgid

    def _note(self, kind: str, conversation: Conversation, **what: object) -> None:
        who = (conversation.open_kfid, conversation.external_userid)
        self.log.note(Seen(self.clock.now(), who, kind, **what))  # type: ignore[arg-type]
