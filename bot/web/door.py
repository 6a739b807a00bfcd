"""Who is at the door of our pages, and may this request pass?

A page is asked for with a session cookie alone; a write needs the page's token too, and must come
from a page of ours (R-12.1). The door knows nobody's roles by heart: they are read each time.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from bot.policy.roles import People, Who
from bot.ports import Clock
from bot.store import WebSession, WebSessions
from bot.store.web_sessions import LASTS_S

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 — a header's name
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Handler = Callable[[web.Request, "Visitor"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks.

    Args:
        page_token: what a write must show beside the cookie.
    """

    who: Who
    session: WebSession
    page_token: str


class Door:
    """Lets members in who have signed in.

    Args:
        public_url: how browsers see us; ``None`` = a demo on this machine, reached by whatever
            loopback address the request names.
        headers: of every answer.
    """

    def __init__(
        self,
        sessions: WebSessions,
        people: People,
        clock: Clock,
        *,
        public_url: str | None,
        headers: Mapping[str, str],
    ) -> None:
        self.sessions, self.people, self._clock = sessions, people, clock
        self._public_url, self.headers = public_url, headers
        self.cookie = "__Host-concierge" if self.is_https else "concierge"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS."""
        return (self._public_url or "").startswith("https://")

    def base(self, request: web.Request) -> str:
        """Our address as this browser sees it; a foreign Host is refused, not believed.

        Raises:
            HTTPMisdirectedRequest: it is not ours.
        """
        if self._public_url is not None:
            return self._public_url
        host = urlsplit(f"//{request.host}").hostname or ""
        if host not in LOOPBACK:
            raise web.HTTPMisdirectedRequest(headers=self.headers)
        return f"http://{request.host}"

    def origin(self, request: web.Request) -> str:
        """Scheme, host and port of `base`."""
        parts = urlsplit(self.base(request))
        return f"{parts.scheme}://{parts.netloc}"

    # ------------------------------------------------------------------ letting in

    def page(
        self, handler: Handler, otherwise: Callable[[web.Request], web.Response]
    ) -> "Callable[[web.Request], Awaitable[web.StreamResponse]]":
        """A page that people open: whoever has not signed in is sent to do so.

        Args:
            otherwise: what sends them.
        """

        async def guarded(request: web.Request) -> web.StreamResponse:
            self.base(request)
            visitor = await self._visitor(request)
            if visitor is None:
                return self.dressed(otherwise(request))
            response = await handler(request, visitor)
            now, token = self._clock.now(), request.cookies[self.cookie]
            if fresh := await self.sessions.rotate(visitor.session, token, now):
                self.give(response, fresh, visitor.session.created_at + LASTS_S - now)
            return self.dressed(response)

        return guarded

    def read(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A part of a page: 401 for whoever has not signed in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self.base(request)
            visitor = await self._visitor(request)
            if visitor is None:
                return self.refused(401)
            if _is_cross_site(request):
                return self.refused(403)
            return self.dressed(await handler(request, visitor))

        return guarded

    def write(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Something that changes something: with the page's token, and from a page of ours."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            origin = self.origin(request)
            visitor = await self._visitor(request)
            if visitor is None:
                return self.refused(401)
            shown = request.headers.get(TOKEN_HEADER, "").encode("utf-8", "surrogateescape")
            named = request.headers.get("Origin", origin)
            same = hmac.compare_digest(shown, visitor.page_token.encode())
            if not same or named != origin or _is_cross_site(request):
                return self.refused(403)
            return self.dressed(await handler(request, visitor))

        return guarded

    async def still(self, visitor: Visitor) -> bool:
        """Whether a session that was let in some time ago has not ended since."""
        return await self.sessions.is_alive(visitor.session.id, self._clock.now())

    async def _visitor(self, request: web.Request) -> Visitor | None:
        token = request.cookies.get(self.cookie, "")
        session = await self.sessions.of(token, self._clock.now()) if token else None
        if session is None:
            return None
        page_token = hashlib.sha256(f"page:{session.id}".encode()).hexdigest()
        return Visitor(self.people.who(session.userid), session, page_token)

    # ------------------------------------------------------------------ answering

    def give(self, response: web.StreamResponse, token: str, lasts_s: float) -> None:
        """Put a session's token into the browser.

        A page inside another one needs ``SameSite=None`` (wecom-api §6.12); what writes is guarded
        by the page's token, not by this.
        """
        response.set_cookie(
            self.cookie,
            token,
            max_age=int(lasts_s),
            path="/",
            httponly=True,
            secure=True,
            samesite="None" if self.is_https else "Lax",
        )

    def take(self, response: web.StreamResponse) -> None:
        """Take the token out of the browser."""
        response.del_cookie(
            self.cookie,
            path="/",
            httponly=True,
            secure=True,
            samesite="None" if self.is_https else "Lax",
        )

    def dressed(self, response: web.StreamResponse) -> web.StreamResponse:
        """An answer with the headers that every one has."""
        if not response.prepared:
            for name, value in self.headers.items():
                response.headers.setdefault(name, value)
        return response

    def refused(self, status: int) -> web.Response:
        """No, without saying why."""
        return web.Response(status=status, headers=self.headers)


def _is_cross_site(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
