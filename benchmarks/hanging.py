"""A chat model that takes every request and answers none: what does it cost everybody else?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

HANGS_S = 30.0


class HangingModel:
    """An OpenAI-compatible endpoint that hangs; counts what it was asked."""

    def __init__(self) -> None:
        self.requests = 0
        self.url = ""

    @property
    def environ(self) -> dict[str, str]:
        """What makes the product use it."""
        return {
            "CONCIERGE_LLM__BASE_URL": f"{self.url}/v1",
            "CONCIERGE_LLM__MODEL": "hangs",
            "CONCIERGE_LLM__API_KEY": "none",
            "CONCIERGE_LLM__TIMEOUT_S": str(HANGS_S),
        }

    async def answer(self, _request: web.Request) -> web.Response:
        self.requests += 1
        await asyncio.sleep(HANGS_S)
        return web.Response(status=503)


@asynccontextmanager
async def hanging_model() -> AsyncIterator[HangingModel]:
    """The endpoint, while the context lasts."""
    model, app = HangingModel(), web.Application()
    app.router.add_post("/v1/chat/completions", model.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        model.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield model
    finally:
        await runner.cleanup()
