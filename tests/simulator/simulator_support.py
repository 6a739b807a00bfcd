"""A clock that moves only when told, a client that behaves, a product that takes callbacks."""

import json
from typing import Any

import aiohttp
from aiohttp import web

from simulator.scenery import PRESALE
from simulator.server import Simulator
from simulator.world import World


class Clock:
    """Unix seconds that move only when `advance` is called."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class Client:
    """Talks as a faultless product would; `kfid` and `customer` are the usual ones."""

    def __init__(self, http: aiohttp.ClientSession, world: World) -> None:
        self.http, self.world, self.token = http, world, ""
        self.kfid = PRESALE
        self.customer = next(iter(world.customers))
        self._msgids = 0

    async def log_in(self) -> None:
        self.token = (await self.gettoken())["access_token"]

    async def gettoken(self, **changed: str) -> dict[str, Any]:
        names = self.world.credentials
        params = {"corpid": names.corp_id, "corpsecret": names.secret, **changed}
        return await self.get("/cgi-bin/gettoken", **params)

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        async with self.http.get(path, params={"access_token": self.token, **params}) as response:
            return dict(await response.json())

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        return await self.post_raw(path, json.dumps(body, ensure_ascii=False).encode())

    async def post_raw(
        self, path: str, body: bytes, content_type: str = "application/json"
    ) -> dict[str, Any]:
        async with self.http.post(
            f"/cgi-bin{path}",
            params={"access_token": self.token},
            data=body,
            headers={"Content-Type": content_type},
        ) as response:
            return dict(await response.json())

    async def says(self, text: str, /, **changed: Any) -> dict[str, Any]:
        """`kf/send_msg` of a text."""
        self._msgids += 1
        body = {
            "touser": self.customer,
            "open_kfid": self.kfid,
            "msgid": f"bot_{self._msgids}",
            "msgtype": "text",
            "text": {"content": text},
            **changed,
        }
        return await self.post("/kf/send_msg", **body)

    async def answers_event(self, code: str, text: str = "您好", **changed: Any) -> dict[str, Any]:
        """`kf/send_msg_on_event` of a text."""
        self._msgids += 1
        body = {
            "code": code,
            "msgid": f"evt_{self._msgids}",
            "msgtype": "text",
            "text": {"content": text},
            **changed,
        }
        return await self.post("/kf/send_msg_on_event", **body)

    async def trans(self, state: int, servicer: str | None = None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "open_kfid": self.kfid,
            "external_userid": self.customer,
            "service_state": state,
        }
        if servicer:
            body["servicer_userid"] = servicer
        return await self.post("/kf/service_state/trans", **body)

    async def state(self) -> dict[str, Any]:
        return await self.post(
            "/kf/service_state/get", open_kfid=self.kfid, external_userid=self.customer
        )

    async def pulls(self, cursor: str = "", **more: Any) -> dict[str, Any]:
        return await self.post("/kf/sync_msg", open_kfid=self.kfid, cursor=cursor, **more)


class FakeProduct:
    """Takes callbacks; `answers` makes the reply to each, `received` holds (query, body)."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.answers: Any = lambda: web.Response(text="success")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.received.append((dict(request.query), await request.read()))
        answer = self.answers()
        if not isinstance(answer, web.StreamResponse):
            answer = await answer
        assert isinstance(answer, web.StreamResponse)
        return answer


def kinds(sim: Simulator) -> list[str]:
    """What the simulator blames the product for."""
    return [violation.kind for violation in sim.violations]
