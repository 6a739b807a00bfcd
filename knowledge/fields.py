"""Is what stands under an entry's key what must stand there? One reader for each key.

Values come as text, lists or what JSON knows; what is wrong is said in the operator's language.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.model import Attachment
from knowledge.wording import VARIABLES, unknown_in

MAX_ANSWER_BYTES = 2048  # one WeCom text message (wecom-api §3.10)
MAX_ID_BYTES = 48  # an id travels in a menu item's id, of at most 64 bytes (wecom-api §3.10)
MAX_ATTACHMENTS = 4  # with the text they are the five messages of one window (wecom-api §3.10)

_LIMITS = {"title": 128, "desc": 512, "url": 2048, "appid": 32, "pagepath": 1024, "media": 2048}
IN_KF: Mapping[str, tuple[str, ...]] = {
    "image": ("media",),
    "link": ("title", "url"),
    "miniprogram": ("appid", "pagepath", "media"),
}
"""What each kind of attachment of an answer needs (wecom-api §3.10)."""

IN_WELCOME: Mapping[str, tuple[str, ...]] = {
    **IN_KF,
    "miniprogram": ("title", "appid", "pagepath", "media"),
    "video": ("media",),
    "file": ("media",),
}
"""What each kind of a welcome's attachments needs (wecom-api §4.3)."""


class FaultError(Exception):
    """One fault under one key: what was found, and what should stand there."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected


def plain(node: yaml.Node) -> Any:
    """A scalar as text, a list of scalars as list of text, anything else as its node."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag.endswith(":null") else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [str(n.value) if isinstance(n, yaml.ScalarNode) else n for n in node.value]
    return node


def shape(node: yaml.Node) -> str:
    """What a node is, for people."""
    if isinstance(node, yaml.ScalarNode):
        return "文字"
    return "列表" if isinstance(node, yaml.SequenceNode) else "一组键值"


def dates_crossed(values: Mapping[str, Any]) -> FaultError | None:
    """The fault when the last day lies before the first."""
    first, last = values.get("valid_from"), values.get("valid_until")
    if first and last and first > last:
        return FaultError(f"valid_from {first} 晚于 valid_until {last}", "先起后止")
    return None


def unknown_variable(kind: str, texts: Sequence[str]) -> FaultError | None:
    """The fault when an answer names a value that nobody knows; a passage names none."""
    unknown = unknown_in(texts) if kind != "passage" else []
    if not unknown:
        return None
    names = "、".join(f"{{{name}}}" for name in unknown)
    known = "、".join(f"{{{name}}}（{means}）" for name, means in VARIABLES.items())
    return FaultError(f"answer：没有 {names} 这个变量", known)


def kind_of(value: Any) -> str:
    """What kind of value stands there, in words."""
    if isinstance(value, yaml.Node):
        return shape(value)
    names = {type(None): "没有内容", str: "文字", list: "列表", dict: "一组键值"}
    return names.get(type(value), repr(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FaultError(kind_of(value), "文字")
    if not value.strip():
        raise FaultError("没有内容", "文字")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise FaultError(ascii(value), "能用 UTF-8 写出的文字")
    return value.strip()


def _optional_text(value: Any) -> str:
    return "" if value is None or value == "" else _text(value)


def _id(value: Any) -> str:
    text = _text(value)
    if len(text.encode()) > MAX_ID_BYTES or any(c.isspace() for c in text):
        raise FaultError(repr(text), f"不含空格，最多 {MAX_ID_BYTES} 字节")
    return text


def _answer(value: Any) -> str:
    text = _text(value)
    if (size := len(text.encode())) > MAX_ANSWER_BYTES:
        raise FaultError(f"{size} 字节", f"最多 {MAX_ANSWER_BYTES} 字节（约 680 个汉字）")
    return text


def _items(value: Any, expected: str) -> list[Any]:
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise FaultError(kind_of(value), expected)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in _items(value, "文字的列表"))


def _answers(value: Any) -> tuple[str, ...]:
    return tuple(_answer(item) for item in _items(value, "文字的列表"))


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        raise FaultError(repr(value), "日期，如 2026-12-31") from None


def _flag(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise FaultError(repr(value), "true 或 false")


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = _text(value)
        if text not in allowed:
            raise FaultError(text, " 或 ".join(allowed))
        return text

    return read


def _page(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit():
        raise FaultError(repr(value), "页码，从 1 起")
    if not (page := int(str(value)[:9])) >= 1:
        raise FaultError(repr(value), "页码，从 1 起")
    return page


def _attachments(value: Any) -> tuple[Attachment, ...]:
    items = _items(value, "附件的列表")
    if len(items) > MAX_ATTACHMENTS:
        raise FaultError(f"{len(items)} 个附件", f"最多 {MAX_ATTACHMENTS} 个")
    return tuple(attachment(item) for item in items)


def attachment(value: Any, needed: Mapping[str, tuple[str, ...]] = IN_KF) -> Attachment:
    """An attachment as it is written.

    Args:
        needed: what each kind that may be there needs.

    Raises:
        FaultError: it is not as it should be.
    """
    if isinstance(value, yaml.MappingNode):
        value = {str(key.value): plain(node) for key, node in value.value}
    if not isinstance(value, dict):
        raise FaultError(kind_of(value), "一组键值，如 {kind: link, title: …, url: …}")
    values = {str(key): _text(item) for key, item in value.items()}
    kind = values.pop("kind", "")
    if kind not in needed:
        *kinds, last = needed
        raise FaultError(f"kind {kind}".strip(), f"kind: {'、'.join(kinds)} 或 {last}")
    if unknown := [key for key in values if key not in _LIMITS]:
        raise FaultError(f"没有 {unknown[0]} 这个键", "、".join(_LIMITS))
    if missing := [key for key in needed[kind] if key not in values]:
        raise FaultError(f"{kind} 没有 {missing[0]}", f"{kind} 要有 {'、'.join(needed[kind])}")
    for key, text in values.items():
        limit = 64 if (kind, key) == ("miniprogram", "title") else _LIMITS[key]
        if (size := len(text.encode())) > limit:
            raise FaultError(f"{key} {size} 字节", f"最多 {limit} 字节")
    if "url" in values and not _is_web(values["url"]):
        raise FaultError(f"url {values['url']}", "http:// 或 https:// 开头的网址")
    return Attachment(kind=kind, **values)  # type: ignore[arg-type]  # checked above


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


READERS: dict[str, Callable[[Any], Any]] = {
    "id": _id,
    "question": _text,
    "similar": _texts,
    "heard": _texts,
    "answer": _answer,
    "variants": _answers,
    "attachments": _attachments,
    "category": _optional_text,
    "tags": _texts,
    "valid_from": _day,
    "valid_until": _day,
    "menu": _texts,
    "audience": _texts,
    "channels": _texts,
    "for_tags": _texts,
    "featured": _flag,
    "kind": _one_of("faq", "passage"),
    "heading": _optional_text,
    "page": _page,
    "place": _optional_text,
    "written_by": _one_of("people", "model"),
    "approved": _flag,
}
"""Every key that an entry may have."""
