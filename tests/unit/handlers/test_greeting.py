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


ROBOT = "我是云栖优选智能助手，由 AI 为您解答，不是真人。需要人工服务，请回复“人工”。"
OKAY = "好的，还有问题随时告诉我。"
CALM = (
    "很抱歉没能帮到您，让您不愉快了。请告诉我具体遇到了什么问题，我再试一次；也可以转给同事处理。"
)


@pytest.mark.parametrize(
    ("texts", "reply"),
    [
        (["谢谢", "谢谢啦", "好的谢谢", "辛苦了", "好的，谢谢您！"], "不客气，有需要随时找我。"),
        (["再见", "拜拜", "没事了", "886"], "好的，有问题随时找我，祝您生活愉快。"),
        (["好的", "知道了", "嗯嗯", "OK", "收到", "明白了"], OKAY),
        (["你是机器人吗", "你是真人还是机器人？", "你叫什么", "是真人吗", "您贵姓"], ROBOT),
        (["真棒", "你真聪明！", "太厉害了"], "谢谢您的夸奖，能帮到您就好。"),
        (["垃圾", "什么破机器人", "傻逼！"], CALM),
        (
            ["😊", "[微笑][微笑]", "/::)", "👍👍", "[强]", "。。。"],
            "收到啦，有问题直接打字告诉我就好。",
        ),
        (["？", "???", "？？！"], "我在的。请直接输入您的问题，或回复“人工”。"),
    ],
)
async def test_small_talk_alone_is_answered(chat: Chat, texts: list[str], reply: str) -> None:
    for text in texts:
        await chat.says(text)
        assert chat.replies == [reply], text
        assert chat.handled_by.startswith("greeting."), text


async def test_who_is_insulted_shows_the_way_to_a_person(chat: Chat) -> None:
    await chat.says("什么破机器人")
    assert chat.menus == [["转人工客服"]]
    await chat.taps("转人工客服")
    assert chat.outcome == "handed_off"


@pytest.mark.parametrize(
    "text",
    [
        "谢谢，多久发货",
        "你好，请问多久发货？",
        "好的，那多久发货呢",
        "嗯 多久发货",
        "好的谢谢 多久发货",
        "在吗多久发货",
        "多久发货[微笑]",
        "多久发货😊",
        "你们真棒，多久发货",
    ],
)
async def test_a_question_that_begins_or_ends_politely_is_a_question(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert SHIP_TIME in chat.replies[0] or chat.menus[0][:1] == ["多久发货"]
    assert not chat.handled_by.startswith("greeting.")


@pytest.mark.parametrize(
    "text", ["机器人套装多少钱", "垃圾桶有卖吗", "好的面料是哪种", "不错的茶有哪些"]
)
async def test_small_talk_inside_a_question_is_no_small_talk(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert not chat.handled_by.startswith("greeting.")


async def cases_of(chat: Chat) -> int:
    return len(await chat.store.database.fetch("SELECT id FROM cases"))


@pytest.mark.parametrize("text", ["谢谢", "好的", "再见", "很好", "[玫瑰]"])
async def test_what_asks_for_nothing_opens_no_case(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.replies != []
    assert await cases_of(chat) == 0


@pytest.mark.parametrize("text", ["谢谢，多久发货", "？", "在吗"])
async def test_what_asks_for_something_does(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert await cases_of(chat) == 1


async def test_thanks_beside_a_question_leave_its_case(chat: Chat) -> None:
    await chat.says_at_once("多久发货", "谢谢")
    assert await cases_of(chat) == 1
