"""Send what was exchanged, or give the points back; tell of points that end, and book them out."""

from datetime import datetime

from bot.config import Config
from bot.model import Because, Emitted
from bot.model.tasks import TASK_ENDED, StaffTask, TaskState, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.routing.facts import CUSTOMER
from bot.routing.writing import friend_of, may_write
from bot.store import Statement, Store
from bot.store.points import ENDING, Lot, lapsed, lots, noticed, settled, unchanged
from handlers.points import redeeming, store
from handlers.points.redeeming import GIFT
from handlers.points.router import router
from handlers.points.store import Exchange

_TELL = "points_ending"
"""Kind of the task by which a member tells whom we may not write to."""

_SENT = (TaskState.SENT, TaskState.DONE_LATE)
_DAY_S = 86_400.0


@router.on(Emitted, tag=TASK_ENDED)
async def sent(turn: Turn, event: Emitted, facts: Store) -> None:
    """The gift is on its way; or nobody sent it, and points and stock go back together."""
    one = await store.get(facts, str(event.data["ref"])) if event.data["kind"] == GIFT else None
    if one is None or one.standing is not Exchange.RESERVED:
        return
    by = str(event.data["by"])
    if event.data["state"] in _SENT:
        _record(turn, [store.ended(one.id, Exchange.GIVEN, turn.now, by)])
        return
    why = str(event.data["state"])
    _record(turn, await redeeming.cancelled(facts, one, turn.now, by, why))
    if await may_write(turn, facts):
        text = turn.phrases.say("points.cancelled", name=one.name, points=one.points)
        because = Because(source="reply", ref="points.cancelled")
        turn.reply(text, because=because, category="service")


@router.on(Emitted, tag=ENDING)
async def ending(turn: Turn, facts: Store, config: Config) -> None:
    """Book out what has ended; tell of what ends soon, once."""
    customer, now = turn.external_userid, turn.now
    postings, ends = await facts.points.of(customer), await facts.points.ends(customer)
    left = {one.txn: one for one in lots(postings)}
    until = now + config.points.notice_days * _DAY_S
    soon: list[Lot] = []
    booked: list[Statement] = []
    for one in postings:
        told_at, over_at = ends.get(one.txn, (None, None))
        if one.amount < 0 or one.expires_at is None or over_at is not None:
            continue
        lot = left.get(one.txn)
        if lot is None or one.expires_at <= now:
            booked += [lapsed(customer, lot, now)] if lot else []
            booked.append(settled(customer, one.txn, now))
        elif one.expires_at <= until and told_at is None:
            soon.append(lot)
    if booked:
        _record(turn, [unchanged(customer, postings), *booked])
    if soon:
        await _tell(turn, facts, soon)


@router.observe()
async def wrote(turn: Turn, facts: Store, config: Config) -> None:
    """The customer writes: what he could not be told before he can be told now."""
    if turn.message.origin != CUSTOMER or not config.points.notice_days:
        return
    until = turn.now + config.points.notice_days * _DAY_S
    if await facts.points.untold(turn.external_userid, turn.now, until):
        turn.emit(ENDING)


async def _tell(turn: Turn, facts: Store, soon: list[Lot]) -> None:
    """Where we may; else a friend of his does, once a day that something ends."""
    customer, points = turn.external_userid, sum(one.left for one in soon)
    first = min(one.expires_at for one in soon if one.expires_at is not None)
    day = turn.local_time(first)
    told = [noticed(customer, one.txn, turn.now) for one in soon]
    if await may_write(turn, facts):
        text = turn.phrases.say("points.ending", points=points, day=_day(day))
        because = Because(source="reply", ref="points.ending")
        turn.reply(text, because=because, category="service")
        _record(turn, told)
    elif member := await friend_of(facts, customer):
        task = StaffTask(
            id=task_id(_TELL, customer, _day(day)),
            kind=_TELL,
            member=member,
            text=turn.phrases.say("points.task_ending", points=points, day=_day(day)),
            reason="points:ending",
            due_at=turn.now,
            on_time_s=_DAY_S,
            expires_at=first,
            external_userid=customer,
        )
        await ask_staff(turn, facts, task)
        _record(turn, told)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _record(turn: Turn, some: list[Statement]) -> None:
    for one in some:
        turn.record(one.sql, *one.params, expect=one.expect)
