"""How a case ends: by the servicer, by a button, by silence, by the customer who gives up."""

import pytest

from bot.errors import WrongState
from bot.model import EffectDone, ServiceState
from tests.cases import (
    INTRODUCTION,
    SHIP_TIME,
    action,
    case_of,
    open_ticket_of,
    others_beside,
    steps_of,
    told,
)
from tests.conftest import OpenChat
from tests.talk import Chat

GIVEN_UP = "好的，已为您取消人工服务。有问题可以继续问我。"


@pytest.fixture
async def served(chat: Chat) -> Chat:
    """A servicer has the case and has written."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")
    return chat


# -------------------------------------------------------------------- 不等了


async def test_who_does_not_wait_in_the_queue_has_the_bot_back(open_chat: OpenChat) -> None:
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 0}]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.wecom.state is ServiceState.QUEUED
    await chat.says("不等了")
    assert chat.replies == [GIVEN_UP]
    assert (await case_of(chat)).status == "bot"
    await chat.says("多久发货")
    assert chat.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]


async def test_who_does_not_wait_for_an_answer_frees_the_seat(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.says("算了，不等了")
    assert chat.replies == [GIVEN_UP]
    assert told(chat, "zhangsan") == ["【客户不等了】客户取消了人工服务，不用再接待。"]
    assert chat.cards[0].replaced_by == "客户不等了"
    assert await chat.store.cases.loads() == {}
    await chat.waits(minutes=40)
    assert chat.staff_messages == []


async def test_who_does_not_want_the_ticket_any_more_ends_it(chat: Chat) -> None:
    await chat.says("转人工")
    await chat.says("不用人工了")
    assert chat.replies == [GIVEN_UP]
    assert await open_ticket_of(chat) is None
    chat.wecom.receiving = ["zhangsan"]
    await chat.waits(hours=1)
    assert chat.wecom.servicer is None


async def test_where_wecom_does_not_let_go_nothing_untrue_is_said(open_chat: OpenChat) -> None:
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 0}]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    chat.wecom.failures = [WrongState("service_state/trans", 95016) for _ in range(3)]
    await chat.says("不等了")
    assert chat.replies == []
    assert (await case_of(chat)).status == "queued"


async def test_who_is_being_served_does_not_leave_by_a_word(served: Chat) -> None:
    await served.says("不等了")
    assert served.wecom.state is ServiceState.HUMAN


# -------------------------------------------------------------------- silence


async def test_when_nobody_writes_the_servicer_is_warned_then_it_ends(served: Chat) -> None:
    await served.waits(seconds=1501)
    assert told(served, "zhangsan")[0].startswith("【会话即将结束】")
    assert "5 分钟后" in told(served, "zhangsan")[0]
    await served.waits(seconds=300)
    assert served.wecom.state is ServiceState.ENDED
    assert (await case_of(served)).outcome == "idle"
    await served.says("多久发货")
    assert served.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]


async def test_a_word_keeps_it_open(served: Chat) -> None:
    await served.waits(minutes=27)
    await served.colleague_writes("还在吗")
    await served.waits(minutes=20)
    assert served.wecom.state is ServiceState.HUMAN
    assert served.staff_messages == []


async def test_a_customer_who_waits_is_not_ended_but_spoken_for(served: Chat) -> None:
    await served.says("那我的订单呢")
    await served.waits(minutes=26)
    assert told(served, "zhangsan")[0].startswith("【客户在等您】")
    assert told(served, "lisi")[0].startswith("【客户在等】张三")
    await served.waits(hours=3)
    assert served.wecom.state is ServiceState.HUMAN


async def test_an_end_that_wecom_refuses_is_tried_again(served: Chat) -> None:
    await served.waits(minutes=29)
    served.wecom.failures = [WrongState("service_state/trans", 95016) for _ in range(3)]
    await served.waits(minutes=2)
    assert served.wecom.state is ServiceState.HUMAN
    await served.waits(minutes=31)
    assert (await case_of(served)).outcome == "idle"


async def test_a_case_put_off_nags_nobody_and_comes_back_in_half_an_hour(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.presses("later")
    assert told(chat, "zhangsan") == ["好的，30 分钟后提醒您。"]
    await chat.waits(minutes=29)
    assert chat.staff_messages == []
    await chat.waits(minutes=2)
    assert told(chat, "zhangsan")[0].startswith("【到时间了】")
    assert chat.wecom.servicer == "zhangsan"


# -------------------------------------------------------------------- the end, and after it


async def test_a_servicer_s_button_ends_it_and_the_customer_is_asked(served: Chat) -> None:
    await served.presses("end", chosen="solved")
    assert served.wecom.state is ServiceState.ENDED
    case = await case_of(served)
    assert (case.status, case.outcome) == ("closed", "solved")
    assert len(served.menus) == 1
    assert served.cards[0].replaced_by == "会话已结束"
    await served.taps("5 分 · 非常满意")
    row = await served.store.database.fetch_one("SELECT score FROM ratings")
    assert row is not None
    assert row["score"] == 5


async def test_a_page_s_button_gives_the_reason_and_a_note(served: Chat) -> None:
    await served.receives(action(served, "end", reason="offline", note="已电话沟通"))
    case = await case_of(served)
    assert case.outcome == "offline"
    steps = await served.store.cases.steps(case)
    assert [step.note for step in steps if step.name == "ending"] == ["已电话沟通"]


async def test_a_reason_nobody_knows_is_none(served: Chat) -> None:
    await served.receives(action(served, "end", reason="drop table"))
    assert served.wecom.state is ServiceState.HUMAN
    assert told(served, "zhangsan")[0].startswith("请先在卡片上选一个结束原因")


async def test_without_a_reason_it_goes_on_and_the_card_asks_again(served: Chat) -> None:
    """Before: it was ended as solved, whatever had happened."""
    await served.presses("end")
    assert served.wecom.state is ServiceState.HUMAN
    assert served.replies == []
    card = served.cards[0].card
    assert card.selection is not None
    options = [text for _, text in card.selection.options]
    assert options == ["请选择", "已解决", "联系不上客户", "转线下处理", "骚扰或无效咨询", "其他"]
    await served.presses("end", chosen="offline")
    assert (await case_of(served)).outcome == "offline"


async def test_the_reasons_are_an_operator_s(open_chat: OpenChat) -> None:
    chat = await open_chat(escalation={"close_reasons": ["solved", "换货已登记"]})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    card = chat.cards[0].card
    assert card.selection is not None
    assert [text for _, text in card.selection.options] == ["请选择", "已解决", "换货已登记"]
    await chat.presses("end", chosen="换货已登记")
    assert (await case_of(chat)).outcome == "换货已登记"


async def test_who_ends_it_in_the_client_is_asked_afterwards_and_nobody_waits(
    served: Chat,
) -> None:
    await served.end()
    case = await case_of(served)
    assert (case.status, case.outcome) == ("closed", "ended")
    assert served.cards[0].card.title == "会话已结束，请补一个原因"
    await served.presses("reason")
    assert told(served, "zhangsan")[0].startswith("请先在卡片上选一个结束原因")
    await served.presses("reason", chosen="unreachable")
    assert served.cards[0].replaced_by == "已记：联系不上客户"
    row = await served.store.database.fetch_one("SELECT case_id, reason FROM case_endings")
    assert row is not None
    assert tuple(row) == (case.id, "unreachable")


async def test_who_has_pressed_before_is_asked_in_words_and_tells_on_the_same_card(
    served: Chat,
) -> None:
    """The card's code is used by the first press, so nothing can change it by itself."""
    await served.presses("take")
    await served.end()
    assert told(served, "zhangsan")[0].startswith("会话已结束。请在它的卡片上选一个结束原因")
    await served.presses("end", chosen="solved")
    assert served.cards[0].replaced_by == "已记：已解决"
    row = await served.store.database.fetch_one("SELECT reason FROM case_endings")
    assert row is not None
    assert row["reason"] == "solved"


