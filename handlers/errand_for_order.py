"""Propose what needs nothing but one of the customer's own orders: 帮我取消订单.

Which words ask for which tool stands in `prompts/replies/errands.yaml`, under the tool's name. The
order is picked among the customer's own, by its number or in a menu; what is proposed is confirmed
in `handlers/errands`.
"""

from collections.abc import Iterator, Sequence

import msgspec

from bot.config import Config, Tool
from bot.model import ORDERS, Because, MenuItem, Order
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.routing.wording import ERRANDS_CATEGORY, order_item, order_key

router = Router("errand_for_order", stage=Stage.CAMPAIGN)

SHOWN = 5

_ITEM = "do:"
"""Short: a menu item's id has 64 bytes, and a tool's name may have 40 (wecom-api §3.10)."""


@router.message(Tapped(_ITEM))
async def tapped(turn: Turn, config: Config) -> None:
    """Propose it for the order behind a tapped item."""
    name, _, key = (turn.message.menu_id or "").removeprefix(_ITEM).partition(":")
    if name not in _fillable(turn, config):
        return
    orders = _orders(turn)
    if orders is not None:
        _propose(turn, config.tools[name], name, [one for one in orders if order_key(one) == key])


@router.message(IsText())
async def wanted(turn: Turn, config: Config) -> None:
    """Propose what was asked for, for the order that is named, or show the last ones."""
    if turn.message.menu_id:
        return
    fillable = _fillable(turn, config)
    name = next((one for one in fillable if turn.phrases.heard(f"errands.{one}", turn.text)), None)
    orders = _orders(turn) if name else None
    if name is None or orders is None:
        return
    named = [one for one in orders if one.number in turn.text]
    if named or len(orders) == 1:
        _propose(turn, config.tools[name], name, named or orders)
    elif orders:
        _say_list(turn, name, orders[:SHOWN])
    else:
        _say_nothing(turn, "orders.none")


def _fillable(turn: Turn, config: Config) -> list[str]:
    """Tools that write, have words, and need one own order and nothing else."""
    if turn.account.autonomy.for_category(ERRANDS_CATEGORY) != "auto":
        return []
    return [
        name
        for name, tool in config.tools.items()
        if tool.writes
        and turn.phrases.has_words(f"errands.{name}")
        and len(list(_needed(tool))) == 1
        and all(tool.arguments[one].own_order for one in _needed(tool))
    ]


def _needed(tool: Tool) -> Iterator[str]:
    return (name for name, argument in tool.arguments.items() if argument.required)


def _orders(turn: Turn) -> list[Order] | None:
    """The customer's orders; ``None`` = not known yet, or they cannot be had."""
    if turn.finding is None or not turn.finding.wanted_by.startswith(f"{router.name}."):
        turn.look_up(ORDERS)
        return None
    if turn.finding.why_not:
        unknown = turn.finding.why_not == "identity"
        _say_nothing(turn, "orders.stranger" if unknown else "orders.failed")
        turn.settle("missed", Because(source="orders", ref=turn.finding.why_not))
        return None
    return msgspec.convert(turn.finding.found, list[Order])


def _propose(turn: Turn, tool: Tool, name: str, found: Sequence[Order]) -> None:
    if not found:
        _say_nothing(turn, "orders.not_found")
        return
    argument = next(_needed(tool))
    turn.emit("propose", tool=name, arguments={argument: found[0].number}, by=turn.handler)
    turn.settle("answered", Because(source="errands", ref=name))


def _say_list(turn: Turn, name: str, orders: Sequence[Order]) -> None:
    menu = [
        MenuItem(f"{_ITEM}{name}:{order_key(one)}", order_item(turn.phrases, one)) for one in orders
    ]
    because = Because(source="errands", ref=name)
    turn.reply(
        turn.phrases.say("errands.which_order"),
        menu=menu,
        because=because,
        category=ERRANDS_CATEGORY,
    )


def _say_nothing(turn: Turn, key: str) -> None:
    turn.reply(
        turn.phrases.say(key),
        menu=[MenuItem("human", turn.phrases.say("escalation.menu_item"))],
        because=Because(source="reply", ref=key),
        category=ERRANDS_CATEGORY,
    )
