"""Tell customers where their own orders are: the last ones as a menu, or one by its number.

Orders come from a look-up that is bound to the customer, so that whatever is typed or tapped only
picks among their own: somebody else's number is as unknown as one that does not exist.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from bot.model import ORDERS, Because, MenuItem, Order
from bot.routing import IsText, Router, Says, Stage, Tapped, Turn
from bot.routing.panels import About, Panel, PanelLine
from bot.routing.wording import ORDERS_CATEGORY, order_item, order_key, order_lines
from bot.store import Store

router = Router("orders", stage=Stage.CAMPAIGN)

SHOWN = 5

_ITEM = "order:"
_NUMBER = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9][A-Za-z0-9-]{4,62}[A-Za-z0-9](?![A-Za-z0-9_-])")
_DIGITS = 5
_BARE = 8
"""A number that comes without a word is taken for one of an order from this length on."""

_PHONE = re.compile(r"1[3-9]\d{9}")
_SIGNS = re.compile(r"[\W_]+")


@router.message(Tapped(_ITEM))
async def tapped(turn: Turn, store: Store) -> None:
    """Tell how the order behind a tapped menu item stands now."""
    orders = await _orders(turn, store)
    if orders is not None:
        key = (turn.message.menu_id or "").removeprefix(_ITEM)
        await _say_found(turn, store, [one for one in orders if order_key(one) == key])


@router.message(IsText())
async def numbered(turn: Turn, store: Store) -> None:
    """Tell how the order, or the shipment, with a number that was typed stands."""
    number = _number_in(turn)
    orders = await _orders(turn, store) if number else None
    if orders is None:
        return
    found = [one for one in orders if _even(number) in map(_even, _numbers_of(one))]
    if found or not _PHONE.fullmatch(turn.text):  # a phone number is for others to answer
        await _say_found(turn, store, found)


@router.message(Says("orders.mine"))
async def mine(turn: Turn, store: Store) -> None:
    """Show the customer's last orders; a lone one at once."""
    if turn.message.menu_id:
        return  # a tap on somebody else's menu means what that menu says
    orders = await _orders(turn, store)
    if orders is None:
        return
    if len(orders) == 1:
        await _say_found(turn, store, orders)
    elif orders:
        await _say_list(turn, store, orders[:SHOWN])
    else:
        _say_nothing_found(turn, "orders.none")


async def _orders(turn: Turn, store: Store) -> list[Order] | None:
    """The customer's orders; ``None`` = the handler has nothing to say, or not yet."""
    if turn.finding is None or not turn.finding.wanted_by.startswith(f"{router.name}."):
        if await _may_look_up(turn, store):
            turn.look_up(ORDERS)
        return None
    if turn.finding.why_not:
        unknown = turn.finding.why_not == "identity"
        _say_nothing_found(turn, "orders.stranger" if unknown else "orders.failed")
        turn.settle("missed", Because(source="orders", ref=turn.finding.why_not))
        return None
    return msgspec.convert(turn.finding.found, list[Order])


async def _may_look_up(turn: Turn, store: Store) -> bool:
    """Whether there is where to look; otherwise the knowledge base says how to find orders."""
    if turn.account.autonomy.for_category(ORDERS_CATEGORY) == "off":
        return False
    return turn.setting.has_order_system or await store.orders.has_rows()


def _number_in(turn: Turn) -> str:
    """The one number in the text, if the text is about nothing else."""
    if turn.message.menu_id:
        return ""
    text = unicodedata.normalize("NFKC", turn.text)
    found = [one for one in _NUMBER.findall(text) if sum(map(str.isdigit, one)) >= _DIGITS]
    if len(found) != 1:
        return ""
    rest = _SIGNS.sub("", text.replace(found[0], ""))
    if not rest:
        return found[0] if len(found[0]) >= _BARE else ""
    return found[0] if turn.phrases.heard("orders.number", text) else ""


# ---------------------------------------------------------------------- what is said


async def _say_list(turn: Turn, store: Store, orders: Sequence[Order]) -> None:
    menu = [MenuItem(f"{_ITEM}{order_key(one)}", order_item(turn.phrases, one)) for one in orders]
    tail = turn.phrases.say("orders.list_tail")
    await _say(turn, store, turn.phrases.say("orders.list"), "list", menu=menu, tail=tail)


async def _say_found(turn: Turn, store: Store, found: Sequence[Order]) -> None:
    if found:
        text = "\n".join(order_lines(turn.phrases, found[0], turn.local_time))
        await _say(turn, store, text, order_key(found[0]))
    else:
        _say_nothing_found(turn, "orders.not_found")


async def _say(
    turn: Turn,
    store: Store,
    text: str,
    ref: str,
    *,
    menu: Sequence[MenuItem] = (),
    tail: str = "",
) -> None:
    """Say it, unless a burst of such questions got just that while this one was looked up."""
    because = Because(source="orders", ref=ref)
    if await store.outbox.said_since(turn.conversation, [because], turn.message.sent_at):
        turn.settle("answered", because)
    else:
        turn.reply(text, menu=menu, tail=tail, because=because, category=ORDERS_CATEGORY)


def _say_nothing_found(turn: Turn, key: str) -> None:
    """Say so, and offer a person."""
    turn.reply(
        turn.phrases.say(key),
        menu=[MenuItem("human", turn.phrases.say("escalation.menu_item"))],
        because=Because(source="reply", ref=key),
        category=ORDERS_CATEGORY,
    )


@router.panel("orders")
async def panel(about: About, store: Store) -> Panel:
    """The last orders, as our own table knows them."""
    orders = await store.orders.of(about.external_userid)
    lines = tuple(
        PanelLine(one.status or one.number, one.title or one.number, one.number, one.paid_at)
        for one in orders
    )
    brief = orders[0].status or "" if orders else ""
    return Panel(lines[:2], brief, lines[2:SHOWN])


def _numbers_of(order: Order) -> Iterator[str]:
    yield order.number
    yield from (shipment.number for shipment in order.shipments if shipment.number)


def _even(number: str) -> str:
    return unicodedata.normalize("NFKC", number).casefold().replace("-", "").strip()
