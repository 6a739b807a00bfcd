"""How is a simulator started, in this process or as the app of one of its own?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from simulator import (
    api_contact,
    api_core,
    api_kf,
    api_mass_sends,
    api_statistics,
    api_tags,
    api_transfer,
    api_ways,
    api_welcome,
    cards,
    customers,
    desk,
    inspection,
)
from simulator.callbacks import CallbackSender
from simulator.control import Control, add_fault
from simulator.customers import BulkLine
from simulator.faults import Fault
from simulator.friends import Friends
from simulator.gate import Endpoint, Gate, RawEndpoint
from simulator.judge import Transcript
from simulator.records import AppMessage, Content, Conversation, Violation
from simulator.scenery import shop
from simulator.toolbar import Toolbar
from simulator.ways import picture
from simulator.webview import WebView
from simulator.world import World

_MAX_BODY = 25 << 20
_POLL_S = 0.005


class Simulator:
    """A running simulator: its world, its address, and the control API as methods."""

    def __init__(self, world: World, gate: Gate, sender: CallbackSender, webview: WebView) -> None:
        self.world, self._gate, self._sender = world, gate, sender
        self.webview = webview
        self.url = ""

    @property
    def callback_url(self) -> str | None:
        """Where callbacks go; may be set once the product's port is known."""
        return self._sender.url

    @callback_url.setter
    def callback_url(self, url: str | None) -> None:
        self._sender.url = url

    @property
    def violations(self) -> list[Violation]:
        """What the product did wrong so far."""
        return self.world.violations

    @property
    def calls(self) -> dict[str, int]:
        """How often each API path was called."""
        return dict(self.world.calls)

    @property
    def friends(self) -> Friends:
        """Customer contact: friends, their tags, the library of tags."""
        return self.world.friends

    @property
    def pending_callbacks(self) -> int:
        """Callbacks not answered yet, repeats included."""
        return self._sender.pending

    async def customer(self, nickname: str = "", external_userid: str = "") -> str:
        """Add a customer; returns the external_userid."""
        return self.world.add_customer(nickname, external_userid).external_userid

    async def enter(
        self, open_kfid: str, external_userid: str, *, scene: str = "", scene_param: str = ""
    ) -> str | None:
        """A customer opens the chat; returns the welcome code, if there is one."""
        return customers.enter(
            self.world, open_kfid, external_userid, scene=scene, scene_param=scene_param
        )

    async def say(
        self, open_kfid: str, external_userid: str, text: str, *, menu_id: str | None = None
    ) -> str:
        """A customer writes, or taps a menu item; returns the msgid."""
        return customers.say(self.world, open_kfid, external_userid, text, menu_id=menu_id)

    async def send(
        self,
        open_kfid: str,
        external_userid: str,
        msgtype: str,
        content: Content,
        *,
        file: bytes | None = None,
    ) -> str:
        """A customer sends something other than text; returns the msgid."""
        return customers.send(self.world, open_kfid, external_userid, msgtype, content, file=file)

    async def bulk(
        self, open_kfid: str, messages: Iterable[tuple[str, str]], *, callback: bool = True
    ) -> list[str]:
        """Many (external_userid, text) behind one callback; returns the msgids."""
        lines = (BulkLine(*message) for message in messages)
        return customers.bulk(self.world, open_kfid, lines, callback=callback)

    async def recall(self, open_kfid: str, external_userid: str, msgid: str) -> None:
        """A customer takes a message back."""
        customers.recall(self.world, open_kfid, external_userid, msgid)

    async def staff_take(self, userid: str, open_kfid: str, external_userid: str) -> None:
        """A servicer takes a waiting session."""
        desk.take(self.world, userid, open_kfid, external_userid)

    async def staff_say(self, userid: str, open_kfid: str, external_userid: str, text: str) -> str:
        """A servicer writes to the customer; returns the msgid."""
        return desk.say(self.world, userid, open_kfid, external_userid, text)

    async def staff_transfer(
        self, userid: str, to: str, open_kfid: str, external_userid: str
    ) -> None:
        """A servicer gives a session to a colleague."""
        desk.transfer(self.world, userid, to, open_kfid, external_userid)

    async def staff_end(self, userid: str, open_kfid: str, external_userid: str) -> None:
        """A servicer ends a session."""
        desk.end(self.world, userid, open_kfid, external_userid)

    async def staff_status(self, userid: str, open_kfid: str, *, receiving: bool) -> None:
        """A servicer starts or stops receiving."""
        desk.set_receiving(self.world, userid, open_kfid, receiving)

    async def staff_tell_app(self, userid: str, text: str) -> None:
        """A member writes to the app."""
        desk.tell_app(self.world, userid, text)

    async def staff_press(
        self, userid: str, task_id: str, key: str, selected: dict[str, list[str]] | None = None
    ) -> str:
        """A member presses a button of a card; returns the response code of this press."""
        return cards.press(self.world, userid, task_id, key, selected)

    def cards(self) -> list[dict[str, Any]]:
        """Every card that members were sent, with each copy as it looks now."""
        return inspection.cards_view(self.world)

    def inbox(self, userid: str) -> list[AppMessage]:
        """What a member got from the app, newest last."""
        return self.world.inboxes.get(userid, [])

    def conversation(self, open_kfid: str, external_userid: str) -> Conversation:
        """A conversation with its messages and its state of now."""
        return self.world.place(open_kfid, external_userid)

    def said_by_bot(self, open_kfid: str, external_userid: str) -> list[str]:
        """What the bot said to a customer, menus as lines of text."""
        return inspection.said_by_bot(self.world, open_kfid, external_userid)

    def transcript(self) -> Transcript:
        """Everything that was said, for `simulator.judge`."""
        return inspection.transcript(self.world)

    def unanswered(self, within_s: float) -> list[dict[str, Any]]:
        """Messages that the bot should have answered by now and has not."""
        return inspection.unanswered(self.world, within_s)

    def fault(self, kind: str, **details: Any) -> int:
        """Let something go wrong; see `simulator.faults`."""
        return add_fault(self.world, Fault(kind=kind, **details))

    def lift_fault(self, fault_id: int) -> None:
        """Let this one be over."""
        self.world.faults.lift(fault_id)

    def clear_faults(self) -> None:
        """Let everything work again."""
        self.world.faults.clear()
        self._gate.forgive()

    def reset(self) -> None:
        """Forget chats, blame and faults; accounts, people and cursors stay."""
        self.world.reset()
        self._gate.forgive()

    async def verify(self) -> dict[str, Any]:
        """Verify the callback URL as the console does."""
        return await self._sender.verify()

    async def wait_for(
        self, condition: Callable[[], object], *, description: str, timeout: float = 10.0
    ) -> None:
        """Wait until ``condition()`` is true.

        Raises:
            AssertionError: it did not come true in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not condition():
            if loop.time() >= deadline:
                raise AssertionError(f"not within {timeout:g} s: {description}")
            await asyncio.sleep(_POLL_S)


def played_by(world: World, webview: WebView) -> dict[str, Endpoint | RawEndpoint]:
    """Every path of WeCom's API that is played."""
    paths: dict[str, Endpoint | RawEndpoint] = {**webview.endpoints()}
    for family in (
        api_core,
        api_kf,
        api_contact,
        api_mass_sends,
        api_statistics,
        api_tags,
        api_transfer,
        api_ways,
        api_welcome,
    ):
        paths |= family.endpoints(world)
    return paths


