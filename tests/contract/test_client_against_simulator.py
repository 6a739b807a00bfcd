"""Every kind of request the product makes, in front of the strict simulator.

What the simulator disapproves of it writes down as a violation; each test ends with none.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import (
    AllowanceSpent,
    CodeSpent,
    Misconfigured,
    Rejected,
    ServicerUnavailable,
    Throttled,
    Unreachable,
    WrongState,
)
from bot.model.conversation import Conversation, ServiceState
from bot.model.events import (
    AppMessageReceived,
    Event,
    MessageRecalled,
    MessageReceived,
    SendFailed,
    ServicerStatusChanged,
    SessionChanged,
    SessionEntered,
)
from bot.model.replies import Attachment, MenuItem, Reply
from bot.web.callback import PATH, CallbackEndpoint
from bot.wecom.apis import KF_SEND, KF_STATE, KF_SYNC
from bot.wecom.callback import Delivery
from bot.wecom.cipher import CallbackCipher
from bot.wecom.client import WeComClient
from bot.wecom.errors import means_already_accepted
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.staff import StaffMessages
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session
from bot.wecom.wire import enclose, parts, render, with_picture
from simulator.credentials import demo_credentials
from simulator.scenery import PRESALE
from simulator.server import Simulator, running

MENU = (MenuItem("faq:shipping", "多久发货"), MenuItem("human", "转人工"))
IDENTITY = demo_credentials()


class FakeIntake:
    """Keeps deliveries in memory."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def accept(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)


@asynccontextmanager
async def client_of(simulator: Simulator, secret: str) -> AsyncIterator[WeComClient]:
    async with new_session() as session:
        transport = Transport(session, simulator.url)
        yield WeComClient(transport, AccessTokens(transport, IDENTITY.corp_id, secret))


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running() as started:
        yield started
        assert started.violations == []


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[WeComClient]:
    async with client_of(simulator, IDENTITY.secret) as made:
        yield made


@pytest.fixture
def kf(client: WeComClient) -> Kf:
    return Kf(client)


@pytest.fixture
async def asking(simulator: Simulator) -> Conversation:
    """A customer who has just asked something."""
    customer = await simulator.customer("小林")
    await simulator.say(PRESALE, customer, "多久发货")
    return Conversation(PRESALE, customer)


async def events(kf: Kf) -> list[Event]:
    found: list[Event] = []
    cursor, has_more = "", True
    while has_more:
        page = await kf.sync(PRESALE, cursor)
        found += [item.event for item in page.incoming]
        cursor, has_more = page.next_cursor, page.has_more
    return found


async def test_accounts_and_servicers_are_listed(kf: Kf) -> None:
    accounts = await kf.list_accounts()
    assert PRESALE in {account.open_kfid for account in accounts}
    assert all(account.manage_privilege for account in accounts)
    assert set((await kf.list_servicers(PRESALE)).receiving) == {"zhangsan", "lisi"}


async def test_what_happened_is_pulled_in_order(simulator: Simulator, kf: Kf) -> None:
    customer = await simulator.customer("小林")
    code = await simulator.enter(PRESALE, customer, scene="s1")
    msgid = await simulator.say(PRESALE, customer, "转人工", menu_id="human")
    await simulator.send(PRESALE, customer, "location", {"latitude": 23.1, "longitude": 113.3})
    await simulator.recall(PRESALE, customer, msgid)
    await simulator.staff_status("lisi", PRESALE, receiving=False)
    found = await events(kf)
    assert [type(event) for event in found] == [
        SessionEntered,
        MessageReceived,
        MessageReceived,
        MessageRecalled,
        ServicerStatusChanged,
    ]
    entered, said, *_ = found
    assert isinstance(entered, SessionEntered)
    assert (entered.welcome_code, entered.scene) == (code, "s1")
    assert isinstance(said, MessageReceived)
    assert (said.msgid, said.text, said.menu_id) == (msgid, "转人工", "human")


