import pytest

from tests.talk import Chat

HELLO = "您好，请问有什么可以帮您？可以直接输入问题，也可以点下面的常见问题。"
SHIP_TIME = "现货 48 小时内发出。"


@pytest.mark.parametrize("text", ["你好", "在吗", "在吗？", "Hi", "您好呀", "客服在吗", "早上好！"])
async def test_a_greeting_alone_is_greeted_back(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.replies == [HELLO]
    assert chat.menus == [["多久发货", "运费多少钱", "怎么退货"]]
    assert chat.handled_by == "greeting.hello"


async def test_of_a_greeting_and_a_question_only_the_question_is_answered(chat: Chat) -> None:
    await chat.says_at_once("在吗", "多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_two_greetings_are_greeted_once(chat: Chat) -> None:
    await chat.says_at_once("你好", "在吗")
    assert chat.replies == [HELLO]


async def test_a_greeting_waits_a_moment_for_its_question(chat: Chat) -> None:
    started = chat.clock.now()
    await chat.says("在吗", and_soon="多久发货")
    assert chat.replies == [SHIP_TIME]
    assert chat.clock.now() == started + 1.0


async def test_a_greeting_that_stays_alone_is_answered_after_the_window(chat: Chat) -> None:
    started = chat.clock.now()
    await chat.says("那个…")
    assert chat.replies == [HELLO]
    assert chat.clock.now() == started + 1.5


async def test_a_question_never_waits(chat: Chat) -> None:
    started = chat.clock.now()
    await chat.says("多久发货")
    assert chat.clock.now() == started


@pytest.mark.parametrize("text", ["谢谢", "谢谢啦", "好的谢谢", "辛苦了"])
async def test_thanks_are_answered(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.replies == ["不客气，有需要随时找我。"]


@pytest.mark.parametrize("text", ["再见", "拜拜", "没事了", "好的", "知道了"])
async def test_a_goodbye_is_answered(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.replies == ["好的，有问题随时找我，祝您生活愉快。"]
