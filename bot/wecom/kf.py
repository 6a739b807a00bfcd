"""What can we ask of 微信客服, in types of our own (wecom-api §3)?"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

import msgspec

from bot.errors import CodeSpent, Unreachable
from bot.model.conversation import Conversation, ServiceState
from bot.wecom import apis
from bot.wecom.apis import Api
from bot.wecom.client import WeComClient
from bot.wecom.inbound import Incoming, read_item
from bot.wecom.limits import platform_limits
from bot.wecom.transport import Answer
from bot.wecom.wire import Payload

RECEIVING = 0  # in servicer/list; the event says 1 (wecom-api §3.4, §3.9)
READ_AT_ONCE = 200
"""Messages of a page that are read in one go: a page of a thousand takes a tenth of a second."""

MOST_ACCOUNTS = 5_000  # wecom-api §3.2

T = TypeVar("T")


class KfAccount(msgspec.Struct, frozen=True):
    """A 客服账号.

    Args:
        manage_privilege: whether this app may receive and send for it; check at start-up.
    """

    open_kfid: str
    name: str = ""
    avatar: str = ""
    manage_privilege: bool = True


class Servicer(msgspec.Struct, frozen=True):
    """An employee attached to an account."""

    userid: str
    receiving: bool
    stop_type: int | None = None


class Servicers(msgspec.Struct, frozen=True):
    """Who is attached to an account; the members of a whole department are not listed."""

    members: tuple[Servicer, ...]
    departments: tuple[int, ...] = ()

    @property
    def receiving(self) -> list[str]:
        """Userids of those who take conversations now."""
        return [member.userid for member in self.members if member.receiving]


class Page(msgspec.Struct, frozen=True):
    """One page of `sync_msg`; `has_more` counts even when it holds nothing."""

    incoming: list[Incoming]
    next_cursor: str
    has_more: bool


class CustomerProfile(msgspec.Struct, frozen=True):
    """What WeChat tells about a customer (wecom-api §3.12)."""

    external_userid: str
    nickname: str = ""
    avatar: str = ""
    gender: int = 0
    unionid: str | None = None


class _AccountsAnswer(msgspec.Struct, frozen=True):
    account_list: list[KfAccount] | None = None


class _ServicerItem(msgspec.Struct, frozen=True):
    userid: str = ""
    status: int | None = None
    stop_type: int | None = None
    department_id: int | None = None


class _ServicersAnswer(msgspec.Struct, frozen=True):
    servicer_list: list[_ServicerItem] | None = None


class _PageAnswer(msgspec.Struct, frozen=True):
    next_cursor: str | None = None
    has_more: Any = 0
    msg_list: list[Any] | None = None


class _StateAnswer(msgspec.Struct, frozen=True):
    service_state: ServiceState
    servicer_userid: str | None = None


class _LinkAnswer(msgspec.Struct, frozen=True):
    url: str


class _TransAnswer(msgspec.Struct, frozen=True):
    msg_code: str | None = None


class _CustomersAnswer(msgspec.Struct, frozen=True):
    customer_list: list[CustomerProfile] | None = None


class Kf:
    """The kf APIs. Every method raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    async def list_accounts(self) -> list[KfAccount]:
        """All accounts the app may see."""
        return [account async for page in self._account_pages() for account in page]

    async def _account_pages(self) -> AsyncIterator[list[KfAccount]]:
        page_size = platform_limits().kf.accounts_page_size
        for offset in range(0, MOST_ACCOUNTS, page_size):
            answer = await self._client.call(
                apis.KF_ACCOUNTS, body={"offset": offset, "limit": page_size}
            )
            page = _read(apis.KF_ACCOUNTS, answer, _AccountsAnswer).account_list or []
            yield page
            if len(page) < page_size:
                return

    async def list_servicers(self, open_kfid: str) -> Servicers:
        """Who is attached to an account and receives conversations now."""
        answer = await self._client.call(apis.KF_SERVICERS, params={"open_kfid": open_kfid})
        items = _read(apis.KF_SERVICERS, answer, _ServicersAnswer).servicer_list or []
        return Servicers(
            members=tuple(
                Servicer(item.userid, item.status == RECEIVING, item.stop_type)
                for item in items
                if item.userid
            ),
            departments=tuple(
                item.department_id for item in items if item.department_id is not None
            ),
        )

    async def link(self, open_kfid: str, scene: str) -> str:
        """The address that opens a chat with this account and tells us the scene (§3.3).

        Args:
            scene: at most 32 characters of ``[0-9a-zA-Z_-]``.
        """
        answer = await self._client.call(
            apis.KF_LINK, body={"open_kfid": open_kfid, "scene": scene}
        )
        return _read(apis.KF_LINK, answer, _LinkAnswer).url

    async def sync(
        self, open_kfid: str, cursor: str = "", token: str = "", *, limit: int | None = None
    ) -> Page:
        """One page of what happened since `cursor`; an empty one = the last 3 days.

        Args:
            open_kfid: the account; cursors are per account.
            cursor: `next_cursor` of the page stored last.
            limit: items at most, by default as many as WeCom gives.
            token: of the callback, lifts the frequency limit; dropped when it is refused (95007).
        """
        body: dict[str, Any] = {
            "open_kfid": open_kfid,
            "limit": limit or platform_limits().kf.page_size,
        }
        if cursor:
            body["cursor"] = cursor
        try:
            answer = await self._client.call(
                apis.KF_SYNC, body=body | {"token": token} if token else body
            )
        except CodeSpent:
            if not token:
                raise
            answer = await self._client.call(apis.KF_SYNC, body=body)
        page = _read(apis.KF_SYNC, answer, _PageAnswer)
        incoming: list[Incoming] = []
        for at, item in enumerate(page.msg_list or ()):
            incoming.append(read_item(item, open_kfid))
            if at % READ_AT_ONCE == READ_AT_ONCE - 1:
                await asyncio.sleep(0)
        # Without a cursor the next pull would replay 3 days: stay where we are.
        return Page(incoming, page.next_cursor or cursor, page.has_more in (1, "1"))

    async def send(self, conversation: Conversation, msgid: str, payload: Payload) -> str:
        """Send one message.

        Args:
            conversation: whose customer gets it, from which account.
            msgid: our own, the key that makes a repeat harmless.
            payload: ``msgtype`` and its object, see `bot.wecom.wire.plan`.

        Returns:
            The msgid under which `msg_send_fail` would speak of it.
        """
        body = {
            "touser": conversation.external_userid,
            "open_kfid": conversation.open_kfid,
            "msgid": msgid,
            **payload,
        }
        return _msgid(await self._client.call(apis.KF_SEND, body=body), msgid)

    async def send_on_event(self, code: str, msgid: str, payload: Payload) -> str:
        """Send the one message a welcome, queue, reply or end code allows (wecom-api §3.11)."""
        body = {"code": code, "msgid": msgid, **payload}
        return _msgid(await self._client.call(apis.KF_SEND_ON_EVENT, body=body), msgid)

    async def get_state(self, conversation: Conversation) -> tuple[ServiceState, str | None]:
        """The session's state and, in state 3, its servicer."""
        answer = await self._client.call(apis.KF_STATE, body=_where(conversation))
        found = _read(apis.KF_STATE, answer, _StateAnswer)
        return found.service_state, found.servicer_userid or None

    async def trans(
        self, conversation: Conversation, state: ServiceState, servicer: str | None = None
    ) -> str | None:
        """Bring the session to another state.

        Returns:
            The code for one message to the customer, where WeCom gives one.
        """
        body = _where(conversation) | {"service_state": int(state)}
        if servicer is not None:
            body["servicer_userid"] = servicer
        answer = await self._client.call(apis.KF_TRANS, body=body)
        return _read(apis.KF_TRANS, answer, _TransAnswer).msg_code or None

    async def batch_get_customers(self, external_userids: Sequence[str]) -> list[CustomerProfile]:
        """Profiles of those WeCom lets us see; the others are left out."""
        at_once = platform_limits().kf.customers_per_call
        found: list[CustomerProfile] = []
        for begin in range(0, len(external_userids), at_once):
            ids = list(external_userids[begin : begin + at_once])
            answer = await self._client.call(apis.KF_CUSTOMERS, body={"external_userid_list": ids})
            found += _read(apis.KF_CUSTOMERS, answer, _CustomersAnswer).customer_list or []
        return found


def _where(conversation: Conversation) -> dict[str, Any]:
    return {
        "open_kfid": conversation.open_kfid,
        "external_userid": conversation.external_userid,
    }


def _msgid(answer: Answer, ours: str) -> str:
    msgid = answer.get("msgid")
    return msgid if isinstance(msgid, str) and msgid else ours


def _read(api: Api, answer: Answer, kind: type[T]) -> T:
    """The typed answer; numbers may come as text (wecom-api §0).

    Raises:
        Unreachable: the answer has not the documented shape, so nothing is known.
    """
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        reason = str(error)
    raise Unreachable(api.path, 0, reason)
