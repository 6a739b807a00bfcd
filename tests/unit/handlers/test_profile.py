"""By which channel a customer came, and who is told that a friendship began or ended."""

from typing import Any

from bot.model import CustomerAdded, CustomerDeleted, SessionEntered
from tests.builders import FRIDAY_MORNING
from tests.talk import Chat

NOW = FRIDAY_MORNING


def enters(scene: str) -> SessionEntered:
    return SessionEntered(open_kfid="wk_shop", external_userid="wm_lan", scene=scene, sent_at=NOW)


async def test_the_first_channel_is_kept_beside_the_last(chat: Chat) -> None:
    await chat.receives(enters("poster"))
    await chat.waits(hours=1)
    await chat.receives(
        CustomerAdded(
            userid="zhangsan", external_userid="wm_lan", state="video", at=chat.clock.now()
        )
    )
    touch = await chat.store.profiles.touched("wm_lan")
    assert touch is not None
    assert (touch.first_channel, touch.last_channel) == ("poster", "video")


async def test_who_follows_is_told_of_friendships(chat: Chat) -> None:
    pair: dict[str, Any] = {"userid": "zhangsan", "external_userid": "wm_lan"}
    await chat.receives(CustomerAdded(half=True, at=NOW, **pair))
    await chat.receives(CustomerAdded(at=NOW + 1, **pair))
    await chat.receives(CustomerDeleted(by="customer", at=NOW + 2, **pair))
    found = await chat.store.changes.after(0, ("customer.added", "customer.deleted"), 10)
    assert [(one.kind, one.at, one.data) for one in found] == [
        ("customer.added", NOW + 1, {"member": "zhangsan"}),
        ("customer.deleted", NOW + 2, {"member": "zhangsan", "by": "customer"}),
    ]
