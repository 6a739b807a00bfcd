"""What may other systems read of campaigns? `GET /api/v1/campaigns`, with a token."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from bot.web.bearer import failed, refusal

PATH = "/api/v1/campaigns"


class CampaignEndpoint:
    """The campaigns, and the figures of one, as JSON.

    Args:
        every: tells which there are.
        figures: of one by its id, ``None`` = there is none.
        token: what a caller must show as a bearer; empty = there is no such address.
    """

    def __init__(
        self,
        every: Callable[[], Awaitable[list[dict[str, Any]]]],
        figures: Callable[[str], Awaitable[dict[str, Any] | None]],
        token: str,
    ) -> None:
        self._every, self._figures, self._token = every, figures, token.encode()
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get(PATH, self._list, allow_head=False),
            web.get(PATH + "/{campaign}", self._one, allow_head=False),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        if (refused := refusal(request, self._token)) is not None:
            return refused
        return _json({"campaigns": await self._every()})

    async def _one(self, request: web.Request) -> web.Response:
        if (refused := refusal(request, self._token)) is not None:
            return refused
        async with self._one_at_a_time:
            found = await self._figures(request.match_info["campaign"])
        return failed(404, "no such campaign") if found is None else _json(found)


def _json(told: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(told), content_type="application/json")
