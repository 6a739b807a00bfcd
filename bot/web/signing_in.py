"""How does a member get a session: sent to WeCom, back with a code, and out again?

The state that goes to WeCom and back is a hash of a secret that only this browser's cookie holds,
with where it wants to go: a code that somebody else asked for opens nothing here. Each state serves
once, as each code does (wecom-api §6.3); afterwards the browser is sent to an address without them
(§6.12).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.errors import ConciergeError
from bot.ports import Clock
from bot.store.web_sessions import LASTS_S
from bot.web.door import Door, Visitor
from bot.wecom.oauth import SignIn

BACK = "/sidebar/signed-in"
OUT = "/sidebar/sign-out"
WITHIN_S = 600.0
"""So long signing in may take."""

_KEPT_STATES = 10_000
_TARGET = re.compile(r"/sidebar(?:\?(?:[a-z_]+=[A-Za-z0-9_\-]{0,64}&?){0,6})?", re.ASCII)

log = structlog.get_logger(__name__)


class SigningIn:
    """The routes of signing in and out.

    Args:
        sign_in: where members sign in.
        failed: the page that says that it went wrong, with its status.
    """

    def __init__(self, door: Door, sign_in: SignIn, clock: Clock, failed: str) -> None:
        self._door, self._sign_in, self._clock = door, sign_in, clock
        self._failed = failed
        self._used: OrderedDict[str, float] = OrderedDict()
        self._cookie = f"{door.cookie}-going"

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get(BACK, self._back, allow_head=False),
            web.post(OUT, self._door.write(self._out)),
        ]

    def send(self, request: web.Request) -> web.Response:
        """Send a browser to WeCom; it comes back to where it wanted to go, if that is ours."""
        wanted = request.path_qs if _TARGET.fullmatch(request.path_qs) else "/sidebar"
        going = f"{secrets.token_urlsafe(24)}.{base64.urlsafe_b64encode(wanted.encode()).decode()}"
        inside = "wxwork" in request.headers.get("User-Agent", "").lower()
        url = self._sign_in.address(self._door.base(request) + BACK, state_of(going), inside=inside)
        response = web.Response(status=302, headers={"Location": url})
        response.set_cookie(
            self._cookie,
            going,
            max_age=int(WITHIN_S),
            path="/",
            httponly=True,
            secure=True,
            samesite="None" if self._door.is_https else "Lax",
        )
        return response

    async def _back(self, request: web.Request) -> web.StreamResponse:
        base, going = self._door.base(request), request.cookies.get(self._cookie, "")
        codes, states = request.query.getall("code", []), request.query.getall("state", [])
        if len(codes) != 1 or len(states) != 1 or not self._is_ours(going, states[0]):
            return self._no(403)
        try:
            userid = await self._sign_in.member_of(codes[0])
        except ConciergeError as error:
            log.warning("sign_in.failed", error=type(error).__name__)
            return self._no(503)
        if userid is None:
            return self._no(403)
        token = await self._door.sessions.begin(userid, self._clock.now())
        response = web.Response(status=302, headers={"Location": _target(base, going)})
        self._door.give(response, token, LASTS_S)
        response.del_cookie(self._cookie, path="/", secure=True, httponly=True)
        return self._door.dressed(response)

    async def _out(self, _request: web.Request, visitor: Visitor) -> web.StreamResponse:
        await self._door.sessions.end(visitor.session.id)
        response = web.Response(status=204)
        self._door.take(response)
        return response

    def _is_ours(self, going: str, state: str) -> bool:
        """Whether this browser asked for it, and has not come back with it before."""
        now = self._clock.now()
        while self._used and next(iter(self._used.values())) < now - WITHIN_S:
            self._used.popitem(last=False)
        if not going or not hmac.compare_digest(state_of(going).encode(), state.encode()):
            return False
        if state in self._used:
            return False
        self._used[state] = now
        while len(self._used) > _KEPT_STATES:
            self._used.popitem(last=False)
        return True

    def _no(self, status: int) -> web.StreamResponse:
        response = web.Response(text=self._failed, status=status, content_type="text/html")
        response.del_cookie(self._cookie, path="/", secure=True, httponly=True)
        return self._door.dressed(response)


def state_of(going: str) -> str:
    """What is shown to WeCom of a browser's secret."""
    return hashlib.sha256(going.encode()).hexdigest()


def _target(base: str, going: str) -> str:
    """Where the browser wanted to go, checked once more: never to another host."""
    try:
        wanted = base64.urlsafe_b64decode(going.partition(".")[2]).decode()
    except (ValueError, UnicodeDecodeError):
        wanted = ""
    return (urlsplit(base).path.rstrip("/") if base else "") + (
        wanted if _TARGET.fullmatch(wanted) else "/sidebar"
    )
