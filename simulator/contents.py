"""Is what the product wants to send well formed (wecom-api §3.10)?"""

from collections.abc import Callable

from simulator.arguments import Arguments, integer, mapping, number, required, text
from simulator.errors import (
    BAD_MEDIA_ID,
    BAD_MENU_ITEM,
    BAD_MSGTYPE,
    BAD_PARAMETER,
    BAD_URL,
    EMPTY_TEXT,
    MENU_TOO_LONG,
    NO_MEDIA_ID,
    TOO_LONG,
    URL_TOO_LONG,
    WRONG_TYPE,
    Refused,
)
from simulator.records import DAY, Media
from simulator.world import World

TEXT_BYTES = 2048
_MEDIA_LIFETIME_S = 3 * DAY


def check_content(world: World, msgtype: str, content: Arguments) -> None:
    """Let a well-formed message pass.

    Raises:
        Refused: WeCom would not take it.
    """
    check = _CHECKS.get(msgtype)
    if check is None:
        raise Refused(BAD_MSGTYPE, f"msgtype {msgtype!r} not allowed")
    check(world, content)


def check_text(world: World, content: Arguments) -> None:
    """Text of 1 to 2048 bytes."""
    said = text(content, "content")
    if not said:
        raise Refused(EMPTY_TEXT, "text content is empty")
    if len(said.encode()) > TEXT_BYTES:
        world.blame("too_long", f"text of {len(said.encode())} bytes")
        raise Refused(TOO_LONG, "text content longer than 2048 bytes")


def find_media(world: World, media_id: str) -> Media:
    """A file that was uploaded within 3 days.

    Raises:
        Refused: the id is missing, unknown or expired.
    """
    if not media_id:
        raise Refused(NO_MEDIA_ID, "media_id missing")
    media = world.media.get(media_id)
    if media is None or world.now() - media.made_at >= _MEDIA_LIFETIME_S:
        raise Refused(BAD_MEDIA_ID, "invalid media_id")
    return media


def _media(msgtype: str) -> Callable[[World, Arguments], None]:
    def check(world: World, content: Arguments) -> None:
        if find_media(world, text(content, "media_id")).type != msgtype:
            raise Refused(BAD_MEDIA_ID, f"media_id is not of type {msgtype}")

    return check


def _url(content: Arguments, name: str) -> None:
    url = required(content, name)
    if not url.startswith(("http://", "https://")):
        raise Refused(BAD_URL, f"{name} without http or https")
    if len(url.encode()) > 2048:
        raise Refused(URL_TOO_LONG, f"{name} longer than 2048 bytes")


def _link(world: World, content: Arguments) -> None:
    text(content, "title")
    text(content, "desc")
    _url(content, "url")
    find_media(world, text(content, "thumb_media_id"))


def _miniprogram(world: World, content: Arguments) -> None:
    required(content, "appid")
    text(content, "title")
    required(content, "pagepath")
    find_media(world, text(content, "thumb_media_id"))


def _location(_world: World, content: Arguments) -> None:
    text(content, "name")
    text(content, "address")
    number(content, "latitude", least=-90, most=90)
    number(content, "longitude", least=-180, most=180)


def _business_card(_world: World, content: Arguments) -> None:
    required(content, "userid")


def _ca_link(_world: World, content: Arguments) -> None:
    _url(content, "link_url")


def _menu(world: World, content: Arguments) -> None:
    items = content.get("list", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(WRONG_TYPE, "list must be a list of objects")
    if not items and not content.get("head_content"):
        raise Refused(BAD_PARAMETER, "menu is empty")
    if len(items) > 10:
        world.blame("menu_too_big", f"{len(items)} items")
        raise Refused(MENU_TOO_LONG, "more than 10 menu items")
    for name in ("head_content", "tail_content"):
        _menu_text(world, content, name, least=0, most=1024)
    for item in items:
        _menu_item(world, item)


def _menu_item(world: World, item: Arguments) -> None:
    kind = text(item, "type")
    if kind not in _ITEM_LIMITS:
        raise Refused(BAD_MENU_ITEM, f"menu item type {kind!r}")
    body = mapping(item, kind)
    for name, most in _ITEM_LIMITS[kind].items():
        _menu_text(world, body, name, least=1, most=most)
    if kind == "text":
        integer(body, "no_newline", 0, least=0, most=1)


def _menu_text(world: World, body: Arguments, name: str, *, least: int, most: int) -> None:
    size = len(text(body, name).encode())
    if size > most:
        world.blame("menu_too_big", f"{name} of {size} bytes, at most {most}")
    if not least <= size <= most:
        raise Refused(BAD_PARAMETER, f"menu {name} must have {least} to {most} bytes")


_ITEM_LIMITS: dict[str, dict[str, int]] = {
    "click": {"id": 64, "content": 128},
    "view": {"url": 2048, "content": 1024},
    "miniprogram": {"appid": 32, "pagepath": 1024, "content": 1024},
    "text": {"content": 256},
}

_CHECKS: dict[str, Callable[[World, Arguments], None]] = {
    "text": check_text,
    **{kind: _media(kind) for kind in ("image", "voice", "video", "file")},
    "link": _link,
    "miniprogram": _miniprogram,
    "msgmenu": _menu,
    "location": _location,
    "business_card": _business_card,
    "ca_link": _ca_link,
}
