"""How are contact ways and join ways made, found and changed (wecom-api §4.4, §4.10)?"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer

_QR_CODE = 2  # scene; 1 = a button in a mini-program
_ONE, _SEVERAL = 1, 2
_PAGE = 1000
_CUSTOMER = 2  # type of a group's member; 1 = staff

REMARK_CHARS = 30
CHATS_PER_WAY = 5


class Way(msgspec.Struct, frozen=True):
    """A contact way as WeCom has it."""

    config_id: str
    state: str = ""
    user: tuple[str, ...] = ()
    qr_code: str = ""


class JoinWay(msgspec.Struct, frozen=True):
    """A group join way as WeCom has it."""

    config_id: str
    chat_id_list: tuple[str, ...] = ()
    qr_code: str = ""


class Joined(msgspec.Struct, frozen=True):
    """A customer in a group.

    Args:
        join_time: Unix seconds.
        state: of the code that was scanned, empty = of none.
    """

    userid: str
    type: int = 0
    join_time: float = 0.0
    state: str = ""


class _Made(msgspec.Struct, frozen=True):
    config_id: str
    qr_code: str = ""


class _Got(msgspec.Struct, frozen=True):
    contact_way: Way


class _GotJoin(msgspec.Struct, frozen=True):
    join_way: JoinWay


class _Id(msgspec.Struct, frozen=True):
    config_id: str


class _Listed(msgspec.Struct, frozen=True):
    contact_way: list[_Id] | None = None
    next_cursor: str | None = None


class _Chat(msgspec.Struct, frozen=True):
    member_list: list[Joined] | None = None


class _GotChat(msgspec.Struct, frozen=True):
    group_chat: _Chat


class ContactWays:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    # ------------------------------------------------------------------ contact ways

    async def add(self, state: str, users: Sequence[str], *, remark: str, skip_verify: bool) -> Way:
        """Make a contact way with a QR code; whoever repeats it makes another.

        Args:
            users: 1–100 members.
            remark: a memo, cut to what WeCom takes.
        """
        body: dict[str, Any] = {
            "type": _SEVERAL,
            "scene": _QR_CODE,
            "remark": remark[:REMARK_CHARS],
            "skip_verify": skip_verify,
            "state": state,
            "user": list(users),
        }
        answer = await self._calls.call(apis.WAY_ADD, body=body)
        made = read_answer(apis.WAY_ADD, answer, _Made)
        return Way(made.config_id, state, tuple(users), made.qr_code)

    async def get(self, config_id: str) -> Way:
        """A contact way.

        Raises:
            Rejected: 41044, there is none.
        """
        answer = await self._calls.call(apis.WAY_GET, body={"config_id": config_id})
        return read_answer(apis.WAY_GET, answer, _Got).contact_way

    async def made_since(self, since: float) -> AsyncIterator[str]:
        """The config_ids of those made since a moment (Unix seconds), page by page."""
        cursor = ""
        while True:
            body = {"start_time": int(since), "cursor": cursor, "limit": _PAGE}
            answer = await self._calls.call(apis.WAY_LIST, body=body)
            page = read_answer(apis.WAY_LIST, answer, _Listed)
            for one in page.contact_way or ():
                yield one.config_id
            if not page.next_cursor or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    async def update(
        self,
        config_id: str,
        users: Sequence[str],
        *,
        remark: str | None = None,
        skip_verify: bool | None = None,
    ) -> None:
        """Let a code lead to other members; the QR code stays, and so does what is ``None``.

        Raises:
            Rejected: 41044, there is none.
            MemberBarred: one of the members has left, or has no customer contact.
        """
        body: dict[str, Any] = {"config_id": config_id, "user": list(users)}
        if remark is not None:
            body["remark"] = remark[:REMARK_CHARS]
        if skip_verify is not None:
            body["skip_verify"] = skip_verify
        await self._calls.call(apis.WAY_UPDATE, body=body)

    async def delete(self, config_id: str) -> None:
        """Delete a contact way: its QR code is dead for ever."""
        await self._calls.call(apis.WAY_DELETE, body={"config_id": config_id})

    # ------------------------------------------------------------------ join ways

    async def add_join(
        self, state: str, chats: Sequence[str], *, remark: str, new_group: str
    ) -> str:
        """Make a group join way; returns its config_id. Whoever repeats it makes another.

        Args:
            chats: 1–5 groups, filled in order.
            new_group: name of the groups that WeCom makes when they are full, empty = none.
        """
        body = _join_body(state, chats, remark, new_group)
        answer = await self._calls.call(apis.JOIN_ADD, body=body)
        return read_answer(apis.JOIN_ADD, answer, _Made).config_id

    async def get_join(self, config_id: str) -> JoinWay:
        """A join way, with the QR code that making it did not tell."""
        answer = await self._calls.call(apis.JOIN_GET, body={"config_id": config_id})
        return read_answer(apis.JOIN_GET, answer, _GotJoin).join_way

    async def update_join(
        self, config_id: str, state: str, chats: Sequence[str], *, remark: str, new_group: str
    ) -> None:
        """Let a code lead to other groups; everything is overwritten (§4.10)."""
        body = _join_body(state, chats, remark, new_group)
        await self._calls.call(apis.JOIN_UPDATE, body={"config_id": config_id, **body})

    async def delete_join(self, config_id: str) -> None:
        """Delete a join way: its QR code is dead for ever."""
        await self._calls.call(apis.JOIN_DELETE, body={"config_id": config_id})

    async def customers_in(self, chat_id: str) -> tuple[int, list[Joined]]:
        """How many are in a group, members of staff too, and its customers."""
        answer = await self._calls.call(apis.GROUP_GET, body={"chat_id": chat_id, "need_name": 0})
        members = read_answer(apis.GROUP_GET, answer, _GotChat).group_chat.member_list or []
        return len(members), [one for one in members if one.type == _CUSTOMER]


def _join_body(state: str, chats: Sequence[str], remark: str, new_group: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "scene": _QR_CODE,
        "remark": remark[:REMARK_CHARS],
        "auto_create_room": 1 if new_group else 0,
        "chat_id_list": list(chats),
        "state": state,
    }
    return body | ({"room_base_name": new_group, "room_base_id": 1} if new_group else {})
