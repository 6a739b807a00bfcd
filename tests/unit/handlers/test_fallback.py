from tests.conftest import OpenChat
from tests.talk import Chat

MISSED = "抱歉，这个问题我还没有把握回答。您是不是想问："
NONSENSE = "明天火星天气怎么样"


async def test_the_first_miss_offers_the_three_nearest_questions(chat: Chat) -> None:
    await chat.says(NONSENSE)
    assert chat.replies == [f"{MISSED}\n都不是的话，请换个说法，或回复“人工”。"]
    assert [len(menu) for menu in chat.menus] == [3]
    assert chat.outcome == "missed"


async def test_tapping_one_of_them_answers_it(chat: Chat) -> None:
    await chat.says(NONSENSE)
    offered = chat.menus[0][0]
    await chat.taps(offered)
    assert chat.handled_by == "faq.tapped"
    assert chat.outcome == "answered"


async def test_a_second_miss_in_a_row_brings_a_person(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says(NONSENSE)
    await chat.says("火星上有海吗")
    assert chat.replies == [
        "已为您转接人工客服，请稍候。同事能看到我们刚才的对话，您不用重复说明。"
    ]
    assert "连续两次没有找到答案" in chat.staff_messages[0]


async def test_an_answer_between_two_misses_starts_the_count_again(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says(NONSENSE)
    await chat.says("多久发货")
    await chat.says(NONSENSE)
    assert chat.replies[0].startswith(MISSED)
    assert chat.staff_messages == []


async def test_a_miss_of_the_case_before_does_not_count(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says(NONSENSE)
    await chat.waits(hours=24)
    await chat.says(NONSENSE)
    assert chat.replies[0].startswith(MISSED)
    assert chat.staff_messages == []
    await chat.says("火星上有海吗")
    assert "连续两次没有找到答案" in chat.staff_messages[0]


async def test_two_misses_in_one_burst_bring_a_person_too(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says_at_once(NONSENSE, "火星上有海吗")
    assert chat.replies[0].startswith(MISSED)
    assert chat.replies[1].startswith("已为您转接人工客服")


async def test_a_bot_without_knowledge_says_so_without_a_menu(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[])
    await chat.says(NONSENSE)
    assert chat.replies == [
        "抱歉，这个问题我还没有把握回答。您可以换个说法再问一次，或回复“人工”由同事为您解答。"
    ]
    assert chat.menus == []


async def test_a_text_without_words_is_not_met_with_silence(chat: Chat) -> None:
    for text in ("", "   ", "？？？", "😀", "\u200b", "1"):
        await chat.sends("text", {"content": text})
        assert len(chat.replies) == 1, repr(text)


async def test_a_hostile_text_is_only_text(chat: Chat) -> None:
    for text in (
        "{who} {0} %s",
        "'; DROP TABLE outbox; --",
        "<xml>&lt;",
        "\x00\x1b[31m",
        "龘" * 700,
    ):
        await chat.sends("text", {"content": text})
        assert chat.replies != [], repr(text)
        await chat.waits(minutes=2)
    await chat.says("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"]
