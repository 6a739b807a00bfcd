"""What does a decrypted callback say?

Either a hint that a kf account has news (wecom-api §3.6), or events for the mailboxes.
"""

import hashlib

import msgspec

from bot.errors import Unreadable
from bot.model.events import AppMessageReceived, Event, UnknownHappened
from bot.wecom.xml import Tree, read_xml

APP_OPENED = frozenset({"enter_agent"})
"""Events by which a member opens the app; they become an `AppMessageReceived` of that type."""


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
        events: everything else, one event at present.
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
    msgtype, event = _text(tree, "MsgType"), _text(tree, "Event") or _text(tree, "InfoType")
    if event == "kf_msg_or_event":
        return Notice(digest=None, hint=_hint(tree))
    if event:
        return Notice(digest=_digest(inner, path), events=(_event(event, tree),))
    if msgtype and _text(tree, "FromUserName"):
        return Notice(digest=_message_digest(tree, inner, path), events=(_message(msgtype, tree),))
    raise Unreadable("callback is neither a message nor an event")


def _hint(tree: Tree) -> KfHint:
    open_kfid = _text(tree, "OpenKfId")
    if not open_kfid:
        raise Unreadable("kf callback names no account")
    return KfHint(open_kfid, _text(tree, "Token"), _seconds(tree))


def _event(name: str, tree: Tree) -> Event:
    userid = _text(tree, "FromUserName")
    if name in APP_OPENED and userid:
        return AppMessageReceived(userid=userid, msgtype=name, sent_at=_seconds(tree))
    return UnknownHappened(
        name=name,
        raw=tree,
        open_kfid=_text(tree, "OpenKfId"),
        external_userid=_text(tree, "ExternalUserID"),
        sent_at=_seconds(tree),
    )


def _message(msgtype: str, tree: Tree) -> Event:
    return AppMessageReceived(
        userid=_text(tree, "FromUserName"),
        msgtype=msgtype,
        content=_text(tree, "Content"),
        sent_at=_seconds(tree),
    )


def _message_digest(tree: Tree, inner: bytes, path: str) -> str:
    msgid = _text(tree, "MsgId")
    if not msgid:
        return _digest(inner, path)
    return _digest(f"{_text(tree, 'AgentID')}\0{msgid}".encode(), path)


def _digest(key: bytes, path: str) -> str:
    return hashlib.sha256(key + b"\0" + path.encode()).hexdigest()


def _text(tree: Tree, name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _seconds(tree: Tree) -> float:
    text = _text(tree, "CreateTime")
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0.0
