"""Cards, presses and the end of a session as the product makes them, before the strict simulator.

What the simulator disapproves of it writes down as a violation; each test ends with none.
"""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import Rejected, Unreachable
from bot.model import Button, Card, CardPressed, Conversation, Reply, ServiceState
from bot.web.callback import PATH, CallbackEndpoint
from bot.wecom.apis import STAFF_SEND
from bot.wecom.cipher import CallbackCipher
from bot.wecom.client import WeComClient
from bot.wecom.errors import means_card_known
from bot.wecom.kf import Kf
from bot.wecom.staff import StaffMessages
from bot.wecom.wire import render
from simulator.records import Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.contract.test_client_against_simulator import IDENTITY, FakeIntake, client_of

CARD = Card(
    title="客户请求人工" * 10,
    desc="李四 · 售后",
    source="客服助手",
    quote="要退货" * 100,
    text="等了 2 分钟",
    lines=tuple((f"第{number}行的名字", "值" * 40) for number in range(6)),
    buttons=tuple(Button(f"take:{number}", f"我来接第 {number} 位客户") for number in range(6)),
    url="https://example.com/s/1",
)
MEMBERS = ("zhangsan", "LiSi")


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
async def simulator(intake: FakeIntake) -> AsyncIterator[Simulator]:
    app = web.Application()
    cipher = CallbackCipher(IDENTITY.token, IDENTITY.aes_key, IDENTITY.corp_id)
    app.add_routes(CallbackEndpoint(cipher, intake).routes())
    world = shop(options=Options(unlicensed=frozenset({"sunqi"}), repeated_task_id_code=301077))
    async with TestServer(app) as server, running(world) as started:
        started.callback_url = str(server.make_url(PATH))
        yield started
        assert started.violations == []


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[WeComClient]:
    async with client_of(simulator, IDENTITY.secret) as made:
        yield made


@pytest.fixture
def staff(client: WeComClient) -> StaffMessages:
    return StaffMessages(client, IDENTITY.agent_id)


async def presses(simulator: Simulator, intake: FakeIntake, count: int) -> list[CardPressed]:
    await simulator.wait_for(
        lambda: len(intake.deliveries) >= count and not simulator.pending_callbacks,
        description=f"{count} presses delivered",
    )
    events = [event for delivery in intake.deliveries for event in delivery.events]
    assert all(isinstance(event, CardPressed) for event in events)
    return [event for event in events if isinstance(event, CardPressed)]


async def test_a_card_with_every_part_at_its_longest_is_taken(
    simulator: Simulator, staff: StaffMessages
) -> None:
    wanted = [*MEMBERS, "nobody", "sunqi"]
    delivered = await staff.send_card(wanted, CARD, task_id="t_" + "1" * 126, key="k1")
    assert delivered.response_code
    assert delivered.invalid == {"nobody", "sunqi"}
    assert len(simulator.inbox("lisi")) == 1


async def test_a_press_comes_back_and_its_code_changes_everybodys_card(
    simulator: Simulator, staff: StaffMessages, intake: FakeIntake
) -> None:
    await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    code = await simulator.staff_press("lisi", "t1", "take:3")
    (press,) = await presses(simulator, intake, 1)
    assert (press.userid, press.key, press.task_id) == ("lisi", "take:3", "t1")
    assert press.response_code == code
    await staff.update_card(press.response_code, replace_name="已由李航接入")
    assert [simulator.inbox(one)[0].replaced_by for one in ("zhangsan", "lisi")] == [
        "已由李航接入"
    ] * 2


async def test_a_card_becomes_another_one_for_one_member(
    simulator: Simulator, staff: StaffMessages
) -> None:
    sent = await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    done = Card(title="已处理", lines=(("接入", "李航"),))
    await staff.update_card(
        sent.response_code, done, replace_name="已接入", userids=["LiSi"], task_id="t1"
    )
    changed, other = simulator.inbox("lisi")[0], simulator.inbox("zhangsan")[0]
    assert (changed.content["main_title"], changed.replaced_by) == ({"title": "已处理"}, "已接入")
    assert other.replaced_by == ""


async def test_two_members_who_press_at_once_both_count(
    simulator: Simulator, staff: StaffMessages, intake: FakeIntake
) -> None:
    """R-1.3: the same delivery twice has one digest, two members' presses have two."""
    await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    simulator.fault("duplicate_callback", times=1)
    for userid in ("zhangsan", "lisi"):
        await simulator.staff_press(userid, "t1", "take:0")
    await presses(simulator, intake, 3)
    assert len({delivery.digest for delivery in intake.deliveries}) == 2


async def test_a_card_whose_answer_was_lost_is_sent_once(
    simulator: Simulator, staff: StaffMessages
) -> None:
    simulator.fault("reset_after_accept", path=STAFF_SEND.path)
    with pytest.raises(Unreachable):
        await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    assert len(simulator.inbox("zhangsan")) == 1


async def test_past_the_duplicate_check_the_task_id_says_that_it_was_taken(
    simulator: Simulator, staff: StaffMessages
) -> None:
    await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    simulator.world.advance(5 * 3600)
    with pytest.raises(Rejected) as refused:
        await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    assert means_card_known(refused.value)
    assert len(simulator.inbox("zhangsan")) == 1


async def test_a_code_works_once(simulator: Simulator, staff: StaffMessages) -> None:
    sent = await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    await staff.update_card(sent.response_code, replace_name="已接入")
    with pytest.raises(Rejected):
        await staff.update_card(sent.response_code, replace_name="已接入")


async def test_without_a_callback_a_card_is_refused_and_nothing_else_is_known(
    simulator: Simulator, staff: StaffMessages
) -> None:
    simulator.callback_url = None
    with pytest.raises(Rejected) as refused:
        await staff.send_card(MEMBERS, CARD, task_id="t1", key="k1")
    assert refused.value.errcode == 43012
    assert not means_card_known(refused.value)


async def test_a_servicers_session_is_ended_with_one_last_message(
    simulator: Simulator, client: WeComClient
) -> None:
    simulator.callback_url = None
    kf, customer = Kf(client), await simulator.customer("小林")
    await simulator.say(PRESALE, customer, "我要人工")
    here = Conversation(PRESALE, customer)
    await kf.trans(here, ServiceState.HUMAN, "zhangsan")
    code = await kf.trans(here, ServiceState.ENDED)
    assert code is not None
    await kf.send_on_event(code, "end_1", render(Reply(text="感谢您的咨询，再见")))
    assert (await kf.get_state(here))[0] is ServiceState.ENDED
    assert simulator.said_by_bot(PRESALE, customer) == ["感谢您的咨询，再见"]
