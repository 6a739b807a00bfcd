"""Which customer-contact APIs are there for members and customers (wecom-api §4.5, §4.6)?"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.arguments import Arguments, integer, required, strings, text
from simulator.errors import (
    BAD_PARAMETER,
    MEMBER_WITHOUT_CONTACT,
    NO_SUCH_MEMBER,
    NOT_FRIENDS,
    WRONG_TYPE,
    Refused,
)
from simulator.friends import Friendship
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.world import World

PREFIX = "/cgi-bin/externalcontact/"

_PAGE_OF_FOLLOWERS = 500
_GIVEN = frozenset({"access_token"})


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        f"{PREFIX}get_follow_user_list": Endpoint(("GET",), follow_user_list),
        f"{PREFIX}list": Endpoint(("GET",), contact_list),
        f"{PREFIX}get": Endpoint(("GET",), contact_get),
        f"{PREFIX}batch/get_by_user": Endpoint(("POST",), batch_get),
        f"{PREFIX}remark": Endpoint(("POST",), remark),
    }


def only(world: World, arguments: Arguments, *names: str) -> None:
    """Nothing is sent that the documentation does not name.

    Raises:
        Refused: something is.
    """
    if unknown := set(arguments) - _GIVEN - set(names):
        world.blame("unknown_field", ", ".join(sorted(unknown)))
        raise Refused(BAD_PARAMETER, f"unknown {sorted(unknown)}")


def follow_user_list(world: World, arguments: Arguments) -> Content:
    """`get_follow_user_list`: members with the function."""
    only(world, arguments)
    return {"follow_user": world.friends.members()}


def contact_list(world: World, arguments: Arguments) -> Content:
    """`list`: ids of a member's customers; 84061 when there are none."""
    only(world, arguments, "userid")
    mine = world.friends.of_member(_member(world, required(arguments, "userid")))
    if not mine:
        raise Refused(NOT_FRIENDS, "no customers")
    return {"external_userid": [one.external_userid for one in mine]}


def contact_get(world: World, arguments: Arguments) -> Content:
    """`get`: a customer with all followers, 500 a page."""
    only(world, arguments, "external_userid", "cursor")
    external_userid = required(arguments, "external_userid")
    followers = world.friends.followers(external_userid)
    if not followers:
        raise Refused(NOT_FRIENDS, "nobody has this customer")
    begin = _position(text(arguments, "cursor"), external_userid)
    page = followers[begin : begin + _PAGE_OF_FOLLOWERS]
    answer: Content = {
        "external_contact": _contact(world, external_userid),
        "follow_user": [_follow_user(world, one) for one in page],
    }
    if begin + _PAGE_OF_FOLLOWERS < len(followers):
        answer["next_cursor"] = _cursor(begin + _PAGE_OF_FOLLOWERS, external_userid)
    return answer


def batch_get(world: World, arguments: Arguments) -> Content:
    """`batch/get_by_user`: customers of up to 100 members, tags as bare ids."""
    only(world, arguments, "userid_list", "cursor", "limit")
    wanted = strings(arguments, "userid_list")
    if not 1 <= len(wanted) <= 100:
        raise Refused(BAD_PARAMETER, "userid_list must have 1 to 100 entries")
    limit = integer(arguments, "limit", 50, least=1, most=100)
    members = [_member(world, userid) for userid in wanted]
    if world.faults and world.faults.take("empty_contacts", f"{PREFIX}batch/get_by_user"):
        return {"external_contact_list": [], "next_cursor": ""}
    rows = [one for userid in members for one in world.friends.of_member(userid)]
    if not rows:
        raise Refused(NOT_FRIENDS, "no customers")
    whose = ",".join(members)
    begin = _position(text(arguments, "cursor"), whose)
    page = rows[begin : begin + limit]
    more = begin + limit < len(rows)
    return {
        "external_contact_list": [
            {
                "external_contact": _contact(world, one.external_userid),
                "follow_info": _follow_info(world, one),
            }
            for one in page
        ],
        "next_cursor": _cursor(begin + limit, whose) if more else "",
    }


def remark(world: World, arguments: Arguments) -> Content:
    """`remark`: what is left out stays, mobiles are replaced."""
    changes: dict[str, Callable[[Friendship, Any], None]] = {
        "remark": lambda one, value: setattr(one, "remark", value),
        "description": lambda one, value: setattr(one, "description", value),
        "remark_company": lambda one, value: setattr(one, "company", value),
        "remark_mobiles": lambda one, value: setattr(one, "mobiles", [m for m in value if m]),
        "remark_pic_mediaid": lambda _one, _value: None,
    }
    only(world, arguments, "userid", "external_userid", *changes)
    friendship = friendship_of(world, arguments)
    given = {name: arguments[name] for name in changes if name in arguments}
    if not given:
        raise Refused(BAD_PARAMETER, "nothing to change")
    for name, most in (("remark", 20), ("description", 150), ("remark_company", 20)):
        _characters(given.get(name, ""), name, most)
    strings(given, "remark_mobiles")
    for name, value in given.items():
        changes[name](friendship, value)
    return {}


def friendship_of(world: World, arguments: Arguments) -> Friendship:
    """The pair that a call names.

    Raises:
        Refused: no such member, or no friends.
    """
    userid = _member(world, required(arguments, "userid"))
    found = world.friends.friendships.get((userid, required(arguments, "external_userid")))
    if found is None or found.half:
        raise Refused(NOT_FRIENDS, "not friends")
    return found


def _member(world: World, userid: str) -> str:
    known = world.friends.member(userid)
    if known is None:
        raise Refused(NO_SUCH_MEMBER, "userid not found")
    if known in world.friends.barred:
        raise Refused(MEMBER_WITHOUT_CONTACT, "no external contact permission")
    return known


def _characters(value: object, name: str, most: int) -> None:
    if not isinstance(value, str):
        raise Refused(WRONG_TYPE, f"{name} must be a string")
    if len(value) > most:
        raise Refused(BAD_PARAMETER, f"{name} longer than {most} characters")


def _contact(world: World, external_userid: str) -> Content:
    contact: Content = {
        "external_userid": external_userid,
        "name": world.customers[external_userid].nickname,
        "avatar": "http://p.qlogo.cn/bizmail/demo/0",
        "type": 1,
        "gender": 0,
    }
    if unionid := world.friends.unionids.get(external_userid):
        contact["unionid"] = unionid
    return contact


def _follow_user(world: World, one: Friendship) -> Content:
    """As `get` shows it: tags as objects, those of the member without an id."""
    tags: list[Content] = []
    for tag_id in one.tags:
        if (found := world.friends.tag(tag_id)) is not None:
            group, tag = found
            named = {"group_name": group.name, "tag_name": tag.name, "tag_id": tag.id, "type": 1}
            tags.append(named)
    tags += [{"group_name": "", "tag_name": name, "type": 2} for name in one.own_tags]
    return {**_common(one), "tags": tags}


def _follow_info(world: World, one: Friendship) -> Content:
    """As the batch shows it: ids of corp tags alone."""
    return {**_common(one), "tag_id": [tag for tag in one.tags if world.friends.tag(tag)]}


def _common(one: Friendship) -> Content:
    shown: Content = {
        "userid": one.userid,
        "remark": one.remark,
        "description": one.description,
        "createtime": int(one.created_at),
        "oper_userid": one.userid,
        "add_way": one.add_way,
    }
    if one.state:
        shown["state"] = one.state
    if one.mobiles:
        shown["remark_mobiles"] = one.mobiles
    if one.company:
        shown["remark_corp_name"] = one.company
    return shown


def _cursor(begin: int, whose: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([begin, whose])).decode()


def _position(cursor: str, whose: str) -> int:
    if not cursor:
        return 0
    try:
        begin, of = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[int, str])
    except ValueError:
        raise Refused(BAD_PARAMETER, "invalid cursor") from None
    if of != whose:
        raise Refused(BAD_PARAMETER, "a cursor of another call")
    return begin
