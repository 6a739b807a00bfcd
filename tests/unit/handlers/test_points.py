"""Points become things once, when the customer confirms; what ends is told, then booked out."""

import asyncio
from typing import Any

import pytest

from bot.delivery.ending import Ending
from bot.model import CustomerAdded, Emitted
from bot.model.tasks import TASK_ENDED
from bot.store import Statement, Unit, UnitConflict
from bot.store.coupons import taken
from bot.store.points import earned, spent
from handlers.points import store as exchange
from handlers.points.store import Exchange, Redemption
from tests.conftest import OpenChat
from tests.referrals import DAY_S
from tests.talk import Chat

LAN = "wm_lan"
ITEMS: dict[str, Any] = {
    "coffee": {"name": "咖啡券", "points": 100, "kind": "code", "pool": "coffee"},
    "cup": {"name": "杯子", "points": 200, "kind": "gift", "stock": 1},
}


async def a_shop(open_chat: OpenChat, **items: Any) -> Chat:
    chat = await open_chat(points={"items": items or ITEMS, "keeper": "lisi"})
    await chat.store.coupons.bring("coffee", ["C-1", "C-2"], chat.clock.now())
    return chat


@pytest.fixture
async def shop(open_chat: OpenChat) -> Chat:
    return await a_shop(open_chat)


async def books(chat: Chat, *statements: Statement) -> None:
    await chat.store.database.commit(Unit(list(statements)))


async def gives(chat: Chat, points: int, gift: str = "g1", *, days: float | None = None) -> None:
    now = chat.clock.now()
    ends = None if days is None else now + days * DAY_S
    what = {"source": "referral", "source_id": gift}
    await books(chat, earned(LAN, points, **what, at=now, expires_at=ends))


async def looks(chat: Chat) -> int:
    """The service looks for what ends, and the mailboxes are drained."""
    found = await Ending(chat.store, chat.engine.config, chat.clock, lambda _s, _l: None).look()
    await chat.waits(seconds=1)
    return found


async def picks(chat: Chat, line: str) -> None:
    await chat.says("积分商城")
    await chat.taps(line)


async def balance(chat: Chat) -> int:
    assert await chat.store.points.total() == 0
    return await chat.store.points.balance(LAN)


COFFEE, CUP = "咖啡券（100 积分）", "杯子（200 积分）"


async def test_a_code_is_exchanged_when_the_customer_confirms(shop: Chat) -> None:
    await gives(shop, 250)
    await picks(shop, COFFEE)
    assert shop.replies == ["用 100 积分兑换咖啡券，确认吗？兑换后积分不退。"]
    assert await balance(shop) == 250
    await shop.taps("确认兑换")
    assert shop.replies[0].startswith("兑换成功：咖啡券，兑换码 C-")
    assert await balance(shop) == 150
    (one,) = await shop.store.coupons.of(LAN)
    assert one.code in shop.replies[0]


async def test_a_yes_that_is_tapped_twice_costs_once(shop: Chat) -> None:
    await gives(shop, 250)
    await picks(shop, COFFEE)
    await shop.taps("确认兑换")
    await shop.taps("确认兑换")
    assert shop.replies == ["您已经兑换过这一份咖啡券了，没有重复扣积分。"]
    assert await balance(shop) == 150


async def test_two_that_are_confirmed_at_once_do_not_stop_the_conversation(
    open_chat: OpenChat,
) -> None:
    shop = await a_shop(open_chat, coffee=ITEMS["coffee"] | {"each": 2})
    await gives(shop, 250)
    await picks(shop, COFFEE)
    first = shop._tappable["确认兑换"]
    await picks(shop, COFFEE)
    taps = [
        ("text", {"content": "确认兑换", "menu_id": tapped})
        for tapped in (first, shop._tappable["确认兑换"])
    ]
    await shop.receives(*(shop.dialogue.message(*tap) for tap in taps))
    assert await balance(shop) == 150
    assert "上一件正在兑换" in "".join(shop.replies)


async def test_nothing_happens_when_the_customer_does_not_want_it(shop: Chat) -> None:
    await gives(shop, 250)
    await picks(shop, COFFEE)
    await shop.taps("先不换")
    assert (await balance(shop), await shop.store.coupons.of(LAN)) == (250, [])


