"""Which behaviours are there? Every module or folder of `handlers/` that holds a `router`.

In a folder the router stands in `router.py`; the modules named ``on_…`` register on it, in the
order of their names.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from bot.errors import Misconfigured
from bot.model import MessageReceived
from bot.routing.filters import Says
from bot.routing.panels import About
from bot.routing.phrases import Phrases
from bot.routing.router import Registration, Router
from bot.routing.texts import unwritten
from bot.routing.turn import Turn

PART = "on_"
"""Beginning of the names of modules that register on their folder's router."""


def discover(package: ModuleType) -> list[Router]:
    """Import every behaviour of a package, in the order in which they are asked.

    Raises:
        Misconfigured: a file without a router, or a name used twice; the message names the file.
    """
    routers: dict[str, Router] = {}
    for info in pkgutil.iter_modules(package.__path__):
        place = f"{package.__name__}.{info.name}" + (".router" if info.ispkg else "")
        router = getattr(importlib.import_module(place), "router", None)
        if info.ispkg:
            _import_parts(f"{package.__name__}.{info.name}")
        if not isinstance(router, Router):
            raise Misconfigured(f"{place.replace('.', '/')}.py has no `router`")
        if router.name != info.name:
            raise Misconfigured(
                f"{place.replace('.', '/')}.py: its router is named {router.name!r}, "
                f"expected {info.name!r}"
            )
        routers[router.name] = router
    return in_order(routers.values())


def _import_parts(place: str) -> None:
    """Import what registers on the router of a folder: nothing of it can be forgotten."""
    folder = importlib.import_module(place)
    for info in pkgutil.iter_modules(folder.__path__):
        if info.name.startswith(PART):
            importlib.import_module(f"{place}.{info.name}")


def in_order(routers: Iterable[Router]) -> list[Router]:
    """Routers in the order in which they are asked: by stage, then by name."""
    return sorted(routers, key=lambda router: (router.stage, router.name))


def migration_folders(package: ModuleType) -> list[tuple[str, Path]]:
    """Behaviours that bring tables, with the folder of their migrations."""
    folders = []
    for root in package.__path__:
        folders += [
            (f"handlers.{path.parent.name}", path) for path in Path(root).glob("*/migrations")
        ]
    return sorted(folders)


def check_needs(routers: Iterable[Router], supplied: Iterable[type], phrases: Phrases) -> None:
    """Stop start-up when a behaviour could only fail in front of a customer.

    Raises:
        Misconfigured: names every parameter that nobody supplies, every handler that could never
            run, and every text and trigger word that nobody wrote.
    """
    known = set(supplied)
    problems = []
    for router in routers:
        for registration in (*router.messages, *router.observers, *router.events):
            problems += [
                f"{registration.name}: {problem}"
                for problem in _problems(registration, known, phrases)
            ]
        for panel in router.panels:
            found = _panel_problems(panel, known, phrases)
            problems += [f"{panel.name}: {why}" for why in found]
        problems += [
            f"{router.name}: nobody wrote {key!r} in prompts/replies, nor is a handler, timer or"
            f" event registered by that name"
            for key in unwritten(router, phrases)
        ]
    if problems:
        raise Misconfigured("; ".join(problems))


def _panel_problems(panel: Registration, known: set[type], phrases: Phrases) -> Iterator[str]:
    for key in (f"{panel.tag}.panel", f"{panel.tag}.panel_empty"):
        if not phrases.has_reply(key):
            yield f"nobody wrote {key!r} in prompts/replies"
    if not inspect.iscoroutinefunction(panel.handler):
        yield "is no `async def`"
    for name, kind in panel.needs.items():
        if kind is not About and (kind is Turn or kind not in known):
            yield f"nobody supplies parameter {name!r} of type {getattr(kind, '__name__', kind)}"


def _problems(registration: Registration, known: set[type], phrases: Phrases) -> Iterator[str]:
    if not inspect.iscoroutinefunction(registration.handler):
        yield "is no `async def`"
    for part in registration.filters:
        if isinstance(part, Says) and not phrases.has_words(part.key):
            yield f"nobody wrote trigger words {part.key!r} in prompts/replies"
    if registration.event is MessageReceived:
        yield "messages are routed by `@router.message`, not by `on`"
    given = registration.event or MessageReceived
    for name, kind in registration.needs.items():
        if kind not in known and kind is not given:
            yield f"nobody supplies parameter {name!r} of type {getattr(kind, '__name__', kind)}"
