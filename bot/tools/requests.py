"""Which request asks a tool? Pure: configuration, arguments and identity in, request out.

Scheme, host and port are those of the configuration whatever is filled in: values are encoded, and
a path segment is never ``.`` or ``..``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from bot.config import Tool
from bot.config.tools import IDENTITY, PLACEHOLDER, SECRET
from bot.errors import ToolFailed

Arguments = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready to be made."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None


def request_for(
    tool: Tool, arguments: Arguments, identity: str | None, key: str | None = None
) -> Request:
    """The request that asks the tool.

    Args:
        arguments: as `checked` gave them.
        identity: who the customer is in the other system, where the tool wants to know.
        key: by which the other system knows a repeat, where the tool writes.

    Raises:
        ToolFailed: a value cannot stand in a path.
    """
    values: dict[str, str | int] = dict(arguments)
    if identity is not None:
        values[IDENTITY] = identity
    secret = tool.secret.get_secret_value()
    headers = {name: text.replace(f"{{{SECRET}}}", secret) for name, text in tool.headers.items()}
    if secret and not tool.headers:
        headers["Authorization"] = f"Bearer {secret}"
    headers["Accept"] = "application/json"
    if key is not None and tool.writes is not None:
        headers[tool.writes.key_header] = key
    body = None
    if tool.method == "POST":
        body = msgspec.json.encode(_filled(tool.body or {}, values))
        headers["Content-Type"] = "application/json"
    return Request(tool.method, _url(tool.url, values), headers, body)


def _url(template: str, values: Arguments) -> str:
    parts = urlsplit(template)
    path = "/".join(_segment(segment, values) for segment in parts.path.split("/"))
    pairs = [
        (key, filled)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if (filled := _text(value, values)) is not None
    ]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs, quote_via=quote), ""))


def _segment(template: str, values: Arguments) -> str:
    if not PLACEHOLDER.search(template):
        return template
    text = _text(template, values) or ""
    if not text.strip("."):
        raise ToolFailed("arguments", "a value that climbs the path")
    return quote(text, safe="")


def _text(template: str, values: Arguments) -> str | None:
    """The template with its values; ``None`` when one of them was not given."""
    if any(name not in values for name in PLACEHOLDER.findall(template)):
        return None
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), template)


def _filled(template: Any, values: Arguments) -> Any:
    """A body in which each text that is a placeholder has become its value; absent ones go."""
    if isinstance(template, Mapping):
        filled = {key: _filled(value, values) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not None}
    if isinstance(template, list | tuple):
        return [_filled(item, values) for item in template]
    if isinstance(template, str) and (found := PLACEHOLDER.fullmatch(template)):
        return values.get(found[1])
    return template
