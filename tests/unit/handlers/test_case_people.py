"""Who gets a case: levels, seats, queues, and servicers who come and go."""

import pytest

from bot.delivery.couriers import nobody_to_wake
from bot.delivery.desks import Desks
from bot.model import ServiceState
from tests.cases import (
    ASSIGNED,
    LATER,
    SHIP_TIME,
    action,
    case_of,
    heard,
    open_ticket_of,
    others_beside,
    servicer_is,
    steps_of,
    told,
    wants,
)
from tests.conftest import OpenChat
from tests.talk import Chat

ONE_SEAT = [
    {"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 1},
    {"userid": "lisi", "name": "李四", "level": "leader", "capacity": 0},
]
QUEUED = "已为您转接人工客服，正在排队，请稍候。同事会看到我们刚才的对话，您不用重复说明。"


@pytest.fixture
async def small(open_chat: OpenChat) -> Chat:
    """One junior with one seat, and a leader who takes none."""
    chat = await open_chat(staff=ONE_SEAT)
    chat.wecom.receiving = ["zhangsan"]
    return chat


# -------------------------------------------------------------------- L2 → L3


async def test_a_junior_gives_a_case_to_an_expert_by_the_button(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    assert chat.wecom.servicer == "zhangsan"
    await chat.colleague_writes("您好，稍等")
    await chat.presses("raise", userid="zhangsan")
    assert (chat.wecom.state, chat.wecom.servicer) == (ServiceState.HUMAN, "lisi")
    assert chat.cards[-1].userids == ("lisi",)
    assert chat.cards[0].replaced_by == "已改派给李四"
    case = await case_of(chat)
    assert (case.level, case.status, case.served_level) == (3, "assigned", 2)
    assert [text for text in told(chat, "zhangsan") if "会话已转给" in text] == [
        "【会话已转给李四】wk_shop 的客户：同事转给专家。现在由李四接待，您不用再回复。"
    ]
    await chat.colleague_writes("您好，我是李四")
    assert (await case_of(chat)).served_level == 3


async def test_words_that_come_after_the_button_do_not_take_the_case_back(chat: Chat) -> None:
    """WeCom brings what he wrote before he pressed a moment later."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    words = chat.dialogue.message("text", {"content": "我帮您转给专家"}, origin=5)
    await chat.decides_on(action(chat, "raise"))
    await chat.decides_on(words)
    await chat.waits(seconds=1)
    assert chat.wecom.servicer == "lisi"


async def test_with_no_expert_there_the_junior_keeps_it_and_the_leader_knows(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(staff=ONE_SEAT)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，稍等")
    await chat.presses("raise")
    case = await case_of(chat)
    assert (case.status, case.servicer) == ("serving", "zhangsan")
    assert any("【无人可换】" in text for text in told(chat, "lisi"))
    assert "【还是您接待】现在没有别的同事可以接这位客户，请您继续。" in told(chat, "zhangsan")


async def test_a_complaint_goes_to_an_expert_and_both_servicers_know(chat: Chat) -> None:
    """WeCom gives no code from people to people, and the bot is silent: so the expert greets."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")
    await chat.says("我要投诉你们")
    assert chat.wecom.servicer == "lisi"
    assert chat.cards[-1].card.title == "客户需要人工：客户要求人工；客户要投诉"
    first = told(chat, "zhangsan")[-1]
    assert first.startswith("【会话已转给李四】")
    assert "客户要投诉" in first
    assert told(chat, "lisi")[-1].endswith("客户还不知道换了人，请先说一声由您接着处理。")
    assert chat.replies == []
    await chat.says("还在吗")
    assert (await steps_of(chat)).count("assigned") == 2, "once, however much he writes"
    assert told(chat, "zhangsan") == []


async def test_where_wecom_lets_it_the_customer_hears_of_the_change(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")
    chat.wecom.state = ServiceState.QUEUED  # as if he had been in the pool: WeCom gives a code
    await chat.says("我要投诉你们")
    assert chat.replies == [
        "已为您换一位同事接着处理，请稍候。之前说过的同事都能看到，您不用重复说明。"
    ]
    assert "请先说一声" not in told(chat, "lisi")[-1]


async def test_without_an_expert_the_first_one_hears_why_the_complaint_stays_with_him(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(staff=ONE_SEAT)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.says("我要投诉你们")
    assert chat.wecom.servicer == "zhangsan"
    assert any(text.endswith("请您先照看，负责人已经知道。") for text in told(chat, "zhangsan"))


async def test_a_class_that_demands_an_expert_goes_to_one(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("多久发货")
    await chat.receives(wants(chat, "asked", level=3))
    assert chat.wecom.servicer == "lisi"


async def test_a_graver_reason_takes_the_case_from_a_junior(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.receives(wants(chat, "asked", level=3))
    assert chat.wecom.servicer == "lisi"
    await chat.receives(wants(chat, "asked", level=3))
    assert (await steps_of(chat)).count("assigned") == 2


async def test_an_expert_wanted_while_a_junior_is_asked_gets_it_after_all(chat: Chat) -> None:
    """The first hand-over has left with the juniors of its moment."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.decides_on(chat.text("转人工"))
    await chat.decides_on(wants(chat, "asked", level=3))
    await chat.waits(seconds=1)
    assert chat.wecom.servicer == "lisi"
    assert chat.replies == [ASSIGNED]


# -------------------------------------------------------------------- colleagues


async def test_a_colleague_who_presses_too_late_learns_who_has_it(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.presses("take", userid="zhangsan")
    assert chat.cards[0].card.desc == "已由张三接待"
    await chat.receives(action(chat, "take", "lisi"))
    assert told(chat, "lisi") == ["这个会话已由张三接待。"]
    assert (await case_of(chat)).servicer == "zhangsan"


async def test_a_servicer_whom_the_configuration_does_not_name_takes_from_the_pool(
    small: Chat,
) -> None:
    (second,) = await others_beside(small, "wm_two")
    await small.says("转人工")
    await second.says("转人工")
    assert second.wecom.state is ServiceState.QUEUED
    await second.take_over("Waibao")
    await second.colleague_writes("您好")
    case = await case_of(second)
    assert (case.status, case.servicer, case.served_level) == ("serving", "waibao", 2)


# -------------------------------------------------------------------- the queue


async def test_in_the_queue_the_place_is_named(small: Chat) -> None:
    second, third = await others_beside(small, "wm_two", "wm_three")
    await small.says("转人工")
    assert small.replies == [ASSIGNED]
    await second.says("转人工")
    assert second.replies == [QUEUED]
    await second.waits(seconds=1)
    await third.says("转人工")
    assert third.replies == [QUEUED + "前面还有 1 位。"]


async def test_a_freed_seat_goes_to_who_waits_most_urgently(small: Chat) -> None:
    second, third, fourth = await others_beside(small, "wm_two", "wm_three", "wm_four")
    for customer in (small, second, third, fourth):
        await customer.says("转人工")
        await customer.waits(seconds=1)
    await small.store.database.execute(
        "UPDATE cases SET priority = 99 WHERE external_userid = 'wm_four'"
    )
    await small.colleague_writes("您好")
    await small.end()
    states = [one.wecom.state for one in (second, third, fourth)]
    assert states == [ServiceState.QUEUED, ServiceState.QUEUED, ServiceState.HUMAN]
    assert heard(fourth) == [LATER]


async def test_whoever_comes_takes_as_many_as_he_has_seats_in_their_order(
    open_chat: OpenChat,
) -> None:
    staff = [*ONE_SEAT, {"userid": "wangwu", "name": "王五", "level": "junior", "capacity": 2}]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    second, third, fourth = await others_beside(chat, "wm_two", "wm_three", "wm_four")
    for customer in (chat, second, third, fourth):
        await customer.says("转人工")
        await customer.waits(seconds=1)
    await servicer_is(chat, "wangwu", receiving=True)
    assert [one.wecom.servicer for one in (second, third, fourth)] == ["wangwu", "wangwu", None]


# -------------------------------------------------------------------- who comes and goes


async def test_what_one_who_leaves_has_not_answered_goes_to_another(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await servicer_is(chat, "zhangsan", receiving=False)
    assert chat.wecom.servicer == "lisi"
    assert chat.cards[-1].userids == ("lisi",)


async def test_one_who_leaves_after_he_answered_keeps_it_while_nobody_waits(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await servicer_is(chat, "zhangsan", receiving=False)
    await chat.waits(minutes=5)
    assert chat.staff_messages == []
    assert chat.wecom.servicer == "zhangsan"


@pytest.mark.parametrize("told_by", ["event", "list", "no more on it"])
async def test_who_writes_to_one_who_has_left_is_served_by_another_in_time(
    chat: Chat, told_by: str
) -> None:
    """Before: it was noticed when the session was about to be ended for silence."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    if told_by == "event":
        await servicer_is(chat, "zhangsan", receiving=False)
    else:
        chat.wecom.receiving = ["lisi"]
        chat.wecom.stopped = ["zhangsan"] if told_by == "list" else []
        await desks(chat).look()
        await chat.waits(seconds=1)
    await chat.says("那我的订单呢")
    assert any("张三已停止接待" in text for text in told(chat, "lisi"))
    assert told(chat, "zhangsan")[0].startswith("【客户在等您】您已停止接待")
    await chat.says("在吗")
    assert chat.staff_messages == []
    await chat.waits(seconds=121)
    assert chat.wecom.servicer == "lisi"
    assert chat.cards[-1].userids == ("lisi",)


async def test_of_one_of_whom_wecom_tells_nothing_nobody_says_that_he_left(chat: Chat) -> None:
    await chat.says("多久发货")
    await servicer_is(chat, "lisi", receiving=True)
    await chat.take_over("wangwu")
    await chat.colleague_writes("您好")
    await chat.says("那我的订单呢")
    assert chat.staff_messages == []


async def test_one_who_has_left_and_answers_keeps_it(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await servicer_is(chat, "zhangsan", receiving=False)
    await chat.says("那我的订单呢")
    await chat.colleague_writes("今天发出")
    await chat.waits(minutes=3)
    assert chat.wecom.servicer == "zhangsan"
    await chat.says("好的")
    await servicer_is(chat, "zhangsan", receiving=True)
    await chat.waits(minutes=3)
    assert chat.wecom.servicer == "zhangsan"


async def test_whom_one_who_leaves_keeps_waiting_and_nobody_can_take_stays_his(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.says("那我的订单呢")
    await servicer_is(chat, "zhangsan", receiving=False)
    assert any("张三已停止接待" in text for text in told(chat, "lisi"))
    await chat.waits(seconds=121)
    assert (await case_of(chat)).status == "serving"
    assert any("无人可换" in text for text in told(chat, "lisi"))


def desks(chat: Chat) -> Desks:
    """Looks at WeCom's list now and then, as the service does."""
    return Desks(chat.store, chat.wecom, chat.clock, nobody_to_wake)


# -------------------------------------------------------------------- nobody there


NIGHT = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "14:00", "to": "18:00"}


async def test_nobody_on_shift_until_the_shift_begins(open_chat: OpenChat) -> None:
    """Friday 10:00; the shift begins at 14:00."""
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "shifts": [NIGHT]}]
    chat = await open_chat(staff=staff)
    await chat.says("转人工")
    assert "预计今天 14:00 有人接待" in chat.replies[0]
    ticket = await open_ticket_of(chat)
    assert ticket is not None
    await chat.says("13812345678，羊毛衫的事")
    assert chat.replies == [
        "已记下您的电话，同事上线后会联系您。还有要补充的情况，直接发给我就行。"
    ]
    assert chat.staff_messages == [
        "【客户留了电话】wk_shop，原因：客户要求人工，电话：13812345678。"
    ]
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
    chat.wecom.receiving = ["zhangsan"]
    await chat.waits(hours=4, seconds=2)
    assert chat.wecom.servicer == "zhangsan"
    assert chat.replies == [LATER]
    assert await open_ticket_of(chat) is None


async def test_a_ticket_of_friday_is_somebodys_on_monday(open_chat: OpenChat) -> None:
    """The case is over after a day, WeCom's session after two; the matter is not."""
    monday = NIGHT | {"days": ["mon"]}
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "shifts": [monday]}]
    chat = await open_chat(staff=staff)
    await chat.says("转人工")
    await chat.says("13812345678")
    await chat.waits(hours=30)
    assert (await case_of(chat)).outcome == "gap"
    await chat.waits(hours=48)
    assert any("【请您跟进】" in text and "13812345678" in text for text in told(chat, "zhangsan"))
    ticket = await open_ticket_of(chat)
    assert ticket is not None
    assert ticket.given_to == "zhangsan"
    assert chat.replies == []


async def test_who_waits_in_the_pool_for_a_day_is_not_forgotten(small: Chat) -> None:
    (second,) = await others_beside(small, "wm_two")
    await small.says("转人工")
    await second.says("转人工")
    await second.waits(hours=25)
    case = await case_of(second)
    assert case.outcome == "gap"
    ticket = await open_ticket_of(second)
    assert ticket is not None
    assert ticket.case_id == case.id


async def test_who_comes_finds_a_ticket_and_takes_it_although_nobody_is_configured(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(staff=[])
    await chat.says("转人工")
    assert (await case_of(chat)).status == "ticket"
    await servicer_is(chat, "zhangsan", receiving=True)
    assert chat.wecom.state is ServiceState.QUEUED
    await chat.take_over("zhangsan")
    assert (await case_of(chat)).status == "serving"


async def test_a_junior_who_is_no_servicer_there_does_not_keep_the_expert_from_it(
    open_chat: OpenChat,
) -> None:
    """WeCom has listed who serves this account, and 张三 is not among them."""
    expert = {"userid": "zhaoliu", "name": "赵六", "level": "expert"}
    chat = await open_chat(staff=[*ONE_SEAT, expert])
    chat.wecom.receiving = ["zhaoliu"]
    await chat.store.servicers.replace("wk_shop", {"zhaoliu": True}, chat.clock.now())
    await chat.says("转人工")
    assert chat.wecom.servicer == "zhaoliu"
