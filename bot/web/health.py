"""Is the service alive, is it ready, and what has it done?"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.errors import ConciergeError
from bot.telemetry import CONTENT_TYPE_LATEST, Metrics

Probe = Callable[[], Awaitable[None]]
"""Returns when the part is ready; raises `ConciergeError` or `OSError` when it is not."""


class HealthEndpoints:
    """``/healthz``, ``/readyz`` and ``/metrics``.

    Args:
        probes: by the name of the part: database, index, token.
    """

    def __init__(self, metrics: Metrics, probes: Mapping[str, Probe]) -> None:
        self._metrics, self._probes = metrics, probes

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get("/healthz", self._alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._figures),
        ]

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        parts = {}
        for name, probe in self._probes.items():
            try:
                await probe()
            except (ConciergeError, OSError) as error:
                parts[name] = type(error).__name__
            else:
                parts[name] = "ready"
        ready = all(state == "ready" for state in parts.values())
        return web.json_response(
            {"status": "ready" if ready else "not ready", "parts": parts},
            status=200 if ready else 503,
        )

    async def _figures(self, _request: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return web.Response(body=self._metrics.render(), headers=headers)
