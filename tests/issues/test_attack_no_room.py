"""When five answers already waited for a blocked API, the sixth vanished and nobody knew."""

from bot.errors import Throttled
from tests.talk import Chat


async def test_people_hear_of_an_answer_for_which_there_is_no_room(chat: Chat) -> None:
    at = chat.clock.now() + 3600
    chat.wecom.failures = [Throttled("kf/send_msg", 45009, retry_at=at)]
    chat.wecom.receiving = ["zhangsan"]
    for text in ("多久发货", "运费多少钱", "包邮吗", "什么时候发货", "满多少包邮"):
        await chat.says(text)
    await chat.says("下单了几天能发出来")
    await chat.waits(hours=2)
    print(chat.replies, chat.staff_messages)
    assert chat.staff_messages
