"""How does WeCom's client open the product's page for a member (wecom-api §6)?

Signing in, tickets and signatures are judged as WeCom judges them; what a page of the product may
do in a chat (`sendChatMessage`) is `simulator.toolbar`.
"""

import hashlib
import re
import secrets
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web

from simulator.arguments import Arguments, required, text
from simulator.errors import BAD_CODE, BAD_PARAMETER, Impossible, Refused
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.world import World

CODE_S = 300.0
TICKET_S = 7200
MEMBER_COOKIE = "member"
"""Who holds the client in which a page is opened; the desk sets it."""

_STATE = re.compile(r"[a-zA-Z0-9]{0,128}", re.ASCII)
_PER_HOUR = {"corp": 400, "agent": 100}  # §6.4


class Code(msgspec.Struct):
    """What a browser brings back from the sign-in page."""

    userid: str
    given_at: float
    used: bool = False


class SignedConfig(msgspec.Struct, kw_only=True):
    """What a page calls `config` or `agentConfig` with."""

    kind: str
    url: str
    timestamp: int
    nonceStr: str  # noqa: N815 — WeCom's spelling
    signature: str


class WebView:
    """Codes and tickets of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.codes: dict[str, Code] = {}
        self._tickets: dict[str, list[tuple[str, float]]] = {"corp": [], "agent": []}
        self._given: dict[str, deque[float]] = {"corp": deque(), "agent": deque()}

    # ------------------------------------------------------------------ what the product calls

    def endpoints(self) -> Mapping[str, Endpoint]:
        """All paths of this family."""
        return {
            "/cgi-bin/auth/getuserinfo": Endpoint(("GET",), self.user_info),
            "/cgi-bin/get_jsapi_ticket": Endpoint(("GET",), self.corp_ticket),
            "/cgi-bin/ticket/get": Endpoint(("GET",), self.agent_ticket),
        }

    def user_info(self, world: World, arguments: Arguments) -> Content:
        """`auth/getuserinfo`: a code works once, within 5 minutes (§6.3)."""
        code = self.codes.get(required(arguments, "code", most=512))
        if code is None or world.now() > code.given_at + CODE_S:
            raise Refused(BAD_CODE, "invalid code")
        if code.used:
            world.blame("oauth_code_used_again", code.userid)
            raise Refused(BAD_CODE, "code been used")
        code.used = True
        if code.userid in world.members:
            return {"userid": code.userid}
        if code.userid in world.customers:
            return {"openid": f"o{code.userid}", "external_userid": code.userid}
        return {"openid": f"o{code.userid}"}

    def corp_ticket(self, _world: World, _arguments: Arguments) -> Content:
        """`get_jsapi_ticket`, for `config`."""
        return self._ticket("corp")

    def agent_ticket(self, _world: World, arguments: Arguments) -> Content:
        """`ticket/get`, for `agentConfig`."""
        if text(arguments, "type") != "agent_config":
            raise Refused(BAD_PARAMETER, "type must be agent_config")
        return self._ticket("agent")

    def _ticket(self, kind: str) -> Content:
        now, given = self._world.now(), self._given[kind]
        while given and given[0] <= now - 3600:
            given.popleft()
        given.append(now)
        live = [one for one in self._tickets[kind] if one[1] > now]
        if live:
            self._world.blame("ticket_not_cached", kind)
        if len(given) > _PER_HOUR[kind]:
            self._world.blame("too_many_tickets", kind)
        ticket = f"{kind}-{secrets.token_urlsafe(48)}"
        self._tickets[kind] = [*live, (ticket, now + TICKET_S)]
        return {"ticket": ticket, "expires_in": TICKET_S}

    # ------------------------------------------------------------------ what the browser calls

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The page that asks nothing and sends the browser back with a code (§6.2)."""
        query = request.query
        try:
            self._check_authorize(query)
        except Impossible as error:
            self._world.blame("bad_authorize", str(error))
            return web.Response(status=400, text=f"50001 {error}\n")
        member = request.cookies.get(MEMBER_COOKIE, "")
        code = self.give_code(member or next(iter(self._world.members)))
        back = urlencode({"code": code, "state": query.get("state", "")})
        target = query["redirect_uri"]
        return web.Response(
            status=302, headers={"Location": f"{target}{'&' if '?' in target else '?'}{back}"}
        )

    def give_code(self, userid: str) -> str:
        """A code for whoever holds the client."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = Code(userid, self._world.now())
        return code

    def _check_authorize(self, query: Mapping[str, str]) -> None:
        credentials = self._world.credentials
        wanted = {
            "appid": credentials.corp_id,
            "response_type": "code",
            "scope": "snsapi_base",
            "agentid": str(credentials.agent_id),
        }
        for name, value in wanted.items():
            if query.get(name) != value:
                raise Impossible(f"{name} must be {value}")
        if not _STATE.fullmatch(query.get("state", "")):
            raise Impossible("state: letters and digits, at most 128")
        trusted, asked = urlsplit(self._world.sidebar_url), urlsplit(query.get("redirect_uri", ""))
        if not self._world.sidebar_url or (asked.scheme, asked.netloc) != (
            trusted.scheme,
            trusted.netloc,
        ):
            raise Impossible("redirect_uri is not on the trusted domain")

    def check_config(self, it: SignedConfig) -> None:
        """Let a page use the SDK whose address was signed with the right ticket (§6.5).

        Raises:
            Impossible: it was not.
        """
        trusted, asked = urlsplit(self._world.sidebar_url), urlsplit(it.url)
        if "#" in it.url or (asked.scheme, asked.netloc) != (trusted.scheme, trusted.netloc):
            self._world.blame("bad_signature", f"{it.kind}: untrusted address")
            raise Impossible(f"{it.kind}:fail, untrusted address")
        now = self._world.now()
        tickets = [ticket for ticket, until in self._tickets.get(it.kind, []) if until > now]
        if it.signature not in {_signed(ticket, it) for ticket in tickets}:
            self._world.blame("bad_signature", it.kind)
            raise Impossible(f"{it.kind}:fail, 40093 invalid signature")


def _signed(ticket: str, it: SignedConfig) -> str:
    signed = f"jsapi_ticket={ticket}&noncestr={it.nonceStr}&timestamp={it.timestamp}&url={it.url}"
    return hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
