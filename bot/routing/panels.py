"""What do behaviours show of a customer beside the conversation (`@router.panel`)?

A panel is lines, never markup: what a customer wrote cannot become part of a page. One that fails
or takes too long is left out, and the others are shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from bot.model import Conversation
from bot.routing.phrases import Phrases

if TYPE_CHECKING:
    from bot.routing.router import Registration, Router

WITHIN_S = 0.15

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """Whom a panel is about.

    Args:
        conversation: at which account, ``None`` = none is meant.
        userid: the member who looks.
        now: Unix seconds.
        phrases: where its texts are.
    """

    external_userid: str
    conversation: Conversation | None
    userid: str
    now: float
    phrases: Phrases


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line: what it is, what it says, and why or since when."""

    label: str
    value: str
    hint: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """What one behaviour has to show.

    Args:
        more: shown once somebody wants to see it.
    """

    title: str
    lines: tuple[PanelLine, ...]
    more: tuple[PanelLine, ...] = ()


PanelHandler = Callable[..., Awaitable[Panel | None]]


class Panels:
    """Every panel, in the order of the routers.

    Args:
        supplies: what panels may ask for beside `About`, by type.
    """

    def __init__(self, routers: "Sequence[Router]", supplies: Mapping[type, object]) -> None:
        self._panels = [panel for router in routers for panel in router.panels]
        self._supplies = supplies

    async def of(self, about: About) -> list[tuple[str, Panel]]:
        """What there is to show, each with its name."""
        found = []
        for registration in self._panels:
            panel = await self._one(registration, about)
            if panel is not None:
                found.append((registration.tag or registration.name, panel))
        return found

    async def _one(self, registration: "Registration", about: About) -> Panel | None:
        arguments: dict[str, Any] = {
            name: about if kind is About else self._supplies[kind]
            for name, kind in registration.needs.items()
        }
        try:
            async with asyncio.timeout(WITHIN_S):
                panel = await registration.handler(**arguments)
        except Exception as error:  # one panel must not cost a servicer the others
            log.error("panel.failed", panel=registration.name, error=type(error).__name__)
            return None
        return panel if isinstance(panel, Panel) else None
