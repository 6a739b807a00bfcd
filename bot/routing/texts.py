"""Which texts does a behaviour name, and has somebody written them?"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable

from bot.routing.phrases import Phrases
from bot.routing.router import Registration, Router

_KEY = re.compile(r"[a-z_]+\.[a-z_]*[a-z]")


def unwritten(router: Router, phrases: Phrases) -> list[str]:
    """Keys that a behaviour names and nobody wrote.

    A text is a literal ``<prompts file>.<name>`` in its source; names of handlers, timers
    and emitted events look alike and are told by their registration.
    """
    registrations = (*router.messages, *router.observers, *router.events)
    registered = {name for one in registrations for name in (one.name, one.tag)}
    files = phrases.files | {router.name}
    return sorted(
        key
        for key in _literals(registrations)
        if key.partition(".")[0] in files
        and key not in registered
        and not phrases.has_reply(key)
        and not phrases.has_words(key)
    )


def _literals(registrations: Iterable[Registration]) -> set[str]:
    modules = {registration.handler.__module__ for registration in registrations}
    found: set[str] = set()
    for name in modules:
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[name]))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if _KEY.fullmatch(node.value) else set()
    return found
