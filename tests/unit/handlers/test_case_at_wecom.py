"""WeCom refuses, is slow, or is away: the customer is told nothing untrue and is not forgotten."""

import pytest
from msgspec import structs

from bot.errors import (
    Rejected,
    RetryLater,
    Unreachable,
)
from bot.model import ServiceState
from bot.wecom.errors import error_for
from tests.cases import (
    ASSIGNED,
    LATER,
    SHIP_TIME,
    case_of,
    open_ticket_of,
    others_beside,
    told,
    wants,
)
from tests.conftest import OpenChat
from tests.talk import Chat

TRANS = "/cgi-bin/kf/service_state/trans"
QUEUED = "已为您转接人工客服，正在排队，请稍候。同事会看到我们刚才的对话，您不用重复说明。"


def refusals(code: int, times: int = 9) -> list[Exception]:
    return [error_for(TRANS, code) for _ in range(times)]


@pytest.fixture
async def there(chat: Chat) -> Chat:
    """A junior and a leader receive."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    return chat


@pytest.mark.parametrize("code", [95013, 95014, 95015, 95016, 95017, 95019, 48002, 40058])
async def test_whatever_wecom_refuses_is_never_announced_as_done(
    there: Chat, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str | None:
        raise error_for(TRANS, code)

    monkeypatch.setattr(there.wecom, "trans", refuse)
    await there.says("转人工")
    assert there.wecom.state not in (ServiceState.QUEUED, ServiceState.HUMAN)
    assert not any("已为您转接" in reply for reply in there.replies)
    case = await case_of(there)
    assert case.status == "ticket"
    assert await open_ticket_of(there) is not None
    assert await there.store.cases.loads() == {}
    monkeypatch.undo()
    await there.waits(minutes=10, seconds=5)
    assert there.wecom.servicer == "zhangsan"
    assert there.replies == [LATER]


@pytest.mark.parametrize("code", [95014, 95019])
async def test_a_servicer_who_cannot_take_it_gives_way_to_the_pool(there: Chat, code: int) -> None:
    there.wecom.failures = refusals(code, 1)
    await there.says("转人工")
    assert there.wecom.state is ServiceState.QUEUED
    assert there.replies == [QUEUED]


@pytest.mark.parametrize("code", [95013, 95016])
async def test_a_state_that_has_moved_is_read_again_and_planned_anew(
    there: Chat, code: int
) -> None:
    there.wecom.failures = refusals(code, 2)
    await there.says("转人工")
    assert there.replies == [ASSIGNED]


async def test_a_missing_switch_is_told_by_its_name_to_who_leads(there: Chat) -> None:
    there.wecom.failures = refusals(95017)
    await there.says("转人工")
    (text,) = [one for one in told(there, "lisi") if "【需要管理员处理】" in one]
    assert "95017" in text
    assert "可调用接口的应用" in text
    assert told(there, "zhangsan") == [
        "【转人工失败】企业微信没有接受转接：wk_shop，原因：客户要求人工。请到客服后台查看。"
    ]


async def test_a_missing_permission_is_told_by_its_number(there: Chat) -> None:
    there.wecom.failures = refusals(60020)
    await there.says("转人工")
    (text,) = [one for one in told(there, "lisi") if "【需要管理员处理】" in one]
    assert "60020" in text
    assert "可信 IP" in text


# -------------------------------------------------------------------- no answer


async def test_while_a_hand_over_is_tried_the_bot_answers_what_it_knows(there: Chat) -> None:
    """WeCom takes messages, and does not answer `trans`: nobody is held up by it."""
    trans = there.wecom.trans

    async def busy(*_: object) -> str | None:
        raise RetryLater(TRANS, -1)

    there.wecom.trans = busy  # type: ignore[method-assign,assignment]
    await there.says("转人工")
    assert there.replies == []
    await there.says("多久发货")
    assert there.replies == [SHIP_TIME]
    await there.says("人工")
    await there.waits(minutes=2)
    assert there.replies == []
    there.wecom.trans = trans  # type: ignore[method-assign]
    await there.waits(minutes=2)
    assert there.replies == [ASSIGNED]
    assert (await case_of(there)).status == "assigned"


async def test_an_answer_that_is_lost_is_found_by_reading_the_state(there: Chat) -> None:
    """WeCom did it, and its code is lost: the case goes on as if nothing had happened."""
    trans = there.wecom.trans

    async def lost(*arguments: object) -> str | None:
        await trans(*arguments)  # type: ignore[arg-type]
        there.wecom.trans = trans  # type: ignore[method-assign]
        raise Unreachable(TRANS)

    there.wecom.trans = lost  # type: ignore[method-assign,assignment]
    await there.says("转人工")
    await there.waits(seconds=3)
    case = await case_of(there)
    assert (case.status, case.servicer) == ("assigned", "zhangsan")
    assert there.replies == []
    assert len(there.cards) == 1
    await there.waits(seconds=61)
    assert told(there, "zhangsan")[0].startswith("【请尽快回复】")


async def test_a_queue_whose_answer_is_lost_is_a_queue_all_the_same(open_chat: OpenChat) -> None:
    """It must be offered the next seat, or nobody would ever take it but by himself."""
    staff = [{"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 1}]
    chat = await open_chat(staff=staff)
    (second,) = await others_beside(chat, "wm_two")
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    trans = second.wecom.trans

    async def lost(*arguments: object) -> str | None:
        await trans(*arguments)  # type: ignore[arg-type]
        second.wecom.trans = trans  # type: ignore[method-assign]
        raise Unreachable(TRANS)

    second.wecom.trans = lost  # type: ignore[method-assign,assignment]
    await second.says("转人工")
    await second.waits(seconds=3)
    assert second.wecom.state is ServiceState.QUEUED
    assert (await case_of(second)).status == "queued"
    assert any(text.startswith("【待接入】") for text in told(chat, "zhangsan"))
    await chat.colleague_writes("您好")
    await chat.end()
    assert second.wecom.servicer == "zhangsan"


async def test_a_hand_over_that_is_not_wanted_any_more_is_not_made(there: Chat) -> None:
    """WeCom was away, and the customer has given up meanwhile."""
    await there.decides_on(there.text("转人工"))
    await there.store.database.execute("UPDATE cases SET status = 'bot'")
    await there.waits(seconds=5)
    assert there.wecom.servicer is None
    assert there.wecom.state is not ServiceState.QUEUED
    assert there.replies == []


async def test_a_servicer_keeps_what_wecom_does_not_move(there: Chat) -> None:
    """A refusal while a person has the session makes no ticket, and says nothing to a customer."""
    await there.says("转人工")
    await there.colleague_writes("您好，我帮您转给专家")
    there.wecom.failures = refusals(95016)
    await there.presses("raise")
    case = await case_of(there)
    assert (case.status, case.servicer) == ("serving", "zhangsan")
    assert there.replies == []
    assert any("【无人可换】" in text for text in told(there, "lisi"))


# -------------------------------------------------------------------- cards


async def test_a_card_that_is_refused_goes_as_text(there: Chat) -> None:
    there.staff.failures = [Rejected("/cgi-bin/message/send", 43012)]
    await there.says("转人工")
    assert there.cards == []
    texts = told(there, "zhangsan")
    assert texts[0] == "【请接待】客户需要人工：客户要求人工。请在企业微信“微信客服”里回复客户。"
    assert texts[1].startswith("【交接说明】")


async def test_a_card_that_reaches_nobody_is_known_to_who_leads(there: Chat) -> None:
    there.staff.failures = [Rejected("/cgi-bin/message/send", 81013)]
    await there.says("转人工")
    assert any("交接卡片没有送到张三" in text for text in told(there, "lisi"))


# -------------------------------------------------------------------- what travels along


async def test_images_and_voices_are_named_in_the_notes(there: Chat) -> None:
    await there.sends("image", {"media_id": "m1"})
    await there.sends("voice", {"media_id": "m2"})
    await there.says("转人工")
    notes = next(text for text in told(there, "zhangsan") if text.startswith("【交接说明】"))
    assert "客户：[图片]" in notes
    assert "客户：[语音]" in notes


async def test_the_notes_keep_the_order_of_a_quick_conversation(there: Chat) -> None:
    """WeCom gives whole seconds: question, answer and next question may bear the same."""
    second = there.clock.now()
    for text in ("多久发货", "运费多少钱", "转人工"):
        there.clock.reach(there.clock.now() + 0.2)
        await there.receives(structs.replace(there.text(text), sent_at=second))
    notes = next(text for text in told(there, "zhangsan") if text.startswith("【交接说明】"))
    said = [line.split("：")[0][6:] for line in notes.splitlines()[1:6]]
    assert said == ["客户", "机器人", "客户", "机器人", "客户"]


# -------------------------------------------------------------------- who may not be spoken to


async def test_where_the_bot_is_off_people_get_the_case_and_it_says_nothing(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(accounts={"wk_shop": {"autonomy": {"mode": "off"}}}, welcomed=False)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.wecom.servicer == "zhangsan"
    assert chat.replies == []
    assert len(chat.cards) == 1


async def test_where_it_only_suggests_the_hand_over_is_said(open_chat: OpenChat) -> None:
    chat = await open_chat(accounts={"wk_shop": {"autonomy": {"mode": "suggest"}}})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    assert chat.wecom.servicer == "zhangsan"
    assert chat.replies == [ASSIGNED]


async def test_a_hand_over_withheld_by_a_switch_waits_until_it_is_lifted(there: Chat) -> None:
    switches = there.store.switches
    await there.decides_on(there.text("转人工"))
    await switches.turn_on("silence", "all", "", by="test", reason="", now=there.clock.now())
    await there.waits(minutes=1)
    assert (await case_of(there)).status == "ticket"
    assert there.staff_messages == []
    await switches.turn_off("silence", "all", "")
    await there.waits(minutes=10)
    assert there.wecom.servicer == "zhangsan"


async def test_nobody_without_an_open_case_is_forgotten(there: Chat) -> None:
    """A person is wanted after the case is closed: another one begins, or a ticket is left."""
    await there.says("多久发货")
    first = await case_of(there)
    await there.waits(hours=25)
    await there.receives(wants(there, "undelivered"))
    case = await case_of(there)
    assert case.id != first.id or await open_ticket_of(there) is not None


async def test_who_gives_up_while_wecom_does_not_answer_is_handed_to_nobody(there: Chat) -> None:
    trans = there.wecom.trans

    async def busy(*_: object) -> str | None:
        raise RetryLater(TRANS, -1)

    there.wecom.trans = busy  # type: ignore[method-assign,assignment]
    await there.says("转人工")
    await there.says("不等了")
    assert there.replies == ["好的，已为您取消人工服务。有问题可以继续问我。"]
    there.wecom.trans = trans  # type: ignore[method-assign]
    await there.waits(minutes=3)
    assert there.wecom.servicer is None
    assert (await case_of(there)).status == "bot"
    assert there.staff_messages == []
