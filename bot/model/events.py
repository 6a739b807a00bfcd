"""What can happen to a subject? Every row of the mailbox holds one of these."""

from typing import Any, Literal

import msgspec

from bot.model.conversation import Conversation


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Anything that happens and lies in the mailbox."""


class _InConversation(Event, frozen=True, kw_only=True):
    open_kfid: str
    external_userid: str
    sent_at: float = 0.0  # WeCom's send_time

    @property
    def conversation(self) -> Conversation:
        return Conversation(self.open_kfid, self.external_userid)


class MessageReceived(_InConversation, frozen=True, kw_only=True):
    """A message in a kf conversation (wecom-api §3.8).

    Args:
        origin: 3 = the customer wrote it, 5 = a servicer wrote it.
        content: the object under the key equal to ``msgtype``, as WeCom sent it.
    """

    msgid: str
    origin: int
    msgtype: str
    content: dict[str, Any] = {}
    servicer_userid: str | None = None

    @property
    def text(self) -> str:
        """What the customer wrote, or an empty string for other types."""
        return str(self.content.get("content", "")) if self.msgtype == "text" else ""

    @property
    def menu_id(self) -> str | None:
        """Id of the tapped menu item, when this text is the echo of a tap."""
        menu_id = self.content.get("menu_id") if self.msgtype == "text" else None
        return str(menu_id) if menu_id else None


class SessionEntered(_InConversation, frozen=True, kw_only=True):
    """The customer opened the chat (`enter_session`, wecom-api §3.9)."""

    scene: str = ""
    scene_param: str = ""
    welcome_code: str | None = None
    wechat_channels: dict[str, Any] | None = None


class SessionChanged(_InConversation, frozen=True, kw_only=True):
    """A servicer took, transferred, ended or re-opened the session (change_type 1–4)."""

    change_type: int
    old_servicer_userid: str | None = None
    new_servicer_userid: str | None = None
    msg_code: str | None = None


class MessageRecalled(_InConversation, frozen=True, kw_only=True):
    """A message was recalled by the customer, or by a servicer (then `servicer_userid`)."""

    recall_msgid: str
    servicer_userid: str | None = None


class SendFailed(_InConversation, frozen=True, kw_only=True):
    """WeCom accepted a message of ours and could not deliver it (`msg_send_fail`)."""

    fail_msgid: str
    fail_type: int


class ServicerStatusChanged(Event, frozen=True, kw_only=True):
    """A servicer began or stopped receiving (1 = receiving, 2 = stopped; wecom-api §3.9)."""

    open_kfid: str
    servicer_userid: str
    status: int
    stop_type: int | None = None
    sent_at: float = 0.0


class AppMessageReceived(Event, frozen=True, kw_only=True):
    """A member wrote to the app itself, or opened it (wecom-api §2.9)."""

    userid: str
    msgtype: str
    content: str = ""
    sent_at: float = 0.0


class CardPressed(Event, frozen=True, kw_only=True):
    """A member pressed a button of a card, or an item of its menu (wecom-api §5.5).

    It lies in the member's mailbox; whoever knows the card forwards it as a `StaffAction`.

    Args:
        response_code: changes the card once, within 24 h.
        selected: chosen option ids by question, on cards that ask.
    """

    userid: str
    key: str
    task_id: str = ""
    response_code: str = ""
    selected: dict[str, tuple[str, ...]] = {}
    sent_at: float = 0.0


class StaffAction(_InConversation, frozen=True, kw_only=True):
    """A member of staff did something about a customer: pressed a card, or a page's button.

    Args:
        userid: who.
        name: what, e.g. ``escalation.take``; `Router.action` names the same.
        client_id: a second action of a customer with this id is dropped, empty = none is a repeat.
        depth: how many emissions led here; set by `Turn.forward`.
        on_page: whether he waits for what comes of it on a page; else he is told by app message.
    """

    userid: str
    name: str
    data: dict[str, Any] = {}
    client_id: str = ""
    depth: int = 0
    on_page: bool = False


class _OfContact(Event, frozen=True, kw_only=True):
    userid: str  # the member
    external_userid: str
    at: float = 0.0  # WeCom's CreateTime


class CustomerAdded(_OfContact, frozen=True, kw_only=True):
    """A customer and a member became friends (wecom-api §4.2).

    Args:
        state: of the contact way that was used, or the channel of an acquisition link.
        welcome_code: permits one welcome within 20 s; empty when WeCom gave none.
        half: the chat is open, the member has not confirmed yet; the whole event may follow.
        missed: no callback told of it, so its welcome code is gone: it was found by comparing.
    """

    state: str = ""
    welcome_code: str = ""
    half: bool = False
    missed: bool = False


class ArchivingApproved(_OfContact, frozen=True, kw_only=True):
    """A customer agreed to the archiving of a member's chats (wecom-api §4.2, §7.1).

    Args:
        welcome_code: as of `CustomerAdded`; the one that came before is refused with 41053.
    """

    welcome_code: str = ""


class CustomerEdited(_OfContact, frozen=True, kw_only=True):
    """A member changed remark, description, company or corp tags of a customer."""


class CustomerDeleted(_OfContact, frozen=True, kw_only=True):
    """A friendship ended.

    Args:
        by: who ended it; the customer's own deletion asks us to stop. ``unknown`` when no callback
            told of it.
        source: ``DELETE_BY_TRANSFER`` when the customer went to a colleague.
    """

    by: Literal["customer", "staff", "unknown"]
    source: str = ""


class TransferFailed(_OfContact, frozen=True, kw_only=True):
    """A customer could not be handed to another member.

    Args:
        reason: ``customer_refused`` or ``customer_limit_exceed``.
    """

    reason: str = ""


class CorpTagChanged(Event, frozen=True, kw_only=True):
    """Somebody changed the library of corp tags in the console; it lies in the mailbox `corp`.

    Args:
        change: ``create``, ``update``, ``delete`` or ``shuffle`` (only the order changed).
        tag_type: ``tag`` or ``tag_group``; deleting a group tells nothing of its tags.
        id: of the tag or group, empty when the order of all groups changed.
        strategy_id: of tags that belong to a rule group; most apps cannot see those.
    """

    change: str
    tag_type: str = ""
    id: str = ""
    strategy_id: str = ""
    at: float = 0.0


class GroupChanged(Event, frozen=True, kw_only=True):
    """Something happened in a customer group; it lies in the group's mailbox (wecom-api §4.2).

    Args:
        change: ``create``, ``update`` or ``dismiss``.
        detail: of an update, such as ``add_member`` or ``change_owner``.
        members: whom it is about: who joined or left.
        scene: of a join 0 = invited, 3 = scanned the code; of a leave 0 = went, 1 = was removed.
    """

    chat_id: str
    change: str
    detail: str = ""
    members: tuple[str, ...] = ()
    scene: str = ""
    at: float = 0.0


class GroupJoined(Event, frozen=True, kw_only=True):
    """A customer joined a group; it lies in the customer's mailbox."""

    chat_id: str
    external_userid: str
    scene: str = ""
    at: float = 0.0


