"""Who may say what, when, how often (wecom-api §3.10-3.11)."""

from typing import Any

import pytest
from simulator_support import Client, Clock, kinds

from simulator.server import Simulator

HOURS = 3600


async def test_a_message_is_accepted_and_makes_the_session_the_bots(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "多久发货")
    assert (await client.state())["service_state"] == 0
    assert (await client.says("48 小时内", msgid="mine"))["msgid"] == "mine"
    assert (await client.state())["service_state"] == 1
    assert sim.said_by_bot(client.kfid, client.customer) == ["48 小时内"]
    assert kinds(sim) == []


async def test_five_messages_until_the_customer_writes_again(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    for number in range(5):
        assert (await client.says(f"第 {number} 条"))["errcode"] == 0
    assert (await client.says("第六条"))["errcode"] == 95001
    assert kinds(sim) == ["over_allowance"]
    await sim.say(client.kfid, client.customer, "还在吗")
    assert (await client.says("在的"))["errcode"] == 0


async def test_the_window_closes_after_48_hours(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    clock.advance(48 * HOURS - 1)
    await client.log_in()
    assert (await client.says("还来得及"))["errcode"] == 0
    clock.advance(1)
    assert (await client.says("太晚了"))["errcode"] == 95002
    assert (await client.state())["service_state"] == 4
    assert kinds(sim) == ["after_window"]


async def test_nothing_can_be_said_before_the_customer_wrote(
    client: Client, sim: Simulator
) -> None:
    await sim.enter(client.kfid, client.customer)
    assert (await client.says("您好"))["errcode"] == 95018
    assert kinds(sim) == ["talks_in_human_state"]


@pytest.mark.parametrize("state", [2, 3, 4])
async def test_the_bot_is_silent_in_the_states_it_brought_about(
    client: Client, sim: Simulator, state: int
) -> None:
    await sim.say(client.kfid, client.customer, "转人工")
    await client.trans(state, "zhangsan" if state == 3 else None)
    assert (await client.says("我还有话说"))["errcode"] == 95018
    assert kinds(sim) == ["talks_in_human_state"]


async def test_a_take_over_that_the_product_could_not_know_of_is_no_fault(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await sim.say(client.kfid, client.customer, "转人工")
    code = (await client.trans(2))["msg_code"]
    await sim.staff_take("lisi", client.kfid, client.customer)
    assert (await client.answers_event(code, "排队中"))["errcode"] == 95018
    assert kinds(sim) == []
    await client.pulls()
    clock.advance(1)
    assert (await client.says("我还有话说"))["errcode"] == 95018
    assert kinds(sim) == ["talks_in_human_state"]


async def test_a_repeated_msgid_is_refused_and_only_blamed_with_another_body(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    assert (await client.says("您好", msgid="a"))["errcode"] == 0
    assert (await client.says("您好", msgid="a"))["errcode"] == 40058
    assert kinds(sim) == []
    assert (await client.says("再见", msgid="a"))["errcode"] == 40058
    assert kinds(sim) == ["msgid_reused_with_other_body"]
    assert sim.said_by_bot(client.kfid, client.customer) == ["您好"]


@pytest.mark.parametrize(
    ("msgid", "code", "kind"),
    [("", 0, "no_msgid"), ("x" * 33, 40058, "bad_msgid"), ("a b", 40058, "bad_msgid")],
)
async def test_msgids_are_given_and_well_formed(
    client: Client, sim: Simulator, msgid: str, code: int, kind: str
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    assert (await client.says("您好", msgid=msgid))["errcode"] == code
    assert kinds(sim) == [kind]


async def test_the_same_answer_twice_for_one_question_is_blamed(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "运费多少")
    await client.says("满 99 包邮")
    await sim.say(client.kfid, client.customer, "运费多少")
    await client.says("满 99 包邮")
    assert kinds(sim) == []
    await client.says("满 99 包邮")
    assert kinds(sim) == ["same_text_twice"]


async def test_two_questions_in_a_row_may_get_the_same_answer_twice(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "哈哈哈")
    await sim.say(client.kfid, client.customer, "嘻嘻嘻")
    await client.says("没听懂")
    await client.says("没听懂")
    assert kinds(sim) == []


def _click(number: int, size: int = 6) -> dict[str, Any]:
    return {"type": "click", "click": {"id": f"i{number}", "content": "x" * size}}


@pytest.mark.parametrize(
    ("msgtype", "content", "code", "kind"),
    [
        ("text", {"content": "好" * 682 + "ab"}, 0, None),
        ("text", {"content": "好" * 683}, 45002, "too_long"),
        ("text", {"content": ""}, 44004, None),
        ("text", {"content": 7}, 40035, None),
        ("text", "plain", 40035, None),
        ("markdown", {"content": "x"}, 40008, None),
        ("image", {"media_id": "no-such"}, 40007, None),
        ("link", {"url": "example.com", "thumb_media_id": "x"}, 40094, None),
        ("location", {"latitude": 91, "longitude": 0}, 40058, None),
        ("location", {"latitude": 23.1, "longitude": 113.3}, 0, None),
        ("msgmenu", {"head_content": "请选择", "list": [_click(1)]}, 0, None),
        ("msgmenu", {"list": [_click(n) for n in range(11)]}, 95008, "menu_too_big"),
        ("msgmenu", {"list": [_click(1, 129)]}, 40058, "menu_too_big"),
        ("msgmenu", {"list": [_click(1, 0)]}, 40058, None),
        ("msgmenu", {"list": [{"type": "button", "button": {}}]}, 95009, None),
        ("msgmenu", {"head_content": "好" * 342, "list": [_click(1)]}, 40058, "menu_too_big"),
    ],
)
async def test_contents_are_held_to_their_limits(
    client: Client, sim: Simulator, msgtype: str, content: Any, code: int, kind: str | None
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    answer = await client.says("", **{"msgtype": msgtype, msgtype: content})
    assert answer["errcode"] == code
    assert kinds(sim) == ([kind] if kind else [])


async def test_unknown_accounts_and_customers_are_refused(client: Client, sim: Simulator) -> None:
    assert (await client.says("x", open_kfid=""))["errcode"] == 60251
    assert (await client.says("x", open_kfid="wkNobody"))["errcode"] == 95004
    assert (await client.says("x", touser="wmNobody"))["errcode"] == 40096
    assert kinds(sim) == ["unknown_open_kfid"]


async def test_a_failure_after_acceptance_comes_back_as_an_event(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("send_fail", code=10)
    assert (await client.says("您好", msgid="lost"))["errcode"] == 0
    event = (await client.pulls())["msg_list"][-1]["event"]
    assert (event["event_type"], event["fail_msgid"], event["fail_type"]) == (
        "msg_send_fail",
        "lost",
        10,
    )


# -- codes --------------------------------------------------------------------------------


async def test_a_welcome_works_once_within_20_seconds_and_in_any_state(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    code = await sim.enter(client.kfid, client.customer)
    assert code
    await sim.say(client.kfid, client.customer, "你好")
    clock.advance(19)
    assert (await client.answers_event(code, msgid="w"))["errcode"] == 0
    assert (await client.answers_event(code, msgid="w"))["errcode"] == 95007
    assert kinds(sim) == []  # the very same request again: its answer may have been lost
    assert (await client.answers_event(code, msgid="w2"))["errcode"] == 95007
    assert kinds(sim) == ["welcome_twice"]
    assert sim.conversation(client.kfid, client.customer).spent == 0


async def test_a_late_welcome_is_refused_and_blamed(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    code = await sim.enter(client.kfid, client.customer)
    assert code
    clock.advance(20)
    assert (await client.answers_event(code))["errcode"] == 95007
    assert kinds(sim) == ["welcome_late"]


async def test_a_welcome_code_comes_only_after_48_quiet_hours(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    code = await sim.enter(client.kfid, client.customer)
    assert code
    await client.answers_event(code)
    assert await sim.enter(client.kfid, client.customer) is None
    clock.advance(48 * HOURS)
    assert await sim.enter(client.kfid, client.customer)
    await sim.say(client.kfid, client.customer, "你好")
    assert await sim.enter(client.kfid, client.customer) is None


async def test_a_queue_code_is_for_text_and_only_while_waiting(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "转人工")
    code = (await client.trans(2))["msg_code"]
    menu = {"head_content": "x", "list": []}
    wrong = await client.answers_event(code, msgtype="msgmenu", msgmenu=menu)
    assert wrong["errcode"] == 40008
    await client.trans(3, "zhangsan")
    assert (await client.answers_event(code))["errcode"] == 95018
    assert kinds(sim) == ["wrong_state_code"]


async def test_an_end_code_allows_a_goodbye_for_20_seconds(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await sim.say(client.kfid, client.customer, "谢谢")
    code = (await client.trans(4))["msg_code"]
    assert (await client.answers_event(code, "再见"))["errcode"] == 0
    await sim.say(client.kfid, client.customer, "还有")
    late = (await client.trans(4))["msg_code"]
    clock.advance(20)
    assert (await client.answers_event(late))["errcode"] == 95007
    assert kinds(sim) == ["code_late"]


async def test_a_made_up_code_is_refused_and_blamed(client: Client, sim: Simulator) -> None:
    assert (await client.answers_event("made-up"))["errcode"] == 95007
    assert kinds(sim) == ["forged_code"]
