"""Which APIs are there for corp tags (wecom-api §4.7)?"""

from collections.abc import Mapping
from typing import Any

from simulator.api_contact import PREFIX, friendship_of, only
from simulator.arguments import Arguments, integer, required, strings, text
from simulator.errors import BAD_PARAMETER, BAD_TAG, NAME_TAKEN, WRONG_TYPE, Refused
from simulator.friends import MOST_TAGS, NAME_CHARS, TagGroup
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.world import World

_LARGEST_ORDER = 2**32 - 1


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        f"{PREFIX}get_corp_tag_list": Endpoint(("POST",), tag_list),
        f"{PREFIX}add_corp_tag": Endpoint(("POST",), add_tag),
        f"{PREFIX}edit_corp_tag": Endpoint(("POST",), edit_tag),
        f"{PREFIX}del_corp_tag": Endpoint(("POST",), delete_tag),
        f"{PREFIX}mark_tag": Endpoint(("POST",), mark_tag),
    }


def tag_list(world: World, arguments: Arguments) -> Content:
    """`get_corp_tag_list`: all that exists, or what is named, then deleted ones too."""
    only(world, arguments, "tag_id", "group_id")
    tag_ids, group_ids = strings(arguments, "tag_id"), strings(arguments, "group_id")
    groups = list(world.friends.groups.values())
    if not tag_ids and not group_ids:
        shown = (_shown(one, [tag.id for tag in one.tags if not tag.deleted]) for one in groups)
        return {"tag_group": [one for one in shown if one["tag"]]}
    if tag_ids:  # then group_id is ignored (unverified)
        known = {tag.id for group in groups for tag in group.tags}
        if set(tag_ids) - known:
            raise Refused(BAD_TAG, "no such tag")
        shown = (_shown(one, tag_ids, with_flags=True) for one in groups)
        return {"tag_group": [one for one in shown if one["tag"]]}
    if set(group_ids) - world.friends.groups.keys():
        raise Refused(BAD_TAG, "no such group")
    named = (world.friends.groups[one] for one in group_ids)
    return {"tag_group": [_shown(one, [t.id for t in one.tags], with_flags=True) for one in named]}


def add_tag(world: World, arguments: Arguments) -> Content:
    """`add_corp_tag`: into a group by id, or by name, which is made where there is none."""
    only(world, arguments, "group_id", "group_name", "order", "tag", "agentid")
    friends = world.friends
    named = _named_tags(arguments)
    group_id, group_name = text(arguments, "group_id"), _name(arguments, "group_name")
    order = integer(arguments, "order", 0, least=0, most=_LARGEST_ORDER)
    if not group_id and not group_name:
        raise Refused(BAD_PARAMETER, "group_id and group_name both empty")
    group = friends.groups.get(group_id) if group_id else friends.group_named(group_name)
    if group_id and (group is None or group.deleted):
        raise Refused(BAD_TAG, "no such group")
    there = {tag.name for tag in group.tags if not tag.deleted} if group else set()
    names = [name for name, _ in named]
    if there & set(names) or len(set(names)) < len(names):
        raise Refused(NAME_TAKEN, "tag name exists")
    if friends.tag_count() + len(named) > MOST_TAGS:
        raise Refused(world.options.too_many_tags_code, "too many tags")
    group = group or friends.new_group(group_name, order)
    made = [friends.new_tag(group, name, place) for name, place in named]
    return {"tag_group": _shown(group, [tag.id for tag in made])}


def edit_tag(world: World, arguments: Arguments) -> Content:
    """`edit_corp_tag`: name or order of a tag or a group."""
    only(world, arguments, "id", "name", "order", "agentid")
    wanted, name = required(arguments, "id"), _name(arguments, "name")
    if "order" in arguments:
        integer(arguments, "order", 0, least=0, most=_LARGEST_ORDER)
    group = world.friends.groups.get(wanted)
    if group is not None and not group.deleted:
        other = world.friends.group_named(name)
        if other is not None and other is not group:
            raise Refused(NAME_TAKEN, "group name exists")
        group.name = name or group.name
        return {}
    found = world.friends.tag(wanted)
    if found is None:
        raise Refused(BAD_TAG, "no such tag or group")
    inside, tag = found
    if any(one.name == name and one is not tag and not one.deleted for one in inside.tags):
        raise Refused(NAME_TAKEN, "tag name exists")
    tag.name = name or tag.name
    return {}


