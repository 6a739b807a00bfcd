"""Who is whose friend, and which corp tags are there? State and what people do with it (§4).

What the product does through the API is in `api_contact` and `api_tags`: that makes no callback.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.errors import Impossible
from simulator.records import WelcomeCode

if TYPE_CHECKING:
    from simulator.world import World

MOST_TAGS = 3000
"""Corp tags of a company through this API; an older console says 10,000 (§4.7)."""

NAME_CHARS = 30


class Friendship(msgspec.Struct, kw_only=True):
    """One member and one customer.

    Args:
        half: the member has not confirmed yet (免验证).
        one_way: the customer has deleted the member, who still sees the customer.
        own_tags: names that only the member sees; the API shows them without an id.
    """

    userid: str
    external_userid: str
    created_at: float
    state: str = ""
    add_way: int = 1
    half: bool = False
    one_way: bool = False
    tags: list[str] = []
    own_tags: list[str] = []
    remark: str = ""
    description: str = ""
    company: str = ""
    mobiles: list[str] = []

    @property
    def key(self) -> tuple[str, str]:
        """(userid, external_userid)."""
        return self.userid, self.external_userid


class CorpTag(msgspec.Struct, kw_only=True):
    """A corp tag; a deleted one is still found by its id."""

    id: str
    name: str
    order: int = 0
    created_at: float = 0.0
    deleted: bool = False


class TagGroup(msgspec.Struct, kw_only=True):
    """A group of corp tags."""

    id: str
    name: str
    order: int = 0
    created_at: float = 0.0
    deleted: bool = False
    tags: list[CorpTag] = []


class ContactChange(msgspec.Struct, kw_only=True):
    """What a callback tells (§4.2): `fields` are its elements beside the common ones.

    Args:
        members: of a group: who joined.
    """

    event: str
    change: str
    fields: dict[str, str]
    members: tuple[str, ...] = ()


class Friends:
    """Customer contact of one company.

    Args:
        world: the company.

    `permitted` are the identities whose token WeCom accepts, `barred` members without the
    function; `greets_natively` are members with a welcome of the console, for whom no code is
    given; `awaits_archiving` are pairs of which the customer has not agreed to it; `marked` is
    every `mark_tag` that was accepted, `idle_marks` how many of them changed nothing,
    `seen_at_once` the most calls that were ever under way together.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self.friendships: dict[tuple[str, str], Friendship] = {}
        self.groups: dict[str, TagGroup] = {}
        self.permitted: set[str] = {"app"}
        self.barred: set[str] = set()
        self.unionids: dict[str, str] = {}
        self.welcome_codes: dict[str, WelcomeCode] = {}
        self.greets_natively: set[str] = set()
        self.awaits_archiving: set[tuple[str, str]] = set()
        self.group_welcomes: dict[str, str] = {}
        self.marked: list[dict[str, Any]] = []
        self.idle_marks = 0
        self.seen_at_once = 0
        self.on_change: Callable[[ContactChange], None] = lambda _change: None
        self._numbers = itertools.count(1)

    # -- look-ups -------------------------------------------------------------------------

    def members(self) -> list[str]:
        """Members with customer contact."""
        return [userid for userid in self._world.members if userid not in self.barred]

    def member(self, userid: str) -> str | None:
        """A member by userid in any case."""
        return next((one for one in self._world.members if one.lower() == userid.lower()), None)

    def of_member(self, userid: str) -> list[Friendship]:
        """A member's customers, in the order in which they were added."""
        return [one for one in self.friendships.values() if one.userid == userid]

    def followers(self, external_userid: str) -> list[Friendship]:
        """Everybody who has this customer."""
        found = (one for one in self.friendships.values() if one.external_userid == external_userid)
        return [one for one in found if one.userid not in self.barred]

    def tag(self, tag_id: str) -> tuple[TagGroup, CorpTag] | None:
        """A tag that exists, with its group."""
        for group in self.groups.values():
            for tag in group.tags:
                if tag.id == tag_id and not tag.deleted and not group.deleted:
                    return group, tag
        return None

    def tag_named(self, full_name: str) -> str:
        """The id of ``group：tag``.

        Raises:
            Impossible: there is none.
        """
        wanted = full_name.split("：", 1)
        for group in self.groups.values():
            for tag in group.tags:
                if [group.name, tag.name] == wanted and not tag.deleted and not group.deleted:
                    return tag.id
        raise Impossible(f"no tag {full_name}")

    def tags_on(self, userid: str, external_userid: str) -> set[str]:
        """Full names of the corp tags on a customer at a member."""
        friendship = self.friendships.get((userid, external_userid))
        named = set()
        for tag_id in friendship.tags if friendship else ():
            if (found := self.tag(tag_id)) is not None:
                named.add(f"{found[0].name}：{found[1].name}")
        return named

    def library(self) -> dict[str, list[str]]:
        """Names of the tags that exist, by group."""
        return {
            group.name: [tag.name for tag in group.tags if not tag.deleted]
            for group in self.groups.values()
            if not group.deleted
        }

    def welcomes(self, userid: str, external_userid: str) -> list[WelcomeCode]:
        """The welcomes that this customer got from this member."""
        pair = (userid, external_userid)
        return [
            one
            for one in self.welcome_codes.values()
            if (one.userid, one.external_userid) == pair and one.used_for is not None
        ]

    # -- friends --------------------------------------------------------------------------

    def add(
        self,
        userid: str,
        external_userid: str,
        *,
        state: str = "",
        half: bool = False,
        add_way: int = 1,
        tells: bool = True,
    ) -> str:
        """A customer and a member become friends; returns the welcome code, if there is one.

        Args:
            tells: whether the platform sends its callback.

        Raises:
            Impossible: they are friends, or one of them is unknown.
        """
        world, key = self._world, (userid, external_userid)
        if userid not in world.members or external_userid not in world.customers:
            raise Impossible(f"no member {userid} or no customer {external_userid}")
        known = self.friendships.get(key)
        if known is not None and not known.one_way:
            raise Impossible("they are friends already")
        self.friendships[key] = Friendship(
            userid=userid,
            external_userid=external_userid,
            created_at=float(int(world.now())),
            state=state,
            half=half,
            add_way=add_way,
            tags=list(known.tags) if known else [],
        )
        code = "" if userid in self.greets_natively else world.new_id("welcome_")
        if code:
            self.welcome_codes[code] = WelcomeCode(userid, external_userid, world.now())
        if tells:
            kind = "add_half_external_contact" if half else "add_external_contact"
            self._tell(kind, key, State=state, WelcomeCode=code)
        self._show()
        return code

    def confirm(self, userid: str, external_userid: str) -> None:
        """A member confirms a customer who came without asking; its code was given before."""
        friendship = self.friendship(userid, external_userid)
        if not friendship.half:
            raise Impossible("confirmed already")
        friendship.half = False
        self._tell("add_external_contact", friendship.key, State=friendship.state)
        self._show()

    def delete(
        self, userid: str, external_userid: str, *, by: str, source: str = "", tells: bool = True
    ) -> None:
        """A friendship ends; what the customer deletes stays one-way at the member's."""
        friendship = self.friendship(userid, external_userid)
        if by == "customer":
            friendship.one_way = True
        else:
            del self.friendships[friendship.key]
        if tells:
            change = "del_follow_user" if by == "customer" else "del_external_contact"
            self._tell(change, friendship.key, Source=source)
        self._show()

    def friendship(self, userid: str, external_userid: str) -> Friendship:
        """What a person at the console sees.

        Raises:
            Impossible: they are no friends.
        """
        found = self.friendships.get((userid, external_userid))
        if found is None:
            raise Impossible(f"{userid} does not have {external_userid}")
        return found

    # -- the console ----------------------------------------------------------------------

    def edit_tags(
        self,
        userid: str,
        external_userid: str,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        tells: bool = True,
    ) -> None:
        """A member changes the corp tags of a customer, by full name."""
        friendship = self.friendship(userid, external_userid)
        for name in add:
            if (tag_id := self.tag_named(name)) not in friendship.tags:
                friendship.tags.append(tag_id)
        gone = {self.tag_named(name) for name in remove}
        friendship.tags = [one for one in friendship.tags if one not in gone]
        if tells:
            self._tell("edit_external_contact", friendship.key)
        self._show()

    def edit_remark(self, userid: str, external_userid: str, remark: str) -> None:
        """A member notes something."""
        friendship = self.friendship(userid, external_userid)
        friendship.remark = remark
        self._tell("edit_external_contact", friendship.key)
        self._show()

    def create_tag(self, full_name: str, *, tells: bool = True) -> str:
        """An admin makes a tag, and its group where there is none; returns the tag's id."""
        group_name, _, name = full_name.partition("：")
        if not name:
            raise Impossible("a tag is named group：tag")
        group = self.group_named(group_name) or self.new_group(group_name)
        if any(tag.name == name and not tag.deleted for tag in group.tags):
            raise Impossible("a tag of that name exists")
        made = self.new_tag(group, name)
        if tells:
            self._tell_tag("create", "tag", made.id)
        self._show()
        return made.id

    def rename(self, tag_or_group_id: str, name: str) -> None:
        """An admin gives a tag, or a group, another name."""
        if tag_or_group_id in self.groups:
            self.groups[tag_or_group_id].name = name
            self._tell_tag("update", "tag_group", tag_or_group_id)
        elif (found := self.tag(tag_or_group_id)) is not None:
            found[1].name = name
            self._tell_tag("update", "tag", tag_or_group_id)
        else:
            raise Impossible("no such tag or group")
        self._show()

    def delete_tag(self, tag_or_group_id: str) -> None:
        """An admin deletes a tag, or a group: then only the group is told (§4.2)."""
        if tag_or_group_id in self.groups:
            group = self.groups[tag_or_group_id]
            self.drop_tags(tag.id for tag in group.tags)
            self._tell_tag("delete", "tag_group", group.id)
        elif self.tag(tag_or_group_id) is not None:
            self.drop_tags([tag_or_group_id])
            self._tell_tag("delete", "tag", tag_or_group_id)
        else:
            raise Impossible("no such tag or group")
        self._show()

    def shuffle(self) -> None:
        """An admin changes the order of the groups."""
        self._tell_tag("shuffle", "tag_group", "")

    # -- what both sides change -----------------------------------------------------------

    def group_named(self, name: str) -> TagGroup | None:
        """The group of this name, if it exists."""
        living = (one for one in self.groups.values() if not one.deleted)
        return next((one for one in living if one.name == name), None)

    def new_group(self, name: str, order: int = 0) -> TagGroup:
        """A group without tags."""
        group = TagGroup(
            id=self._new_id(), name=name, order=order, created_at=float(int(self._world.now()))
        )
        self.groups[group.id] = group
        return group

    def new_tag(self, group: TagGroup, name: str, order: int = 0) -> CorpTag:
        """A tag in a group."""
        tag = CorpTag(
            id=self._new_id(), name=name, order=order, created_at=float(int(self._world.now()))
        )
        group.tags.append(tag)
        return tag

    def drop_tags(self, tag_ids: Iterable[str]) -> None:
        """Tags are gone, from every customer too; the last one takes its group along."""
        gone = set(tag_ids)
        for group in self.groups.values():
            for tag in group.tags:
                tag.deleted = tag.deleted or tag.id in gone
            group.deleted = group.deleted or all(tag.deleted for tag in group.tags)
        for friendship in self.friendships.values():
            friendship.tags = [one for one in friendship.tags if one not in gone]

    def tag_count(self) -> int:
        """How many tags exist."""
        return sum(len(names) for names in self.library().values())

    def forget(self) -> None:
        """No friends and no tags."""
        for kept in (self.friendships, self.groups, self.welcome_codes, self.marked, self.barred):
            kept.clear()
        self.seen_at_once = self.idle_marks = 0

    def _new_id(self) -> str:
        return f"et{self._world.run_id}{next(self._numbers):012d}"

    def _tell(self, change: str, key: tuple[str, str], **more: str) -> None:
        fields = {"UserID": key[0], "ExternalUserID": key[1], **more}
        self.on_change(
            ContactChange(
                event="change_external_contact",
                change=change,
                fields={name: value for name, value in fields.items() if value},
            )
        )

    def _tell_tag(self, change: str, kind: str, tag_id: str) -> None:
        fields = {"Id": tag_id, "TagType": kind}
        self.on_change(ContactChange(event="change_external_tag", change=change, fields=fields))

    def _show(self) -> None:
        self._world.feed.publish("contacts", dict)
