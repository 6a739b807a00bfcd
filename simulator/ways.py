"""Which codes has the company made, whom does a scan lead to, and who is in which group (§4.4)?"""

import io
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import segno
from aiohttp import web

from simulator.errors import Impossible

if TYPE_CHECKING:
    from simulator.world import World

MOST_WAYS = 500_000
"""Contact ways and join ways of a company together (§4.4)."""

MOST_IN_GROUP = 200


async def picture(request: web.Request) -> web.Response:
    """The picture of a code, whose address says which one it is."""
    out = io.BytesIO()
    code = segno.make_qr(f"https://u.wechat.com/{request.match_info['config_id']}")
    code.save(out, kind="png", scale=4)
    return web.Response(body=out.getvalue(), content_type="image/png")


class ContactWay(msgspec.Struct, kw_only=True):
    """A 联系我: `fields` are those of the call that made it, as later calls changed them."""

    config_id: str
    created_at: float
    fields: dict[str, Any]
    qr_code: str = ""


class JoinWay(msgspec.Struct, kw_only=True):
    """A 加入群聊."""

    config_id: str
    fields: dict[str, Any]
    qr_code: str = ""


class GroupMember(msgspec.Struct, kw_only=True):
    """A customer in a group."""

    external_userid: str
    join_time: float
    state: str = ""


class Group(msgspec.Struct, kw_only=True):
    """A customer group.

    Args:
        staff: members of the company in it beside the owner.
        said: who of them wrote what.
    """

    chat_id: str
    name: str
    owner: str
    members: list[GroupMember] = []
    staff: list[str] = []
    said: list[tuple[str, str]] = []


class Ways:
    """Codes and groups of one company; a scan is what a customer does with a code."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.contact: dict[str, ContactWay] = {}
        self.join: dict[str, JoinWay] = {}
        self.groups: dict[str, Group] = {}
        self._turn = itertools.count()

    @property
    def count(self) -> int:
        """How much of the quota is used."""
        return len(self.contact) + len(self.join)

    def of_state(self, state: str) -> list[ContactWay]:
        """The contact ways with this state."""
        return [one for one in self.contact.values() if one.fields.get("state") == state]

    def users_of(self, state: str) -> list[str]:
        """The members that a scan of the code with this state may lead to."""
        (way,) = self.of_state(state)
        return list(way.fields["user"])

    def scan(self, state: str, external_userid: str) -> str:
        """A customer scans a code and becomes a friend; returns the member.

        Raises:
            Impossible: there is no such code, or they are friends.
        """
        ways = self.of_state(state)
        if not ways:
            raise Impossible(f"no code with state {state}")
        users = ways[0].fields["user"]
        userid: str = users[next(self._turn) % len(users)]
        self._world.friends.add(userid, external_userid, state=state)
        return userid

    def new_group(self, chat_id: str, owner: str, *, members: int = 0) -> Group:
        """A member makes a group, with so many customers in it."""
        made = Group(chat_id=chat_id, name=chat_id, owner=owner)
        now = self._world.now()
        made.members = [
            GroupMember(external_userid=f"wm_{chat_id}_{number}", join_time=now)
            for number in range(members)
        ]
        self.groups[chat_id] = made
        return made

    def say_in_group(self, chat_id: str, userid: str, text: str) -> None:
        """A member writes into a group.

        Raises:
            Impossible: he is not in it.
        """
        group = self.groups.get(chat_id)
        if group is None or userid not in (group.owner, *group.staff):
            raise Impossible(f"{userid} is not in this group")
        group.said.append((userid, text))

    def scan_group(self, state: str, external_userid: str) -> str:
        """A customer scans a group code; returns the chat: the first that is not full.

        Raises:
            Impossible: there is no such code, or all its groups are full.
        """
        way = next((one for one in self.join.values() if one.fields.get("state") == state), None)
        if way is None:
            raise Impossible(f"no code with state {state}")
        for chat_id in way.fields["chat_id_list"]:
            group = self.groups[chat_id]
            if len(group.members) < MOST_IN_GROUP:
                group.members.append(
                    GroupMember(
                        external_userid=external_userid, join_time=self._world.now(), state=state
                    )
                )
                return group.chat_id
        raise Impossible("all groups are full")

    def forget(self) -> None:
        """No codes and no groups."""
        for kept in (self.contact, self.join, self.groups):
            kept.clear()
