from typing import Any

import pytest

from bot.errors import Misconfigured, Throttled
from bot.wecom.apis import STAFF_SEND
from bot.wecom.staff import StaffMessages
from tests.unit.wecom.fakes import Setup


@pytest.fixture
def staff(edge: Setup) -> StaffMessages:
    return StaffMessages(edge.client, 1000002, clock=edge.clock)


def bodies(edge: Setup) -> list[Any]:
    return [body for _, body in edge.wecom.calls[STAFF_SEND.path]]


async def test_members_get_one_message_that_is_not_repeated(
    edge: Setup, staff: StaffMessages
) -> None:
    await staff.send_text(["zhangsan", "LiSi", "lisi", ""], "有客户在等您", key="k1")
    interval = bodies(edge)[0].pop("duplicate_check_interval")
    assert 1800 <= interval <= 14_400
    assert bodies(edge) == [
        {
            "touser": "zhangsan|LiSi",
            "msgtype": "text",
            "agentid": 1000002,
            "text": {"content": "有客户在等您"},
            "safe": 0,
            "enable_duplicate_check": 1,
        }
    ]


async def test_a_retry_is_the_same_request_and_another_message_of_the_same_text_is_not(
    edge: Setup, staff: StaffMessages
) -> None:
    """WeCom drops what equals an earlier request as a whole (wecom-api §5.8)."""
    for key in ("row 1", "row 1", "row 2"):
        await staff.send_text(["lisi"], "有客户在等您", key=key)
    first, retried, other = bodies(edge)
    assert first == retried != other


async def test_members_who_were_not_reached_are_named(edge: Setup, staff: StaffMessages) -> None:
    answer = {"msgid": "M", "invaliduser": "lisi|wangwu", "unlicenseduser": "ZhaoLiu"}
    edge.wecom.answers[STAFF_SEND.path] = [answer]
    delivered = await staff.send_text(["LiSi"], "x", key="k1")
    assert delivered.invalid == {"lisi", "wangwu", "zhaoliu"}
    assert delivered.msgids == ("M",)


async def test_a_long_text_comes_in_parts(edge: Setup, staff: StaffMessages) -> None:
    await staff.send_text(["lisi"], "字" * 1000, key="k1")
    assert [len(body["text"]["content"]) for body in bodies(edge)] == [682, 318]


async def test_more_than_a_thousand_members_are_reached_in_several_calls(
    edge: Setup, staff: StaffMessages
) -> None:
    await staff.send_text([f"u{n}" for n in range(1500)], "x", key="k1")
    assert [body["touser"].count("|") + 1 for body in bodies(edge)] == [1000, 500]


async def test_a_member_gets_no_more_than_wecom_delivers(edge: Setup, staff: StaffMessages) -> None:
    for n in range(30):
        await staff.send_text(["lisi"], f"第 {n} 条", key="k1")
    with pytest.raises(Throttled) as caught:
        await staff.send_text(["LISI"], "再来一条", key="k1")
    delivered = await staff.send_text(["lisi", "zhangsan"], "两人", key="k1")
    assert delivered.held_back == ("lisi",)
    assert bodies(edge)[-1]["touser"] == "zhangsan"
    edge.clock.now = caught.value.retry_at
    assert (await staff.send_text(["lisi"], "现在可以", key="k1")).held_back == ()


@pytest.mark.parametrize("userid", ["@all", "@ALL", "a|b"])
async def test_nobody_writes_to_everybody_by_accident(
    edge: Setup, staff: StaffMessages, userid: str
) -> None:
    with pytest.raises(Misconfigured):
        await staff.send_text(["lisi", userid], "x", key="k1")
    assert bodies(edge) == []


async def test_a_message_to_nobody_is_not_sent(edge: Setup, staff: StaffMessages) -> None:
    await staff.send_text([], "x", key="k1")
    assert bodies(edge) == []
