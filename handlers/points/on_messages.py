"""Tell customers how many points they have and what for, and exchange them once they confirm."""

import hashlib

from bot.config import Config, Item
from bot.model import Because, MenuItem
from bot.routing import Says, Tapped, Turn
from bot.store import Store
from bot.store.points import lots
from handlers.points import redeeming, store
from handlers.points.router import router

_ITEM, _YES, _NO = "points:item:", "points:yes:", "points:no"


@router.message(Says("points.balance"))
async def balance(turn: Turn, facts: Store) -> None:
    """The balance, and what of it is used up by when; who never had any hears what others know."""
    postings = await facts.points.of(turn.external_userid)
    if not postings:
        return
    left = await facts.points.balance(turn.external_userid)
    text = turn.phrases.say("points.balance", points=left)
    first = next((one for one in lots(postings) if one.expires_at is not None), None)
    if first is not None and first.expires_at is not None:
        day = turn.local_time(first.expires_at)
        text += turn.phrases.say("points.expires", points=first.left, day=f"{day:%Y-%m-%d}")
    _say(turn, "balance", text)


@router.message(Says("points.shop"))
async def shop(turn: Turn, facts: Store, config: Config) -> None:
    """What points are exchanged for; where there is nothing, others answer."""
    items, say = config.points.items, turn.phrases.say
    if not items:
        return
    left = {key: await store.left_of(facts, key, item, turn.now) for key, item in items.items()}
    menu = [
        MenuItem(f"{_ITEM}{key}", say("points.item", name=item.name, points=item.points))
        for key, item in items.items()
        if left[key] != 0
    ]
    have = await facts.points.balance(turn.external_userid)
    key = "points.shop_open" if menu else "points.shop_empty"
    _say(turn, "shop", say(key, points=have), menu)


@router.message(Tapped(_ITEM))
async def chosen(turn: Turn, facts: Store, config: Config) -> None:
    """Ask whether it is meant; the answer is a message of its own."""
    key = (turn.message.menu_id or "").removeprefix(_ITEM)
    item = config.points.items.get(key)
    if item is None:
        _say(turn, "gone", turn.phrases.say("points.gone"))
        return
    why_not = await redeeming.why_not(turn, facts, key, item)
    if why_not:
        _say(turn, "refused", why_not)
        return
    asked = hashlib.sha256(turn.message.msgid.encode()).hexdigest()[:8]
    _ask(turn, key, item, asked)


@router.message(Tapped(_YES))
async def confirmed(turn: Turn, facts: Store, config: Config) -> None:
    """Exchange; twice confirmed is once exchanged."""
    named = (turn.message.menu_id or "").removeprefix(_YES)
    key, _, rest = named.partition(":")
    price, _, asked = rest.partition(":")
    item = config.points.items.get(key)
    before = await store.get(facts, store.redemption_id(turn.external_userid, key, asked))
    if before is not None:
        _say(turn, "before", turn.phrases.say("points.before", name=before.name))
    elif item is None:
        _say(turn, "gone", turn.phrases.say("points.gone"))
    elif str(item.points) != price:
        _ask(turn, key, item, asked)  # it costs something else than he has agreed to
    elif store.decides_already(turn.decisions.records):
        _say(turn, "one_at_a_time", turn.phrases.say("points.one_at_a_time"))
    else:
        await redeeming.redeem(turn, facts, config.points, key, asked)


@router.message(Tapped(_NO))
async def declined(turn: Turn) -> None:
    """Nothing happens."""
    _say(turn, "declined", turn.phrases.say("points.declined"))


def _ask(turn: Turn, key: str, item: Item, asked: str) -> None:
    say = turn.phrases.say
    menu = [
        MenuItem(f"{_YES}{key}:{item.points}:{asked}", say("points.item_yes")),
        MenuItem(_NO, say("points.item_no")),
    ]
    _say(turn, "ask", say("points.ask", name=item.name, points=item.points), menu)


def _say(turn: Turn, what: str, text: str, menu: list[MenuItem] | None = None) -> None:
    turn.reply(text, menu=menu or (), because=Because(source="reply", ref=f"points.{what}"))
