"""Who plays the chat model? A local OpenAI-compatible server that misbehaves to order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.config import Llm

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


class FakeModelServer:
    """Answers `/chat/completions`.

    Drive it through `answers`: the behaviours of the next requests, the last one for all that
    follow. Read `requests` (what the model was asked), `bodies` (what came over the wire) and
    `hanging` (requests that wait for an answer now).
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = [chooses(None)]
        self.requests: list[dict[str, Any]] = []
        self.bodies: list[str] = []
        self.hanging = 0
        self.url = ""

    def llm(self, timeout_s: float = 5.0) -> Llm:
        """The section of the configuration that leads here."""
        return Llm(base_url=self.url, model="played", timeout_s=timeout_s)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        body = await request.text()
        self.bodies.append(body)
        self.requests.append(json.loads(json.loads(body)["messages"][-1]["content"]))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        self.hanging += 1
        try:
            return await answer(self.requests[-1])
        finally:
            self.hanging -= 1


@asynccontextmanager
async def running_model() -> AsyncIterator[FakeModelServer]:
    """A model that listens on a free port."""
    model = FakeModelServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    model.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield model
    finally:
        await runner.cleanup()


def writes(content: object, finish_reason: str = "stop", tokens: int = 0) -> Answer:
    """The model writes this; with `tokens` the server tells the cost."""

    async def answer(_: dict[str, Any]) -> web.Response:
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason}
        frame = {"id": "c1", "object": "chat.completion", "created": 1, "model": "played"}
        used = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
        usage = {"usage": used} if tokens else {}
        return web.json_response(frame | {"choices": [choice]} | usage)

    return answer


def calls(*tools: tuple[str, dict[str, Any]]) -> Answer:
    """The model calls tools, each with its arguments."""

    async def answer(_: dict[str, Any]) -> web.Response:
        made = [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(tools)
        ]
        message = {"role": "assistant", "content": None, "tool_calls": made}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        frame = {"id": "c1", "object": "chat.completion", "created": 1, "model": "played"}
        usage = {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}
        return web.json_response(frame | {"choices": [choice], "usage": usage})

    return answer


def chooses(entry_id: str | None) -> Answer:
    """The model chooses as it was told to."""
    return writes(json.dumps({"id": entry_id}))


def fails(status: int, headers: dict[str, str] | None = None) -> Answer:
    """The server refuses."""

    async def answer(_: dict[str, Any]) -> web.Response:
        error = {"error": {"message": "secret words of the customer", "type": "x", "code": None}}
        return web.json_response(error, status=status, headers=headers)

    return answer


def sends(body: str, content_type: str = "application/json") -> Answer:
    """The server sends just this."""

    async def answer(_: dict[str, Any]) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    return answer


async def hangs(_: dict[str, Any]) -> web.StreamResponse:
    """The server says nothing for 30 s."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(30)
    return web.Response(status=500)
