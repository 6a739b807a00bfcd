"""Where does a link of ours lead, and was it a person who opened it? `/t/<token>`.

The target is stored with the token, and nothing of a request decides where it leads. Every tap
leads there; it is counted only if a person seems to have opened it, and told of its customer only
if he has agreed to be profiled.
"""

import re
from collections import deque
from collections.abc import Callable

import structlog
from aiohttp import web

from bot.errors import ConciergeError
from bot.model import Emitted, Lane
from bot.model.consents import Purpose, Standing
from bot.model.events import MATERIAL_OPENED
from bot.ports import Clock
from bot.store import Arrival, Sent, Store, Unit
from bot.telemetry import new_trace_id

PATH = "/t"
ONE_OPENING_S = 600
"""What is opened again so soon is the same opening."""

COUNTED_PER_MINUTE = 600
"""Of everybody together: a flood leads on, and is not counted."""

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FETCHERS = re.compile(
    r"bot\b|bot[/;]|crawl|spider|preview|scan|fetch|curl|wget|python|java/|go-http|okhttp|axios"
    r"|libwww|facebookexternalhit|whatsapp|slack|validator",
    re.IGNORECASE,
)
"""What looks at links for others: previews, searches, virus scanners."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

log = structlog.get_logger(__name__)


class LinksEndpoint:
    """The links that were sent with materials.

    Args:
        woken: told whose mailbox has something new.
    """

    def __init__(self, store: Store, clock: Clock, woken: Callable[[str, Lane], None]) -> None:
        self._store, self._clock, self._woken = store, clock, woken
        self._counted: deque[float] = deque()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [web.get(f"{PATH}/{{token}}", self._open)]

    async def _open(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        found = await self._store.links.target(token) if _TOKEN.fullmatch(token) else None
        if found is None:
            raise web.HTTPNotFound(headers=_HEADERS)
        url, material = found
        if is_person(request) and not self._is_flood():
            try:
                await self._count(token, material)
            except ConciergeError as error:  # whoever tapped goes on all the same
                log.warning("link.not_counted", error=type(error).__name__)
        return web.Response(status=302, headers={**_HEADERS, "Location": url})

    async def _count(self, token: str, material: str) -> None:
        """For everybody one more; of the customer only if he has agreed to it."""
        now, unit = self._clock.now(), Unit()
        self._store.links.counted(unit, material)
        sent = await self._store.links.sent(token)
        if sent is not None and await self._agreed(sent):
            subject = f"customer:{sent.external_userid}"
            event = Emitted(
                name=MATERIAL_OPENED,
                data={"token": token, **await self._about(material)},
                open_kfid=sent.open_kfid,
                external_userid=sent.external_userid,
            )
            key = f"opened:{token}:{int(now // ONE_OPENING_S)}"
            arrival = Arrival(subject, event, Lane.BACKGROUND, key, now, trace_id=new_trace_id())
            await self._store.mailbox.deliver(unit, [arrival], now)
            await self._store.database.commit(unit)
            self._woken(subject, Lane.BACKGROUND)
            return
        await self._store.database.commit(unit)

    async def _agreed(self, sent: Sent) -> bool:
        standing = await self._store.consents.standing(sent.external_userid, Purpose.PROFILING_TAGS)
        return standing is Standing.GIVEN

    async def _about(self, material: str) -> dict[str, str]:
        known = await self._store.materials.get(material)
        return {
            "material": material,
            "title": known.title if known else material,
            "category": known.category if known else "",
        }

    def _is_flood(self) -> bool:
        now = self._clock.now()
        while self._counted and self._counted[0] <= now - 60:
            self._counted.popleft()
        if len(self._counted) >= COUNTED_PER_MINUTE:
            return True
        self._counted.append(now)
        return False


def is_person(request: web.Request) -> bool:
    """Whether a person seems to have opened it, and not what looks at links for others."""
    headers = request.headers
    agent = headers.get("User-Agent", "")
    fetched_ahead = any(
        headers.get(name, "").lower().startswith(("prefetch", "preview", "prerender"))
        for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    )
    return (
        request.method == "GET"
        and not fetched_ahead
        and "Mozilla/" in agent
        and _FETCHERS.search(agent) is None
        and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    )
