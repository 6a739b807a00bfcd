"""What do behaviours show of a customer beside the conversation (`@router.panel`)?

A panel is lines, never markup: what a customer wrote cannot become part of a page. One that fails
says so in its own place, one that takes too long is fetched later, and the others are shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog

from bot.model import Conversation
from bot.policy.roles import Role
from bot.routing.phrases import Phrases

if TYPE_CHECKING:
    from bot.routing.router import Registration, Router

AT_FIRST_S = 0.1
"""So long the first paint waits for a panel (R-12.3)."""

ALONE_S = 5.0
"""So long one that is fetched by itself may take."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """Whom a panel is about.

    Args:
        conversation: at which account, ``None`` = none is meant.
        userid: the member who looks.
        now: Unix seconds.
        phrases: where its texts are.
        after: `Panel.next` of the page before, empty = the first.
        name_of: what a member is called, by userid.
        roles: of the member who looks.
    """

    external_userid: str
    conversation: Conversation | None
    userid: str
    now: float
    phrases: Phrases
    after: str = ""
    name_of: Callable[[str], str] = str
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """What whoever looks is to decide about a line, with a reason.

    Args:
        action: name of the `StaffAction` that it becomes; its `data` are `ref`, `choice`, `why`.
        choices: value and label of each button.
        why: what the field for the reason is called.
    """

    action: str
    ref: str
    choices: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line: what it is, what it says, why or since when, and what is to be decided."""

    label: str
    value: str
    hint: str = ""
    at: float | None = None
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """What one behaviour has to show.

    Args:
        lines: none = there is nothing yet, and the page says so.
        brief: a few words for whoever has not opened it.
        more: shown once somebody wants to see it.
        next: where the next page begins, empty = this is the last one.
    """

    lines: tuple[PanelLine, ...]
    brief: str = ""
    more: tuple[PanelLine, ...] = ()
    next: str = ""


class State(StrEnum):
    """How a panel stands on a page."""

    SHOWN = "shown"
    EMPTY = "empty"
    LATER = "later"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel in its place on the page.

    Args:
        empty: what is said where there is nothing.
        on_demand: whether it is fetched only when somebody opens it.
    """

    name: str
    title: str
    empty: str
    state: State
    panel: Panel
    on_demand: bool = False


PanelHandler = Callable[..., Awaitable[Panel | None]]

_NOTHING = Panel(())


class Panels:
    """Every panel, in the order of the routers.

    Args:
        supplies: what panels may ask for beside `About`, by type.
    """

    def __init__(self, routers: "Sequence[Router]", supplies: Mapping[type, object]) -> None:
        self._panels = {str(one.tag): one for router in routers for one in router.panels}
        self._supplies = supplies

    async def of(self, about: About) -> list[Shown]:
        """Every panel that this company has, as far as it is read within a moment."""
        found = await asyncio.gather(*(self._at_first(name, about) for name in self._panels))
        return [one for one in found if one is not None]

    async def one(self, name: str, about: About) -> Shown | None:
        """One panel, or its next page; ``None`` when there is none of this name."""
        if name not in self._panels:
            return None
        return await self._read(name, about, ALONE_S, State.FAILED)

    async def _at_first(self, name: str, about: About) -> Shown | None:
        if self._panels[name].on_demand:
            return self._shown(name, about, State.LATER)
        return await self._read(name, about, AT_FIRST_S, State.LATER)

    async def _read(self, name: str, about: About, within_s: float, late: State) -> Shown | None:
        registration = self._panels[name]
        try:
            async with asyncio.timeout(within_s):
                panel = await registration.handler(**self._arguments(registration, about))
        except TimeoutError:
            log.warning("panel.late", panel=registration.name, within_s=within_s)
            return self._shown(name, about, late)
        except Exception as error:  # one panel must not cost a servicer the others
            log.error("panel.failed", panel=registration.name, error=type(error).__name__)
            return self._shown(name, about, State.FAILED)
        if not isinstance(panel, Panel):
            return None
        state = State.SHOWN if panel.lines else State.EMPTY
        return self._shown(name, about, state, panel)

    def _arguments(self, registration: "Registration", about: About) -> dict[str, Any]:
        return {
            name: about if kind is About else self._supplies[kind]
            for name, kind in registration.needs.items()
        }

    def _shown(self, name: str, about: About, state: State, panel: Panel = _NOTHING) -> Shown:
        say = about.phrases.say
        title, empty = say(f"{name}.panel"), say(f"{name}.panel_empty")
        return Shown(name, title, empty, state, panel, self._panels[name].on_demand)