def delete_tag(world: World, arguments: Arguments) -> Content:
    """`del_corp_tag`: tags and groups together; the last tag takes its group along."""
    only(world, arguments, "tag_id", "group_id", "agentid")
    tag_ids, group_ids = strings(arguments, "tag_id"), strings(arguments, "group_id")
    if not tag_ids and not group_ids:
        raise Refused(BAD_PARAMETER, "tag_id and group_id both empty")
    friends = world.friends
    if any(friends.tag(one) is None for one in tag_ids):
        raise Refused(BAD_TAG, "no such tag")
    if any(one not in friends.groups or friends.groups[one].deleted for one in group_ids):
        raise Refused(BAD_TAG, "no such group")
    inside = [tag.id for one in group_ids for tag in friends.groups[one].tags]
    friends.drop_tags([*tag_ids, *inside])
    return {}


def mark_tag(world: World, arguments: Arguments) -> Content:
    """`mark_tag`: puts tags on and takes others off; repeats change nothing."""
    only(world, arguments, "userid", "external_userid", "add_tag", "remove_tag")
    added, removed = strings(arguments, "add_tag"), strings(arguments, "remove_tag")
    if not added and not removed:
        raise Refused(BAD_PARAMETER, "add_tag and remove_tag both empty")
    friendship = friendship_of(world, arguments)
    if any(world.friends.tag(one) is None for one in (*added, *removed)):
        raise Refused(BAD_TAG, "no such tag")
    if set(added) & set(removed):
        world.blame("contradictory_tags", friendship.external_userid)
        raise Refused(BAD_PARAMETER, "a tag is to be added and removed")
    if set(added) <= set(friendship.tags) and not set(removed) & set(friendship.tags):
        world.friends.idle_marks += 1
    kept = [one for one in friendship.tags if one not in removed]
    friendship.tags = [*kept, *(one for one in added if one not in kept)]
    world.friends.marked.append(
        {
            "userid": friendship.userid,
            "external_userid": friendship.external_userid,
            "add": [_full_name(world, one) for one in added],
            "remove": [_full_name(world, one) for one in removed],
        }
    )
    world.feed.publish("contacts", dict)
    return {}


def _full_name(world: World, tag_id: str) -> str:
    found = world.friends.tag(tag_id)
    assert found is not None
    return f"{found[0].name}：{found[1].name}"


def _named_tags(arguments: Arguments) -> list[tuple[str, int]]:
    given = arguments.get("tag")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Refused(WRONG_TYPE, "tag must be a list of objects")
    if not given:
        raise Refused(BAD_PARAMETER, "tag is empty")
    named: list[tuple[str, int]] = []
    for one in given:
        if set(one) - {"name", "order"}:
            raise Refused(BAD_PARAMETER, "a tag has name and order")
        name = _name(one, "name")
        if not name:
            raise Refused(BAD_PARAMETER, "name missing")
        named.append((name, integer(one, "order", 0, least=0, most=_LARGEST_ORDER)))
    return named


def _name(arguments: Mapping[str, Any], name: str) -> str:
    value = text(dict(arguments), name)
    if len(value) > NAME_CHARS:
        raise Refused(BAD_PARAMETER, f"{name} longer than {NAME_CHARS} characters")
    return value


def _shown(group: TagGroup, tag_ids: list[str], *, with_flags: bool = False) -> Content:
    def flag(*, deleted: bool) -> Content:
        return {"deleted": deleted} if with_flags else {}

    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": int(group.created_at),
        "order": group.order,
        **flag(deleted=group.deleted),
        "tag": [
            {
                "id": tag.id,
                "name": tag.name,
                "create_time": int(tag.created_at),
                "order": tag.order,
                **flag(deleted=tag.deleted),
            }
            for tag in group.tags
            if tag.id in tag_ids
        ],
    }
