import pytest

from tests.conftest import OpenChat
from tests.surveys import (
    CASE,
    INTRODUCTION,
    ITEMS,
    OTHER,
    cases_of,
    closed,
    ends_with_code,
    listener,
    reason_of,
    row_of,
    taps_id,
)
from tests.talk import Chat

ASK_REASON = "方便说说是哪里没做好吗？直接打字告诉我就行。"
REASON_THANKS = "谢谢您告诉我们，已经记下了。还有其他问题，请直接告诉我。"
TOO_LATE = "这次评价已经截止了，谢谢您的心意。有问题请直接告诉我。"
SHIP_TIME = "现货 48 小时内发出。"


# ---------------------------------------------------------------------- ratings


@pytest.mark.parametrize("item", ITEMS)
async def test_a_tap_is_kept_and_thanked_for(open_chat: OpenChat, item: str) -> None:
    router, told = listener()
    chat = await open_chat(more=[router], satisfaction={"ask_reason_at_most": 0})
    await ends_with_code(chat)
    await chat.taps(item)
    score = int(item[0])
    assert (await row_of(chat))["score"] == score
    assert (await row_of(chat))["rated_at"] == chat.clock.now()
    thanks = chat.engine.phrases.say(f"satisfaction.thanks_{score}")
    assert chat.replies[0] == INTRODUCTION + thanks
    assert (chat.handled_by, chat.outcome) == ("satisfaction.tapped", "rated")
    assert await cases_of(chat) == 0
    assert len(told) == (1 if score <= 2 else 0)


async def test_a_rating_right_after_the_end_is_answered_by_the_bot(chat: Chat) -> None:
    """The tap is a customer's message: WeCom's state 4 becomes 0, and the bot may speak."""
    await ends_with_code(chat)
    await chat.taps(ITEMS[0])
    assert chat.replies == [INTRODUCTION + "谢谢您的好评！有需要随时找我。"]


