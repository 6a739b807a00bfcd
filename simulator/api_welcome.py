"""May the product greet this newcomer now? `send_welcome_msg` (wecom-api §4.3)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.api_contact import PREFIX, only
from simulator.arguments import Arguments, mapping, required, text
from simulator.contents import find_media
from simulator.errors import (
    BAD_ATTACHMENT_TYPE,
    BAD_MEDIA_ID,
    BAD_PARAMETER,
    BAD_WELCOME_CODE,
    CHATTING_ALREADY,
    NO_WELCOME_CODE,
    TOO_MANY_ATTACHMENTS,
    TOO_MANY_GROUP_WELCOMES,
    WRONG_TYPE,
    Refused,
)
from simulator.gate import Endpoint
from simulator.records import Content, WelcomeCode
from simulator.world import World

CODE_LIFETIME_S = 20.0
TEXT_BYTES = 4000
MOST_ATTACHMENTS = 9
GROUP_TEXT_BYTES, MOST_GROUP_WELCOMES = 3000, 100

_canonical = msgspec.json.Encoder(order="sorted").encode


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    template = f"{PREFIX}group_welcome_template/"
    return {
        f"{PREFIX}send_welcome_msg": Endpoint(("POST",), send_welcome_msg),
        f"{template}add": Endpoint(("POST",), add_group_welcome),
        f"{template}edit": Endpoint(("POST",), edit_group_welcome),
    }


NOT_ARCHIVED_YET = 41053


def add_group_welcome(world: World, arguments: Arguments) -> Content:
    """`group_welcome_template/add` (§4.11); at most 100 of them."""
    only(world, arguments, "text", "notify")
    if len(world.friends.group_welcomes) >= MOST_GROUP_WELCOMES:
        raise Refused(TOO_MANY_GROUP_WELCOMES, "group welcome templates at the limit")
    check_parts(world, arguments, text_bytes=GROUP_TEXT_BYTES)
    template_id = world.new_id("msg")
    world.friends.group_welcomes[template_id] = arguments["text"]["content"]
    return {"template_id": template_id}


def edit_group_welcome(world: World, arguments: Arguments) -> Content:
    """`group_welcome_template/edit` (§4.11)."""
    only(world, arguments, "template_id", "text")
    template_id = required(arguments, "template_id")
    if template_id not in world.friends.group_welcomes:
        raise Refused(BAD_PARAMETER, "no such template")
    check_parts(world, arguments, text_bytes=GROUP_TEXT_BYTES)
    world.friends.group_welcomes[template_id] = arguments["text"]["content"]
    return {}


def send_welcome_msg(world: World, arguments: Arguments) -> Content:
    """Accept the one welcome that a code permits, or refuse it."""
    only(world, arguments, "welcome_code", "text", "attachments")
    given = text(arguments, "welcome_code")
    if not given:
        raise Refused(NO_WELCOME_CODE, "welcome_code missing")
    code = world.friends.welcome_codes.get(given)
    if code is None:
        world.blame("forged_code", given)
        raise Refused(BAD_WELCOME_CODE, "invalid welcome_code")
    if (code.userid, code.external_userid) in world.friends.awaits_archiving:
        raise Refused(NOT_ARCHIVED_YET, "customer has not agreed to msg audit")
    check_parts(world, arguments, text_bytes=TEXT_BYTES)
    body: Arguments = {key: arguments[key] for key in ("text", "attachments") if key in arguments}
    _check_code(world, code, hash(_canonical(body)))
    code.used_for, code.used_at, code.said = hash(_canonical(body)), world.now(), body
    world.feed.publish("contacts", dict)
    return {}


def check_parts(world: World, arguments: Arguments, *, text_bytes: int) -> None:
    """Let well-formed text and attachments pass.

    Raises:
        Refused: WeCom would not take them.
    """
    said = ""
    if "text" in arguments:
        body = mapping(arguments, "text")
        said = text(body, "content")
        if len(said.encode()) > text_bytes:
            world.blame("too_long", f"welcome of {len(said.encode())} bytes")
            raise Refused(BAD_PARAMETER, f"text.content longer than {text_bytes} bytes")
    attachments = arguments.get("attachments", [])
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refused(WRONG_TYPE, "attachments must be a list of objects")
    if len(attachments) > MOST_ATTACHMENTS:
        world.blame("too_many_attachments", str(len(attachments)))
        raise Refused(TOO_MANY_ATTACHMENTS, "more than 9 attachments")
    if not said and not attachments:
        raise Refused(BAD_PARAMETER, "neither text nor attachments")
    for one in attachments:
        kind = text(one, "msgtype")
        if kind not in _CHECKS:
            raise Refused(BAD_ATTACHMENT_TYPE, f"msgtype {kind!r}")
        _CHECKS[kind](world, mapping(one, kind))


def _check_code(world: World, code: WelcomeCode, body: int) -> None:
    pair = f"{code.userid}/{code.external_userid}"
    if code.used_for is not None:
        if code.used_for != body:  # the very same is a retry whose answer may have been lost
            world.blame("friend_welcomed_twice", pair)
        raise Refused(CHATTING_ALREADY, "external user has started chatting")
    age = world.now() - code.made_at
    if age >= CODE_LIFETIME_S:
        world.blame("welcome_late", f"{pair}: {age:.1f} s")
        raise Refused(BAD_WELCOME_CODE, "welcome_code expired")


def _media(kind: str) -> Callable[[World, Arguments], None]:
    def check(world: World, content: Arguments) -> None:
        if kind == "image" and not content.get("media_id"):
            required(content, "pic_url", most=2048)
            return
        if find_media(world, text(content, "media_id")).type != kind:
            raise Refused(BAD_MEDIA_ID, f"media_id is not of type {kind}")

    return check


def _link(_world: World, content: Arguments) -> None:
    required(content, "title", most=128)
    text(content, "picurl", most=2048)
    text(content, "desc", most=512)
    required(content, "url", most=2048)


def _miniprogram(world: World, content: Arguments) -> None:
    required(content, "title", most=64)
    required(content, "appid")
    required(content, "page")
    if find_media(world, text(content, "pic_media_id")).type != "image":
        raise Refused(BAD_MEDIA_ID, "pic_media_id is no image")


_CHECKS: dict[str, Callable[[World, Any], None]] = {
    **{kind: _media(kind) for kind in ("image", "video", "file")},
    "link": _link,
    "miniprogram": _miniprogram,
}
