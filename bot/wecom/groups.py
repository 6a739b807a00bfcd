"""Whose is a customer group, and what greets whoever joins one (wecom-api §4.9, §4.11)?"""

import msgspec

from bot.errors import Unreachable
from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer

STAFF, CUSTOMER = 1, 2
"""Types of members (§4.9)."""


class GroupMember(msgspec.Struct, frozen=True):
    """Somebody in a group: `STAFF`, or `CUSTOMER` by external_userid.

    Args:
        state: of the code that was scanned, empty = of none.
    """

    userid: str
    type: int = CUSTOMER
    join_time: float = 0.0
    state: str = ""


class GroupInfo(msgspec.Struct, frozen=True):
    """A customer group."""

    chat_id: str
    name: str = ""
    owner: str = ""
    member_list: tuple[GroupMember, ...] = ()

    @property
    def staff(self) -> list[str]:
        """Userids of the members of the company in it, its owner among them."""
        inside = [one.userid for one in self.member_list if one.type == STAFF]
        return list(dict.fromkeys([self.owner, *inside] if self.owner else inside))

    @property
    def customers(self) -> list[str]:
        """Who is in it from outside, those who came last at the top."""
        newest = sorted(self.member_list, key=lambda one: -one.join_time)
        return [one.userid for one in newest if one.type == CUSTOMER]


class _Answer(msgspec.Struct, frozen=True):
    group_chat: GroupInfo


class Groups:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def get(self, chat_id: str) -> GroupInfo:
        """Name, owner and members of a group."""
        answer = await self._calls.call(apis.GROUP_GET, body={"chat_id": chat_id, "need_name": 0})
        return read_answer(apis.GROUP_GET, answer, _Answer).group_chat

    async def add_welcome(self, text: str) -> str:
        """Make a welcome that owners can choose; whoever repeats it makes another.

        Args:
            text: at most 3000 bytes; ``%NICKNAME%`` becomes the newcomer's name.
        """
        body = {"text": {"content": text}, "notify": 1}
        answer = await self._calls.call(apis.GROUP_WELCOME_ADD, body=body)
        template_id = answer.get("template_id")
        if not isinstance(template_id, str) or not template_id:
            raise Unreachable(apis.GROUP_WELCOME_ADD.path, 0, "an answer without template_id")
        return template_id

    async def edit_welcome(self, template_id: str, text: str) -> None:
        """Change a welcome that this app made."""
        body = {"template_id": template_id, "text": {"content": text}}
        await self._calls.call(apis.GROUP_WELCOME_EDIT, body=body)