def make_app(world: World, *, callback_url: str | None = None) -> tuple[web.Application, Simulator]:
    """The server of a world, and the object that drives it."""
    webview = WebView(world)
    gate = Gate(world, played_by(world, webview))
    sender = CallbackSender(world, callback_url)
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_route("*", "/cgi-bin/{path:.*}", gate.serve)
    app.router.add_get("/connect/oauth2/authorize", webview.authorize)
    app.add_routes([*Control(world, gate, sender).routes(), *Toolbar(world, webview).routes()])
    app.router.add_get("/pictures/{config_id}.png", picture)

    async def lifetime(_app: web.Application) -> AsyncIterator[None]:
        async with sender:
            yield

    async def dismiss_listeners(_app: web.Application) -> None:
        world.feed.close()

    app.cleanup_ctx.append(lifetime)
    app.on_shutdown.append(dismiss_listeners)
    return app, Simulator(world, gate, sender, webview)


@asynccontextmanager
async def running(
    world: World | None = None,
    *,
    callback_url: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Simulator]:
    """A simulator that listens; port 0 takes a free one, see ``.url``."""
    app, simulator = make_app(world or shop(), callback_url=callback_url)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        simulator.url = f"http://{host}:{runner.addresses[0][1]}"
        simulator.world.base_url = simulator.url
        yield simulator
    finally:
        await runner.cleanup()
