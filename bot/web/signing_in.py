"""How does a member get a session: sent to WeCom, back with a code, and out again?

The state that goes to WeCom and back is a hash of a secret that only this browser's cookie holds,
with when it left and where it wants to go: a code that somebody else asked for opens nothing here.
Each state serves once and not for long, at whichever process it comes back to, as each code does
(wecom-api §6.3); afterwards the browser is sent to an address without them (§6.12).
"""

import base64
import hashlib
import hmac
import re
import secrets
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

_APART_S = 60.0
"""So far the clocks of two processes may be apart."""

_TARGET = re.compile(r"/(?:sidebar|till)(?:\?(?:[a-z_]+=[A-Za-z0-9_\-]{0,64}&?){0,6})?", re.ASCII)

log = structlog.get_logger(__name__)


class SigningIn:
    """The routes of signing in and out.

    Args:
        sign_in: where members sign in.
        failed: the page that says that it went wrong, with its status.
    """

    def __init__(self, door: Door, sign_in: SignIn, clock: Clock, failed: str) -> None:
        self.door, self._sign_in, self._clock = door, sign_in, clock
        self._failed = failed
        self._cookie = f"{door.cookie}-going"

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get(BACK, self._back, allow_head=False),
            web.post(OUT, self.door.write(self._out)),
        ]

    def send(self, request: web.Request) -> web.Response:
        """Send a browser to WeCom; it comes back to where it wanted to go, if that is ours."""
        wanted = request.path_qs if _TARGET.fullmatch(request.path_qs) else "/sidebar"
        target = base64.urlsafe_b64encode(wanted.encode()).decode()
        going = f"{secrets.token_urlsafe(24)}.{int(self._clock.now())}.{target}"
        inside = "wxwork" in request.headers.get("User-Agent", "").lower()
        url = self._sign_in.address(self.door.base(request) + BACK, state_of(going), inside=inside)
        response = web.Response(status=302, headers={"Location": url})
        response.set_cookie(
            self._cookie,
            going,
            max_age=int(WITHIN_S),
            path="/",
            httponly=True,
            secure=True,
            samesite="None" if self.door.is_https else "Lax",
        )
        return response

    async def _back(self, request: web.Request) -> web.StreamResponse:
        base, going = self.door.base(request), request.cookies.get(self._cookie, "")
        codes, states = request.query.getall("code", []), request.query.getall("state", [])
        if len(codes) != 1 or len(states) != 1 or not await self._is_ours(going, states[0]):
            return self._no(403)
        try:
            userid = await self._sign_in.member_of(codes[0])
        except ConciergeError as error:
            log.warning("sign_in.failed", error=type(error).__name__)
            return self._no(503)
        if userid is None:
            return self._no(403)
        token = await self.door.sessions.begin(userid, self._clock.now())
        response = web.Response(status=302, headers={"Location": _target(base, going)})
        self.door.give(response, token, LASTS_S)
        response.del_cookie(self._cookie, path="/", secure=True, httponly=True)
        return self.door.dressed(response)

    async def _out(self, _request: web.Request, visitor: Visitor) -> web.StreamResponse:
        await self.door.sessions.end(visitor.session.id)
        response = web.Response(status=204)
        self.door.take(response)
        return response

    async def _is_ours(self, going: str, state: str) -> bool:
        """Whether this browser asked for it a moment ago, and nobody has come back with it yet."""
        now, left_at = self._clock.now(), _left_at(going)
        if not hmac.compare_digest(state_of(going).encode(), state.encode()):
            return False
        if not now - WITHIN_S <= left_at <= now + _APART_S:
            return False
        kept_s = WITHIN_S + 2 * _APART_S
        return await self.door.sessions.use_state(state, now, kept_s=kept_s)

    def _no(self, status: int) -> web.StreamResponse:
        response = web.Response(text=self._failed, status=status, content_type="text/html")
        response.del_cookie(self._cookie, path="/", secure=True, httponly=True)
        return self.door.dressed(response)


def state_of(going: str) -> str:
    """What is shown to WeCom of a browser's secret."""
    return hashlib.sha256(going.encode()).hexdigest()


def _left_at(going: str) -> float:
    """When the browser left for WeCom; never, if its cookie is none of ours."""
    seconds = going.split(".")[1:2]
    return float(seconds[0]) if seconds and seconds[0].isdecimal() else float("-inf")


def _target(base: str, going: str) -> str:
    """Where the browser wanted to go, checked once more: never to another host."""
    try:
        wanted = base64.urlsafe_b64decode(going.rpartition(".")[2]).decode()
    except (ValueError, UnicodeDecodeError):
        wanted = ""
    return (urlsplit(base).path.rstrip("/") if base else "") + (
        wanted if _TARGET.fullmatch(wanted) else "/sidebar"
    )
