"""Which things does the pretended company consist of? Plain records, no rules."""

from collections import Counter
from typing import Any
from urllib.parse import quote

import msgspec

from simulator.journal import Journal

NEW, BOT, QUEUED, HUMAN, ENDED = range(5)
"""Service states of wecom-api §3.5."""

DAY = 86_400
WINDOW_S = 2 * DAY
"""A session, and the right to send, last 48 h from the customer's last message (§3.5, §3.10)."""

ALLOWANCE = 5
"""Messages per customer message (§3.10)."""

NEVER = float("-inf")

Content = dict[str, Any]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where the document leaves a choice, or a test wants another number.

    Args:
        repeated_msgid_code: no code is documented for a repeated kf msgid (§3.10).
        repeated_task_id_code: nor for a card's repeated task_id (§5.3).
        used_response_code: nor for a response_code that is used, expired or forged (§5.4).
        response_code_s: 72 h on the page of 2025, 24 h on an older one (§5.4).
        unlicensed: members without a licence, lower-cased; they get no app messages (§5.8).
        tokenless_pulls_per_minute: the unpublished limit of sync_msg without token, per account.
        gettoken_per_minute: above this the product is blamed; each expired token allows one more.
        told_when_returned: whether news count as told only once the product comes back with the
            cursor behind them: for a product that dies, and answers that are lost on their way.
        told_grace_s: how long the product may act on old facts after it was told of new ones.
        token_grace_s: how long a refused token may still come with calls that were on their way.
        sync_latency_s: how long a pull takes, so that two at once can be seen.
        max_page: pages of sync_msg hold at most this many messages.
        merge_hints_s: callbacks of one account within this time become one.
        contact_parallel: calls of customer contact at a time, beyond them 45033 (§4.5, unverified).
        contact_latency_s: how long each of them takes, so that two at once can be seen.
        too_many_tags_code: no code is documented for the 3,001st corp tag (§4.7).
        retry_not_ok: whether an answer other than 200 is delivered again (§2.5: conflict).
    """

    repeated_msgid_code: int = 40058
    repeated_task_id_code: int = 40058
    used_response_code: int = 40058
    response_code_s: float = 3 * DAY
    unlicensed: frozenset[str] = frozenset()
    tokenless_pulls_per_minute: int = 20
    gettoken_per_minute: int = 10
    told_when_returned: bool = False
    told_grace_s: float = 0.25
    token_grace_s: float = 5.0
    sync_latency_s: float = 0.002
    max_page: int = 1000
    callback_deadline_s: float = 5.0
    callback_deliveries: int = 3
    callback_pause_s: float = 1.0
    callback_connections: int = 64
    slow_ack_s: float = 1.0
    merge_hints_s: float = 0.0
    contact_parallel: int = 3
    contact_latency_s: float = 0.002
    too_many_tags_code: int = 40058
    retry_not_ok: bool = False


class Servicer(msgspec.Struct):
    """A member who takes conversations of one account."""

    userid: str
    receiving: bool = True


class Account(msgspec.Struct):
    """A 客服账号 with its servicers and the journal that sync_msg reads."""

    open_kfid: str
    name: str
    servicers: dict[str, Servicer] = {}
    departments: set[int] = set()
    journal: Journal = msgspec.field(default_factory=Journal)
    msgids: dict[str, int] = {}  # msgid → fingerprint of what was sent under it


class Customer(msgspec.Struct):
    """A person with WeChat."""

    external_userid: str
    nickname: str

    @property
    def avatar(self) -> str:
        """A picture that needs no network: the first character on a colour."""
        hue = sum(self.external_userid.encode()) * 47 % 360
        svg = (
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'>"
            f"<rect width='40' height='40' fill='hsl({hue},45%,55%)'/>"
            "<text x='20' y='27' font-size='20' fill='white' text-anchor='middle'>"
            f"{self.nickname[:1].replace('<', '').replace('&', '')}</text></svg>"
        )
        return "data:image/svg+xml," + quote(svg, safe="<>='/ :,()")


class Message(msgspec.Struct, kw_only=True):
    """One bubble, or one grey line, of a chat.

    Args:
        sender: ``customer``, ``bot``, ``servicer`` or ``system``.
        via: ``client``, ``send_msg`` or ``event`` (send_msg_on_event).
        state: service state when it was written.
        failed: fail_type of §3.9 when it was accepted but not delivered.
    """

    id: int
    msgid: str
    at: float
    sender: str
    msgtype: str
    content: Content
    via: str
    state: int
    servicer_userid: str | None = None
    recalled: bool = False
    failed: int | None = None

    def view(self) -> dict[str, Any]:
        """What the control API shows."""
        seen: dict[str, Any] = {
            "id": self.id,
            "msgid": self.msgid,
            "at": self.at,
            "from": self.sender,
            "msgtype": self.msgtype,
            "content": self.content,
            "via": self.via,
            "recalled": self.recalled,
            "failed": self.failed,
        }
        if self.servicer_userid:
            seen["servicer_userid"] = self.servicer_userid
        return seen


class Conversation(msgspec.Struct, kw_only=True):
    """One customer at one account.

    Args:
        active_at: when the session was last kept alive; 48 h later it falls to state 4.
        spent: messages used of the five.
        run: customer messages since the bot last said something.
        said: how often each content was sent since the last customer message.
        told_by: journal position of the event that tells the product of the present state,
            -1 when it caused or read the state itself, ``None`` when nothing tells it.
        codes_given: kinds of reply code that this session has given already.
    """

    open_kfid: str
    external_userid: str
    state: int = ENDED
    begun: bool = False
    servicer: str | None = None
    former_servicer: str | None = None
    customer_at: float = NEVER
    active_at: float = NEVER
    welcomed_at: float = NEVER
    spent: int = 0
    run: int = 0
    said: Counter[int] = msgspec.field(default_factory=Counter)
    told_by: int | None = -1
    codes_given: set[str] = set()
    entered: Content | None = None
    entered_at: float = NEVER
    messages: list[Message] = []
    by_msgid: dict[str, Message] = {}
    unread: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """(open_kfid, external_userid)."""
        return self.open_kfid, self.external_userid


class EventCode(msgspec.Struct, kw_only=True):
    """A single-use code for send_msg_on_event (§3.11).

    Args:
        kind: ``welcome``, ``queue``, ``reply`` or ``end``.
        used: fingerprint of what was sent with it, ``None`` while unused.
    """

    code: str
    kind: str
    conversation: Conversation
    state: int
    made_at: float
    used: int | None = None
    used_msgid: str = ""


class AppMessage(msgspec.Struct, kw_only=True):
    """What a member sees in the app's chat.

    Args:
        task_id: of a card.
        replaced_by: greys out the buttons of a card, in their place.
        changed_at: when the card was changed last, 0 = never.
    """

    msgid: str
    at: float
    msgtype: str
    content: Content
    recalled: bool = False
    task_id: str = ""
    replaced_by: str = ""
    changed_at: float = 0.0


class SentCard(msgspec.Struct, kw_only=True):
    """A template card under its task_id, with the copy of each member who got it."""

    task_id: str
    msgid: str
    at: float
    request: Content
    copies: dict[str, AppMessage]


class ResponseCode(msgspec.Struct, kw_only=True):
    """What changes a card once (§5.4).

    Args:
        used: what it was used for, ``None`` while unused.
    """

    code: str
    card: SentCard
    made_at: float
    used: Content | None = None


class CardPress(msgspec.Struct, kw_only=True):
    """A member's press on a card, as the callback tells it (§5.5).

    Args:
        event: ``template_card_event`` or ``template_card_menu_event``.
        selected: option ids by question.
    """

    event: str
    userid: str
    key: str
    task_id: str
    card_type: str
    response_code: str
    selected: dict[str, list[str]] = {}


class Media(msgspec.Struct):
    """A temporary file, readable for 3 days (§1.9)."""

    type: str
    filename: str
    data: bytes
    made_at: float


class Violation(msgspec.Struct):
    """One thing that the product did wrong."""

    kind: str
    detail: str
    at: float


class WelcomeCode(msgspec.Struct):
    """What permits one welcome within 20 s (§4.3).

    Args:
        used_for: the body with which it was used, ``None`` = not yet.
        used_at: when; what was said stands in `said`.
    """

    userid: str
    external_userid: str
    made_at: float
    used_for: int | None = None
    used_at: float = 0.0
    said: dict[str, Any] = {}