async def test_the_last_answer_counts_and_the_first_is_kept(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.taps(ITEMS[2])
    await chat.waits(hours=23)
    await taps_id(chat, f"csat:{CASE}:5")
    row = await row_of(chat)
    assert (row["score"], row["first_score"]) == (5, 3)


async def test_an_older_tap_that_arrives_late_does_not_win(chat: Chat) -> None:
    await ends_with_code(chat)
    where = {"content": ITEMS[4], "menu_id": f"csat:{CASE}:1"}
    older = chat.dialogue.message("text", where)
    await chat.waits(seconds=30)
    await taps_id(chat, f"csat:{CASE}:4")
    await chat.receives(older)
    row = await row_of(chat)
    assert (row["score"], row["followed_up_at"]) == (4, None)


async def test_two_taps_at_once_count_in_their_order(open_chat: OpenChat) -> None:
    router, told = listener()
    chat = await open_chat(more=[router])
    await ends_with_code(chat)
    one = chat.dialogue.message("text", {"content": "1", "menu_id": f"csat:{CASE}:1"})
    two = chat.dialogue.message("text", {"content": "2", "menu_id": f"csat:{CASE}:2"})
    await chat.receives(one, two)
    assert (await row_of(chat))["score"] == 2
    assert len(told) == 1


async def test_after_a_day_a_tap_comes_too_late_and_is_told_so(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.waits(hours=24, seconds=1)
    await taps_id(chat, f"csat:{CASE}:5")
    assert chat.replies == [INTRODUCTION + TOO_LATE]
    assert (await row_of(chat))["score"] is None


@pytest.mark.parametrize(
    "menu_id",
    [
        "csat:",
        "csat::5",
        f"csat:{CASE}",
        f"csat:{CASE}:",
        f"csat:{CASE}:0",
        f"csat:{CASE}:6",
        f"csat:{CASE}:55",
        f"csat:{CASE}:\uff15",
        f"csat:{CASE}:5 ",
        f"csat:{CASE}:5\n",
        f"csat:{CASE}:-1",
        f"csat:{CASE}:5:5",
        "csat:' OR 1=1 --:5",
        "csat:" + "a" * 5000 + ":5",
        f"csat:{OTHER}:5",
        f"csat:{CASE.upper()}:5",
    ],
)
async def test_an_id_that_is_not_ours_rates_nothing(chat: Chat, menu_id: str) -> None:
    await ends_with_code(chat)
    await taps_id(chat, menu_id)
    assert chat.replies == [INTRODUCTION + TOO_LATE]
    rows = await chat.store.database.fetch("SELECT score FROM ratings")
    assert [row["score"] for row in rows] == [None]
    assert await cases_of(chat) == 0


async def test_nobody_rates_the_case_of_another_customer(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.store.database.execute("UPDATE ratings SET external_userid = 'wm_other'")
    await chat.taps(ITEMS[4])
    assert chat.replies == [INTRODUCTION + TOO_LATE]
    assert (await row_of(chat))["score"] is None


async def test_nobody_rates_a_case_that_they_were_not_asked_about(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    await chat.receives(closed(chat))
    await taps_id(chat, f"csat:{CASE}:5")
    assert (await row_of(chat))["score"] is None


# ---------------------------------------------------------------------- poor ones


async def test_a_poor_rating_is_looked_after_by_an_expert_once(open_chat: OpenChat) -> None:
    router, told = listener()
    chat = await open_chat(more=[router])
    await ends_with_code(chat)
    for item in (4, 3, 0, 4):
        await taps_id(chat, f"csat:{CASE}:{ITEMS[item][0]}")
    assert told == [
        {"reason": "dissatisfied", "level": 3, "ticket": True, "case_id": CASE, "score": 1}
    ]


async def test_a_poor_rating_made_while_a_person_has_the_session_is_looked_after_too(
    open_chat: OpenChat,
) -> None:
    router, told = listener()
    chat = await open_chat(more=[router])
    await ends_with_code(chat)
    await chat.take_over()
    await taps_id(chat, f"csat:{CASE}:2")
    assert [one["score"] for one in told] == [2]


async def test_from_which_score_on_is_for_the_operator_to_say(open_chat: OpenChat) -> None:
    router, told = listener()
    chat = await open_chat(more=[router], satisfaction={"follow_up_at_most": 0})
    await ends_with_code(chat)
    await chat.taps(ITEMS[4])
    assert told == []


# ---------------------------------------------------------------------- reasons


async def rates(chat: Chat, score: int = 3) -> None:
    await ends_with_code(chat)
    await taps_id(chat, f"csat:{CASE}:{score}")


async def test_after_a_poor_rating_the_reason_is_asked_once(chat: Chat) -> None:
    await rates(chat)
    thanks = "谢谢您的评价，我们会做得更好。"
    assert chat.replies == [f"{INTRODUCTION}{thanks}\n{ASK_REASON}"]
    await taps_id(chat, f"csat:{CASE}:3")
    assert chat.replies == [thanks]


async def test_a_reason_is_kept_sealed_thanked_for_and_opens_no_case(chat: Chat) -> None:
    await rates(chat)
    await chat.says("客服回得太慢了，等了半个小时")
    assert chat.replies == [REASON_THANKS]
    assert (chat.handled_by, chat.outcome) == ("satisfaction.reason", "rated")
    assert await reason_of(chat) == "客服回得太慢了，等了半个小时"
    assert await cases_of(chat) == 0
    await chat.says("态度也不耐烦")
    assert await reason_of(chat) == "客服回得太慢了，等了半个小时\n态度也不耐烦"


@pytest.mark.parametrize(
    ("text", "handled_by"),
    [
        ("多久发货", "faq.answer"),
        ("转人工", "escalation.needed"),
        ("谢谢", "greeting.thanks"),
        ("没有了", "greeting.bye"),
    ],
)
async def test_what_is_no_reason_goes_its_usual_way(chat: Chat, text: str, handled_by: str) -> None:
    await rates(chat)
    await chat.says(text)
    assert chat.handled_by == handled_by
    assert await reason_of(chat) == ""


@pytest.mark.parametrize(
    "text", ["为什么回得这么慢？", "你们怎么一直不理人", "帮我催一下我的快递", "发货这么慢吗"]
)
async def test_what_may_be_a_question_is_kept_and_answered(chat: Chat, text: str) -> None:
    await rates(chat)
    await chat.says(text)
    assert not chat.handled_by.startswith("satisfaction.")
    assert chat.replies != []
    assert await reason_of(chat) == text
    assert await cases_of(chat) == 1


async def test_a_tapped_item_is_no_reason(chat: Chat) -> None:
    await rates(chat)
    await chat.sends("text", {"content": "太慢", "menu_id": "faq:ship-time"})
    assert chat.replies == [SHIP_TIME]
    assert await reason_of(chat) == ""


async def test_once_something_else_is_asked_what_follows_belongs_to_that(chat: Chat) -> None:
    await rates(chat)
    await chat.says("等了半个小时")
    await chat.says("多久发货")
    await chat.says("衣服是红色的")
    assert not chat.handled_by.startswith("satisfaction.")
    assert await reason_of(chat) == "等了半个小时"


async def test_after_the_window_a_text_is_an_ordinary_message(chat: Chat) -> None:
    await rates(chat)
    await chat.waits(minutes=10, seconds=1)
    await chat.says("等了半个小时")
    assert not chat.handled_by.startswith("satisfaction.")
    assert await reason_of(chat) == ""


async def test_a_complaint_long_after_a_rating_is_a_new_matter(chat: Chat) -> None:
    await rates(chat)
    await chat.waits(hours=2)
    await chat.says("我要投诉你们的客服")
    assert (chat.handled_by, chat.outcome) == ("escalation.needed", "handed_off")


async def test_a_rating_that_became_a_good_one_wants_no_reason(chat: Chat) -> None:
    await rates(chat)
    await taps_id(chat, f"csat:{CASE}:5")
    await chat.says("等了半个小时")
    assert not chat.handled_by.startswith("satisfaction.")


async def test_a_good_rating_is_asked_for_no_reason(chat: Chat) -> None:
    await rates(chat, 4)
    assert ASK_REASON not in chat.replies[0]
    await chat.says("等了半个小时")
    assert not chat.handled_by.startswith("satisfaction.")


async def test_an_endless_reason_is_kept_as_far_as_anybody_reads(chat: Chat) -> None:
    await rates(chat)
    await chat.says("很慢" * 3000)
    assert len(await reason_of(chat)) == 2000
