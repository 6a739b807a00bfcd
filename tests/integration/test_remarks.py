"""What a member writes about a friend comes to WeCom once, over nothing he has not seen."""

from collections.abc import AsyncIterator

import pytest

from bot.delivery.remarking import Remarks
from bot.model import StaffAction
from bot.model.remarks import Remark
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock

WRITTEN = Remark("王女士", "喜欢乳胶枕", ("13800138000", "010-12345678"))


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as town:
        town.friends.add("zhangsan", LAN)
        await town.settles()
        yield town


async def there(town: Town, userid: str = "zhangsan") -> Remark | None:
    return await Remarks(town.parts.access).of(userid, LAN)


async def writes(town: Town, wanted: Remark, *, seen: str = "", userid: str = "zhangsan") -> str:
    """A member writes; returns what his page is told."""
    shown = await there(town, userid)
    action = StaffAction(
        open_kfid="",
        external_userid=LAN,
        userid=userid,
        name="remarks.edit",
        data={
            "remark": wanted.remark,
            "description": wanted.description,
            "mobiles": list(wanted.mobiles),
            "seen": seen or (shown.digest if shown else ""),
        },
        client_id=f"client-{town.clock.now():.0f}-{wanted.digest}",
        on_page=True,
    )
    town.chat._forget()
    await town.chat.dialogue.happen(action)
    town.chat._look()
    answer = await town.store.staff_answers.of(LAN, action.client_id, userid)
    assert answer is not None
    return answer.text


async def test_it_stands_at_wecom_and_is_what_we_call_the_customer(town: Town) -> None:
    assert await writes(town, WRITTEN) == "正在写到企业微信。"
    assert await there(town) == WRITTEN
    known = {one.name: one.value for one in await town.store.profiles.of(LAN)}
    assert known["remark"] == "王女士"
    await writes(town, Remark("王女士", "", ()))
    assert await there(town) == Remark("王女士"), "what is emptied is cleared"


async def test_what_changed_meanwhile_is_not_overwritten_and_he_hears(town: Town) -> None:
    shown = await there(town)
    assert shown is not None
    town.friends.edit_remark("zhangsan", LAN, "老王")
    await writes(town, WRITTEN, seen=shown.digest)
    now = await there(town)
    assert now is not None
    assert now.remark == "老王"
    assert [one for one in town.chat.staff_messages if "没有覆盖" in one]


async def test_the_same_twice_writes_once(town: Town) -> None:
    await writes(town, WRITTEN)
    path = "/cgi-bin/externalcontact/remark"
    assert town.sim.calls[path] == 1
    await writes(town, WRITTEN)
    assert town.sim.calls[path] == 1


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Remark("长" * 21), "备注名最多 20 个字"),
        (Remark(description="长" * 151), "描述最多 150 个字"),
        (Remark(mobiles=("13800138000",) * 6), "电话最多 5 个"),
        (Remark(mobiles=("打这个",)), "电话只写数字"),
    ],
)
async def test_what_wecom_would_refuse_is_said_before(
    town: Town, wanted: Remark, says: str
) -> None:
    assert says in await writes(town, wanted)
    assert "/cgi-bin/externalcontact/remark" not in town.sim.calls


async def test_who_is_no_friend_writes_nothing(town: Town) -> None:
    assert "不是好友" in await writes(town, WRITTEN, userid="lisi")
    assert "/cgi-bin/externalcontact/remark" not in town.sim.calls


async def test_a_friendship_that_ended_unnoticed_is_said(town: Town) -> None:
    shown = await there(town)
    assert shown is not None
    town.friends.delete("zhangsan", LAN, by="staff", tells=False)
    town.told.clear()
    await writes(town, WRITTEN, seen=shown.digest)
    assert [one for one in town.chat.staff_messages if "不是好友" in one]
