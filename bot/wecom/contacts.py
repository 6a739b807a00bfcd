"""What can we ask of customer contact about members and customers (wecom-api §4.5, §4.6)?"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from bot.errors import Unreachable
from bot.model.remarks import Remark
from bot.wecom import apis
from bot.wecom.apis import Api
from bot.wecom.client import WeComClient
from bot.wecom.limits import platform_limits
from bot.wecom.transport import Answer

CORP_TAG = 1
"""Kind of a tag in `externalcontact/get`; 2 = a member's own, 3 = of a rule group."""

T = TypeVar("T")


class ContactCalls:
    """Calls of customer contact with one secret, a few at a time: 45033 comes quickly (§4.5).

    Some slots are kept for what cannot wait, so that a slow comparison holds up no welcome.
    """

    def __init__(self, client: WeComClient) -> None:
        self._client, limits = client, platform_limits().contact
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._urgent = asyncio.Semaphore(limits.urgent)

    async def call_urgently(self, api: Api, body: Any) -> Answer:
        """Call an API in a slot that is kept for what dies in seconds.

        Raises:
            WeComError, Misconfigured: as the client.
        """
        is_crowded = self._urgent.locked() and not self._slots.locked()
        async with self._slots if is_crowded else self._urgent:
            return await self._client.call(api, body=body)

    async def call(
        self, api: Api, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        """Call an API when a slot is free.

        Raises:
            WeComError, Misconfigured: as the client.
        """
        async with self._slots:
            return await self._client.call(api, params=params, body=body)


class Profile(msgspec.Struct, frozen=True):
    """What WeCom tells about a customer.

    Args:
        type: 1 = of WeChat, 2 = of another company's WeCom.
        unionid: only of WeChat, and only where the company has bound its open-platform account.
        corp_name: only of another company's WeCom.
    """

    external_userid: str
    name: str = ""
    avatar: str = ""
    type: int = 0
    gender: int = 0
    unionid: str | None = None
    corp_name: str | None = None


class Friend(msgspec.Struct, frozen=True):
    """One member's side of a friendship.

    Args:
        added_at: Unix seconds, 0 when WeCom did not say.
        state: of the contact way that was used.
        add_way: how they met, a number of wecom-api §4.5; ``None`` when WeCom did not say.
        tag_ids: corp tags; from a page those of rule groups are among them.
    """

    userid: str
    added_at: float = 0.0
    state: str = ""
    add_way: int | None = None
    tag_ids: frozenset[str] = frozenset()
    remark: str = ""
    description: str = ""
    mobiles: tuple[str, ...] = ()


class Contact(msgspec.Struct, frozen=True):
    """A customer with every member who has them as a friend."""

    profile: Profile
    friends: tuple[Friend, ...]


class ContactPage(msgspec.Struct, frozen=True):
    """One page of members' customers; `next_cursor` is empty on the last."""

    items: tuple[tuple[Profile, Friend], ...]
    next_cursor: str


class _Tag(msgspec.Struct, frozen=True):
    tag_id: str | None = None
    type: int = 0


class _Follow(msgspec.Struct, frozen=True):
    userid: str = ""
    createtime: float = 0.0
    state: str | None = None
    add_way: int | None = None
    tags: list[_Tag] | None = None
    tag_id: list[str] | None = None
    remark: str | None = None
    description: str | None = None
    remark_mobiles: list[str] | None = None

    def friend(self) -> Friend:
        given = [one.tag_id for one in self.tags or () if one.type == CORP_TAG and one.tag_id]
        return Friend(
            userid=self.userid,
            added_at=self.createtime,
            state=self.state or "",
            add_way=self.add_way,
            tag_ids=frozenset([*given, *(self.tag_id or ())]),
            remark=self.remark or "",
            description=self.description or "",
            mobiles=tuple(self.remark_mobiles or ()),
        )


class _Members(msgspec.Struct, frozen=True):
    follow_user: list[str] | None = None


class _Ids(msgspec.Struct, frozen=True):
    external_userid: list[str] | None = None


class _Detail(msgspec.Struct, frozen=True):
    external_contact: Profile
    follow_user: list[_Follow] | None = None
    next_cursor: str | None = None


class _Item(msgspec.Struct, frozen=True):
    external_contact: Profile
    follow_info: _Follow


class _PageAnswer(msgspec.Struct, frozen=True):
    external_contact_list: list[_Item]
    next_cursor: str | None = None


class Contacts:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def members(self) -> list[str]:
        """Members with customer contact, as far as the app may see them."""
        answer = await self._calls.call(apis.CONTACT_MEMBERS)
        found = read_answer(apis.CONTACT_MEMBERS, answer, _Members).follow_user
        return [userid for userid in found or () if userid]

    async def customers_of(self, userid: str) -> list[str]:
        """The external_userids of a member's customers.

        Raises:
            NotFriends: WeCom says that the member has none (84061).
        """
        answer = await self._calls.call(apis.CONTACT_LIST, params={"userid": userid})
        return read_answer(apis.CONTACT_LIST, answer, _Ids).external_userid or []

    async def get(self, external_userid: str) -> Contact:
        """A customer with all followers, however many pages they fill.

        Raises:
            NotFriends: no member that we may see has this customer.
        """
        friends: list[Friend] = []
        params = {"external_userid": external_userid}
        for _ in range(platform_limits().contact.follower_pages):
            answer = await self._calls.call(apis.CONTACT_GET, params=params)
            page = read_answer(apis.CONTACT_GET, answer, _Detail)
            friends += [one.friend() for one in page.follow_user or () if one.userid]
            if not page.next_cursor:
                return Contact(page.external_contact, tuple(friends))
            params = {"external_userid": external_userid, "cursor": page.next_cursor}
        raise Unreachable(apis.CONTACT_GET.path, 0, "followers without end")

    async def remark(self, userid: str, external_userid: str, wanted: Remark) -> None:
        """Write a member's notes about a customer; a repeat writes the same (wecom-api §4.6).

        Raises:
            NotFriends: they are none (84061).
        """
        body = {
            "userid": userid,
            "external_userid": external_userid,
            "remark": wanted.remark,
            "description": wanted.description,
            "remark_mobiles": list(wanted.mobiles) or [""],  # so they are cleared
        }
        await self._calls.call(apis.CONTACT_REMARK, body=body)

    async def page(self, userids: Sequence[str], cursor: str = "") -> ContactPage:
        """One page of the customers of at most 100 members.

        Raises:
            NotFriends: none of them has a customer (84061).
        """
        body = {
            "userid_list": list(userids),
            "cursor": cursor,
            "limit": platform_limits().contact.page_size,
        }
        answer = await self._calls.call(apis.CONTACT_BATCH, body=body)
        page = read_answer(apis.CONTACT_BATCH, answer, _PageAnswer)
        items = tuple(
            (one.external_contact, one.follow_info.friend()) for one in page.external_contact_list
        )
        return ContactPage(items, page.next_cursor or "")


def read_answer(api: Api, answer: Answer, kind: type[T]) -> T:
    """The typed answer; numbers may come as text (wecom-api §0).

    Raises:
        Unreachable: the answer has not the documented shape, so nothing is known: a page that
            cannot be read is not an empty one.
    """
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        reason = str(error)
    raise Unreachable(api.path, 0, reason)
