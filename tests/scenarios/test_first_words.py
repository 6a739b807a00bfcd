from tests.talk import Chat


async def test_a_question_is_answered_from_the_faq(chat: Chat) -> None:
    await chat.says("运费多少钱？")
    assert chat.replies == ["满 99 元包邮，不满 99 元运费 8 元。"]
    assert chat.handled_by == "faq.answer"
