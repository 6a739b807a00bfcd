"""What a callback of customer contact changes is committed with its turn."""

from bot.model import CustomerAdded, CustomerDeleted, ProjectTags, ReadCorpTags
from bot.routing.queues import own_queue
from tests.talk import Chat

LAN = "wm_lan"


async def test_a_new_friend_is_known_once_the_turn_is_committed(chat: Chat) -> None:
    now = chat.clock.now()
    await chat.receives(CustomerAdded(userid="zhangsan", external_userid=LAN, state="ch_1", at=now))
    (friend,) = await chat.store.contacts.friends_of(LAN)
    assert (friend.userid, friend.state) == ("zhangsan", "ch_1")
    gone = CustomerDeleted(userid="zhangsan", external_userid=LAN, by="customer", at=now + 1)
    await chat.receives(gone, gone)
    assert await chat.store.contacts.friends_of(LAN) == []
    kinds = [event.kind for event in await chat.store.contacts.history(LAN)]
    assert kinds == ["added", "deleted"]


def test_the_tags_of_one_customer_are_brought_to_wecom_one_change_after_another() -> None:
    queue, _ = own_queue(ProjectTags(external_userid=LAN), "corp", 1.0)
    assert queue == own_queue(ProjectTags(external_userid=LAN, read=True), "customer:x", 1.0)[0]
    assert queue != own_queue(ReadCorpTags(), "corp", 1.0)[0]
