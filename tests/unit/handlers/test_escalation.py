import pytest

from bot.errors import NotAuthorised, ServicerUnavailable, Unreachable, WrongState
from bot.model import ServiceState
from tests.conftest import OpenChat
from tests.talk import Chat

QUEUED = "已为您转接人工客服，正在排队，请稍候。同事会看到我们刚才的对话，您不用重复说明。"
ASSIGNED = "已为您转接人工客服，请稍候。同事能看到我们刚才的对话，您不用重复说明。"
NOBODY = (
    "抱歉，现在没有同事在线，暂时转不了人工。您的需求已经记下，"
    "同事上线后会跟进；您也可以留下手机号和具体情况，这期间可以继续问我。"
)
REFUSED = "抱歉，人工客服暂时接不进来，您的需求已经转告同事跟进。这期间您可以继续问我。"
INTRODUCTION = "您好，我是云栖优选智能助手，由 AI 为您解答；需要人工服务请回复“人工”。"
SHIP_TIME = "现货 48 小时内发出。"

ASKS = [
    "人工",
    "转人工",
    "转人工！",
    "我要人工客服",
    "帮我转人工谢谢",
    "找个真人来",
    "有没有真人客服",
    "不要机器人",
    "我要投诉",
    "投诉",
    "转接人工服务",
    "人工服务",
    "能转人工吗",
    "怎么接人工",
    "叫个活人来",
    "我要人工",
    "需要人工帮忙",
    "轉人工",
    "人 工",
    "要人工",
    "真人",
]
DOES_NOT_ASK = [
    "多久发货",
    "人工费多少钱",
    "你是人工智能吗",
    "人工降雨是什么",
    "我不要人工",
    "不需要人工客服",
    "不用人工了",
    "不转人工，谢谢",
    "这个宝石是人工合成的吗",
    "退款需要人工审核吗",
    "这款适合生活人士吗",
    "人工湖旁边那家店几点开门",
    "客服电话是多少",
    "真人秀同款有吗",
    "人工草坪怎么卖",
    "不想要人工，你来答",
]


async def status(chat: Chat) -> str:
    rows = await chat.store.database.fetch("SELECT status FROM cases ORDER BY opened_at")
    return str(rows[-1]["status"])


async def steps(chat: Chat) -> list[str]:
    """What happened to the only case, without who and when."""
    rows = await chat.store.database.fetch("SELECT name FROM case_steps ORDER BY case_id, n")
    return [row["name"] for row in rows]


