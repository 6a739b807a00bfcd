"""What happens on the way from an advertisement to WeCom? `/l/<channel>`.

A page without a script: a notice, one button, and choices that nobody has ticked beforehand. It
works without any of them, remembers no address and no device, and leads nowhere but to WeCom.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.config import Channel
from bot.model.consents import Purpose
from bot.ports import Clock
from bot.store import CHANNEL, Store, Unit
from bot.store.visits import Came
from bot.web.code_images import draw_png
from bot.web.visitors import WINDOW_S, Visitors

HERE = Path(__file__).parent
PURPOSES = (Purpose.MARKETING, Purpose.PROFILING_TAGS)
"""What is asked about on the page, each by itself (R-15.1)."""

WECOM = "work.weixin.qq.com"
PAGES_PER_MINUTE = 600
"""Pages and taps of everybody together: a flood fills the disk otherwise."""

MOST_UTM = 64
MOST_FORM_BYTES = 4_096
_TOKEN_BYTES = 14
"""28 characters: a state has at most 30 (R-3.1)."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self';"
        f" form-action 'self' https://{WECOM}; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

log = structlog.get_logger(__name__)

Say = Callable[[str], str]
"""A text of `prompts/replies/landing.yaml`, filled."""


class LandingEndpoint:
    """The landing pages of all channels.

    Args:
        say: the texts.
        company: who asks.
        notice_version: of the notice on the page; consents name it.
        root: path under which browsers see us, without a slash at its end.
        visitors: counts what each of them asks for.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        say: Say,
        *,
        company: str,
        notice_version: str,
        visitors: Visitors,
        root: str = "",
    ) -> None:
        self._store, self._clock, self._say, self._visitors = store, clock, say, visitors
        self._company, self._version, self._root = company, notice_version, root
        self._seen: deque[float] = deque()
        self._style = (HERE / "static" / "landing.css").read_bytes()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get("/l/landing.css", self._stylesheet),
            web.get("/l/{channel}", self._page, allow_head=False),
            web.post("/l/{channel}", self._go),
            web.get("/l/{channel}/code", self._code, allow_head=False),
            web.get("/l/{channel}/code.png", self._picture, allow_head=False),
        ]

    async def _stylesheet(self, _request: web.Request) -> web.Response:
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=self._style, content_type="text/css", headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        if (refused := self._flooded(request)) is not None:
            return refused
        channel = await self._channel(request)
        token = secrets.token_hex(_TOKEN_BYTES)
        if request.headers.get("Sec-Purpose", "").startswith("prefetch"):
            return web.Response(status=204, headers=_HEADERS)  # nobody has opened anything
        unit = Unit()
        self._store.visits.opened(unit, token, channel.id, _came(request), self._clock.now())
        await self._store.database.commit(unit)
        purposes = [(one.value, self._say(f"landing.{one.value}")) for one in PURPOSES]
        return self._render("page.html", channel, visit=token, purposes=purposes)

    async def _go(self, request: web.Request) -> web.Response:
        """Note the tap and what was ticked, then go on: to WeCom, or to the code."""
        if (refused := self._flooded(request)) is not None:
            return refused
        channel = await self._channel(request)
        form = await _form(request)
        visit = await self._store.visits.get(form.get("visit", ""))
        token = visit.token if visit and visit.channel == channel.id else ""
        if token:
            await self._tapped(channel, token, form)
        return web.Response(
            status=303, headers={**_HEADERS, "Location": await self._way(channel, token)}
        )

    async def _tapped(self, channel: Channel, token: str, form: Mapping[str, str]) -> None:
        unit, now = Unit(), self._clock.now()
        choices = {one.value: form.get(one.value) == "yes" for one in PURPOSES}
        self._store.visits.tapped(unit, token, choices, self._version, now)
        if channel.link:  # comes back as the state of a friendship
            self._store.channels.claim(unit, token, CHANNEL, channel.id, now)
        await self._store.database.commit(unit)

    async def _way(self, channel: Channel, token: str) -> str:
        """Where the button leads: an address of WeCom, or our page with the code."""
        if channel.link:
            return f"{channel.link}?customer_channel={token or channel.id}"
        url = (await self._store.ways.get(channel.id)).says if channel.kind == "kf" else ""
        if urlsplit(url).scheme == "https" and urlsplit(url).hostname == WECOM:
            return f"{url}&scene_param={quote(token)}" if token and "?" in url else url
        return f"{self._root}/l/{channel.id}/code"

    async def _code(self, request: web.Request) -> web.Response:
        return self._render("code.html", await self._channel(request))

    async def _picture(self, request: web.Request) -> web.Response:
        if (refused := self._flooded(request)) is not None:
            return refused
        channel = await self._channel(request)
        content = (await self._store.ways.get(channel.id)).says
        if not content:
            raise web.HTTPNotFound(headers=_HEADERS)
        body = await asyncio.to_thread(draw_png, content)
        return web.Response(body=body, content_type="image/png", headers=_HEADERS)

    async def _channel(self, request: web.Request) -> Channel:
        row = await self._store.channels.get(request.match_info["channel"])
        if row is None:
            raise web.HTTPNotFound(headers=_HEADERS)
        return row.channel

    def _render(self, name: str, channel: Channel, **values: object) -> web.Response:
        keys = ("title", "lead", "go", "optional", "notice_title", "code_title")
        say: dict[str, object] = {key: self._say(f"landing.{key}") for key in keys}
        hint = "group_hint" if channel.kind == "group" else "code_hint"
        say["code_hint"] = self._say(f"landing.{hint}")
        say["notice"] = self._say("landing.notice").splitlines()
        text = self._templates.get_template(name).render(
            say=say, root=self._root, company=self._company, channel=channel.id, **values
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    def _flooded(self, request: web.Request) -> web.Response | None:
        """A page that asks to come back later, for one who asks too often or when all do.

        Whoever asks too often takes nothing from what all may ask for together.
        """
        if self._visitors.too_often(request) or self._are_too_many():
            return self._busy()
        return None

    def _are_too_many(self) -> bool:
        now = self._clock.now()
        while self._seen and self._seen[0] <= now - WINDOW_S:
            self._seen.popleft()
        if len(self._seen) >= PAGES_PER_MINUTE:
            return True
        self._seen.append(now)
        return False

    def _busy(self) -> web.Response:
        say = {key: self._say(f"landing.{key}") for key in ("busy_title", "busy")}
        text = self._templates.get_template("busy.html").render(
            say=say, root=self._root, company=self._company
        )
        headers = {**_HEADERS, "Retry-After": f"{WINDOW_S:.0f}"}
        return web.Response(status=429, text=text, content_type="text/html", headers=headers)


def _came(request: web.Request) -> Came:
    def utm(name: str) -> str:
        return _plain(request.query.get(f"utm_{name}", ""))

    try:
        referrer = urlsplit(request.headers.get("Referer", "")).hostname or ""
    except ValueError:
        referrer = ""
    return Came(utm("source"), utm("medium"), utm("campaign"), _plain(referrer))


def _plain(text: str) -> str:
    """A short line without signs that hide or turn text."""
    return "".join(char for char in text if char.isprintable()).strip()[:MOST_UTM]


async def _form(request: web.Request) -> Mapping[str, str]:
    if (request.content_length or 0) > MOST_FORM_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_FORM_BYTES, request.content_length or 0)
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