async def test_a_note_is_kept_with_the_case_sealed(served: Chat) -> None:
    await served.tells_app("备注：客户周五再来取")
    assert told(served, "zhangsan") == ["备注已记下。"]
    row = await served.store.database.fetch_one("SELECT case_id, note FROM case_endings")
    assert row is not None
    assert row["case_id"] == (await case_of(served)).id
    assert "周五".encode() not in row["note"]
    subject = served.conversation.subject
    assert served.store.vault.open(subject, row["note"]).decode() == "客户周五再来取"
    await served.tells_app("备注 在吗", userid="wangwu")
    assert told(served, "wangwu")[0].startswith("没有记下")


async def test_only_who_has_it_and_who_leads_may_end_it(served: Chat) -> None:
    await served.receives(action(served, "end", "wangwu", reason="solved"))
    assert served.wecom.state is ServiceState.HUMAN
    assert told(served, "wangwu") == ["这个会话由张三接待，只有他和负责人可以这样操作。"]
    await served.receives(action(served, "end", "LiSi", reason="solved"))
    assert (await case_of(served)).is_over


async def test_an_end_told_late_does_not_close_the_customer_s_next_case(served: Chat) -> None:
    """Ended from the card and in the client at once; the customer has written since."""
    first = await case_of(served)
    await served.decides_on(action(served, "end", reason="solved"))
    await served.dialogue.end()
    message = served.text("多久发货")
    served.clock.reach(served.clock.now() + 1)
    await served.decides_on(message)
    await served.waits(seconds=1)
    case = await case_of(served)
    assert case.id != first.id
    assert case.status == "bot"


async def test_after_the_end_by_the_servicer_the_bot_announces_itself(served: Chat) -> None:
    await served.end()
    assert (await case_of(served)).outcome == "ended"
    await served.says("多久发货")
    assert served.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]
    assert (await steps_of(served)) == ["opened"]


async def test_a_card_of_a_case_that_is_over_only_says_so(served: Chat) -> None:
    task_id = served.cards[0].task_id
    await served.presses("end", chosen="solved")
    assert served.cards[0].replaced_by == "会话已结束"
    await served.presses("raise", task_id=task_id)
    assert told(served, "zhangsan")[0].startswith("这个会话已经结束")
    assert served.wecom.state is ServiceState.ENDED


async def test_a_card_whose_code_comes_after_the_end_goes_grey_too(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    card = chat.cards[0]
    await chat.store.database.execute("UPDATE case_cards SET response_code = ''")
    await chat.end()
    assert card.replaced_by == ""
    where = chat.conversation
    result = {"response_code": chat.staff.pressed(card.task_id)[1], "task_id": card.task_id}
    await chat.receives(
        EffectDone(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            effect_id=1,
            effect="SendCard",
            tag="escalation.card",
            result=result,
        )
    )
    assert card.replaced_by == "会话已结束"


async def test_one_customer_s_end_leaves_the_others_alone(served: Chat) -> None:
    (second,) = await others_beside(served, "wm_two")
    await second.says("转人工")
    await served.end()
    assert (await case_of(second)).status == "assigned"
    assert second.wecom.state is ServiceState.HUMAN
