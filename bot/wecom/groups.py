"""Whose is a customer group, and what greets whoever joins one (wecom-api §4.9, §4.11)?"""

import msgspec

from bot.errors import Unreachable
from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer


class GroupInfo(msgspec.Struct, frozen=True):
    """A customer group."""

    chat_id: str
    name: str = ""
    owner: str = ""


class _Answer(msgspec.Struct, frozen=True):
    group_chat: GroupInfo


class Groups:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def get(self, chat_id: str) -> GroupInfo:
        """Name and owner of a group."""
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
