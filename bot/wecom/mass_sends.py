"""How is a member asked to write to his friends at WeCom, and what came of it (wecom-api §4.12)?

The API makes a *task*: nothing reaches a customer until the member confirms it in his client.
"""

from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from bot.errors import Unreachable
from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer
from bot.wecom.limits import platform_limits
from bot.wecom.split import clean, cut

_BY_COMPANY = 0  # filter_type; 1 = made by members, 2 = all


class SendResult(IntEnum):
    """What became of one customer of a task."""

    NOT_SENT = 0
    SENT = 1
    NOT_FRIENDS = 2
    TOO_MANY = 3  # others have sent as much as the platform lets through


class MadeTask(msgspec.Struct, frozen=True):
    """A task as it was made.

    Args:
        msgid: empty where it was made for nobody.
        fail_list: customers whom it will not reach.
    """

    msgid: str = ""
    fail_list: tuple[str, ...] = ()


class ListedTask(msgspec.Struct, frozen=True):
    """A task in the list of all.

    Args:
        create_time: Unix seconds.
    """

    msgid: str
    text: str
    create_time: float


class CustomerResult(msgspec.Struct, frozen=True):
    """One customer of a task; who gets it otherwise than as a friend has no id here."""

    external_userid: str = ""
    status: int = SendResult.NOT_SENT
    send_time: float = 0.0


class _Made(msgspec.Struct, frozen=True):
    msgid: str | None = None
    fail_list: tuple[str, ...] | None = None


class _Text(msgspec.Struct, frozen=True):
    content: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    msgid: str
    create_time: float = 0.0
    text: _Text | None = None


class _Asked(msgspec.Struct, frozen=True):
    userid: str
    status: int = 0
    send_time: float = 0.0


class _Page(msgspec.Struct, frozen=True):
    """Of whichever list was asked for."""

    group_msg_list: list[_Listed] | None = None
    task_list: list[_Asked] | None = None
    send_list: list[CustomerResult] | None = None
    next_cursor: str | None = None


def as_sent(text: str) -> str:
    """The text as WeCom takes it; by it a task is found again."""
    return cut(clean(text), platform_limits().contact.mass_text_bytes)


class MassSendTasks:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls, self._limits = calls, platform_limits().contact

    async def create(self, sender: str, customers: Sequence[str], text: str) -> MadeTask:
        """Ask a member to write to these friends of his; whoever repeats it asks twice.

        Raises:
            Rejected: 41048, nobody of them can be reached.
        """
        body: dict[str, Any] = {
            "chat_type": "single",
            "external_userid": list(customers),
            "sender": sender,
            "allow_select": False,
            "text": {"content": as_sent(text)},
        }
        made = read_answer(apis.MASS_ADD, await self._calls.call(apis.MASS_ADD, body=body), _Made)
        failed = made.fail_list or ()
        if not made.msgid and not set(customers) <= set(failed):
            raise Unreachable(apis.MASS_ADD.path, 0, "an answer without msgid")
        return MadeTask(made.msgid or "", failed)

    async def made_between(self, begin: float, end: float) -> AsyncIterator[ListedTask]:
        """The company's tasks that were made in a span of at most a month (Unix seconds)."""
        body = {
            "chat_type": "single",
            "start_time": int(begin),
            "end_time": int(end),
            "filter_type": _BY_COMPANY,
            "limit": self._limits.mass_list_page,
        }
        async for page in self._pages(apis.MASS_LIST, body):
            for one in page.group_msg_list or ():
                content = one.text.content if one.text else None
                yield ListedTask(one.msgid, content or "", one.create_time)

    async def confirmed_at(self, msgid: str, userid: str) -> float | None:
        """When the member has confirmed a task, ``None`` = he has not.

        Raises:
            SendCancelled: nobody can any more.
        """
        body = {"msgid": msgid, "limit": self._limits.mass_result_page}
        async for page in self._pages(apis.MASS_TASK, body):
            for one in page.task_list or ():
                if one.userid.lower() == userid.lower() and one.status:
                    return one.send_time
        return None

    async def results_of(self, msgid: str, userid: str) -> dict[str, CustomerResult]:
        """What became of each customer that a member was asked to write to, by external_userid.

        Raises:
            SendCancelled: nobody can confirm it any more.
        """
        body = {"msgid": msgid, "userid": userid, "limit": self._limits.mass_result_page}
        found: dict[str, CustomerResult] = {}
        async for page in self._pages(apis.MASS_RESULT, body):
            found |= {one.external_userid: one for one in page.send_list or ()}
        return found

    async def remind(self, msgid: str) -> None:
        """Let WeCom remind the members who have not confirmed; at most three times in 24 h."""
        await self._calls.call(apis.MASS_REMIND, body={"msgid": msgid})

    async def cancel(self, msgid: str) -> None:
        """Stop the members who have not confirmed; what was sent stays sent.

        Raises:
            SendCancelled: it was cancelled before.
        """
        await self._calls.call(apis.MASS_CANCEL, body={"msgid": msgid})

    async def _pages(self, api: apis.Api, body: dict[str, Any]) -> AsyncIterator[_Page]:
        cursor = ""
        while True:
            answer = await self._calls.call(api, body={**body, "cursor": cursor})
            page = read_answer(api, answer, _Page)
            yield page
            cursor = page.next_cursor or ""
            if not cursor:
                return
