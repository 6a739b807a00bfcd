"""The addresses of what behaviours show of a customer, and of what somebody decides about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.policy.roles import Who
from bot.web.door import Visitor
from bot.web.sidebar.endpoint import PATH, Asked, SidebarEndpoint

LONGEST_PLACE = 200
DECISIONS = frozenset({"referral.decide"})
"""Actions that a panel asks for; the turn judges who may."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A customer about whom something waits to be decided.

    Args:
        panel: where that is shown, and decided.
        at: since when the first of it waits.
    """

    external_userid: str
    panel: str
    label: str
    value: str
    at: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one member.

    Args:
        others: how many customers more, whom he may not see.
    """

    title: str
    shown: tuple[Waiter, ...]
    others: int


class Beside:
    """Panels of the behaviours.

    Args:
        waiting: what waits for a member, ``None`` = he decides nothing.
    """

    def __init__(
        self, sidebar: SidebarEndpoint, waiting: Callable[[Who], Awaitable[Waiting | None]]
    ) -> None:
        self._sidebar, self._waiting = sidebar, waiting

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            self._sidebar.get("panels", self._panels),
            self._sidebar.get("lines", self._lines),
            self._sidebar.post("decide", self._decide),
            web.get(f"{PATH}/waiting", self._sidebar.door.read(self._waits), allow_head=False),
        ]

    async def _panels(self, asked: Asked) -> web.StreamResponse:
        reader, now = self._sidebar.parts.reader, self._sidebar.clock.now()
        panels = await reader.beside(asked.visitor.who, asked.sight, now)
        return self._sidebar.part("panels.html", panels=panels, **self._sidebar.common(asked))

    async def _lines(self, asked: Asked) -> web.StreamResponse:
        """The lines of one panel; one that fails says so, and can be asked again."""
        name, after = asked.form.get("name", ""), asked.form.get("after", "")[:LONGEST_PLACE]
        reader, now = self._sidebar.parts.reader, self._sidebar.clock.now()
        who = asked.visitor.who
        shown = await reader.lines(who, asked.sight, now, name=name, after=after)
        if shown is None:
            return self._sidebar.door.refused(400)
        return self._sidebar.part(
            "lines.html", one=shown, after=after, **self._sidebar.common(asked)
        )

    async def _decide(self, asked: Asked) -> web.StreamResponse:
        name = asked.form.get("name", "")
        if name not in DECISIONS:
            return self._sidebar.door.refused(400)
        data = {key: asked.form.get(key, "")[:200] for key in ("ref", "choice", "why")}
        return await self._sidebar.acted(asked, name, data)

    async def _waits(self, _request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What waits for whoever asks; of customers whom he may not see, the number."""
        found = await self._waiting(visitor.who)
        return self._sidebar.part("waiting.html", waiting=found or Waiting("", (), 0))
