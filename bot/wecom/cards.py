"""What does a card look like to WeCom, within its limits (wecom-api §5.3)?"""

from typing import Any

from bot.model.cards import Button, Card, Selection
from bot.wecom.limits import CardLimits, platform_limits
from bot.wecom.split import clean

DONE_KEY = "done"
"""Key of the one grey button of a card that has no others left; it cannot be pressed."""


def template_card(card: Card, *, task_id: str = "", replace_name: str = "") -> dict[str, Any]:
    """The `template_card` object of a card with buttons.

    Args:
        task_id: required to send it; of the card it replaces where it is an update.
        replace_name: greys the buttons out with this text (§5.4; for this type of card it is
            documented among the passive replies).
    """
    most = platform_limits().card
    grey = _cut(replace_name, most.button)
    buttons = card.buttons or (Button(DONE_KEY, grey),)
    wire = {
        "card_type": "button_interaction",
        "source": _filled(desc=_cut(card.source, most.source)),
        "task_id": task_id,
        "main_title": _filled(title=_cut(card.title, most.title), desc=_cut(card.desc, most.desc)),
        "quote_area": _filled(quote_text=_cut(card.quote, most.quote, in_lines=True)),
        "sub_title_text": _cut(card.text, most.text, in_lines=True),
        "horizontal_content_list": [
            {"keyname": _cut(name, most.line_name), "value": _cut(value, most.line_value)}
            for name, value in card.lines
            if name.strip() and value.strip()
        ],
        "card_action": _action(card.url, most.url_bytes),
        "button_selection": _selection(card.selection, most) if card.selection else {},
        "button_list": [
            {"text": _cut(one.text, most.button), "style": one.style, "key": one.key}
            for one in buttons
        ],
        "replace_text": grey,
    }
    return _filled(**wire)


def _selection(one: Selection, most: CardLimits) -> dict[str, Any]:
    return {
        "question_key": one.key,
        "title": _cut(one.title, most.selection_title),
        "option_list": [
            {"id": option, "text": _cut(text, most.option)} for option, text in one.options
        ],
        "selected_id": one.options[0][0],
    }


def _action(url: str, most_bytes: int) -> dict[str, Any]:
    """An address that is too long is left out: a part of it leads nowhere."""
    return {"type": 1, "url": url} if 0 < len(url.encode()) <= most_bytes else {}


def _cut(text: str, most: int, *, in_lines: bool = False) -> str:
    """At most so many characters, the last one "…" where some were cut."""
    text = clean(text).strip() if in_lines else " ".join(clean(text).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
