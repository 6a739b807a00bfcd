"""The addresses of what behaviours show of a customer: all of it, or one panel page by page."""

from aiohttp import web

from bot.web.sidebar.endpoint import Asked, SidebarEndpoint

LONGEST_PLACE = 200


class Beside:
    """Panels of the behaviours."""

    def __init__(self, sidebar: SidebarEndpoint) -> None:
        self._sidebar = sidebar

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            self._sidebar.get("panels", self._panels),
            self._sidebar.get("lines", self._lines),
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
