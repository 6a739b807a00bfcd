"""The addresses under which a member reads and writes his notes about a customer (填写备注)."""

import re
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.errors import WeComError
from bot.model.remarks import Remark
from bot.web.sidebar.endpoint import Asked, SidebarEndpoint

Read = Callable[[str, str], Awaitable[Remark | None]]
"""What a member has written about a customer at WeCom; ``None`` = they are no friends."""

_LONGEST = 200
"""Characters that are passed on; the turn says what is too long."""

log = structlog.get_logger(__name__)


class RemarkForm:
    """A form that shows what stands at WeCom now, and writes nothing over what it has not shown.

    Args:
        read: asks WeCom.
    """

    def __init__(self, sidebar: SidebarEndpoint, read: Read) -> None:
        self._sidebar, self._read = sidebar, read

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            self._sidebar.get("remark", self._form),
            self._sidebar.post("remark", self._edit),
        ]

    async def _form(self, asked: Asked) -> web.StreamResponse:
        found, state = None, "stranger"
        try:
            found = await self._read(asked.visitor.who.userid, asked.sight.external_userid)
        except WeComError as error:
            log.warning("remark.unread", error=type(error).__name__)
            state = "failed"
        return self._sidebar.part(
            "remark.html", remark=found, state=state, **self._sidebar.common(asked)
        )

    async def _edit(self, asked: Asked) -> web.StreamResponse:
        form = asked.form
        mobiles = [one.strip() for one in re.split(r"[\s,，;；]+", form.get("mobiles", ""))]
        data = {name: form.get(name, "").strip()[:_LONGEST] for name in ("remark", "description")}
        data |= {"seen": form.get("seen", "")[:64]}
        kept = [one[:_LONGEST] for one in mobiles if one][:20]
        return await self._sidebar.acted(asked, "remarks.edit", {**data, "mobiles": kept})
