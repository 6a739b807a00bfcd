"""How does a behaviour plug in? A `Router` collects its handlers; discovery finds the router."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, get_type_hints

from bot.model import Event, StaffAction
from bot.routing.filters import Filter
from bot.routing.panels import PanelHandler
from bot.store import Table

Handler = Callable[..., Awaitable[None]]


class Stage(IntEnum):
    """In which order routers are asked; within a stage by name."""

    GUARD = 10
    SESSION = 20
    HUMAN = 30
    CAMPAIGN = 40
    ANSWER = 50
    FALLBACK = 90


@dataclass(frozen=True, slots=True)
class Registration:
    """One handler function and when it is asked.

    Args:
        event: type of event; messages are routed by `filters`.
        tag: for results of effects, timers and emitted events: only those with this name.
        needs: parameter names and their types, supplied by type.
        on_demand: of a panel: whether it is read only when somebody opens it.
    """

    name: str
    handler: Callable[..., Awaitable[object]]
    needs: dict[str, type]
    event: type[Event] | None = None
    tag: str | None = None
    filters: tuple[Filter, ...] = ()
    on_demand: bool = False


@dataclass(slots=True)
class Router:
    """The handlers of one behaviour.

    Args:
        name: unique; equals the file's or folder's name, and the prefix of its texts.
        stage: when it is asked for messages.
        tables: what its migrations create.
    """

    name: str
    stage: Stage
    tables: tuple[Table, ...] = ()
    messages: list[Registration] = field(default_factory=list)
    observers: list[Registration] = field(default_factory=list)
    events: list[Registration] = field(default_factory=list)
    panels: list[Registration] = field(default_factory=list)

    def message(self, *filters: Filter) -> Callable[[Handler], Handler]:
        """Answer a customer's message that every filter accepts.

        A handler that decides nothing and does not call `turn.settle` has declined, and the next
        one is asked. Whatever it decides owns the message, a timer or a record too; `cancel`, a tag
        or a judgement alone does not.
        """

        def register(handler: Handler) -> Handler:
            self.messages.append(self._registration(handler, filters=filters))
            return handler

        return register

    def observe(self) -> Callable[[Handler], Handler]:
        """See every message, also while people own the conversation.

        May only record, tag, emit, and say that the message opens no case.
        """

        def register(handler: Handler) -> Handler:
            self.observers.append(self._registration(handler))
            return handler

        return register

    def on(self, event: type[Event], tag: str | None = None) -> Callable[[Handler], Handler]:
        """Act on anything but a message; all of them run, in stage order, without middleware."""

        def register(handler: Handler) -> Handler:
            self.events.append(self._registration(handler, event=event, tag=tag))
            return handler

        return register

    def action(self, name: str) -> Callable[[Handler], Handler]:
        """Act on what a member of staff did about a customer: the `StaffAction` of this name."""
        return self.on(StaffAction, tag=name)

    def panel(
        self, name: str, *, on_demand: bool = False
    ) -> Callable[[PanelHandler], PanelHandler]:
        """Show members something about a customer beside the conversation.

        Its title is the text ``<name>.panel``, what stands there while there are no lines
        ``<name>.panel_empty``; ``None`` = nobody here has anything to do with it.

        Args:
            on_demand: read only when somebody opens it.
        """

        def register(handler: PanelHandler) -> PanelHandler:
            registration = self._registration(handler, tag=name)
            self.panels.append(replace(registration, on_demand=on_demand))
            return handler

        return register

    def _registration(
        self,
        handler: Callable[..., Awaitable[object]],
        *,
        event: type[Event] | None = None,
        tag: str | None = None,
        filters: tuple[Filter, ...] = (),
    ) -> Registration:
        hints: dict[str, Any] = get_type_hints(handler)
        needs = {name: hints.get(name, object) for name in inspect.signature(handler).parameters}
        return Registration(f"{self.name}.{handler.__name__}", handler, needs, event, tag, filters)
