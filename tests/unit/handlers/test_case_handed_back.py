"""交还: the bot goes on with the case, or somebody else takes it; nobody is left without anyone."""

import pytest

from bot.errors import WrongState
from bot.model import ServiceState
from tests.cases import INTRODUCTION, SHIP_TIME, action, case_of, steps_of, told
from tests.conftest import OpenChat
from tests.talk import Chat

SAID = "同事已请我继续为您服务，有问题可以直接问我；还需要人工，回复“人工”就行。"


@pytest.fixture
async def served(chat: Chat) -> Chat:
    """A servicer has the case and has written."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")
    return chat


async def test_the_bot_goes_on_with_the_case_and_nobody_is_asked_for_a_rating(
    served: Chat,
) -> None:
    await served.receives(action(served, "back", to="bot"))
    assert told(served, "zhangsan") == ["正在交还机器人：客户接下来说的话由机器人回答。"]
    assert served.replies == [SAID]
    assert served.wecom.state is ServiceState.ENDED
    case = await case_of(served)
    assert (case.status, case.is_over, case.served_level) == ("bot", False, 2)
    assert served.cards[0].replaced_by == "已交还机器人"
    assert await served.store.cases.loads() == {}, "his seat is free"
    await served.says("多久发货")
    assert served.replies == [f"{INTRODUCTION}\n\n{SHIP_TIME}"]
    assert (await case_of(served)).id == case.id
    await served.says("转人工")
    assert (await case_of(served)).status == "assigned"


async def test_where_wecom_does_not_let_go_he_keeps_it_and_hears_so(served: Chat) -> None:
    served.wecom.failures = [WrongState("service_state/trans", 95016) for _ in range(3)]
    await served.receives(action(served, "back", to="bot"))
    assert served.replies == []
    assert told(served, "zhangsan")[-1].startswith("企业微信没有接受结束会话")
    case = await case_of(served)
    assert (case.status, case.servicer) == ("serving", "zhangsan")


async def test_one_that_had_ended_before_stays_ended(served: Chat) -> None:
    served.wecom.state = ServiceState.ENDED
    await served.receives(action(served, "back", to="bot"))
    assert (await case_of(served)).is_over
    assert served.replies == []


async def test_somebody_else_takes_it(served: Chat) -> None:
    await served.receives(action(served, "back", to="others"))
    assert served.wecom.servicer == "lisi"
    case = await case_of(served)
    assert (case.status, case.servicer) == ("assigned", "lisi")
    assert (await steps_of(served))[-3:] == ["released", "assigned", "briefed"]


async def test_where_there_is_nobody_else_he_keeps_it_and_hears_so(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=[{"userid": "zhangsan", "name": "张三", "level": "junior"}])
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")
    await chat.receives(action(chat, "back", to="others"))
    assert chat.wecom.servicer == "zhangsan"
    case = await case_of(chat)
    assert (case.status, case.servicer) == ("serving", "zhangsan")
    assert "【还是您接待】现在没有别的同事可以接这位客户，请您继续。" in told(chat, "zhangsan")


@pytest.mark.parametrize("to", ["bot", "others"])
async def test_who_does_not_have_it_gives_nothing_back(open_chat: OpenChat, to: str) -> None:
    staff = [{"userid": name, "name": name, "level": "junior"} for name in ("zhangsan", "wangwu")]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.receives(action(chat, "back", "wangwu", to=to))
    assert told(chat, "wangwu")[0].startswith("这个会话由zhangsan接待")
    assert (await case_of(chat)).servicer == "zhangsan"
    assert chat.wecom.state is ServiceState.HUMAN


async def test_twice_at_once_is_once(served: Chat) -> None:
    await served.receives(action(served, "back", to="bot"), action(served, "back", to="bot"))
    assert (await steps_of(served)).count("given_up") == 1
    assert served.replies == [SAID]
