"""What may the product's page do in the chat beside which it is shown (wecom-api §6.8, §6.9)?

The stand-in for WeCom's client in the page (`page/host.js`) hands every call to the desk, which
brings it here; only a page whose address was signed may call at all.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from simulator import desk
from simulator.contents import TEXT_BYTES, find_media
from simulator.errors import Impossible, Refused
from simulator.records import Content
from simulator.webview import MEMBER_COOKIE, SignedConfig, WebView
from simulator.world import World

_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "image": ("mediaid",),
    "video": ("mediaid",),
    "file": ("mediaid",),
    "news": ("link", "title", "desc", "imgUrl"),
    "miniprogram": ("appid", "title", "imgUrl", "page"),
}
_URLS = frozenset({"link", "imgUrl"})


class ChatMessage(msgspec.Struct, kw_only=True):
    """What `sendChatMessage` is called with, and in which chat: a group, or a kf conversation."""

    userid: str
    message: dict[str, Any]
    open_kfid: str = ""
    external_userid: str = ""
    chat_id: str = ""


class Toolbar:
    """Routes of the page's host."""

    def __init__(self, world: World, webview: WebView) -> None:
        self._world, self._webview = world, webview

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        posts: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
            "/sim/sidebar": self._page,
            "/sim/host/client": self._client,
            "/sim/host/config": self._config,
            "/sim/host/send": self._send,
        }
        return [web.post(path, _polite(handler)) for path, handler in posts.items()]

    async def _page(self, request: web.Request) -> web.Response:
        self._world.sidebar_url = msgspec.json.decode(await request.read())["url"]
        return web.json_response({})

    async def _client(self, request: web.Request) -> web.Response:
        """Another member takes the device: cookies stay with the client of the one before."""
        userid = str(msgspec.json.decode(await request.read())["userid"])
        if userid not in self._world.members:
            raise Impossible(f"no member {userid}")
        response = web.json_response({})
        for name in request.cookies:
            response.del_cookie(name, path="/", secure=True, httponly=True)
        response.set_cookie(MEMBER_COOKIE, userid, path="/", httponly=True, samesite="Lax")
        return response

    async def _config(self, request: web.Request) -> web.Response:
        self._webview.check_config(msgspec.json.decode(await request.read(), type=SignedConfig))
        return web.json_response({})

    async def _send(self, request: web.Request) -> web.Response:
        it = msgspec.json.decode(await request.read(), type=ChatMessage)
        content = self._checked(it.message)
        msgtype, shown = self._shown(str(it.message["msgtype"]), content)
        if it.chat_id:
            said = str(shown.get("content") or shown.get("title") or msgtype)
            self._world.ways.say_in_group(it.chat_id, it.userid, said)
            return web.json_response({})
        where = (it.open_kfid, it.external_userid)
        msgid = desk.send(self._world, it.userid, where, msgtype, shown)
        return web.json_response({"msgid": msgid})

    def _shown(self, msgtype: str, content: Content) -> tuple[str, Content]:
        """As the chat shows it and `sync_msg` tells it (§3.8), where the names are others.

        Raises:
            Impossible: no such file.
        """
        match msgtype:
            case "image" | "video" | "file":
                media_id = str(content["mediaid"])
                try:
                    media = find_media(self._world, media_id)
                except Refused as error:
                    self._world.blame("bad_chat_message", f"{msgtype}.mediaid")
                    raise Impossible("sendChatMessage:fail invalid mediaid") from error
                return msgtype, {"media_id": media_id, "filename": media.filename}
            case "news":
                url, picture = content["link"], content["imgUrl"]
                about = {"title": content["title"], "desc": content["desc"]}
                return "link", {**about, "url": url, "pic_url": picture}
            case "miniprogram":
                names = {"appid": "appid", "title": "title", "pagepath": "page"}
                return msgtype, {name: content[own] for name, own in names.items()}
            case _:
                return msgtype, {"content": content["content"]}

    def _checked(self, message: dict[str, Any]) -> Content:
        """As the client checks it; names differ from those of the server's APIs (§6.9)."""
        msgtype = str(message.get("msgtype", ""))
        names, content = _MESSAGES.get(msgtype), message.get(msgtype)
        if names is None or not isinstance(content, dict):
            self._world.blame("bad_chat_message", msgtype)
            raise Impossible(f"sendChatMessage:fail, {msgtype or 'no'} msgtype")
        for name in names:
            value = content.get(name)
            wrong = not isinstance(value, str) or not value
            if wrong or (name in _URLS and not str(value).startswith(("http://", "https://"))):
                self._world.blame("bad_chat_message", f"{msgtype}.{name}")
                raise Impossible(f"sendChatMessage:fail invalid {name}")
        page = str(content.get("page", "")).partition("?")[0]
        if msgtype == "miniprogram" and not page.endswith(".html"):
            self._world.blame("bad_chat_message", "miniprogram.page")
            raise Impossible("sendChatMessage:fail invalid page")
        if msgtype == "text" and len(content["content"].encode()) > TEXT_BYTES:
            raise Impossible("sendChatMessage:fail, too long", "too_long")
        return content


def _polite(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def guarded(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Impossible as error:
            return web.json_response({"error": str(error), "kind": error.kind}, status=409)
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return guarded
