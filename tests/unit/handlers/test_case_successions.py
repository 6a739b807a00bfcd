"""Somebody takes a member's place: the cases that he has go there first."""

import pytest

from bot.model import Emitted, ServiceState
from bot.store import Unit
from bot.store.successions import succession
from tests.cases import case_of, steps_of, told
from tests.conftest import OpenChat
from tests.talk import Chat

STAFF = [
    {"userid": userid, "name": name, "level": "junior", "capacity": 5}
    for userid, name in (("zhangsan", "张三"), ("lisi", "李四"), ("wangwu", "王五"))
]


@pytest.fixture
async def shop(open_chat: OpenChat) -> Chat:
    """Three juniors, of whom zhangsan has the case."""
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.wecom.servicer == "zhangsan"
    chat.wecom.receiving = ["lisi", "wangwu", "zhangsan"]
    return chat


async def succeeds(chat: Chat, successor: str) -> None:
    """The successor takes zhangsan's place, and the case hears of it."""
    unit, now = Unit(), chat.clock.now()
    begun = succession(("ZhangSan", successor), has_left=False, by="admin", at=now)
    chat.store.successions.begin(unit, begun)
    await chat.store.database.commit(unit)
    where = chat.conversation
    await chat.receives(
        Emitted(
            name="succeeded",
            data={"userid": "zhangsan"},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
    )


@pytest.mark.parametrize("answered", [False, True])
async def test_the_successor_has_the_case_before_anybody_else(shop: Chat, answered: bool) -> None:
    if answered:
        await shop.colleague_writes("您好，稍等")
    await succeeds(shop, "WangWu")
    assert (shop.wecom.state, shop.wecom.servicer) == (ServiceState.HUMAN, "wangwu")
    assert (await case_of(shop)).servicer == "wangwu"
    assert shop.cards[-1].userids == ("wangwu",)


async def test_where_the_successor_does_not_receive_another_has_it(shop: Chat) -> None:
    shop.wecom.receiving = ["lisi", "zhangsan"]
    await succeeds(shop, "wangwu")
    assert shop.wecom.servicer == "lisi"


async def test_with_nobody_there_who_had_it_keeps_it_and_it_is_said(shop: Chat) -> None:
    shop.wecom.receiving = ["zhangsan"]
    await shop.colleague_writes("您好，稍等")
    await succeeds(shop, "wangwu")
    assert shop.wecom.servicer == "zhangsan"
    assert told(shop, "lisi") or told(shop, "zhangsan")


async def test_a_case_that_has_gone_elsewhere_meanwhile_stays_there(shop: Chat) -> None:
    await shop.take_over("lisi")
    before = await steps_of(shop)
    await succeeds(shop, "wangwu")
    assert shop.wecom.servicer == "lisi"
    assert await steps_of(shop) == before


async def test_a_customer_who_comes_back_is_given_to_the_successor(shop: Chat) -> None:
    await shop.colleague_writes("您好，寄出了")
    await shop.end()
    unit = Unit()
    begun = succession(("zhangsan", "wangwu"), has_left=False, by="admin", at=shop.clock.now())
    shop.store.successions.begin(unit, begun)
    await shop.store.database.commit(unit)
    await shop.waits(hours=25)
    await shop.says("转人工")
    assert shop.wecom.servicer == "wangwu"
