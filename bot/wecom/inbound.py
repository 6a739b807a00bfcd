"""Which event is an item of `sync_msg` (wecom-api §3.8, §3.9)?

Every item becomes one event. What we have no word for, or cannot read, becomes `UnknownHappened`
with everything WeCom sent, so that one strange item never costs the others of its page.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.model.events import (
    Event,
    MessageRecalled,
    MessageReceived,
    SendFailed,
    ServicerStatusChanged,
    SessionChanged,
    SessionEntered,
    UnknownHappened,
)

FROM_CUSTOMER = 3
FROM_SERVICER = 5

_SPELLINGS = {"head_image": "head_img", "shop_head_image": "shop_head_img"}  # (conflict) in §3.8

Raw = dict[str, Any]


class Incoming(msgspec.Struct, frozen=True):
    """One item of a page.

    Args:
        msgid: WeCom's id, the key by which a repeat is recognised; made from the item when absent.
        event: what it means.
        raw: the item as WeCom sent it.
        sent_at: WeCom's send_time in Unix seconds, 0 when absent.
    """

    msgid: str
    event: Event
    raw: Raw
    sent_at: float


class _Malformed(Exception):
    """A field that the event cannot do without is absent or of another type."""


def read_item(item: Any, open_kfid: str = "") -> Incoming:
    """Read one element of `msg_list`.

    Args:
        item: the element, whatever it is.
        open_kfid: the account that was pulled, for items that do not say.
    """
    raw: Raw = item if isinstance(item, dict) else {"item": item}
    sent_at = _seconds(raw.get("send_time"))
    try:
        event = _read(raw, open_kfid, sent_at)
    except _Malformed as error:
        event = _unknown(f"malformed.{error}", raw, open_kfid, sent_at)
    return Incoming(_text(raw, "msgid") or _made_msgid(raw), event, raw, sent_at)


def _read(raw: Raw, open_kfid: str, sent_at: float) -> Event:
    msgtype = _required(raw, "msgtype")
    if msgtype != "event":
        return _read_message(raw, msgtype, open_kfid, sent_at)
    fields = raw.get("event")
    if not isinstance(fields, dict):
        raise _Malformed("event")
    name = _text(fields, "event_type")
    if reader := _EVENTS.get(name):
        return reader({"open_kfid": open_kfid} | fields, sent_at)
    return _unknown(name or "event", raw, open_kfid, sent_at)


def _read_message(raw: Raw, msgtype: str, open_kfid: str, sent_at: float) -> Event:
    origin = _whole(raw, "origin")
    if origin not in (FROM_CUSTOMER, FROM_SERVICER):
        return _unknown(f"message.origin_{origin}", raw, open_kfid, sent_at)
    return MessageReceived(
        open_kfid=_text(raw, "open_kfid") or open_kfid,
        external_userid=_required(raw, "external_userid"),
        sent_at=sent_at,
        msgid=_text(raw, "msgid") or _made_msgid(raw),
        origin=origin,
        msgtype=msgtype,
        content=_content(msgtype, raw.get(msgtype)),
        servicer_userid=_text(raw, "servicer_userid") or None,
    )


def _content(msgtype: str, found: Any) -> Raw:
    if not isinstance(found, dict):
        return {}
    content: Raw = {_SPELLINGS.get(key, str(key)): value for key, value in found.items()}
    if msgtype == "text" and not isinstance(content.get("content"), str):
        content["content"] = ""
    return content


def _session_entered(fields: Raw, sent_at: float) -> Event:
    channels = fields.get("wechat_channels")
    return SessionEntered(
        **_where(fields),
        sent_at=sent_at,
        scene=_text(fields, "scene"),
        scene_param=_text(fields, "scene_param"),
        welcome_code=_text(fields, "welcome_code") or None,
        wechat_channels=channels if isinstance(channels, dict) else None,
    )


def _session_changed(fields: Raw, sent_at: float) -> Event:
    return SessionChanged(
        **_where(fields),
        sent_at=sent_at,
        change_type=_whole(fields, "change_type"),
        old_servicer_userid=_text(fields, "old_servicer_userid") or None,
        new_servicer_userid=_text(fields, "new_servicer_userid") or None,
        msg_code=_text(fields, "msg_code") or None,
    )


def _message_recalled(fields: Raw, sent_at: float) -> Event:
    return MessageRecalled(
        **_where(fields),
        sent_at=sent_at,
        recall_msgid=_required(fields, "recall_msgid"),
        servicer_userid=_text(fields, "servicer_userid") or None,
    )


def _send_failed(fields: Raw, sent_at: float) -> Event:
    return SendFailed(
        **_where(fields),
        sent_at=sent_at,
        fail_msgid=_required(fields, "fail_msgid"),
        fail_type=_whole(fields, "fail_type"),
    )


def _servicer_status_changed(fields: Raw, sent_at: float) -> Event:
    return ServicerStatusChanged(
        open_kfid=_required(fields, "open_kfid"),
        servicer_userid=_required(fields, "servicer_userid"),
        status=_whole(fields, "status"),
        stop_type=_whole(fields, "stop_type") if "stop_type" in fields else None,
        sent_at=sent_at,
    )


_EVENTS: Mapping[str, Callable[[Raw, float], Event]] = {
    "enter_session": _session_entered,
    "session_status_change": _session_changed,
    "user_recall_msg": _message_recalled,
    "servicer_recall_msg": _message_recalled,
    "msg_send_fail": _send_failed,
    "servicer_status_change": _servicer_status_changed,
}


def _where(fields: Raw) -> dict[str, str]:
    return {
        "open_kfid": _required(fields, "open_kfid"),
        "external_userid": _required(fields, "external_userid"),
    }


def _unknown(name: str, raw: Raw, open_kfid: str, sent_at: float) -> UnknownHappened:
    event = raw.get("event")
    fields = event if isinstance(event, dict) else raw
    return UnknownHappened(
        name=name,
        raw=raw,
        open_kfid=_text(fields, "open_kfid") or open_kfid,
        external_userid=_text(fields, "external_userid"),
        sent_at=sent_at,
    )


def _made_msgid(raw: Raw) -> str:
    return "made-" + hashlib.sha256(msgspec.json.encode(raw, order="sorted")).hexdigest()[:40]


def _required(fields: Raw, name: str) -> str:
    if text := _text(fields, name):
        return text
    raise _Malformed(name)


def _text(fields: Raw, name: str) -> str:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _whole(fields: Raw, name: str) -> int:
    """A number, which may come as text (wecom-api §0)."""
    try:
        return int(_text(fields, name))
    except ValueError:
        raise _Malformed(name) from None


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if 0 <= seconds < 1e12 else 0.0
