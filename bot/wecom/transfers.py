"""How do a member's customers come to a colleague (wecom-api §4.14)?

Each is asked for by itself: WeCom tells the customer, and unless he refuses within 24 h he has
another contact then.
"""

from collections.abc import AsyncIterator, Sequence
from enum import IntEnum

import msgspec

from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer

FULL, UNDERWAY = 40099, 40100
LIMITED, UNDERWAY_TOO = 40128, 40129
"""Errcodes of one customer: the successor has no room; it goes on already (two codes are in use);
transferred too often."""

_PAGE = 1000


class Status(IntEnum):
    """What became of a customer."""

    DONE = 1
    WAITING = 2
    REFUSED = 3
    FULL = 4
    NO_RECORD = 5


class Passed(msgspec.Struct, frozen=True):
    """One customer in `transfer_result`.

    Args:
        status: a `Status`, or a number that nobody has documented yet.
        takeover_time: Unix seconds, 0 = not taken over.
    """

    external_userid: str
    status: int
    takeover_time: float = 0.0


class Unassigned(msgspec.Struct, frozen=True):
    """A customer of somebody who has left."""

    handover_userid: str
    external_userid: str


class _Item(msgspec.Struct, frozen=True):
    external_userid: str
    errcode: int = 0


class _Asked(msgspec.Struct, frozen=True):
    customer: list[_Item] | None = None


class _Results(msgspec.Struct, frozen=True):
    customer: list[Passed] | None = None
    next_cursor: str | None = None


class _List(msgspec.Struct, frozen=True):
    info: list[Unassigned] | None = None
    is_last: bool = False
    next_cursor: str | None = None


class Transfers:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def ask(
        self,
        pair: tuple[str, str],
        customers: Sequence[str],
        *,
        has_left: bool,
        message: str = "",
    ) -> dict[str, int]:
        """Begin the transfer of at most 100 customers; whoever repeats it is told 40100.

        Args:
            pair: who has them and who takes them over.
            has_left: the first of them has left the company.
            message: what the customers are told, at most 200 characters; empty = WeCom's words.
                Those of somebody who has left are told WeCom's words.

        Returns:
            Customer → errcode, 0 = it has begun.

        Raises:
            Rejected: 40097, the member has not left.
            MemberBarred: the successor cannot take anybody over.
        """
        api = apis.TRANSFER_LEFT if has_left else apis.TRANSFER
        handover, takeover = pair
        body: dict[str, object] = {
            "handover_userid": handover,
            "takeover_userid": takeover,
            "external_userid": list(customers),
        }
        if message and not has_left:
            body["transfer_success_msg"] = message
        answer = await self._calls.call(api, body=body)
        items = read_answer(api, answer, _Asked).customer or ()
        return {one.external_userid: one.errcode for one in items}

    async def results(self, pair: tuple[str, str], *, has_left: bool) -> AsyncIterator[Passed]:
        """What became of all customers between two members, page by page."""
        api = apis.TRANSFER_LEFT_RESULT if has_left else apis.TRANSFER_RESULT
        handover, takeover = pair
        cursor = ""
        while True:
            body = {"handover_userid": handover, "takeover_userid": takeover, "cursor": cursor}
            page = read_answer(api, await self._calls.call(api, body=body), _Results)
            for one in page.customer or ():
                yield one
            if not page.next_cursor or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    async def unassigned(self, member: str) -> list[str]:
        """The customers of a member who has left; nobody has them."""
        found, cursor = [], ""
        while True:
            body = {"cursor": cursor, "page_size": _PAGE}
            answer = await self._calls.call(apis.UNASSIGNED, body=body)
            page = read_answer(apis.UNASSIGNED, answer, _List)
            found += [
                one.external_userid
                for one in page.info or ()
                if one.handover_userid.lower() == member.lower()
            ]
            if page.is_last or not page.next_cursor or page.next_cursor == cursor:
                return found
            cursor = page.next_cursor
