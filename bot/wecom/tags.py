"""How are corp tags read, made, renamed and put on customers (wecom-api §4.7)?"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bot.wecom import apis
from bot.wecom.contacts import ContactCalls, read_answer
from bot.wecom.limits import platform_limits


class LibraryTag(msgspec.Struct, frozen=True):
    """A corp tag with its group.

    Args:
        deleted: told only when it was asked for by id.
    """

    tag_id: str
    name: str
    group_id: str
    group_name: str
    created_at: float = 0.0
    deleted: bool = False


class _Tag(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    create_time: float = 0.0
    deleted: bool | None = None


class _Group(msgspec.Struct, frozen=True):
    group_id: str
    group_name: str = ""
    tag: list[_Tag] | None = None
    deleted: bool | None = None

    def tags(self) -> list[LibraryTag]:
        return [
            LibraryTag(
                tag_id=one.id,
                name=one.name,
                group_id=self.group_id,
                group_name=self.group_name,
                created_at=one.create_time,
                deleted=bool(one.deleted or self.deleted),
            )
            for one in self.tag or ()
        ]


class _Listed(msgspec.Struct, frozen=True):
    tag_group: list[_Group]


class _Added(msgspec.Struct, frozen=True):
    tag_group: _Group


class TagLibrary:
    """Typed calls; each raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def read(self) -> list[LibraryTag]:
        """Every corp tag that exists."""
        return [one for one in await self._read({}) if not one.deleted]

    async def read_some(self, tag_ids: Sequence[str]) -> list[LibraryTag]:
        """These tags, deleted ones too; the answer may leave out what is long gone.

        Raises:
            UnknownTag: one of them never was.
        """
        return await self._read({"tag_id": list(tag_ids)})

    async def _read(self, body: dict[str, Any]) -> list[LibraryTag]:
        answer = await self._calls.call(apis.TAG_LIST, body=body)
        groups = read_answer(apis.TAG_LIST, answer, _Listed).tag_group
        return [tag for group in groups for tag in group.tags()]

    async def add(
        self, group_name: str, names: Sequence[str], *, group_id: str = ""
    ) -> list[LibraryTag]:
        """Make tags, and their group where there is none; returns the new ones.

        Look them up first: what becomes of a name that exists is not documented.

        Args:
            group_id: of the group, empty = the one of that name.

        Raises:
            NameTaken: one of them exists.
        """
        group = {"group_id": group_id} if group_id else {"group_name": group_name}
        body = group | {"tag": [{"name": name} for name in names]}
        answer = await self._calls.call(apis.TAG_ADD, body=body)
        return read_answer(apis.TAG_ADD, answer, _Added).tag_group.tags()

    async def rename(self, tag_or_group_id: str, name: str) -> None:
        """Give a tag, or a group, another name.

        Raises:
            UnknownTag: it is gone, or belongs to another app.
            NameTaken: another has that name.
        """
        await self._calls.call(apis.TAG_EDIT, body={"id": tag_or_group_id, "name": name})

    async def delete(self, tag_ids: Iterable[str] = (), group_ids: Iterable[str] = ()) -> None:
        """Delete tags, and whole groups; the last tag takes its group along."""
        named = {"tag_id": list(tag_ids), "group_id": list(group_ids)}
        body = {key: ids for key, ids in named.items() if ids}
        if body:
            await self._calls.call(apis.TAG_DELETE, body=body)

    async def mark(
        self, userid: str, external_userid: str, *, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Put tags on a friend and take others off, in one call.

        Raises:
            NotFriends: they are no friends.
            UnknownTag: one of the tags is gone.
            ValueError: nothing is to be changed.
        """
        if not add and not remove:
            raise ValueError("nothing to mark")
        body: dict[str, Any] = {"userid": userid, "external_userid": external_userid}
        body |= {key: list(ids) for key, ids in (("add_tag", add), ("remove_tag", remove)) if ids}
        await self._calls.call(apis.TAG_MARK, body=body)


def fits(name: str) -> bool:
    """Whether WeCom takes this as the name of a tag or a group."""
    return 0 < len(name) <= platform_limits().contact.tag_name_chars
