"""Is a template card well formed (wecom-api §5.3)?

Suggested text lengths are not checked, as WeCom only cuts what it shows.
"""

import re
from collections.abc import Callable
from typing import Any

from simulator.arguments import Arguments, integer, mapping, required, text
from simulator.errors import BAD_PARAMETER, WRONG_TYPE, Refused

INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
"""Types whose presses come back, so that they need a task_id and a callback URL."""

_TASK_ID = re.compile(r"[0-9a-zA-Z_@-]{1,128}")
_KEY_BYTES = 1024
_OPTION_BYTES = 128
_ONLY_IN_UPDATES = frozenset({"replace_text"})


def calls_back(card: Arguments) -> bool:
    """Whether a press on the card comes back to the app."""
    return card.get("card_type") in INTERACTIVE or "action_menu" in card


def check_card(card: Arguments, *, is_update: bool = False) -> None:
    """Let a well-formed card pass.

    Args:
        is_update: a card that replaces another needs no task_id.

    Raises:
        Refused: WeCom would not take it.
    """
    kind = required(card, "card_type")
    if kind not in _PARTS_OF:
        raise Refused(BAD_PARAMETER, f"card_type {kind!r}")
    known = _COMMON | _PARTS_OF[kind] | (_ONLY_IN_UPDATES if is_update else frozenset())
    if unknown := sorted(card.keys() - known):
        raise Refused(BAD_PARAMETER, f"a {kind} has no {unknown[0]}")
    for name in _REQUIRED[kind]:
        if name not in card:
            raise Refused(BAD_PARAMETER, f"{name} missing")
    for name, check in _CHECKS.items():
        if name in card:
            check(card)
    if not is_update and calls_back(card):
        required(card, "task_id")
    title = card.get("main_title", {}).get("title")
    if kind == "text_notice" and not title and not card.get("sub_title_text"):
        raise Refused(BAD_PARAMETER, "main_title.title and sub_title_text are both empty")
    if kind == "news_notice" and not card.keys() & {"card_image", "image_text_area"}:
        raise Refused(BAD_PARAMETER, "card_image and image_text_area are both missing")


def buttons_of(card: Arguments) -> dict[str, str]:
    """Keys that can be pressed, with the name of their event."""
    pressed = [one for one in card.get("button_list", ()) if not one.get("type")]
    pressed += [card["submit_button"]] if "submit_button" in card else []
    menu = card.get("action_menu", {}).get("action_list", ())
    return {
        **{str(one["key"]): "template_card_menu_event" for one in menu},
        **{str(one["key"]): "template_card_event" for one in pressed},
    }


def _items(holder: Arguments, name: str, *, least: int, most: int) -> list[Arguments]:
    items = holder.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(WRONG_TYPE, f"{name} must be a list of objects")
    if not least <= len(items) <= most:
        raise Refused(BAD_PARAMETER, f"{name} must have {least} to {most} entries")
    return items


def _texts(name: str, *fields: str) -> Callable[[Arguments], None]:
    def check(card: Arguments) -> None:
        part = mapping(card, name)
        for field in fields:
            text(part, field)

    return check


def _task_id(card: Arguments) -> None:
    if not _TASK_ID.fullmatch(text(card, "task_id")):
        raise Refused(BAD_PARAMETER, "task_id malformed")


def _source(card: Arguments) -> None:
    source = mapping(card, "source")
    text(source, "icon_url")
    text(source, "desc")
    integer(source, "desc_color", 0, least=0, most=3)


def _menu(card: Arguments) -> None:
    menu = mapping(card, "action_menu")
    text(menu, "desc")
    _unique(_pressable(item) for item in _items(menu, "action_list", least=1, most=3))


def _pressable(item: Arguments) -> str:
    required(item, "text")
    return required(item, "key", most=_KEY_BYTES)


def _unique(keys: Any) -> None:
    keys = list(keys)
    if len(set(keys)) < len(keys):
        raise Refused(BAD_PARAMETER, "a key is used twice")


