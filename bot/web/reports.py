"""What may other systems read of the figures? `GET /api/v1/reports/721`, with a token."""

import asyncio
from collections.abc import Mapping
from datetime import tzinfo

import msgspec
from aiohttp import web

from bot.measuring import Reporter, Window, last_days
from bot.ports import Clock
from bot.web.bearer import failed, refusal

PATH = "/api/v1/reports/721"
MAX_DAYS = 366
KEPT_S = 60.0
"""How long an answer is given again: a page that asks often costs one reading a minute."""

_KEPT = 32
_DAY_S = 86_400.0


class ReportEndpoint:
    """The report as JSON (docs/measuring-721.md).

    Args:
        token: what a caller must show as a bearer; empty = there is no such address.
        zone: of the company.
    """

    def __init__(self, reporter: Reporter, token: str, zone: tzinfo, clock: Clock) -> None:
        self._reporter, self._token = reporter, token.encode()
        self._zone, self._clock = zone, clock
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[tuple[Window, str], tuple[float, bytes]] = {}

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [web.get(PATH, self._report, allow_head=False)]

    async def _report(self, request: web.Request) -> web.Response:
        if (refused := refusal(request, self._token)) is not None:
            return refused
        now, account = self._clock.now(), request.query.get("account", "")
        try:
            window = self._window(request.query, now)
        except ValueError as error:
            return failed(400, str(error))
        async with self._one_at_a_time:
            body = await self._body(window, account, now)
        return web.Response(body=body, content_type="application/json")

    def _window(self, query: Mapping[str, str], now: float) -> Window:
        if "from" in query or "to" in query:
            window = Window(_number(query, "from"), _number(query, "to"))
            if not 0 < window.until - window.since <= MAX_DAYS * _DAY_S:
                raise ValueError(f"from must be before to, and at most {MAX_DAYS} days")
            return window
        days = _number(query, "days", 7)
        if days not in range(1, MAX_DAYS + 1):
            raise ValueError(f"days must be a whole number from 1 to {MAX_DAYS}")
        return last_days(int(days), now, self._zone)

    async def _body(self, window: Window, account: str, now: float) -> bytes:
        at, body = self._kept.get((window, account), (0.0, b""))
        if not body or now - at > KEPT_S:
            report = await self._reporter.report(window, now, account)
            body = msgspec.json.encode(report)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[window, account] = (now, body)
        return body


def _number(query: Mapping[str, str], name: str, default: float | None = None) -> float:
    text = query.get(name)
    if text is None and default is not None:
        return default
    try:
        number = float(text or "")
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e12:
        raise ValueError(f"{name} must be a number")
    return number
