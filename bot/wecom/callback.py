"""What does a decrypted callback say?

Either a hint that a kf account has news (wecom-api §3.6), or events for the mailboxes.
"""

import hashlib
from collections.abc import Iterator

import msgspec

from bot.errors import Unreadable
from bot.model.events import AppMessageReceived, CardPressed, Event, UnknownHappened
from bot.wecom.contact_events import read_contact_event, read_group_events
from bot.wecom.xml import Tree, read_xml, seconds_in, text_in

APP_OPENED = frozenset({"enter_agent"})
"""Events by which a member opens the app; they become an `AppMessageReceived` of that type."""


CARD_EVENTS = frozenset({"template_card_event", "template_card_menu_event"})
"""Presses of a card's button, and of its menu (wecom-api §5.5)."""


class KfHint(msgspec.Struct, frozen=True):
    """A kf account has something to pull; what it is, only `sync_msg` tells.

    Args:
        token: lifts the frequency limit of `sync_msg` for 10 minutes; may be empty.
        created_at: Unix seconds, 0 when WeCom did not say.
    """

    open_kfid: str
    token: str
    created_at: float


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One callback, understood.

    Args:
        digest: key by which a repeated delivery is recognised (R-1.3), or ``None`` for a hint:
            two hints of one second may be byte-identical and the second one still means
            "look again" (wecom-api §2.7).
        hint: set for `kf_msg_or_event`, else ``None``.
        events: everything else; of a group several may come at once.
    """

    digest: str | None
    hint: KfHint | None = None
    events: tuple[Event, ...] = ()


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One verified callback.

    Args:
        digest: key of a repeated delivery (R-1.3); ``None`` for a hint, which is never dropped
            as a repeat.
        received_at: Unix seconds by our clock.
        hint: a kf account to pull, else ``None``.
        events: what goes into mailboxes.
    """

    digest: str | None
    received_at: float
    hint: KfHint | None = None
    events: tuple[Event, ...] = ()


def read_notice(inner: bytes, path: str) -> Notice:
    """Read the decrypted XML of a callback that arrived at `path`.

    Raises:
        Unreadable: not XML, or neither a message nor an event.
    """
    tree = read_xml(inner)
    msgtype, event = text_in(tree, "MsgType"), text_in(tree, "Event") or text_in(tree, "InfoType")
    if event == "kf_msg_or_event":
        return Notice(digest=None, hint=_hint(tree))
    if told_all := read_group_events(event, tree):
        return Notice(digest=_digest(inner, path), events=told_all)
    if event:
        told = _event(event, tree)
        return Notice(digest=_event_digest(told, tree, inner, path), events=(told,))
    if msgtype and text_in(tree, "FromUserName"):
        return Notice(digest=_message_digest(tree, inner, path), events=(_message(msgtype, tree),))
    raise Unreadable("callback is neither a message nor an event")


def _hint(tree: Tree) -> KfHint:
    open_kfid = text_in(tree, "OpenKfId")
    if not open_kfid:
        raise Unreadable("kf callback names no account")
    return KfHint(open_kfid, text_in(tree, "Token"), seconds_in(tree))


def _event(name: str, tree: Tree) -> Event:
    userid = text_in(tree, "FromUserName")
    if name in APP_OPENED and userid:
        return AppMessageReceived(userid=userid, msgtype=name, sent_at=seconds_in(tree))
    if name in CARD_EVENTS and userid and (key := text_in(tree, "EventKey")):
        return _card_pressed(userid, key, tree)
    if (told := read_contact_event(name, tree)) is not None:
        return told
    return UnknownHappened(
        name=name,
        raw=tree,
        open_kfid=text_in(tree, "OpenKfId"),
        external_userid=text_in(tree, "ExternalUserID"),
        sent_at=seconds_in(tree),
    )


def _card_pressed(userid: str, key: str, tree: Tree) -> CardPressed:
    return CardPressed(
        userid=userid,
        key=key,
        task_id=text_in(tree, "TaskId"),
        response_code=text_in(tree, "ResponseCode"),
        selected=dict(_selected(tree)),
        sent_at=seconds_in(tree),
    )


def _selected(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    items = tree.get("SelectedItems")
    for item in items.get("SelectedItem", ()) if isinstance(items, dict) else ():
        options = item.get("OptionIds") if isinstance(item, dict) else None
        if isinstance(options, dict):
            chosen = (one for one in options.get("OptionId", ()) if isinstance(one, str))
            yield text_in(item, "QuestionKey"), tuple(chosen)


def _message(msgtype: str, tree: Tree) -> Event:
    return AppMessageReceived(
        userid=text_in(tree, "FromUserName"),
        msgtype=msgtype,
        content=text_in(tree, "Content"),
        sent_at=seconds_in(tree),
    )


def _event_digest(event: Event, tree: Tree, inner: bytes, path: str) -> str:
    """Two members who press in one second differ, each press has its code (wecom-api §2.7)."""
    if not isinstance(event, CardPressed) or not event.response_code:
        return _digest(inner, path)
    parts = (event.task_id, event.userid, event.key, event.response_code)
    return _digest("\0".join((text_in(tree, "AgentID"), *parts)).encode(), path)


def _message_digest(tree: Tree, inner: bytes, path: str) -> str:
    msgid = text_in(tree, "MsgId")
    if not msgid:
        return _digest(inner, path)
    return _digest(f"{text_in(tree, 'AgentID')}\0{msgid}".encode(), path)


def _digest(key: bytes, path: str) -> str:
    return hashlib.sha256(key + b"\0" + path.encode()).hexdigest()
