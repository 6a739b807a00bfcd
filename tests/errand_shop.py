"""Who plays a shop in whose systems something can be done? Orders to read, and one to cancel."""

import asyncio
from typing import Any

from aiohttp import web

from bot.model import Emitted
from tests.builders import a_customer
from tests.order_server import Behaviour, FakeOrderServer, an_order
from tests.talk import Chat

NUMBER, OTHERS = "2026112000015", "2026112099999"
OFFER = f"将为您取消订单 {NUMBER}，取消后不能恢复。\n请核对，确认后才会办理，10 分钟内有效。"
DONE = f"订单 {NUMBER} 已经取消。"
CANCELLED = "好的，没有提交，什么都没有改动。"
YES, NO = "确认办理", "不办了"
UNKNOWN = "抱歉，系统没有回音，我不能确定办成了没有。请先不要重复操作，我请同事去核实，再告诉您。"
NOT_MADE = "抱歉，系统暂时连不上，没有提交，什么都没有改动。请过一会儿再试，或者请同事帮您办。"
REFUSED = "系统没有受理，什么都没有改动。需要的话，可以请同事帮您看看原因。"


class FakeShop:
    """Orders to read, and one thing that can be done to them.

    Drive it through `acts` (what a POST meets); read `posts`.
    """

    def __init__(self, server: FakeOrderServer) -> None:
        self.server = server
        self.acts: Behaviour = self.does
        self.reached = asyncio.Event()
        server.orders["wm_lan"] = [an_order()]
        server.orders["wm_other"] = [an_order(OTHERS)]
        server.behaviour = self.behave

    async def behave(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self.server.serves(request)
        self.reached.set()
        return await self.acts(request)

    async def does(self, _: web.Request) -> web.Response:
        return web.json_response({"code": 0})

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The requests that were to change something."""
        return [one for one in self.server.asked if one["body"]]

    @property
    def keys(self) -> list[str]:
        return [one["headers"]["Idempotency-Key"] for one in self.posts]

    def tools(self, **writes: Any) -> dict[str, Any]:
        """The section of the configuration."""
        number = {"description": "订单号", "required": True, "own_order": True}
        common = {
            "method": "POST",
            "identity": "external_userid",
            "ok": {"code": 0},
            "timeout_s": 0.3,
            "writes": writes,
        }
        cancel = common | {
            "description": "取消一个还没有发货的订单",
            "url": f"{self.server.url}/cancel?buyer={{identity}}",
            "body": {"no": "{number}"},
            "arguments": {"number": number},
        }
        move = common | {
            "description": "改一个订单的收货地址",
            "url": f"{self.server.url}/address?buyer={{identity}}",
            "body": {"no": "{number}", "to": "{address}"},
            "arguments": {
                "number": number,
                "address": {"description": "新地址", "required": True, "max_length": 80},
            },
        }
        return {"shop": self.server.tool(), "cancel_order": cancel, "change_address": move}


async def state_of(chat: Chat) -> str:
    """The state of the one errand there is."""
    [row] = await chat.store.database.fetch("SELECT state FROM errands ORDER BY offered_at")
    return str(row["state"])


async def reads_and_confirms(chat: Chat, word: str = "确认") -> None:
    """The customer reads the offer, and says so a little later."""
    await chat.waits(seconds=5)
    await chat.says(word)


def proposed(tool: str, arguments: dict[str, Any]) -> Emitted:
    """A behaviour proposes something to the customer."""
    data = {"tool": tool, "arguments": arguments}
    where = a_customer()
    return Emitted(
        name="propose",
        data=data,
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )
