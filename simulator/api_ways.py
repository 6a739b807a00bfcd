"""Which APIs make contact ways and group join ways (wecom-api §4.4, §4.9, §4.10)?"""

from collections.abc import Mapping
from typing import Any

from simulator.api_contact import PREFIX, only
from simulator.arguments import Arguments, integer, integers, required, strings, text
from simulator.errors import (
    BAD_CONFIG_ID,
    BAD_PARAMETER,
    BAD_SCENE,
    BAD_STYLE,
    BAD_TYPE,
    MEMBER_WITHOUT_CONTACT,
    NO_SUCH_CHAT,
    NO_SUCH_MEMBER,
    TOO_MANY_WAYS,
    WRONG_TYPE,
    Refused,
)
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.ways import MOST_WAYS, ContactWay, JoinWay
from simulator.world import World

_GROUP = f"{PREFIX}groupchat/"
_CHANGEABLE = frozenset(
    ("remark", "skip_verify", "style", "state", "user", "party", "is_exclusive", "mark_source")
)
_TEMPORARY = frozenset(("is_temp", "expires_in", "chat_expires_in", "unionid", "conclusions"))
_JOIN = frozenset(
    (
        *("scene", "remark", "auto_create_room", "room_base_name", "room_base_id"),
        *("chat_id_list", "state", "mark_source"),
    )
)
_MOST_USERS = 100
_CHATS = 5


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        f"{PREFIX}add_contact_way": Endpoint(("POST",), add_contact_way),
        f"{PREFIX}get_contact_way": Endpoint(("POST",), get_contact_way),
        f"{PREFIX}list_contact_way": Endpoint(("POST",), list_contact_way),
        f"{PREFIX}update_contact_way": Endpoint(("POST",), update_contact_way),
        f"{PREFIX}del_contact_way": Endpoint(("POST",), del_contact_way),
        f"{_GROUP}add_join_way": Endpoint(("POST",), add_join_way),
        f"{_GROUP}get_join_way": Endpoint(("POST",), get_join_way),
        f"{_GROUP}update_join_way": Endpoint(("POST",), update_join_way),
        f"{_GROUP}del_join_way": Endpoint(("POST",), del_join_way),
        f"{_GROUP}get": Endpoint(("POST",), group_get),
    }


# -- contact ways -------------------------------------------------------------------------


def add_contact_way(world: World, arguments: Arguments) -> Content:
    """`add_contact_way`: temporary ones are for the medical industry alone (§4.4)."""
    only(world, arguments, "type", "scene", *_CHANGEABLE, *_TEMPORARY)
    if arguments.get("is_temp"):
        raise Refused(BAD_PARAMETER, "temporary sessions are not permitted")
    kind = _choice(arguments, "type", (1, 2), BAD_TYPE)
    scene = _choice(arguments, "scene", (1, 2), BAD_SCENE)
    if "style" in arguments and scene != 1:
        raise Refused(BAD_STYLE, "style is for scene 1")
    fields = _fields(world, arguments, kind)
    if world.ways.count >= MOST_WAYS:
        raise Refused(TOO_MANY_WAYS, "contact ways at the limit")
    made = ContactWay(
        config_id=world.new_id("cfg"),
        created_at=world.now(),
        fields={"type": kind, "scene": scene, **fields},
    )
    if scene == 2:
        made.qr_code = f"{world.base_url}/pictures/{made.config_id}.png"
    world.ways.contact[made.config_id] = made
    shown = {"qr_code": made.qr_code} if made.qr_code else {}
    return {"config_id": made.config_id, **shown}


def get_contact_way(world: World, arguments: Arguments) -> Content:
    """`get_contact_way`."""
    only(world, arguments, "config_id")
    way = _way(world, arguments)
    shown: Content = {"config_id": way.config_id, "is_temp": False, **way.fields}
    if way.qr_code:
        shown["qr_code"] = way.qr_code
    return {"contact_way": shown}


def list_contact_way(world: World, arguments: Arguments) -> Content:
    """`list_contact_way`: of the last 90 days unless said otherwise."""
    only(world, arguments, "start_time", "end_time", "cursor", "limit")
    now = int(world.now())
    begin = integer(arguments, "start_time", now - 90 * 86_400, least=0, most=2**40)
    end = integer(arguments, "end_time", now, least=0, most=2**40)
    limit = integer(arguments, "limit", 100, least=1, most=1000)
    cursor = text(arguments, "cursor")
    if cursor and not cursor.isdigit():
        raise Refused(BAD_PARAMETER, "invalid cursor")
    ids = [
        way.config_id for way in world.ways.contact.values() if begin <= int(way.created_at) <= end
    ]
    start = int(cursor or 0)
    more = start + limit < len(ids)
    return {
        "contact_way": [{"config_id": one} for one in ids[start : start + limit]],
        "next_cursor": str(start + limit) if more else "",
    }


def update_contact_way(world: World, arguments: Arguments) -> Content:
    """`update_contact_way`: lists overwrite, type and scene cannot change."""
    only(world, arguments, "config_id", *_CHANGEABLE, *(_TEMPORARY - {"is_temp"}))
    way = _way(world, arguments)
    if "style" in arguments and way.fields["scene"] != 1:
        raise Refused(BAD_STYLE, "style is for scene 1")
    given = {name: value for name, value in arguments.items() if name in _CHANGEABLE}
    way.fields |= _fields(world, {**way.fields, **given}, way.fields["type"])
    return {}


def del_contact_way(world: World, arguments: Arguments) -> Content:
    """`del_contact_way`."""
    only(world, arguments, "config_id")
    del world.ways.contact[_way(world, arguments).config_id]
    return {}


def _fields(world: World, arguments: Arguments, kind: int) -> Content:
    users, parties = strings(arguments, "user"), integers(arguments, "party")
    if len({one.lower() for one in users}) != len(users):
        raise Refused(BAD_PARAMETER, "a member twice")
    if kind == 1 and (len(users) != 1 or parties):
        raise Refused(BAD_PARAMETER, "type 1 takes exactly one member")
    if not users and not parties:
        raise Refused(WRONG_TYPE, "neither user nor party")
    if len(users) > _MOST_USERS:
        raise Refused(BAD_PARAMETER, "more than 100 members")
    fields: Content = {"user": [_member(world, one) for one in users]}
    if parties:
        fields["party"] = parties
    for name in ("remark", "state"):
        if name in arguments:
            fields[name] = _short(arguments, name, 30)
    for name in ("skip_verify", "is_exclusive", "mark_source"):
        if name in arguments:
            fields[name] = _flag(arguments, name)
    return fields


def _way(world: World, arguments: Arguments) -> ContactWay:
    found = world.ways.contact.get(required(arguments, "config_id"))
    if found is None:
        raise Refused(BAD_CONFIG_ID, "config_id invalid")
    return found


def _member(world: World, userid: str) -> str:
    known = world.friends.member(userid)
    if known is None:
        raise Refused(NO_SUCH_MEMBER, "userid not found")
    if known in world.friends.barred:
        raise Refused(MEMBER_WITHOUT_CONTACT, "no external contact permission")
    return known


# -- join ways ----------------------------------------------------------------------------


def add_join_way(world: World, arguments: Arguments) -> Content:
    """`groupchat/add_join_way`: answers without a QR code (§4.10)."""
    only(world, arguments, *_JOIN)
    fields = _join_fields(world, arguments)
    if world.ways.count >= MOST_WAYS:
        raise Refused(TOO_MANY_WAYS, "contact ways at the limit")
    config_id = world.new_id("join")
    made = JoinWay(config_id=config_id, fields=fields)
    if fields["scene"] == 2:
        made.qr_code = f"{world.base_url}/pictures/{config_id}.png"
    world.ways.join[config_id] = made
    return {"config_id": config_id}


def get_join_way(world: World, arguments: Arguments) -> Content:
    """`groupchat/get_join_way`."""
    only(world, arguments, "config_id")
    way = _join_way(world, arguments)
    return {"join_way": {"config_id": way.config_id, **way.fields, "qr_code": way.qr_code}}


def update_join_way(world: World, arguments: Arguments) -> Content:
    """`groupchat/update_join_way`: overwrites everything."""
    only(world, arguments, "config_id", *_JOIN)
    way = _join_way(world, arguments)
    way.fields = _join_fields(world, arguments)
    return {}


def del_join_way(world: World, arguments: Arguments) -> Content:
    """`groupchat/del_join_way`."""
    only(world, arguments, "config_id")
    del world.ways.join[_join_way(world, arguments).config_id]
    return {}


def group_get(world: World, arguments: Arguments) -> Content:
    """`groupchat/get`: owner and customers, each with the state of the code (§4.9)."""
    only(world, arguments, "chat_id", "need_name")
    integer(arguments, "need_name", 0, least=0, most=1)
    group = world.ways.groups.get(required(arguments, "chat_id"))
    if group is None:
        raise Refused(NO_SUCH_CHAT, "chat_id does not exist")
    members: list[Content] = [
        *(
            {"userid": one, "type": 1, "join_time": 1, "join_scene": 1}
            for one in (group.owner, *group.staff)
        ),
        *(
            {
                "userid": one.external_userid,
                "type": 2,
                "join_time": int(one.join_time),
                "join_scene": 3 if one.state else 2,
                **({"state": one.state} if one.state else {}),
            }
            for one in group.members
        ),
    ]
    about = {"chat_id": group.chat_id, "name": group.name, "owner": group.owner}
    return {"group_chat": {**about, "create_time": 1, "member_list": members, "admin_list": []}}


def _join_fields(world: World, arguments: Arguments) -> Content:
    chats = strings(arguments, "chat_id_list")
    if not 1 <= len(chats) <= _CHATS:
        raise Refused(BAD_PARAMETER, "chat_id_list must have 1 to 5 entries")
    if unknown := [one for one in chats if one not in world.ways.groups]:
        raise Refused(NO_SUCH_CHAT, f"chat_id {unknown[0]} does not exist")
    auto = integer(arguments, "auto_create_room", 1, least=0, most=1)
    fields: Content = {
        "scene": _choice(arguments, "scene", (1, 2), BAD_SCENE),
        "chat_id_list": chats,
        "auto_create_room": auto,
        "remark": text(arguments, "remark")[:30],
    }
    if "room_base_name" in arguments:
        fields["room_base_name"] = _short(arguments, "room_base_name", 40)
    if "room_base_id" in arguments:
        fields["room_base_id"] = integer(arguments, "room_base_id", 1, least=0, most=2**31)
    if "state" in arguments:
        fields["state"] = _short(arguments, "state", 30)
    return fields


def _join_way(world: World, arguments: Arguments) -> JoinWay:
    found = world.ways.join.get(required(arguments, "config_id"))
    if found is None:
        raise Refused(BAD_CONFIG_ID, "config_id invalid")
    return found


def _choice(arguments: Arguments, name: str, values: tuple[int, ...], code: int) -> int:
    value: Any = arguments.get(name)
    if type(value) is not int or value not in values:
        raise Refused(code, f"{name} missing or invalid")
    return value


def _short(arguments: Arguments, name: str, most: int) -> str:
    value = text(arguments, name)
    if len(value) > most:
        raise Refused(BAD_PARAMETER, f"{name} longer than {most} characters")
    return value


def _flag(arguments: Arguments, name: str) -> bool:
    value = arguments[name]
    if not isinstance(value, bool):
        raise Refused(WRONG_TYPE, f"{name} must be true or false")
    return value
