"""Tell customers of coupons that end soon, and which they have."""

from bot.config import Config
from bot.model import Because, Emitted
from bot.model.tasks import StaffTask, task_id
from bot.routing import Router, Says, Stage, Turn
from bot.routing.assigning import ask_staff
from bot.routing.facts import CUSTOMER
from bot.routing.writing import friend_of, may_write
from bot.store import Coupon, Redeemed, Store
from bot.store.coupons import ENDING, reminded

router = Router("coupons", stage=Stage.CAMPAIGN)

_DAY_S = 86_400.0


@router.message(Says("coupons.mine"))
async def mine(turn: Turn, facts: Store) -> None:
    """What the customer has; who has none hears what others know."""
    have = await _open(facts, turn.external_userid, turn.now)
    if have:
        text = "\n".join([turn.phrases.say("coupons.head"), *(_line(turn, one) for one in have)])
        turn.reply(text, because=Because(source="reply", ref="coupons.mine"))


@router.on(Emitted, tag=ENDING)
async def ending(turn: Turn, facts: Store, config: Config) -> None:
    """Say it once where we may; else a friend of the customer does."""
    until = turn.now + config.coupons.notice_days * _DAY_S
    soon = [
        one
        for one in await _open(facts, turn.external_userid, turn.now)
        if one.expires_at is not None and one.expires_at <= until and not one.is_reminded
    ]
    if not soon:
        return
    lines = "\n".join(_line(turn, one) for one in soon)
    if await may_write(turn, facts):
        because = Because(source="reply", ref="coupons.ending")
        text = turn.phrases.say("coupons.ending", lines=lines)
        turn.reply(text, because=because, category="service")
    elif member := await friend_of(facts, turn.external_userid):
        await ask_staff(turn, facts, _task(turn, member, soon, lines))
    else:
        return  # he hears of it when he writes
    for one in soon:
        done = reminded(one, turn.now)
        turn.record(done.sql, *done.params, expect=done.expect)


@router.observe()
async def wrote(turn: Turn, facts: Store, config: Config) -> None:
    """The customer writes: what he could not be told before he can be told now."""
    days = config.coupons.notice_days
    if turn.message.origin == CUSTOMER and days:
        until = turn.now + days * _DAY_S
        if await facts.coupons.untold(turn.external_userid, turn.now, until):
            turn.emit(ENDING)


async def _open(facts: Store, customer: str, now: float) -> list[Coupon]:
    every = await facts.coupons.of(customer)
    return [one for one in every if one.standing(now) is Redeemed.DONE]


def _line(turn: Turn, one: Coupon) -> str:
    say = turn.phrases.say
    if one.expires_at is None:
        return say("coupons.line", name=one.name or one.pool, code=one.code)
    day = f"{turn.local_time(one.expires_at):%Y-%m-%d}"
    return say("coupons.line_until", name=one.name or one.pool, code=one.code, day=day)


def _task(turn: Turn, member: str, soon: list[Coupon], lines: str) -> StaffTask:
    first = min(one.expires_at for one in soon if one.expires_at is not None)
    codes = sorted(f"{one.pool}/{one.code}" for one in soon)
    return StaffTask(
        id=task_id(ENDING, turn.external_userid, *codes),
        kind=ENDING,
        member=member,
        text=turn.phrases.say("coupons.task", lines=lines),
        reason="coupons:ending",
        due_at=turn.now,
        on_time_s=_DAY_S,
        expires_at=first,
        external_userid=turn.external_userid,
    )
