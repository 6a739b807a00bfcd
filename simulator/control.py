"""How do the page, the tests and the benchmarks drive the simulator over HTTP?"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from simulator import cards, customers, desk, inspection
from simulator.app_inbox import app_message_view
from simulator.callbacks import CallbackSender
from simulator.contact_control import ContactControl
from simulator.customers import BulkLine
from simulator.errors import Impossible
from simulator.faults import Fault
from simulator.gate import Gate
from simulator.records import Content
from simulator.world import World, customer_view

PAGE = Path(__file__).parent / "page"
_HEARTBEAT_S = 15.0
_encode = msgspec.json.Encoder().encode

Shape = TypeVar("Shape", bound=msgspec.Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Where(msgspec.Struct, kw_only=True):
    open_kfid: str
    external_userid: str


class _Enter(_Where, kw_only=True):
    scene: str = ""
    scene_param: str = ""


class _Say(_Where, kw_only=True):
    text: str
    menu_id: str | None = None


class _Send(_Where, kw_only=True):
    msgtype: str
    content: Content = {}
    file_base64: str | None = None


class _Recall(_Where, kw_only=True):
    msgid: str


class _Bulk(msgspec.Struct, kw_only=True):
    open_kfid: str
    messages: list[BulkLine]
    callback: bool = True


class _AtDesk(_Where, kw_only=True):
    userid: str


class _StaffSays(_AtDesk, kw_only=True):
    text: str


class _Transfer(_AtDesk, kw_only=True):
    to: str


class _Status(msgspec.Struct, kw_only=True):
    userid: str
    open_kfid: str
    receiving: bool


class _TellApp(msgspec.Struct, kw_only=True):
    userid: str
    text: str


class _Press(msgspec.Struct, kw_only=True):
    userid: str
    task_id: str
    key: str
    selected: dict[str, list[str]] = {}


class _NewCustomer(msgspec.Struct, kw_only=True):
    nickname: str = ""


class _Clock(msgspec.Struct, kw_only=True):
    advance_s: float


class _CallbackUrl(msgspec.Struct, kw_only=True):
    url: str | None


class Control:
    """The control API of one world."""

    def __init__(self, world: World, gate: Gate, sender: CallbackSender) -> None:
        self._world, self._gate, self._sender = world, gate, sender
        self._contacts = ContactControl(world)

    def routes(self) -> list[web.RouteDef]:
        """All routes outside ``/cgi-bin``."""
        posts: dict[str, Handler] = {
            "/sim/customers": self._customers,
            "/sim/enter": self._enter,
            "/sim/say": self._say,
            "/sim/send": self._send,
            "/sim/bulk": self._bulk,
            "/sim/recall": self._recall,
            "/sim/staff/take": self._take,
            "/sim/staff/say": self._staff_say,
            "/sim/staff/transfer": self._transfer,
            "/sim/staff/end": self._end,
            "/sim/staff/status": self._status,
            "/sim/staff/tell_app": self._tell_app,
            "/sim/staff/press": self._press,
            "/sim/contacts/add": self._contacts.add,
            "/sim/contacts/confirm": self._contacts.confirm,
            "/sim/contacts/delete": self._contacts.delete,
            "/sim/contacts/leave": self._contacts.leave,
            "/sim/contacts/refuse_transfer": self._contacts.refuse_transfer,
            "/sim/contacts/tags": self._contacts.tags,
            "/sim/contacts/remark": self._contacts.remark,
            "/sim/contacts/send": self._contacts.send,
            "/sim/tags/create": self._contacts.create_tag,
            "/sim/tags/rename": self._contacts.rename_tag,
            "/sim/tags/delete": self._contacts.delete_tag,
            "/sim/faults": self._add_fault,
            "/sim/reset": self._reset,
            "/sim/clock": self._clock,
            "/sim/callback": self._callback,
            "/sim/verify": self._verify,
        }
        gets: dict[str, Handler] = {
            "/sim/state": self._state,
            "/sim/chat": self._chat,
            "/sim/staff/inbox": self._inbox,
            "/sim/cards": self._cards,
            "/sim/contacts": self._contacts.view,
            "/sim/transcript": self._transcript,
            "/sim/violations": self._violations,
            "/sim/calls": self._calls,
            "/sim/events": self._events,
            "/": _index,
            "/sim/media/{media_id}": self._media,
            "/page/{path:.*}": _page_file,
        }
        return [
            *(web.post(path, _polite(handler)) for path, handler in posts.items()),
            *(web.get(path, _polite(handler)) for path, handler in gets.items()),
            web.delete("/sim/faults", self._clear_faults),
        ]

    # -- the phone ------------------------------------------------------------------------

    async def _media(self, request: web.Request) -> web.Response:
        """A picture that was sent, as the phone shows it."""
        media = self._world.media.get(request.match_info["media_id"])
        if media is None or media.type != "image":
            raise web.HTTPNotFound
        is_png = media.data.startswith(b"\x89PNG")
        kind = "image/png" if is_png else "image/jpeg"
        return web.Response(body=media.data, content_type=kind)

    async def _customers(self, request: web.Request) -> web.Response:
        wanted = await _read(request, _NewCustomer)
        return _json(customer_view(self._world.add_customer(wanted.nickname)))

    async def _enter(self, request: web.Request) -> web.Response:
        it = await _read(request, _Enter)
        code = customers.enter(
            self._world,
            it.open_kfid,
            it.external_userid,
            scene=it.scene,
            scene_param=it.scene_param,
        )
        return _json({"welcome_code": code})

    async def _say(self, request: web.Request) -> web.Response:
        it = await _read(request, _Say)
        msgid = customers.say(
            self._world, it.open_kfid, it.external_userid, it.text, menu_id=it.menu_id
        )
        return _json({"msgid": msgid})

    async def _send(self, request: web.Request) -> web.Response:
        it = await _read(request, _Send)
        file = None if it.file_base64 is None else customers.decode_file(it.file_base64)
        msgid = customers.send(
            self._world, it.open_kfid, it.external_userid, it.msgtype, it.content, file=file
        )
        return _json({"msgid": msgid})

    async def _bulk(self, request: web.Request) -> web.Response:
        it = await _read(request, _Bulk)
        msgids = customers.bulk(self._world, it.open_kfid, it.messages, callback=it.callback)
        return _json({"msgids": msgids})

    async def _recall(self, request: web.Request) -> web.Response:
        it = await _read(request, _Recall)
        customers.recall(self._world, it.open_kfid, it.external_userid, it.msgid)
        return _json({})

    # -- the desk -------------------------------------------------------------------------

    async def _take(self, request: web.Request) -> web.Response:
        it = await _read(request, _AtDesk)
        desk.take(self._world, it.userid, it.open_kfid, it.external_userid)
        return _json({})

    async def _staff_say(self, request: web.Request) -> web.Response:
        it = await _read(request, _StaffSays)
        msgid = desk.say(self._world, it.userid, it.open_kfid, it.external_userid, it.text)
        return _json({"msgid": msgid})

    async def _transfer(self, request: web.Request) -> web.Response:
        it = await _read(request, _Transfer)
        desk.transfer(self._world, it.userid, it.to, it.open_kfid, it.external_userid)
        return _json({})

    async def _end(self, request: web.Request) -> web.Response:
        it = await _read(request, _AtDesk)
        desk.end(self._world, it.userid, it.open_kfid, it.external_userid)
        return _json({})

    async def _status(self, request: web.Request) -> web.Response:
        it = await _read(request, _Status)
        desk.set_receiving(self._world, it.userid, it.open_kfid, it.receiving)
        return _json({})

    async def _tell_app(self, request: web.Request) -> web.Response:
        it = await _read(request, _TellApp)
        desk.tell_app(self._world, it.userid, it.text)
        return _json({})

    async def _press(self, request: web.Request) -> web.Response:
        it = await _read(request, _Press)
        code = cards.press(self._world, it.userid, it.task_id, it.key, it.selected)
        return _json({"response_code": code})

    async def _inbox(self, request: web.Request) -> web.Response:
        userid = request.query.get("userid", "")
        messages = self._world.inboxes.get(userid, [])
        return _json({"messages": [app_message_view(userid, one) for one in messages]})

    # -- looking on -----------------------------------------------------------------------

    async def _state(self, _request: web.Request) -> web.Response:
        return _json(inspection.state_view(self._world))

    async def _chat(self, request: web.Request) -> web.Response:
        query = request.query
        open_kfid, external_userid = query.get("open_kfid", ""), query.get("external_userid", "")
        return _json(inspection.chat_view(self._world, open_kfid, external_userid))

    async def _cards(self, _request: web.Request) -> web.Response:
        return _json({"cards": inspection.cards_view(self._world)})

    async def _transcript(self, _request: web.Request) -> web.Response:
        said = inspection.transcript(self._world).items()
        conversations = [
            {"open_kfid": key[0], "external_userid": key[1], "messages": messages}
            for key, messages in said
        ]
        return _json({"conversations": conversations})

    async def _violations(self, request: web.Request) -> web.Response:
        answer: dict[str, Any] = {
            "violations": self._world.violations,
            "counts": self._world.violation_counts,
        }
        if "unanswered_after_s" in request.query:
            within_s = float(request.query["unanswered_after_s"])
            answer["unanswered"] = inspection.unanswered(self._world, within_s)
        return _json(answer)

    async def _calls(self, _request: web.Request) -> web.Response:
        return _json(self._world.calls)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        with self._world.feed.listen() as changes:
            await response.write(b": hello\n\n")
            with suppress(ConnectionError):  # the listener has gone
                await _stream(response, changes)
        return response

    # -- the machine ----------------------------------------------------------------------

    async def _add_fault(self, request: web.Request) -> web.Response:
        fault = await _read(request, Fault)
        return _json({"id": add_fault(self._world, fault)})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._world.faults.clear()
        self._gate.forgive()
        return _json({})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._world.reset()
        self._gate.forgive()
        return _json({})

    async def _clock(self, request: web.Request) -> web.Response:
        self._world.advance((await _read(request, _Clock)).advance_s)
        return _json({"now": self._world.now()})

    async def _callback(self, request: web.Request) -> web.Response:
        self._sender.url = (await _read(request, _CallbackUrl)).url
        return _json({})

    async def _verify(self, _request: web.Request) -> web.Response:
        return _json(await self._sender.verify())


def add_fault(world: World, fault: Fault) -> int:
    """Put a fault in force; an ``expire_token`` without count or chance strikes at once."""
    at_once = fault.times is None and fault.probability is None and fault.path is None
    if fault.kind == "expire_token" and at_once:
        world.tokens.kill_all(fault.code, world.now())
        return 0
    try:
        return world.faults.add(fault)
    except ValueError as error:
        raise Impossible(str(error)) from error


async def _stream(response: web.StreamResponse, changes: asyncio.Queue[Any]) -> None:
    while True:
        try:
            change = await asyncio.wait_for(changes.get(), _HEARTBEAT_S)
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if change is None:
            return
        await response.write(b"data: " + _encode(change) + b"\n\n")


def _polite(handler: Handler) -> Handler:
    """Answer 400 to what cannot be read and 409 to what cannot be done, with a reason."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Impossible as error:
            return _json({"error": str(error), "kind": error.kind}, status=409)
        except (msgspec.DecodeError, ValueError) as error:
            return _json({"error": str(error)}, status=400)

    return guarded


async def _read(request: web.Request, shape: type[Shape]) -> Shape:
    return msgspec.json.decode(await request.read() or b"{}", type=shape)


def _json(answer: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=_encode(answer), status=status, content_type="application/json")


async def _index(_request: web.Request) -> web.StreamResponse:
    return _file("index.html")


async def _page_file(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["path"])


def _file(name: str) -> web.StreamResponse:
    wanted = (PAGE / name).resolve()
    if not wanted.is_relative_to(PAGE.resolve()) or not wanted.is_file():
        raise web.HTTPNotFound(text=f"no page file {name}\n")
    return web.FileResponse(wanted, headers={"Cache-Control": "no-cache"})
