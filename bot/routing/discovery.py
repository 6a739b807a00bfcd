"""Which behaviours are there? Every module or folder of `handlers/` that holds a `router`."""

import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from bot.errors import Misconfigured
from bot.model import Event
from bot.routing.filters import Says
from bot.routing.phrases import Phrases
from bot.routing.router import Registration, Router


def discover(package: ModuleType) -> list[Router]:
    """Import every behaviour of a package, in the order in which they are asked.

    Raises:
        Misconfigured: a file without a router, or a name used twice; the message names the file.
    """
    routers: dict[str, Router] = {}
    for info in pkgutil.iter_modules(package.__path__):
        place = f"{package.__name__}.{info.name}" + (".router" if info.ispkg else "")
        router = getattr(importlib.import_module(place), "router", None)
        if not isinstance(router, Router):
            raise Misconfigured(f"{place.replace('.', '/')}.py has no `router`")
        if router.name != info.name:
            raise Misconfigured(
                f"{place.replace('.', '/')}.py: its router is named {router.name!r}, "
                f"expected {info.name!r}"
            )
        routers[router.name] = router
    return in_order(routers.values())


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
    """Stop start-up when a handler wants something that nobody supplies.

    Raises:
        Misconfigured: names every such parameter and every key without words.
    """
    known = set(supplied)
    problems = []
    for router in routers:
        for registration in (*router.messages, *router.observers, *router.events):
            problems += [
                f"{registration.name}: nobody supplies parameter {name!r} of type {kind!r}"
                for name, kind in registration.needs.items()
                if kind not in known and not _is_event(kind)
            ]
            problems += [
                f"{registration.name}: no trigger words {missing!r} in prompts/replies"
                for missing in _missing_words(registration, phrases)
            ]
    if problems:
        raise Misconfigured("; ".join(problems))


def _is_event(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Event)


def _missing_words(registration: Registration, phrases: Phrases) -> list[str]:
    said = [part.key for part in registration.filters if isinstance(part, Says)]
    return [key for key in said if not phrases.has_words(key)]
