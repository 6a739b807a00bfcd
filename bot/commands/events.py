"""What can lie in a mailbox, field by field? Told by the model itself."""

import inspect
import json
import types
import typing
from collections.abc import Iterator

import msgspec

from bot.model.events import AnyEvent

_HEAD = """# Events

Whatever happens is one of these and lies in a mailbox (`bot/model/events.py`). Printed by
`concierge events`; `concierge events --json` prints the same as a JSON Schema. Times are Unix
seconds. Fields may be added, and then have a default; none is taken away or given another meaning
while rows of an older version can still be read.
"""


def page() -> str:
    """All of it for people, in Markdown."""
    return "\n".join([_HEAD, *(line for event in _events() for line in _section(event))])


def schema() -> str:
    """All of it for programs, as a JSON Schema."""
    return json.dumps(msgspec.json.schema(AnyEvent), indent=2, sort_keys=True)


def _events() -> tuple[type[msgspec.Struct], ...]:
    return typing.get_args(AnyEvent)


def _section(event: type[msgspec.Struct]) -> Iterator[str]:
    text, notes = _told(inspect.getdoc(event) or "")
    yield f"## {event.__name__}\n\n{text}\n"
    yield "| Field | Type | Default | |\n|---|---|---|---|"
    hints = typing.get_type_hints(event)
    for field in msgspec.structs.fields(event):
        kind = _kind(hints[field.name]).replace("|", "\\|")
        yield f"| `{field.name}` | {kind} | {_default(field)} | {notes.get(field.name, '')} |"
    yield ""


def _told(doc: str) -> tuple[str, dict[str, str]]:
    """What a docstring says, and what it says of each field."""
    text, _, arguments = doc.partition("\n\nArgs:\n")
    notes: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(arguments).splitlines():
        begun, _, rest = line.partition(":") if not line.startswith(" ") else ("", "", line)
        name = begun or name
        notes[name] = f"{notes.get(name, '')} {rest.strip()}".strip()
    return " ".join(text.split()), notes


def _kind(hint: object) -> str:
    if isinstance(hint, types.UnionType):
        return " or ".join(_kind(one) for one in typing.get_args(hint))
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f"`{one}`" for one in typing.get_args(hint))
    if hint is type(None):
        return "nothing"
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{field.default_factory()!r}`"
    return "" if field.default is msgspec.NODEFAULT else f"`{field.default!r}`"
