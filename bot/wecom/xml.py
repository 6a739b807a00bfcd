"""How is a callback's XML read without trusting it?

No DTD, no entities, bounded depth and size; repeated elements are always lists.
"""

from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from defusedxml.ElementTree import DefusedXMLParser

from bot.errors import Unreadable

MAX_DEPTH = 12
MAX_ELEMENTS = 4_000
MAX_ENVELOPE_MARKUP = 100
REPEATED = frozenset(
    {"Item", "item", "AuthAddOpenKfId", "AuthDelOpenKfId", "SelectedItem", "OptionId"}
)
"""Elements that are lists even when there is only one (wecom-api §2.6, §3.16, §4.2, §5.5)."""

CONTAINERS = frozenset({"MemChangeList", "SelectedItems", "OptionIds", "Articles"})
"""Elements that hold others; empty, they are an empty mapping rather than an empty text."""

_ALIASES = {"OpitonIds": "OptionIds", "OpitonId": "OptionId"}  # both are sent (wecom-api §5.5)

Tree = dict[str, Any]


def read_xml(document: bytes) -> Tree:
    """The children of the root element: text, a mapping, or a list of either.

    Raises:
        Unreadable: not XML, or more than a callback ever holds.
    """
    target = _TreeTarget()
    try:
        parser = DefusedXMLParser(target=target, encoding="utf-8", forbid_dtd=True)
        parser.feed(document)
        parser.close()
    except (ParseError, ExpatError, ValueError, LookupError):
        # Forbidden declarations and undecodable bytes are ValueErrors.
        raise Unreadable("callback is not the XML it should be") from None
    return target.root


def encrypted_part(document: bytes) -> str:
    """The ciphertext inside the outer XML, exactly as received (wecom-api §2.10).

    This runs before the signature can be checked, so markup is counted before it is parsed:
    64 KiB of small elements would cost 10 ms, the count costs 50 µs.
    """
    if sum(map(document.count, (b"<", b"&", b'"', b"'"))) > MAX_ENVELOPE_MARKUP:
        raise Unreadable("callback envelope holds too much markup")
    encrypted = read_xml(document).get("Encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise Unreadable("callback carries no Encrypt element")
    return encrypted


def text_in(tree: Tree, name: str) -> str:
    """The text of an element, empty when there is none."""
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def seconds_in(tree: Tree) -> float:
    """CreateTime in Unix seconds, 0 when it is none."""
    text = text_in(tree, "CreateTime")
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0.0


class _TreeTarget:
    """Builds nested mappings while the parser runs, and stops it at the first excess."""

    def __init__(self) -> None:
        self.root: Tree = {}
        self._elements = 0
        self._open: list[tuple[str, Tree, list[str]]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise Unreadable("callback XML is too large or too deep")
        self._open.append((_ALIASES.get(tag, tag), {}, []))

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, tag: str) -> None:
        name, children, texts = self._open.pop()
        if not self._open:
            self.root = children
            return
        is_mapping = bool(children) or name in CONTAINERS
        _add(self._open[-1][1], name, children if is_mapping else "".join(texts).strip())

    def close(self) -> None:
        return None


def _add(parent: Tree, name: str, value: Any) -> None:
    known = parent.get(name)
    if known is None:
        parent[name] = [value] if name in REPEATED else value
    elif isinstance(known, list):
        known.append(value)
    else:
        parent[name] = [known, value]
