"""How do the page and tests play the console of customer contact over HTTP?"""

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from simulator.friends import Friends, Friendship
from simulator.world import World

_encode = msgspec.json.Encoder().encode

Shape = TypeVar("Shape", bound=msgspec.Struct)


class _Pair(msgspec.Struct, kw_only=True):
    userid: str
    external_userid: str


class _Add(_Pair, kw_only=True):
    state: str = ""
    half: bool = False


class _Delete(_Pair, kw_only=True):
    by: str = "staff"


class _Tags(_Pair, kw_only=True):
    add: list[str] = []
    remove: list[str] = []


class _Remark(_Pair, kw_only=True):
    remark: str


class _Leaves(msgspec.Struct, kw_only=True):
    userid: str


class _NewTag(msgspec.Struct, kw_only=True):
    name: str


class _Rename(msgspec.Struct, kw_only=True):
    id: str
    name: str


class _Send(msgspec.Struct, kw_only=True):
    userid: str
    msgid: str


class _Gone(msgspec.Struct, kw_only=True):
    id: str


class ContactControl:
    """What a person does at the console, and what is seen there."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def view(self, _request: web.Request) -> web.Response:
        """Members, friendships and the library of tags."""
        return _json(contacts_view(self._world))

    async def add(self, request: web.Request) -> web.Response:
        """A customer adds a member."""
        it = await _read(request, _Add)
        code = self._friends.add(it.userid, it.external_userid, state=it.state, half=it.half)
        return _json({"welcome_code": code})

    async def confirm(self, request: web.Request) -> web.Response:
        """A member confirms a customer."""
        it = await _read(request, _Pair)
        self._friends.confirm(it.userid, it.external_userid)
        return _json({})

    async def delete(self, request: web.Request) -> web.Response:
        """One of them ends it."""
        it = await _read(request, _Delete)
        self._friends.delete(it.userid, it.external_userid, by=it.by)
        return _json({})

    async def leave(self, request: web.Request) -> web.Response:
        """A member leaves the company."""
        self._world.transfers.leave((await _read(request, _Leaves)).userid)
        return _json({})

    async def refuse_transfer(self, request: web.Request) -> web.Response:
        """A customer does not want another contact."""
        self._world.transfers.refuse((await _read(request, _Pair)).external_userid)
        return _json({})

    async def tags(self, request: web.Request) -> web.Response:
        """A member puts tags on, or takes them off."""
        it = await _read(request, _Tags)
        self._friends.edit_tags(it.userid, it.external_userid, add=it.add, remove=it.remove)
        return _json({})

    async def remark(self, request: web.Request) -> web.Response:
        """A member notes something."""
        it = await _read(request, _Remark)
        self._friends.edit_remark(it.userid, it.external_userid, it.remark)
        return _json({})

    async def create_tag(self, request: web.Request) -> web.Response:
        """An admin makes a tag ``group：tag``."""
        return _json({"id": self._friends.create_tag((await _read(request, _NewTag)).name)})

    async def rename_tag(self, request: web.Request) -> web.Response:
        """An admin renames a tag or a group."""
        it = await _read(request, _Rename)
        self._friends.rename(it.id, it.name)
        return _json({})

    async def delete_tag(self, request: web.Request) -> web.Response:
        """An admin deletes a tag or a group."""
        self._friends.delete_tag((await _read(request, _Gone)).id)
        return _json({})

    async def send(self, request: web.Request) -> web.Response:
        """A member sends a mass-send task."""
        it = await _read(request, _Send)
        return _json({"results": self._world.mass_sends.confirm(it.userid, it.msgid)})

    @property
    def _friends(self) -> Friends:
        return self._world.friends


def contacts_view(world: World) -> dict[str, Any]:
    """What the console shows."""
    friends = world.friends
    return {
        "members": [
            {"userid": userid, "name": world.members[userid]} for userid in friends.members()
        ],
        "mass_sends": [
            {
                "userid": userid,
                "msgid": task.msgid,
                "text": task.text,
                "results": task.results[userid],
            }
            for userid in friends.members()
            for task in world.mass_sends.waiting_for(userid)
        ],
        "friendships": [_shown(world, one) for one in friends.friendships.values()],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "tags": [{"id": tag.id, "name": tag.name} for tag in group.tags if not tag.deleted],
            }
            for group in friends.groups.values()
            if not group.deleted
        ],
    }


def _shown(world: World, one: Friendship) -> dict[str, Any]:
    friends = world.friends
    return {
        "userid": one.userid,
        "external_userid": one.external_userid,
        "half": one.half,
        "one_way": one.one_way,
        "passing": world.transfers.waiting(one.external_userid),
        "remark": one.remark,
        "tags": sorted(friends.tags_on(one.userid, one.external_userid)),
    }


async def _read(request: web.Request, shape: type[Shape]) -> Shape:
    return msgspec.json.decode(await request.read() or b"{}", type=shape)


def _json(answer: Any) -> web.Response:
    return web.Response(body=_encode(answer), content_type="application/json")
