from typing import Any

import pytest

from bot.errors import Misconfigured, Throttled
from bot.model import Button, Card
from bot.wecom.apis import STAFF_SEND, STAFF_UPDATE_CARD
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


CARD = Card(title="客户请求人工", buttons=(Button("take", "我来接"),))


async def test_a_card_goes_out_in_one_request_that_a_retry_repeats(
    edge: Setup, staff: StaffMessages
) -> None:
    edge.wecom.answers[STAFF_SEND.path] = [
        {"msgid": "M", "response_code": "RC", "invaliduser": "lisi", "unlicenseduser": "Wu"}
    ]
    delivered = await staff.send_card(["zhangsan", "LiSi", "wu"], CARD, task_id="t1", key="k1")
    assert delivered.response_code == "RC"
    assert delivered.invalid == {"lisi", "wu"}
    await staff.send_card(["zhangsan", "LiSi", "wu"], CARD, task_id="t1", key="k1")
    first, again = bodies(edge)
    assert first == again
    assert first["template_card"]["task_id"] == "t1"
    assert first["enable_duplicate_check"] == 1
    assert "safe" not in first, "for texts, pictures and files only (wecom-api §5.1)"


async def test_cards_count_into_the_thirty_a_minute(edge: Setup, staff: StaffMessages) -> None:
    for number in range(30):
        await staff.send_text(["lisi"], "x", key=f"k{number}")
    delivered = await staff.send_card(["lisi", "wangwu"], CARD, task_id="t1", key="k1")
    assert delivered.held_back == ("lisi",)
    assert bodies(edge)[-1]["touser"] == "wangwu"
    with pytest.raises(Throttled):
        await staff.send_card(["lisi"], CARD, task_id="t2", key="k2")


async def test_a_card_reaches_a_thousand_and_says_who_is_beyond(
    edge: Setup, staff: StaffMessages
) -> None:
    delivered = await staff.send_card(
        [f"m{number}" for number in range(1001)], CARD, task_id="t1", key="k1"
    )
    assert delivered.held_back == ("m1000",)
    assert len(bodies(edge)) == 1


async def test_a_card_changes_for_everybody_or_for_those_who_are_named(
    edge: Setup, staff: StaffMessages
) -> None:
    await staff.update_card("RC1", replace_name="已由张三接入")
    await staff.update_card("RC2", CARD, userids=["lisi"], replace_name="已接入", task_id="t1")
    everybody, named = [body for _, body in edge.wecom.calls[STAFF_UPDATE_CARD.path]]
    assert everybody == {
        "atall": 1,
        "agentid": 1000002,
        "response_code": "RC1",
        "button": {"replace_name": "已由张三接入"},
    }
    assert named["userids"] == ["lisi"]
    assert "atall" not in named
    assert named["template_card"]["replace_text"] == "已接入"


async def test_a_card_is_never_sent_to_everybody(staff: StaffMessages) -> None:
    for call in (
        staff.send_card(["@all"], CARD, task_id="t1", key="k"),
        staff.update_card("RC", replace_name="x", userids=["@all"]),
    ):
        with pytest.raises(Misconfigured):
            await call