@pytest.mark.parametrize(
    ("points", "each", "said"),
    [(90, 1, "换咖啡券还差 10 积分。"), (500, 1, "咖啡券每人限换 1 份，您已经换过了。")],
)
async def test_who_cannot_have_it_hears_why(
    open_chat: OpenChat, points: int, each: int, said: str
) -> None:
    shop = await a_shop(open_chat, coffee=ITEMS["coffee"] | {"each": each})
    await gives(shop, points)
    for _ in range(2):
        await picks(shop, COFFEE)
        if shop.menus:
            await shop.taps("确认兑换")
    assert shop.replies == [said]


async def test_a_price_that_has_changed_is_asked_about_again(open_chat: OpenChat) -> None:
    shop = await a_shop(open_chat)
    await gives(shop, 500)
    await picks(shop, COFFEE)
    shop._tappable["确认兑换"] = shop._tappable["确认兑换"].replace(":100:", ":50:")
    await shop.taps("确认兑换")
    assert shop.replies == ["用 100 积分兑换咖啡券，确认吗？兑换后积分不退。"]
    assert await balance(shop) == 500


async def test_of_a_hundred_who_want_the_last_one_gets_it_and_others_keep_their_points(
    shop: Chat,
) -> None:
    item = shop.engine.config.points.items["cup"]
    people = [f"wm_{n}" for n in range(100)]
    for who in people:
        await books(shop, earned(who, 200, source="gift", source_id="g", at=1.0))

    async def take(who: str) -> bool:
        named = exchange.redemption_id(who, "cup", "x")
        one = Redemption(named, who, "cup", "杯子", 200, Exchange.RESERVED, 2.0)
        out = spent(who, 200, source="redeem", source_id=named, at=2.0)
        try:
            await books(shop, exchange.redeemed(one, item), out)
        except UnitConflict:
            return False
        return True

    assert sum(await asyncio.gather(*map(take, people))) == 1
    left = [await shop.store.points.balance(who) for who in people]
    assert (left.count(0), left.count(200)) == (1, 99)
    assert await exchange.left_of(shop.store, "cup", item, 3.0) == 0


@pytest.mark.parametrize(("state", "left", "stock"), [("sent", 50, 0), ("skipped", 250, 1)])
async def test_a_gift_is_sent_by_a_member_or_all_of_it_goes_back(
    shop: Chat, state: str, left: int, stock: int
) -> None:
    await gives(shop, 250)
    await picks(shop, CUP)
    await shop.taps("确认兑换")
    assert shop.replies == ["兑换成功：杯子。同事会联系您确认收货地址。"]
    (task,) = await shop.store.tasks.of_customer(LAN)
    assert (task.task.member, task.task.kind) == ("lisi", "points_gift")
    data: dict[str, Any] = {"task_id": task.task.id, "kind": "points_gift", "ref": task.task.ref}
    data |= {"state": state, "by": "lisi", "at": shop.clock.now()}
    ended = Emitted(name=TASK_ENDED, data=data, open_kfid="wk_shop", external_userid=LAN)
    for _ in range(2):
        await shop.receives(ended)
    assert await balance(shop) == left
    cup = shop.engine.config.points.items["cup"]
    assert await exchange.left_of(shop.store, "cup", cup, shop.clock.now()) == stock


async def test_where_nothing_is_exchanged_others_answer(open_chat: OpenChat) -> None:
    chat = await open_chat()
    await chat.says("积分商城")
    assert not chat.handled_by.startswith("points")


# ---------------------------------------------------------------------- what ends


async def test_points_are_announced_once_and_booked_out_once(shop: Chat) -> None:
    await gives(shop, 100, days=10)
    await gives(shop, 50, "g2")
    await books(shop, spent(LAN, 30, source="redeem", source_id="x", at=shop.clock.now()))
    assert await looks(shop) == 0
    await shop.waits(hours=24 * 4)
    await shop.says("你好")
    assert "提醒您：有 70 积分将在 2026-11-30 到期" in "".join(shop.replies)
    await shop.says("你好")
    assert await looks(shop) == 0
    await shop.waits(hours=24 * 6 + 1)
    assert await looks(shop) == 1
    assert await balance(shop) == 50
    assert await looks(shop) == 0
    await shop.waits(hours=24)
    assert (await looks(shop), await balance(shop)) == (0, 50)


