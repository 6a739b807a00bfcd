"""How do members redeem a coupon at the till? `/till`: type or scan a code, look, redeem.

The same session and roles as the sidebar. Whoever only oversees may look. What is asked for in
vain is counted, so that codes cannot be tried out.
"""

import hashlib
import secrets
from datetime import datetime, tzinfo
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.ports import Clock
from bot.store import Coupon, Redeemed, Store
from bot.web.acting import CLIENT_ID
from bot.web.coupons import redeem
from bot.web.door import Visitor
from bot.web.signing_in import SigningIn

PATH = "/till"
MOST_BODY = 4096
MOST_MISSES = 20
"""So often in ten minutes (`MISSES_WITHIN_S`) a member may ask for a code that nobody has."""

HERE = Path(__file__).parent
_MIME = {".js": "text/javascript", ".css": "text/css"}


class TillEndpoint:
    """The page of the till.

    Args:
        zone: of the company, in which days are shown.
        root: path under which browsers see us, without a slash at its end.
    """

    def __init__(
        self, store: Store, clock: Clock, signing_in: SigningIn, *, zone: tzinfo, root: str
    ) -> None:
        self._store, self._clock, self._zone = store, clock, zone
        self._door, self._signing_in = signing_in.door, signing_in
        self._files = {
            path.name: (path.read_bytes(), _MIME[path.suffix])
            for path in sorted((HERE / "static").iterdir())
        }
        digest = hashlib.sha256(b"".join(body for body, _ in self._files.values())).hexdigest()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"day": self._day, "last_day": self._last_day}
        assets = f"{root}{PATH}/static/{digest[:12]}"
        self._templates.globals |= {"root": root, "assets": assets}

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        door = self._door
        return [
            web.get(PATH, door.page(self._page, self._signing_in.send), allow_head=False),
            web.get(f"{PATH}/static/{{version}}/{{name}}", self._file, allow_head=False),
            web.post(f"{PATH}/look", door.write(self._look)),
            web.post(f"{PATH}/redeem", door.write(self._redeem)),
        ]

    async def _page(self, _request: web.Request, visitor: Visitor) -> web.StreamResponse:
        return self._part("page.html", who=visitor.who, page_token=visitor.page_token)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(request.match_info["name"])
        if found is None:
            return self._door.refused(404)
        response = web.Response(body=found[0], content_type=found[1], charset="utf-8")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return self._door.dressed(response)

    async def _look(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        code, now = (await _form(request)).get("code", "").strip()[:100], self._clock.now()
        if await self._tries_out(visitor, now):
            return self._too_often(now)
        found = await self._store.coupons.called(code) if code else []
        if not found:
            await self._store.coupons.missed(visitor.who.key, now)
        return self._shown(visitor, found, now)

    async def _redeem(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        form, now = await _form(request), self._clock.now()
        ref = form.get("ref", "")
        if visitor.who.only_looks or not CLIENT_ID.fullmatch(ref):
            return self._door.refused(403 if visitor.who.only_looks else 400)
        if await self._tries_out(visitor, now):
            return self._too_often(now)
        code, pool = form.get("code", "")[:100], form.get("pool", "")[:30]
        by = f"staff:{visitor.who.userid}"
        became, one = await redeem(self._store, code, by=by, ref=ref, now=now, pool=pool)
        done = "redeemed" if became is Redeemed.DONE else str(became)
        some = [(one, done, "")] if one else []
        if one is None:
            await self._store.coupons.missed(visitor.who.key, now)
        return self._part("result.html", state=done, found=some, now=now)

    def _too_often(self, now: float) -> web.Response:
        return self._part("result.html", state="too_often", found=[], now=now, status=429)

    def _shown(self, visitor: Visitor, found: list[Coupon], now: float) -> web.Response:
        rows = []
        for one in found:
            standing = one.standing(now)
            may = standing is Redeemed.DONE and not visitor.who.only_looks
            rows.append((one, str(standing), secrets.token_hex(8) if may else ""))
        state = "found" if rows else "unknown"
        return self._part("result.html", state=state, found=rows, now=now)

    async def _tries_out(self, visitor: Visitor, now: float) -> bool:
        return await self._store.coupons.misses(visitor.who.key, now) >= MOST_MISSES

    def _part(self, name: str, *, status: int = 200, **values: object) -> web.Response:
        text = self._templates.get_template(name).render(**values)
        return web.Response(text=text, status=status, content_type="text/html")

    def _day(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, self._zone):%Y-%m-%d %H:%M}"

    def _last_day(self, ends_at: float) -> str:
        """The last day on which it can be used: its end is the first moment when it cannot."""
        return f"{datetime.fromtimestamp(ends_at - 1, self._zone):%Y-%m-%d}"


async def _form(request: web.Request) -> dict[str, str]:
    if (request.content_length or 0) > MOST_BODY:
        raise web.HTTPRequestEntityTooLarge(MOST_BODY, request.content_length or 0)
    return {name: str(value) for name, value in (await request.post()).items()}
