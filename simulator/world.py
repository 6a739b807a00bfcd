"""What is true in the pretended company right now? State and look-ups, no HTTP.

What people do is in `customers` and `desk`, what the product may do in `sending`, `sessions`
and `syncing`.
"""

import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from simulator.credentials import Credentials, demo_credentials
from simulator.errors import NO_OPEN_KFID, UNKNOWN_OPEN_KFID, Impossible, Refused
from simulator.faults import Faults
from simulator.feed import Feed
from simulator.friends import Friends
from simulator.mass_sends import MassSends
from simulator.records import (
    ALLOWANCE,
    ENDED,
    WINDOW_S,
    Account,
    AppMessage,
    CardPress,
    Content,
    Conversation,
    Customer,
    EventCode,
    Media,
    Message,
    Options,
    ResponseCode,
    SentCard,
    Violation,
)
from simulator.tokens import AccessTokens
from simulator.transfers import Transfers
from simulator.ways import Ways

_KEPT_VIOLATIONS = 5000

_encode = msgspec.json.Encoder().encode


class World:
    """Everything the simulator knows.

    Args:
        clock: Unix seconds; `advance` adds to it.
        seed: of the accidents.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        options: Options | None = None,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        self.credentials = credentials or demo_credentials()
        self.options = options or Options()
        self._clock, self._offset = clock, 0.0
        self.run_id = uuid.uuid4().hex[:8]
        self.base_url = ""
        self._ids = itertools.count(1)
        self.accounts: dict[str, Account] = {}
        self.members: dict[str, str] = {}
        self.customers: dict[str, Customer] = {}
        self.conversations: dict[tuple[str, str], Conversation] = {}
        self.codes: dict[str, EventCode] = {}
        self.media: dict[str, Media] = {}
        self.inboxes: dict[str, list[AppMessage]] = {}
        self.cards: dict[str, SentCard] = {}
        self.response_codes: dict[str, ResponseCode] = {}
        self.tokens = AccessTokens(self.options.gettoken_per_minute)
        self.faults = Faults(seed)
        self.feed = Feed()
        self.friends = Friends(self)
        self.ways = Ways(self)
        self.transfers = Transfers(self)
        self.mass_sends = MassSends(self)
        self.sidebar_url = ""  # of the product's page, as the console has it; its host is trusted
        self.calls: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.violation_counts: Counter[str] = Counter()
        self.telling: Conversation | None = None  # whose state the present call answers
        self.on_hint: Callable[[str], None] = lambda _open_kfid: None
        self.on_app_message: Callable[[str, str], None] = lambda _userid, _text: None
        self.on_press: Callable[[CardPress], None] = lambda _press: None
        self.has_callback: Callable[[], bool] = lambda: False

    def now(self) -> float:
        """Unix seconds in this world."""
        return self._clock() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._offset += max(seconds, 0.0)
        self.transfers.settle()

    def next_id(self) -> int:
        """A number never given before in this run."""
        return next(self._ids)

    def new_id(self, prefix: str) -> str:
        """An id that no earlier run of the simulator has given either."""
        return f"{prefix}{self.run_id}{next(self._ids):012d}"

    def blame(self, kind: str, detail: str) -> None:
        """Record something that the product did wrong."""
        violation = Violation(kind, detail, self.now())
        self.violation_counts[kind] += 1
        if len(self.violations) < _KEPT_VIOLATIONS:
            self.violations.append(violation)
        self.feed.publish("violation", lambda: msgspec.to_builtins(violation))

    # -- look-ups -------------------------------------------------------------------------

    def account(self, open_kfid: str) -> Account:
        """The account, as the API sees it.

        Raises:
            Refused: it is missing or unknown.
        """
        if not open_kfid:
            raise Refused(NO_OPEN_KFID, "open_kfid missing")
        account = self.accounts.get(open_kfid)
        if account is None:
            self.blame("unknown_open_kfid", open_kfid)
            raise Refused(UNKNOWN_OPEN_KFID, "open_kfid does not exist")
        return account

    def place(self, open_kfid: str, external_userid: str) -> Conversation:
        """The conversation, as a person at the phone or desk sees it.

        Raises:
            Impossible: there is no such account or customer.
        """
        key = (open_kfid, external_userid)
        found = self.conversations.get(key)
        if found is not None:
            return self.settle(found)
        if open_kfid not in self.accounts:
            raise Impossible(f"no account {open_kfid}")
        if external_userid not in self.customers:
            raise Impossible(f"no customer {external_userid}")
        made = Conversation(open_kfid=open_kfid, external_userid=external_userid)
        self.conversations[key] = made
        return made

    def settle(self, conversation: Conversation) -> Conversation:
        """Let a session fall to state 4 when its 48 h have passed: silently (§3.5)."""
        if conversation.state != ENDED and self.now() - conversation.active_at >= WINDOW_S:
            self.change_state(conversation, ENDED, told_by=None)
        return conversation

    def product_knew(self, conversation: Conversation) -> bool:
        """Whether the product had been told of the present state, and had time to notice."""
        position = conversation.told_by
        if position is None or position < 0:
            return position is not None
        journal = self.accounts[conversation.open_kfid].journal
        told = journal.returned_at if self.options.told_when_returned else journal.shown_at
        told_at = told(position)
        return told_at is not None and self.now() - told_at > self.options.told_grace_s

    def answer_lost(self) -> None:
        """Nobody heard the answer that was just made: what it told of a session is not known."""
        if self.telling is not None:
            self.telling.told_by = None

    # -- changes --------------------------------------------------------------------------

    def add_customer(self, nickname: str = "", external_userid: str = "") -> Customer:
        """A new person with WeChat."""
        number = self.next_id()
        made = Customer(
            external_userid=external_userid or f"wm{self.run_id}{number:010d}",
            nickname=nickname or f"微信用户{number}",
        )
        self.customers[made.external_userid] = made
        self.feed.publish("customer", lambda: customer_view(made))
        return made

    def add_message(
        self,
        conversation: Conversation,
        *,
        sender: str,
        msgtype: str,
        content: Content,
        via: str = "client",
        msgid: str = "",
        servicer_userid: str | None = None,
    ) -> Message:
        """Put a bubble, or a grey line, into a chat."""
        number = self.next_id()
        message = Message(
            id=number,
            msgid=msgid or f"sim_{self.run_id}_{number:012d}",
            at=self.now(),
            sender=sender,
            msgtype=msgtype,
            content=content,
            via=via,
            state=conversation.state,
            servicer_userid=servicer_userid,
        )
        conversation.messages.append(message)
        conversation.by_msgid[message.msgid] = message
        if sender in ("bot", "servicer"):
            conversation.unread = 0
        self.publish_message(conversation, message)
        return message

    def publish_message(self, conversation: Conversation, message: Message) -> None:
        """Tell whoever looks that a message is new or changed."""
        self.feed.publish("message", lambda: {**_whose(conversation), **message.view()})

    def to_journal(self, open_kfid: str, entry: dict[str, Any], *, hint: bool = True) -> int:
        """Put a message or event where sync_msg finds it, and ring the bell."""
        position = self.accounts[open_kfid].journal.append(_encode(entry), int(self.now()))
        if hint:
            self.on_hint(open_kfid)
        return position

    def add_event(
        self, conversation: Conversation, event_type: str, *, hint: bool = True, **fields: Any
    ) -> int:
        """Something happened in a conversation (§3.9); returns its journal position."""
        event = {"event_type": event_type, **_whose(conversation), **fields}
        line = self.add_message(conversation, sender="system", msgtype="event", content=event)
        return self.to_journal(conversation.open_kfid, event_entry(line, event), hint=hint)

    def change_state(
        self,
        conversation: Conversation,
        state: int,
        *,
        told_by: int | None,
        servicer: str | None = None,
    ) -> None:
        """Move a session to another state, whoever did it."""
        if conversation.servicer:
            conversation.former_servicer = conversation.servicer
        conversation.state, conversation.servicer = state, servicer
        conversation.told_by = told_by
        self.feed.publish("state", lambda: self.conversation_view(conversation))

    def new_code(self, conversation: Conversation, kind: str) -> str:
        """A fresh single-use code for the present state."""
        code = self.new_id(f"{kind}_code_")
        self.codes[code] = EventCode(
            code=code,
            kind=kind,
            conversation=conversation,
            state=conversation.state,
            made_at=self.now(),
        )
        return code

    def conversation_view(self, conversation: Conversation) -> dict[str, Any]:
        """What the control API shows of a conversation."""
        open_window = self.now() - conversation.customer_at < WINDOW_S
        return {
            **_whose(conversation),
            "service_state": conversation.state,
            "servicer_userid": conversation.servicer,
            "allowance_left": max(ALLOWANCE - conversation.spent, 0) if open_window else 0,
            "last_at": conversation.messages[-1].at if conversation.messages else 0.0,
            "unread": conversation.unread,
        }

    def reset(self) -> None:
        """Forget chats, files, blame and faults; accounts, people and cursors stay."""
        for account in self.accounts.values():
            account.journal.forget()
            account.msgids.clear()
            for servicer in account.servicers.values():
                servicer.receiving = True
        for kept in (self.conversations, self.codes, self.media, self.inboxes):
            kept.clear()
        self.cards.clear()
        self.response_codes.clear()
        self.friends.forget()
        self.ways.forget()
        self.transfers.forget()
        self.mass_sends.forget()
        self.faults.clear()
        self.calls.clear()
        self.violations.clear()
        self.violation_counts.clear()


def _whose(conversation: Conversation) -> dict[str, Any]:
    return {
        "open_kfid": conversation.open_kfid,
        "external_userid": conversation.external_userid,
    }


def event_entry(line: Message, event: Content) -> dict[str, Any]:
    """An event as sync_msg shows it: the ids only inside (§3.7)."""
    return {
        "msgid": line.msgid,
        "send_time": int(line.at),
        "origin": 4,
        "msgtype": "event",
        "event": event,
    }


def customer_view(customer: Customer) -> dict[str, Any]:
    """What the control API shows of a customer."""
    return {
        "external_userid": customer.external_userid,
        "nickname": customer.nickname,
        "avatar": customer.avatar,
    }