async def test_texts_menus_and_long_answers_arrive(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    answer = Reply(text="一般 48 小时内发货。" * 100, menu=MENU, tail="也可以直接输入问题")
    for number, part in enumerate(parts(answer)):
        assert await kf.send(asking, f"bot_{number}", render(part)) == f"bot_{number}"
    said = simulator.said_by_bot(PRESALE, asking.external_userid)
    assert len(said) == 2
    assert "转人工" in said[-1]


async def test_a_menu_at_every_limit_is_accepted(kf: Kf, asking: Conversation) -> None:
    items = tuple(MenuItem(f"{n}" * 64, "很长的问题" * 30) for n in range(10)) + MENU
    await kf.send(asking, "x" * 32, render(Reply(text="题" * 900, menu=items, tail="尾" * 900)))


async def test_control_characters_and_emoji_are_accepted(kf: Kf, asking: Conversation) -> None:
    await kf.send(asking, "bot_1", render(Reply(text='好\x00的\x1b"\\"\n👨\u200d👩\u200d👧\u2028')))


async def test_a_repeated_msgid_means_already_accepted(kf: Kf, asking: Conversation) -> None:
    await kf.send(asking, "bot_1", render(Reply(text="您好")))
    with pytest.raises(Rejected) as caught:
        await kf.send(asking, "bot_1", render(Reply(text="您好")))
    assert means_already_accepted(caught.value)


@pytest.mark.parametrize("accident", ["reset_after_accept", "truncate"])
async def test_a_connection_lost_after_acceptance_is_found_out_by_the_repeat(
    simulator: Simulator, kf: Kf, asking: Conversation, accident: str
) -> None:
    simulator.fault(accident, path=KF_SEND.path)
    with pytest.raises(Unreachable):
        await kf.send(asking, "bot_1", render(Reply(text="您好")))
    with pytest.raises(Rejected) as caught:
        await kf.send(asking, "bot_1", render(Reply(text="您好")))
    assert means_already_accepted(caught.value)
    assert simulator.said_by_bot(PRESALE, asking.external_userid) == ["您好"]


async def test_a_conversation_goes_to_people_and_the_codes_speak_once(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    code = await kf.trans(asking, ServiceState.QUEUED)
    assert code is not None
    assert await kf.get_state(asking) == (ServiceState.QUEUED, None)
    await kf.send_on_event(code, "q_1", render(Reply(text="正在为您转接人工客服")))
    await simulator.staff_take("lisi", PRESALE, asking.external_userid)
    assert await kf.get_state(asking) == (ServiceState.HUMAN, "lisi")
    await simulator.staff_say("lisi", PRESALE, asking.external_userid, "您好，我是小李")
    await simulator.staff_end("lisi", PRESALE, asking.external_userid)
    changes = [event for event in await events(kf) if isinstance(event, SessionChanged)]
    assert [change.change_type for change in changes] == [1, 3]
    end_code = changes[-1].msg_code
    assert end_code is not None
    await kf.send_on_event(end_code, "e_1", render(Reply(text="感谢您的咨询", menu=MENU)))


async def test_a_welcome_code_carries_a_menu(simulator: Simulator, kf: Kf) -> None:
    customer = await simulator.customer("小林")
    code = await simulator.enter(PRESALE, customer)
    assert code is not None
    await kf.send_on_event(
        code, "w_1", render(Reply(text="欢迎光临", menu=MENU, tail="请直接提问"))
    )


async def test_a_message_that_fails_later_comes_back(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    simulator.fault("send_fail", code=10)
    await kf.send(asking, "bot_1", render(Reply(text="您好")))
    (failed,) = [event for event in await events(kf) if isinstance(event, SendFailed)]
    assert (failed.fail_msgid, failed.fail_type) == ("bot_1", 10)


async def test_profiles_of_many_customers(simulator: Simulator, kf: Kf) -> None:
    ids = [await simulator.customer(f"客户{n}") for n in range(120)]
    for customer in ids:
        await simulator.enter(PRESALE, customer)
    assert {one.external_userid for one in await kf.batch_get_customers(ids)} == set(ids)


async def test_a_picture_is_fetched(simulator: Simulator, client: WeComClient, kf: Kf) -> None:
    customer = await simulator.customer("小林")
    await simulator.send(PRESALE, customer, "image", {}, file=b"\x89PNG picture")
    (received,) = await events(kf)
    assert isinstance(received, MessageReceived)
    media = await TemporaryMedia(client).download(received.content["media_id"])
    assert media.content == b"\x89PNG picture"
    with pytest.raises(Rejected):
        await TemporaryMedia(client).download("nothing")


async def test_a_picture_is_uploaded_and_sent(
    simulator: Simulator, client: WeComClient, kf: Kf, asking: Conversation
) -> None:
    media_id = await TemporaryMedia(client).upload(
        "尺码.png", b"\x89PNG\r\n\x1a\n picture of a table"
    )
    image = enclose(Attachment(kind="image", media="size.png"))
    await kf.send(asking, "bot_image", with_picture(image, media_id))
    card = enclose(Attachment(kind="link", title="尺码", url="https://example.com", media="a.png"))
    await kf.send(asking, "bot_link", with_picture(card, media_id))
    mini = Attachment(kind="miniprogram", appid="wx1", pagepath="pages/o.html", media="a.png")
    await kf.send(asking, "bot_mini", with_picture(enclose(mini), media_id))
    with pytest.raises(Rejected):
        await TemporaryMedia(client).upload("empty.png", b"")


async def test_members_get_app_messages(simulator: Simulator, client: WeComClient) -> None:
    staff = StaffMessages(client, IDENTITY.agent_id)
    delivered = await staff.send_text(["zhangsan", "Nobody"], "有客户在等您\n请尽快接待", key="k1")
    assert delivered.invalid == {"nobody"}
    assert len(simulator.inbox("zhangsan")) == 1


async def test_tokens_that_die_are_replaced_unnoticed(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    for code in (40014, 42001, 40001):
        simulator.fault("expire_token", code=code)
        assert (await kf.get_state(asking))[0] is ServiceState.NEW
        simulator.fault("expire_token", path=KF_STATE.path, times=1)
        await kf.get_state(asking)


async def test_a_busy_moment_is_survived(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    simulator.fault("error", path=KF_STATE.path, code=-1)
    simulator.fault("http", path=KF_STATE.path, code=502)
    await kf.get_state(asking)
    simulator.fault("reset_before", path=KF_SYNC.path, times=2)
    assert len(await events(kf)) == 1


async def test_a_blocked_api_is_left_alone(
    simulator: Simulator, kf: Kf, asking: Conversation
) -> None:
    simulator.fault("error", path=KF_SYNC.path, code=45009, seconds=60)
    for _ in range(5):
        with pytest.raises(Throttled):
            await kf.sync(PRESALE)
    assert simulator.calls[KF_SYNC.path] == 1
    await kf.get_state(asking)


async def test_a_wrong_secret_is_a_configuration_error_and_asked_once(
    simulator: Simulator,
) -> None:
    async with client_of(simulator, "wrong") as client:
        for _ in range(3):
            with pytest.raises(Misconfigured):
                await Kf(client).list_accounts()
    assert simulator.calls["/cgi-bin/gettoken"] == 1


async def test_refusals_say_what_can_be_done() -> None:
    """Deliberate mistakes, which the simulator blames: its violations are not looked at."""
    async with running() as simulator, client_of(simulator, IDENTITY.secret) as client:
        kf, customer = Kf(client), await simulator.customer("小林")
        await simulator.say(PRESALE, customer, "你好")
        here = Conversation(PRESALE, customer)
        for number in range(5):
            await kf.send(here, f"bot_{number}", render(Reply(text=f"第 {number + 1} 条")))
        with pytest.raises(AllowanceSpent):
            await kf.send(here, "bot_5", render(Reply(text="第 6 条")))
        await simulator.staff_status("lisi", PRESALE, receiving=False)
        with pytest.raises(ServicerUnavailable):
            await kf.trans(here, ServiceState.HUMAN, "lisi")
        await kf.trans(here, ServiceState.QUEUED)
        with pytest.raises(WrongState):
            await kf.send(here, "bot_6", render(Reply(text="还在吗")))
        with pytest.raises(CodeSpent):
            await kf.send_on_event("forged", "q_1", render(Reply(text="x")))


async def test_callbacks_of_the_simulator_are_understood(simulator: Simulator, kf: Kf) -> None:
    intake, app = FakeIntake(), web.Application()
    cipher = CallbackCipher(IDENTITY.token, IDENTITY.aes_key, IDENTITY.corp_id)
    app.add_routes(CallbackEndpoint(cipher, intake).routes())
    async with TestServer(app) as server:
        simulator.callback_url = str(server.make_url(PATH))
        assert (await simulator.verify())["ok"]
        simulator.fault("duplicate_callback")
        customer = await simulator.customer("小林")
        await simulator.say(PRESALE, customer, "多久发货")
        await simulator.staff_tell_app("zhangsan", "帮助")
        await simulator.wait_for(
            lambda: len(intake.deliveries) == 3 and not simulator.pending_callbacks,
            description="two hints and a message delivered",
        )
    hints = [delivery.hint for delivery in intake.deliveries if delivery.hint]
    assert {hint.open_kfid for hint in hints} == {PRESALE}
    assert len((await kf.sync(PRESALE, token=hints[0].token)).incoming) == 1
    ((told,),) = [delivery.events for delivery in intake.deliveries if delivery.events]
    assert isinstance(told, AppMessageReceived)
    assert (told.userid, told.content) == ("zhangsan", "帮助")


async def test_a_forged_callback_token_is_dropped(simulator: Simulator, kf: Kf) -> None:
    await simulator.say(PRESALE, await simulator.customer("小林"), "你好")
    assert len((await kf.sync(PRESALE, token="forged")).incoming) == 1