ContactEvent = CustomerAdded | CustomerEdited | CustomerDeleted | TransferFailed
"""What changes a relation between a member and a customer."""


class UnknownHappened(Event, frozen=True, kw_only=True):
    """An event we have no word for yet; kept whole so that nothing is lost."""

    name: str
    raw: dict[str, Any] = {}
    open_kfid: str = ""
    external_userid: str = ""
    sent_at: float = 0.0


class TimerDue(Event, frozen=True, kw_only=True):
    """A timer of this subject came due.

    Args:
        skip_after_s: when it is later than this, it is dropped; ``None`` = fires however late.
    """

    name: str
    key: str = ""
    data: dict[str, Any] = {}
    skip_after_s: float | None = None
    open_kfid: str = ""
    external_userid: str = ""


class Emitted(Event, frozen=True, kw_only=True):
    """A handler told the others something.

    Args:
        depth: how many emissions led here; bounded by `Turn.emit`.
    """

    name: str
    data: dict[str, Any] = {}
    depth: int = 1
    open_kfid: str = ""
    external_userid: str = ""


MATERIAL_OPENED = "material_opened"
"""Name of an emission: a customer who agrees to be profiled has opened a link that he was sent;
`data`: `token`, `material` (its id), `title`, `category`.
"""


class EffectDone(Event, frozen=True, kw_only=True):
    """The call of an effect has ended well."""

    effect_id: int
    effect: str
    tag: str = ""
    result: dict[str, Any] = {}
    open_kfid: str = ""
    external_userid: str = ""


class EffectFailed(Event, frozen=True, kw_only=True):
    """The call of an effect has ended for good without success."""

    effect_id: int
    effect: str
    tag: str = ""
    error: str = ""
    errcode: int | None = None
    data: dict[str, Any] = {}
    open_kfid: str = ""
    external_userid: str = ""


AnyEvent = (
    MessageReceived
    | SessionEntered
    | SessionChanged
    | MessageRecalled
    | SendFailed
    | ServicerStatusChanged
    | AppMessageReceived
    | CardPressed
    | StaffAction
    | CustomerAdded
    | CustomerEdited
    | CustomerDeleted
    | TransferFailed
    | ArchivingApproved
    | CorpTagChanged
    | GroupChanged
    | GroupJoined
    | UnknownHappened
    | TimerDue
    | Emitted
    | EffectDone
    | EffectFailed
)
"""Everything a mailbox row can hold; msgspec decodes by `kind`."""
