"""What does a callback of customer contact say (wecom-api §4.2)?"""

from collections.abc import Callable

from bot.model.events import (
    ArchivingApproved,
    CorpTagChanged,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Event,
    GroupChanged,
    GroupJoined,
    TransferFailed,
)
from bot.wecom.xml import Tree, seconds_in, text_in

CONTACT, TAG, CHAT = "change_external_contact", "change_external_tag", "change_external_chat"
_CUSTOMER_PREFIXES = ("wm", "wo")
"""Ids of customers (§4.1); others in a group are members of the company."""


def read_contact_event(name: str, tree: Tree) -> Event | None:
    """The event of these callbacks, or ``None`` for what we have no word for.

    A ChangeType that is new (they appear without notice) and a callback that lacks an id are kept
    whole by whoever asks.
    """
    change = text_in(tree, "ChangeType")
    if name == TAG and change:
        return CorpTagChanged(
            change=change,
            tag_type=text_in(tree, "TagType"),
            id=text_in(tree, "Id"),
            strategy_id=text_in(tree, "StrategyId"),
            at=seconds_in(tree),
        )
    read = _READERS.get(change) if name == CONTACT else None
    if read is None or not text_in(tree, "UserID") or not text_in(tree, "ExternalUserID"):
        return None
    return read(tree)


def read_group_events(name: str, tree: Tree) -> tuple[Event, ...]:
    """What a callback of a customer group tells the group, and each customer who joined it."""
    chat_id, change = text_in(tree, "ChatId"), text_in(tree, "ChangeType")
    if name != CHAT or not chat_id or not change:
        return ()
    listed = tree.get("MemChangeList")
    items = listed.get("Item", ()) if isinstance(listed, dict) else ()
    members = tuple(
        one for one in ([items] if isinstance(items, str) else items) if isinstance(one, str)
    )
    changed = GroupChanged(
        chat_id=chat_id,
        change=change,
        detail=text_in(tree, "UpdateDetail"),
        members=members,
        scene=text_in(tree, "JoinScene") or text_in(tree, "QuitScene"),
        at=seconds_in(tree),
    )
    if changed.detail != "add_member":
        return (changed,)
    joined = (
        GroupJoined(chat_id=chat_id, external_userid=one, scene=changed.scene, at=changed.at)
        for one in members
        if one.startswith(_CUSTOMER_PREFIXES)
    )
    return (changed, *joined)


def _added(tree: Tree, *, half: bool = False) -> Event:
    return CustomerAdded(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        state=text_in(tree, "State"),
        welcome_code=text_in(tree, "WelcomeCode"),
        half=half,
        at=seconds_in(tree),
    )


def _edited(tree: Tree) -> Event:
    return CustomerEdited(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        at=seconds_in(tree),
    )


def _deleted_by_staff(tree: Tree) -> Event:
    return CustomerDeleted(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        by="staff",
        source=text_in(tree, "Source"),
        at=seconds_in(tree),
    )


def _deleted_by_customer(tree: Tree) -> Event:
    return CustomerDeleted(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        by="customer",
        at=seconds_in(tree),
    )


def _archiving_approved(tree: Tree) -> Event:
    return ArchivingApproved(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        welcome_code=text_in(tree, "WelcomeCode"),
        at=seconds_in(tree),
    )


def _transfer_failed(tree: Tree) -> Event:
    return TransferFailed(
        userid=text_in(tree, "UserID"),
        external_userid=text_in(tree, "ExternalUserID"),
        reason=text_in(tree, "FailReason"),
        at=seconds_in(tree),
    )


_READERS: dict[str, Callable[[Tree], Event]] = {
    "add_external_contact": _added,
    "add_half_external_contact": lambda tree: _added(tree, half=True),
    "edit_external_contact": _edited,
    "del_external_contact": _deleted_by_staff,
    "del_follow_user": _deleted_by_customer,
    "transfer_fail": _transfer_failed,
    "msg_audit_approved": _archiving_approved,
}
