"""What does a `Reply` look like on the wire, in as few sends as possible (wecom-api §3.10)?"""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from bot.model.replies import Attachment, MenuItem, Reply
from bot.wecom.limits import platform_limits
from bot.wecom.split import clean, cut, size, split_text

log = structlog.get_logger(__name__)

Payload = dict[str, Any]


def parts(reply: Reply) -> list[Reply]:
    """The fewest replies that say the same and each fit one send, in order.

    The menu comes with the last one, under as much of the text as its head holds. A reply that
    says nothing has no parts: WeCom refuses an empty text (44004).
    """
    limits, text = platform_limits().kf, clean(reply.text)
    if not _items(reply.menu):
        said = "\n".join(part for part in (text, clean(reply.tail)) if part)
        pieces = split_text(said, limits.text_bytes) if said else []
        return [_part(reply, piece) for piece in pieces]
    *before, head = split_text(text, limits.text_bytes, limits.menu_head_bytes)
    last = msgspec.structs.replace(reply, text=head)
    return [*(_part(reply, piece) for piece in before), last]


def plan(reply: Reply) -> list[Payload]:
    """The payloads of a reply in order: one send, and one of the allowance, each.

    What of a menu WeCom would not take is left out, and told: the customer cannot see it.
    """
    shown = {item.id for item in _items(reply.menu)}
    if left_out := [item.id for item in reply.menu if item.id not in shown]:
        because = reply.because.ref if reply.because else ""
        log.error(
            "reply.menu_cut", items=left_out, most=platform_limits().kf.menu_items, of=because
        )
    return [render(part) for part in parts(reply)]


def render(reply: Reply) -> Payload:
    """The payload of one send; what `parts` did not make fit is cut with "…"."""
    limits = platform_limits().kf
    items = _items(reply.menu)
    if not items:
        said = "\n".join(part for part in (clean(reply.text), clean(reply.tail)) if part)
        return {"msgtype": "text", "text": {"content": cut(said, limits.text_bytes)}}
    menu: Payload = {"list": [_click(item) for item in items]}
    if head := cut(clean(reply.text), limits.menu_head_bytes):
        menu["head_content"] = head
    if tail := cut(clean(reply.tail), limits.menu_tail_bytes):
        menu["tail_content"] = tail
    return {"msgtype": "msgmenu", "msgmenu": menu}


def enclose(one: Attachment) -> Payload:
    """The payload of an attachment, without its file's id; a link without a picture is text."""
    limits = platform_limits().kf
    match one.kind:
        case "image" | "video" | "file":
            return {"msgtype": one.kind, one.kind: {}}
        case "miniprogram":
            card = {"appid": one.appid, "title": one.title, "pagepath": one.pagepath}
            return {"msgtype": "miniprogram", "miniprogram": card}
        case "link" if one.media:
            link = {"title": one.title, "desc": one.desc, "url": one.url}
            return {"msgtype": "link", "link": {key: text for key, text in link.items() if text}}
        case "link":
            said = clean(f"{one.title}\n{one.url}")
            return {"msgtype": "text", "text": {"content": cut(said, limits.text_bytes)}}


def with_picture(payload: Payload, media_id: str) -> Payload:
    """The payload with the id of its uploaded file (wecom-api §3.10)."""
    kind = payload["msgtype"]
    key = "media_id" if kind in ("image", "video", "file") else "thumb_media_id"
    return {**payload, kind: {**payload[kind], key: media_id}}


def _part(reply: Reply, text: str) -> Reply:
    return msgspec.structs.replace(reply, text=text, menu=(), tail="")


def _items(menu: Sequence[MenuItem]) -> list[MenuItem]:
    """The items WeCom takes: not too many, neither id nor content empty."""
    limits = platform_limits().kf
    usable = [
        item for item in menu if clean(item.content) and 0 < size(item.id) <= limits.menu_id_bytes
    ]
    return usable[: limits.menu_items]


def _click(item: MenuItem) -> Payload:
    content = cut(clean(item.content), platform_limits().kf.menu_content_bytes)
    return {"type": "click", "click": {"id": item.id, "content": content}}