async def test_the_end_is_booked_once_however_often_it_is_told(shop: Chat) -> None:
    await gives(shop, 100, days=1)
    await shop.waits(hours=25)
    told = Emitted(name="points_ending", open_kfid="wk_shop", external_userid=LAN)
    await shop.receives(told, told)
    await shop.receives(told)
    assert await balance(shop) == 0
    rows = await shop.store.database.fetch(
        "SELECT COUNT(*) FROM points_postings WHERE source = 'lapse'"
    )
    assert rows[0][0] == 2  # one transaction


async def test_what_is_spent_while_the_end_is_booked_is_not_lost(shop: Chat) -> None:
    """The books must be as they were read: else the turn runs again on what is left."""
    await gives(shop, 100, days=1)
    await gives(shop, 50, "g2")
    await shop.waits(hours=25)
    spends = spent(LAN, 80, source="redeem", source_id="late", at=shop.clock.now())
    database = shop.store.database
    commit, first = database.commit, [spends]

    async def slow(unit: Unit) -> Any:
        if first and any("points_ends" in one.sql for one in unit.statements):
            await commit(Unit([first.pop()]))
        return await commit(unit)

    database.commit = slow  # type: ignore[method-assign]
    told = Emitted(name="points_ending", open_kfid="wk_shop", external_userid=LAN)
    await shop.receives(told)
    assert not first
    assert await balance(shop) == 50  # 20 ended, not 100


async def test_who_cannot_be_written_to_is_told_by_his_friend(shop: Chat) -> None:
    await gives(shop, 100, days=5)
    await shop.waits(hours=72)
    friends = CustomerAdded(userid="lisi", external_userid=LAN, at=shop.clock.now())
    await shop.dialogue.happen(friends)
    assert await looks(shop) == 1
    assert await looks(shop) == 0
    (task,) = await shop.store.tasks.of_customer(LAN)
    assert "有 100 积分将在" in task.task.text


async def test_a_coupon_that_ends_is_announced_once(shop: Chat) -> None:
    now = shop.clock.now()
    await shop.store.coupons.bring("ten", ["T-1"], now, now + 2 * DAY_S)
    whose = {"given_for": "g00000000001", "external_userid": LAN}
    await books(shop, taken("ten", "T-1", **whose, name="10 元券", now=now))
    await shop.says("你好")
    assert "10 元券：T-1（2026-11-22 前有效）" in "".join(shop.replies)
    await shop.says("你好")
    assert "T-1" not in "".join(shop.replies)
    assert await looks(shop) == 0
    await shop.says("我的优惠券")
    assert shop.replies == ["您可以使用的券：\n10 元券：T-1（2026-11-22 前有效）"]
    await shop.store.coupons.redeem("T-1", by="till", ref="1", now=now)
    await shop.says("我的优惠券")
    assert "T-1" not in "".join(shop.replies)


async def test_many_who_cannot_be_told_keep_nobody_else_waiting(shop: Chat) -> None:
    await shop.says("你好")
    now = shop.clock.now()
    what = {"source": "gift", "source_id": "g"}
    unit = Unit([earned(f"wm_{n}", 5, **what, at=now, expires_at=now + DAY_S) for n in range(450)])
    await shop.store.database.commit(unit)
    await gives(shop, 100, days=2)
    service = Ending(shop.store, shop.engine.config, shop.clock, lambda _s, _l: None)
    assert await service.look() == 451
    await shop.waits(seconds=1)
    assert "有 100 积分将在" in "".join(shop.replies)
    assert await service.look() == 0  # once a day
    await shop.waits(hours=24)
    assert await service.look() == 450  # what has ended, and nobody twice
    await shop.waits(seconds=1)
    assert await shop.store.points.total() == 0
    assert await shop.store.points.balance("wm_7") == 0