@pytest.mark.parametrize("text", ASKS)
async def test_asking_for_a_person_is_understood(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.handled_by == "escalation.needed"


@pytest.mark.parametrize("text", DOES_NOT_ASK)
async def test_what_does_not_ask_for_a_person_is_answered_by_the_bot(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert not chat.handled_by.startswith("escalation.")


async def test_the_customer_is_told_only_after_wecom_has_accepted(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.replies == [ASSIGNED]
    assert (chat.wecom.state, chat.wecom.servicer) == (ServiceState.HUMAN, "zhangsan")
    assert await steps(chat) == ["opened", "wanted", "assigned", "briefed"]


async def test_whoever_gets_the_case_gets_a_card_and_what_was_said(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("多久发货")
    await chat.waits(seconds=1)
    await chat.says("转人工")
    (card,) = chat.cards
    assert card.userids == ("zhangsan",)
    assert card.card.title == "客户需要人工：客户要求人工"
    assert card.card.quote == "转人工"
    assert [button.text for button in card.card.buttons] == [
        "接单",
        "转专家",
        "稍后处理",
        "结束并交还",
    ]
    ((members, notes),) = chat.staff.sent
    assert members == ("zhangsan",)
    assert "客户：多久发货" in notes
    assert f"机器人：{SHIP_TIME}" in notes
    assert "可以这样回复：" in notes


async def test_with_every_seat_taken_the_case_waits_in_the_pool(open_chat: OpenChat) -> None:
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 0}]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.replies == [QUEUED]
    assert chat.wecom.state is ServiceState.QUEUED
    assert await steps(chat) == ["opened", "wanted", "queued"]
    ((members, text),) = chat.staff.sent
    assert members == ("zhangsan",)
    assert text.startswith("【待接入】")


async def test_without_staff_in_the_configuration_nobody_is_told(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=[])
    await chat.says("转人工")
    assert chat.replies == [NOBODY]
    assert chat.staff_messages == []


async def test_when_nobody_receives_the_bot_says_so_and_goes_on(chat: Chat) -> None:
    await chat.says("转人工")
    assert chat.replies == [NOBODY]
    assert chat.staff_messages[0].startswith("【无人接待】")
    assert chat.wecom.state is not ServiceState.QUEUED
    assert await status(chat) == "ticket"
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_outside_opening_hours_the_hours_are_named(open_chat: OpenChat) -> None:
    hours = [
        {"days": ["mon", "tue", "wed", "thu"], "from": "09:00", "to": "18:00"},
        {"days": ["sat", "mon"], "from": "10:00", "to": "24:00"},
    ]
    chat = await open_chat(accounts={"wk_shop": {"opening_hours": hours}})
    await chat.says("转人工")
    assert "（周一至周四 09:00–18:00；周六、周一 10:00–24:00）" in chat.replies[0]


async def test_within_opening_hours_no_hours_are_named(open_chat: OpenChat) -> None:
    hours = [{"days": ["fri"], "from": "09:00", "to": "18:00"}]
    chat = await open_chat(accounts={"wk_shop": {"opening_hours": hours}})
    await chat.says("转人工")
    assert chat.replies == [NOBODY]


@pytest.mark.parametrize("error", [WrongState, ServicerUnavailable])
async def test_a_transfer_that_wecom_keeps_refusing_is_never_announced(
    chat: Chat, error: type[WrongState]
) -> None:
    chat.wecom.receiving = ["zhangsan"]
    refusals = 3 if error is WrongState else 6  # of the servicer, then of the pool
    chat.wecom.failures = [error("service_state/trans", 95016) for _ in range(refusals)]
    await chat.says("转人工")
    assert chat.replies == [REFUSED]
    assert chat.staff_messages[0].startswith("【转人工失败】")
    assert await status(chat) == "ticket"


async def test_a_transfer_that_is_refused_once_is_planned_anew(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [WrongState("service_state/trans", 95016)]
    await chat.says("转人工")
    assert chat.replies == [ASSIGNED]


async def test_a_servicer_whom_wecom_does_not_take_gives_way_to_the_next(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan", "lisi"]
    chat.wecom.failures = [ServicerUnavailable("service_state/trans", 95019)]
    await chat.says("转人工")
    assert chat.wecom.state is ServiceState.QUEUED
    assert await steps(chat) == ["opened", "wanted", "assigned", "released", "queued"]


async def test_a_transfer_that_needs_an_operator_is_said_honestly(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [NotAuthorised("service_state/trans", 48002)]
    await chat.says("转人工")
    assert chat.replies == [REFUSED]


async def test_a_transfer_without_an_answer_is_tried_again(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [Unreachable("service_state/trans")]
    await chat.says("转人工")
    await chat.waits(seconds=5)
    assert chat.replies == [ASSIGNED]
    assert await status(chat) == "assigned"


async def test_the_bot_is_silent_while_the_customer_waits_for_a_person(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.says("多久发货")
    assert chat.replies == []
    assert chat.outcome == "silent"


async def test_the_bot_is_silent_while_a_person_has_the_conversation(chat: Chat) -> None:
    await chat.take_over()
    await chat.says("多久发货")
    assert chat.replies == []
    assert chat.outcome == "silent"


async def test_knowledge_that_has_grown_old_is_read_again_before_anything_is_said(
    chat: Chat,
) -> None:
    await chat.take_over()
    await chat.waits(minutes=30)
    await chat.says("多久发货")
    assert chat.replies == []


async def test_when_the_owner_cannot_be_asked_the_bot_is_silent(chat: Chat) -> None:
    await chat.take_over()
    await chat.waits(minutes=30)
    asked = 0

    async def get_state(_: object) -> tuple[ServiceState, str | None]:
        nonlocal asked
        asked += 1
        raise Unreachable("service_state/get")

    chat.wecom.get_state = get_state  # type: ignore[method-assign,assignment]
    await chat.says("多久发货")
    await chat.waits(minutes=5)
    assert asked > 1
    assert chat.replies == []


async def test_after_the_session_the_bot_answers_and_introduces_itself_again(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    assert chat.replies == []
    await chat.says("多久发货")
    assert chat.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]
    assert chat.handled_by == "faq.answer"


async def test_many_replies_held_for_a_person_leave_the_bot_its_voice(chat: Chat) -> None:
    """A held reply is never sent, so it must not count as one of the five."""
    await chat.take_over()
    for _ in range(6):
        await chat.waits(minutes=11)
        await chat.says("多久发货")
        assert chat.replies == []
    await chat.end()
    await chat.says("多久发货")
    assert chat.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]


async def test_the_case_remembers_who_took_it_and_that_it_is_closed(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.end()
    row = await chat.store.database.fetch_one("SELECT * FROM cases")
    assert row is not None
    assert (row["servicer"], row["served_level"], row["outcome"]) == ("zhangsan", 2, "ended")
    assert await steps(chat) == ["opened", "wanted", "assigned", "briefed", "answered", "closed"]


async def test_asking_twice_in_a_burst_is_one_request(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says_at_once("转人工", "人工")
    assert chat.replies == [ASSIGNED]
    assert len(chat.cards) == 1
    assert await steps(chat) == ["opened", "wanted", "assigned", "briefed"]


async def test_a_question_beside_the_request_is_answered_too(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says_at_once("多久发货", "转人工")
    assert chat.replies == [SHIP_TIME, ASSIGNED]


async def test_what_a_colleague_writes_is_recorded_and_not_answered(chat: Chat) -> None:
    await chat.take_over()
    await chat.colleague_writes("多久发货")
    assert chat.replies == []
    assert chat.outcome == "servicer"


async def test_a_colleague_s_message_withdraws_what_the_bot_has_not_sent(chat: Chat) -> None:
    await chat.decides_on(chat.text("多久发货"))
    await chat.colleague_writes("您好，我来为您服务")
    await chat.waits(minutes=1)
    assert chat.replies == []
    rows = await chat.store.database.fetch(
        "SELECT state, error FROM outbox WHERE kind = 'SendMessage'"
    )
    assert [tuple(row) for row in rows] == [("cancelled", "a servicer wrote")]


async def test_a_take_over_between_turn_and_send_keeps_the_bot_silent(chat: Chat) -> None:
    await chat.decides_on(chat.text("多久发货"))
    await chat.take_over()
    await chat.waits(minutes=1)
    assert chat.replies == []


async def test_a_session_that_a_servicer_opens_again_is_his_case(chat: Chat) -> None:
    await chat.take_over("lisi")
    await chat.says("多久发货")
    row = await chat.store.database.fetch_one("SELECT status, servicer, reason FROM cases")
    assert row is not None
    assert tuple(row) == ("serving", "lisi", "with_person")


async def test_a_session_that_was_never_let_go_of_is_noticed_when_wecom_says_so(
    chat: Chat,
) -> None:
    chat.wecom.failures = [WrongState("kf/send_msg", 95018)]
    message = chat.text("多久发货")
    chat.wecom.state, chat.wecom.servicer = ServiceState.HUMAN, "lisi"
    await chat.receives(message)
    assert chat.replies == []
    assert await status(chat) == "serving"


async def test_that_a_servicer_had_the_session_long_ago_makes_no_case_his(chat: Chat) -> None:
    await chat.says("转人工")
    await chat.waits(hours=20)
    await chat.take_over("lisi")
    await chat.waits(hours=29)
    chat.wecom.state, chat.wecom.servicer = ServiceState.ENDED, None  # after 48 h, by itself
    await chat.says("多久发货")
    assert chat.replies
    case = await chat.store.cases.open_of(chat.conversation)
    assert case is not None
    assert (case.status, case.reason) == ("bot", "")


async def test_after_two_who_are_slow_it_is_for_experts_and_leaders(
    open_chat: OpenChat,
) -> None:
    names = ["anna", "bert", "carl", "dora"]
    staff = [{"userid": name, "name": name, "level": "junior"} for name in names]
    chat = await open_chat(staff=[*staff, {"userid": "lisi", "name": "李四", "level": "leader"}])
    chat.wecom.receiving = list(names)
    await chat.says("转人工")
    told = []
    for _ in range(5):
        await chat.waits(minutes=2)
        told += [text for who, text in chat.staff.sent if who == ("lisi",) and "仍由" in text]
    case = await chat.store.cases.open_of(chat.conversation)
    assert case is not None
    steps = await chat.store.cases.steps(case)
    given = [step.servicer for step in steps if step.name == "assigned"]
    assert given == ["anna", "bert"]
    assert len(told) == 1


async def test_who_took_the_case_can_still_pass_it_on_and_end_it(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.presses("take")
    (card,) = chat.cards
    assert [button.text for button in card.card.buttons] == ["转专家", "稍后处理", "结束并交还"]
    assert card.card.desc == "已由张三接待"
    await chat.presses("end", chosen="solved")
    assert await status(chat) == "closed"


async def test_the_leader_hears_of_a_long_queue_once_however_rarely_we_look(
    open_chat: OpenChat,
) -> None:
    """Before: looks come ten minutes apart after a while, and the alarm fit only into one."""
    staff = [
        {"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 0},
        {"userid": "lisi", "name": "李四", "level": "leader", "capacity": 0},
    ]
    chat = await open_chat(staff=staff, escalation={"reassign_after_s": 7300})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.waits(hours=6)
    told = [text for who, text in chat.staff.sent if "【排队过久】" in text]
    assert len(told) == 1
