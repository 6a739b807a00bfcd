"""Exchange points: points, stock, code and what is said in one commit (R-8.7)."""

from bot.config import Item, Points
from bot.model import Because
from bot.model.tasks import StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.store import Statement, Store
from bot.store.coupons import taken
from bot.store.points import booked_back, spent
from handlers.points import store
from handlers.points.store import SOURCE, Exchange, Redemption

GIFT = "points_gift"
"""Kind of the task by which a member sends a gift."""

_TASK_S = 14 * 86_400.0


async def why_not(turn: Turn, facts: Store, key: str, item: Item) -> str:
    """Why the customer cannot have an item now, as he reads it; empty = he can."""
    say, customer = turn.phrases.say, turn.external_userid
    if await store.left_of(facts, key, item, turn.now) == 0:
        return say("points.sold_out", name=item.name)
    if await store.had(facts, customer, key) >= item.each:
        return say("points.had", name=item.name, n=item.each)
    have = await facts.points.balance(customer)
    if have < item.points:
        return say("points.too_few", name=item.name, missing=item.points - have)
    return ""


async def redeem(turn: Turn, facts: Store, points: Points, key: str, asked: str) -> None:
    """Exchange, if it still can be.

    Args:
        asked: what names the question that the customer has said yes to.
    """
    item, customer, now = points.items[key], turn.external_userid, turn.now
    because = Because(source="reply", ref="points.redeemed")
    if refused := await why_not(turn, facts, key, item):
        turn.reply(refused, because=because, category="service")
        return
    standing = Exchange.RESERVED if item.kind == "gift" else Exchange.GIVEN
    named = store.redemption_id(customer, key, asked)
    one = Redemption(named, customer, key, item.name, item.points, standing, now)
    _record(turn, store.redeemed(one, item))
    _record(turn, spent(customer, item.points, source=SOURCE, source_id=one.id, at=now))
    text = turn.phrases.say("points.reserved", name=item.name)
    if item.pool is not None:
        code = await facts.coupons.choose(item.pool, one.id, now)
        whose = {"given_for": one.id, "external_userid": customer}
        _record(turn, taken(item.pool, code, **whose, name=item.name, now=now))
        text = turn.phrases.say("points.given", name=item.name, code=code)
    else:
        await _ask_keeper(turn, facts, points, one)
    turn.reply(text, because=because, category="service")


async def cancelled(
    facts: Store, one: Redemption, now: float, by: str, why: str
) -> list[Statement]:
    """What was reserved goes back, points and stock together; `UnitConflict` when it is over."""
    postings = await facts.points.of(one.external_userid)
    back = next(each for each in postings if (each.source, each.source_id) == (SOURCE, one.id))
    return [
        store.ended(one.id, Exchange.CANCELLED, now, by, why),
        booked_back(one.external_userid, back, at=now, by=by, why=why, expect=2),
    ]


async def _ask_keeper(turn: Turn, facts: Store, points: Points, one: Redemption) -> None:
    assert points.keeper is not None, "checked with the configuration"
    task = StaffTask(
        id=task_id(GIFT, one.id),
        kind=GIFT,
        member=points.keeper,
        text=turn.phrases.say("points.task_gift", name=one.name),
        reason=f"points:{one.item}",
        due_at=turn.now,
        on_time_s=2 * 86_400.0,
        expires_at=turn.now + _TASK_S,
        external_userid=one.external_userid,
        ref=one.id,
    )
    await ask_staff(turn, facts, task)


def _record(turn: Turn, one: Statement) -> None:
    turn.record(one.sql, *one.params, expect=one.expect)