def _leads(item: Arguments, least: int, needs: dict[int, str]) -> None:
    """An entry whose type says which other field it must have."""
    kind = integer(item, "type", 0, least=least, most=max(needs))
    if kind in needs:
        required(item, needs[kind])


def _quote(card: Arguments) -> None:
    quote = mapping(card, "quote_area")
    _leads(quote, 0, {1: "url", 2: "appid"})
    text(quote, "title")
    text(quote, "quote_text")


def _lines(card: Arguments) -> None:
    for line in _items(card, "horizontal_content_list", least=0, most=6):
        required(line, "keyname")
        text(line, "value")
        _leads(line, 0, {1: "url", 2: "media_id", 3: "userid"})


def _jumps(card: Arguments) -> None:
    for jump in _items(card, "jump_list", least=0, most=3):
        required(jump, "title")
        _leads(jump, 0, {1: "url", 2: "appid"})


def _verticals(card: Arguments) -> None:
    for line in _items(card, "vertical_content_list", least=0, most=4):
        required(line, "title")
        text(line, "desc")


def _buttons(card: Arguments) -> None:
    callbacks = []
    for button in _items(card, "button_list", least=1, most=6):
        required(button, "text")
        integer(button, "style", 1, least=1, most=4)
        if integer(button, "type", 0, least=0, most=1):
            required(button, "url")
        else:
            callbacks.append(required(button, "key", most=_KEY_BYTES))
    _unique(callbacks)


def _options(holder: Arguments, most: int) -> None:
    required(holder, "question_key", most=_KEY_BYTES)
    options = _items(holder, "option_list", least=1, most=most)
    for option in options:
        required(option, "text")
    _unique(required(option, "id", most=_OPTION_BYTES) for option in options)


def _checkbox(card: Arguments) -> None:
    box = mapping(card, "checkbox")
    _options(box, 20)
    integer(box, "mode", 0, least=0, most=1)


def _selects(card: Arguments) -> None:
    for select in _items(card, "select_list", least=1, most=3):
        _options(select, 10)


_COMMON = frozenset({"card_type", "source", "action_menu", "task_id", "main_title"})
_SHOWN = frozenset({"quote_area", "horizontal_content_list", "card_action", "sub_title_text"})
_PARTS_OF = {
    "text_notice": _SHOWN | {"emphasis_content", "jump_list"},
    "news_notice": (_SHOWN - {"sub_title_text"})
    | {"card_image", "image_text_area", "vertical_content_list", "jump_list"},
    "button_interaction": _SHOWN | {"button_list", "button_selection"},
    "vote_interaction": frozenset({"checkbox", "submit_button"}),
    "multiple_interaction": frozenset({"select_list", "submit_button"}),
}
_REQUIRED = {
    "text_notice": ("card_action",),
    "news_notice": ("card_action",),
    "button_interaction": ("button_list",),
    "vote_interaction": ("checkbox", "submit_button"),
    "multiple_interaction": ("select_list", "submit_button"),
}
_CHECKS: dict[str, Callable[[Arguments], object]] = {
    "source": _source,
    "action_menu": _menu,
    "task_id": _task_id,
    "main_title": _texts("main_title", "title", "desc"),
    "quote_area": _quote,
    "emphasis_content": _texts("emphasis_content", "title", "desc"),
    "sub_title_text": lambda card: text(card, "sub_title_text"),
    "horizontal_content_list": _lines,
    "jump_list": _jumps,
    "card_action": lambda card: _leads(mapping(card, "card_action"), 1, {1: "url", 2: "appid"}),
    "card_image": lambda card: required(mapping(card, "card_image"), "url"),
    "image_text_area": _texts("image_text_area", "title", "desc", "image_url"),
    "vertical_content_list": _verticals,
    "button_list": _buttons,
    "button_selection": lambda card: _options(mapping(card, "button_selection"), 10),
    "checkbox": _checkbox,
    "select_list": _selects,
    "submit_button": lambda card: _pressable(mapping(card, "submit_button")),
    "replace_text": lambda card: text(card, "replace_text"),
}
