"""Template cards: what is taken, what is pressed, what is changed (wecom-api §5.3 to §5.5)."""

import re
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from simulator_support import Client, Clock, FakeProduct, kinds

from simulator.cipher import CallbackCipher
from simulator.records import Options
from simulator.server import Simulator

Send = Callable[..., Any]


def a_card(task_id: str | None = "t1", **changed: Any) -> dict[str, Any]:
    card: dict[str, Any] = {
        "card_type": "button_interaction",
        "source": {"desc": "客服助手", "desc_color": 1},
        "task_id": task_id,
        "main_title": {"title": "客户请求人工", "desc": "李四 · 售后"},
        "horizontal_content_list": [{"keyname": "等待", "value": "2分钟"}],
        "button_list": [
            {"text": "我来接", "style": 1, "key": "take"},
            {"text": "忽略", "key": "skip"},
        ],
    }
    card |= changed
    return {name: value for name, value in card.items() if value is not None}


@pytest.fixture
def send(client: Client, sim: Simulator) -> Send:
    async def post(card: dict[str, Any], touser: str = "zhangsan|lisi", **more: Any) -> Any:
        body = {
            "touser": touser,
            "msgtype": "template_card",
            "agentid": sim.world.credentials.agent_id,
            "template_card": card,
        }
        return await client.post("/message/send", **body, **more)

    return post


@pytest.fixture
def update(client: Client, sim: Simulator) -> Send:
    async def post(code: str, **more: Any) -> Any:
        agent_id = sim.world.credentials.agent_id
        return await client.post(
            "/message/update_template_card", agentid=agent_id, response_code=code, **more
        )

    return post


async def settled(sim: Simulator) -> None:
    await sim.wait_for(lambda: not sim.pending_callbacks, description="callbacks answered")


def inners(sim: Simulator, product: FakeProduct) -> list[str]:
    names = sim.world.credentials
    cipher = CallbackCipher(names.token, names.aes_key, names.corp_id)
    opened = []
    for query, body in product.received:
        found = re.search(r"<Encrypt><!\[CDATA\[(.+?)\]\]>", body.decode())
        assert found
        sealed = (query["msg_signature"], query["timestamp"], query["nonce"], found[1])
        opened.append(cipher.open(*sealed).decode())
    return opened


# -------------------------------------------------------------------- what is taken


async def test_a_card_reaches_its_members_and_brings_a_code(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    answer = await send(a_card())
    assert answer["errcode"] == 0
    assert answer["response_code"]
    assert sim.inbox("zhangsan")[0].content == a_card()
    (card,) = sim.cards()
    assert set(card["copies"]) == {"zhangsan", "lisi"}
    assert kinds(sim) == []


async def test_without_a_callback_url_no_press_could_come_back(sim: Simulator, send: Send) -> None:
    assert (await send(a_card()))["errcode"] == 43012
    notice = a_card(
        card_type="text_notice",
        button_list=None,
        task_id=None,
        card_action={"type": 1, "url": "https://example.com/"},
    )
    answer = await send(notice)
    assert (answer["errcode"], "response_code" in answer) == (0, False)


async def test_a_task_id_is_taken_once(sim: Simulator, product: FakeProduct, send: Send) -> None:
    await send(a_card())
    assert (await send(a_card()))["errcode"] == 40058
    assert kinds(sim) == [], "its answer may have been lost"
    assert (await send(a_card(main_title={"title": "另一件事"})))["errcode"] == 40058
    assert kinds(sim) == ["task_id_reused"]
    assert len(sim.inbox("zhangsan")) == 1


async def test_the_duplicate_check_drops_the_same_request(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    first = await send(a_card(), enable_duplicate_check=1)
    again = await send(a_card(), enable_duplicate_check=1)
    assert (again["errcode"], again["msgid"]) == (0, first["msgid"])
    assert "response_code" not in again
    assert len(sim.inbox("zhangsan")) == 1


KEY = "k" * 1024
WRONG: dict[str, dict[str, Any]] = {
    "an unknown type": {"card_type": "poem"},
    "no task_id": {"task_id": None},
    "a task_id with a space": {"task_id": "t 1"},
    "a task_id of 129 bytes": {"task_id": "t" * 129},
    "no buttons": {"button_list": None},
    "an empty list of buttons": {"button_list": []},
    "seven buttons": {"button_list": [{"text": "x", "key": str(n)} for n in range(7)]},
    "a button without text": {"button_list": [{"key": "a"}]},
    "a button without key": {"button_list": [{"text": "x"}]},
    "a key of 1025 bytes": {"button_list": [{"text": "x", "key": KEY + "k"}]},
    "one key twice": {"button_list": [{"text": "x", "key": "a"}, {"text": "y", "key": "a"}]},
    "a style of 5": {"button_list": [{"text": "x", "key": "a", "style": 5}]},
    "a link without address": {"button_list": [{"text": "x", "type": 1}]},
    "seven lines": {"horizontal_content_list": [{"keyname": "x", "value": "y"}] * 7},
    "a line without name": {"horizontal_content_list": [{"value": "y"}]},
    "a line of a link without address": {"horizontal_content_list": [{"keyname": "x", "type": 1}]},
    "four menu items": {
        "action_menu": {"action_list": [{"text": "x", "key": str(n)} for n in range(4)]}
    },
    "a card_action without address": {"card_action": {"type": 1}},
    "a part of another type": {"checkbox": {}},
    "a grey text before anybody pressed": {"replace_text": "x"},
    "a list that is none": {"horizontal_content_list": "x"},
    "a source that is none": {"source": "客服助手"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
async def test_a_malformed_card_is_refused_and_blamed(
    sim: Simulator, product: FakeProduct, send: Send, changed: dict[str, Any]
) -> None:
    assert (await send(a_card(**changed)))["errcode"] in (40035, 40058)
    assert kinds(sim) == ["bad_card"]
    assert sim.inbox("zhangsan") == []


OPTIONS = [{"id": "done", "text": "已解决"}, {"id": "spam", "text": "骚扰"}]
RIGHT: dict[str, dict[str, Any]] = {
    "a vote": {
        "card_type": "vote_interaction",
        "task_id": "vote_1",
        "main_title": {"title": "本周排班"},
        "checkbox": {"question_key": "shift", "option_list": OPTIONS, "mode": 1},
        "submit_button": {"text": "提交", "key": "submit"},
    },
    "several choices": {
        "card_type": "multiple_interaction",
        "task_id": "close_1",
        "main_title": {"title": "结束会话"},
        "select_list": [{"question_key": "reason", "title": "原因", "option_list": OPTIONS}],
        "submit_button": {"text": "提交", "key": "submit"},
    },
    "news": {
        "card_type": "news_notice",
        "main_title": {"title": "知识库更新"},
        "card_image": {"url": "https://example.com/p.png", "aspect_ratio": 1.3},
        "vertical_content_list": [{"title": "变更", "desc": "7天改为15天"}],
        "card_action": {"type": 1, "url": "https://example.com/kb/1"},
    },
    "a notice with a menu": {
        "card_type": "text_notice",
        "action_menu": {"desc": "更多", "action_list": [{"text": "今日不再提醒", "key": "mute"}]},
        "task_id": "daily_20260105",
        "main_title": {"title": "昨日会话日报"},
        "emphasis_content": {"title": "128", "desc": "会话数"},
        "jump_list": [{"type": 1, "title": "看板", "url": "https://example.com/board"}],
        "card_action": {"type": 1, "url": "https://example.com/board"},
    },
    "every limit reached": a_card(
        button_list=[{"text": "x", "key": f"{n}{KEY[1:]}"} for n in range(6)],
        horizontal_content_list=[{"keyname": "x", "value": "y"}] * 6,
        task_id="t" * 128,
    ),
}


@pytest.mark.parametrize("card", RIGHT.values(), ids=RIGHT)
async def test_a_well_formed_card_of_any_type_is_taken(
    sim: Simulator, product: FakeProduct, send: Send, card: dict[str, Any]
) -> None:
    answer = await send(card)
    assert answer["errcode"] == 0, answer["errmsg"]
    assert ("response_code" in answer) == ("task_id" in card)


async def test_cards_can_be_made_to_fail_while_texts_pass(
    client: Client, sim: Simulator, product: FakeProduct, send: Send
) -> None:
    sim.fault("refuse_card", code=48002, times=1)
    assert (await send(a_card()))["errcode"] == 48002
    sim.fault("refuse_card")
    text = {"touser": "zhangsan", "msgtype": "text", "agentid": sim.world.credentials.agent_id}
    assert (await client.post("/message/send", **text, text={"content": "x"}))["errcode"] == 0
    assert (await send(a_card()))["errcode"] == 43012
    assert (await send(a_card()))["errcode"] == 0


class TestUnlicensed:
    @pytest.fixture
    def options(self) -> Options:
        return Options(unlicensed=frozenset({"lisi"}))

    async def test_a_member_without_licence_gets_nothing_and_is_named(
        self, sim: Simulator, product: FakeProduct, send: Send
    ) -> None:
        answer = await send(a_card(), touser="zhangsan|LiSi|nobody")
        assert (answer["unlicenseduser"], answer["invaliduser"]) == ("lisi", "nobody")
        assert sim.inbox("lisi") == []


# -------------------------------------------------------------------- what is pressed


async def test_a_press_is_told_in_an_encrypted_event_with_a_fresh_code(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    sent = await send(a_card())
    code = await sim.staff_press("lisi", "t1", "take")
    assert code != sent["response_code"]
    assert await sim.staff_press("lisi", "t1", "take") != code, "each press has its own"
    await settled(sim)
    inner = inners(sim, product)[0]
    for part in (
        "<FromUserName><![CDATA[lisi]]></FromUserName>",
        "<Event><![CDATA[template_card_event]]></Event>",
        "<EventKey><![CDATA[take]]></EventKey>",
        "<TaskId><![CDATA[t1]]></TaskId>",
        "<CardType><![CDATA[button_interaction]]></CardType>",
        f"<ResponseCode><![CDATA[{code}]]></ResponseCode>",
    ):
        assert part in inner
    assert "SelectedItems" not in inner
    assert kinds(sim) == []


async def test_choices_and_menus_are_told_too(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    await send(RIGHT["several choices"])
    await send(RIGHT["a notice with a menu"])
    await sim.staff_press("lisi", "close_1", "submit", {"reason": ["done", "spam"]})
    await settled(sim)
    await sim.staff_press("lisi", "daily_20260105", "mute")
    await settled(sim)
    choice, menu = inners(sim, product)
    assert "<QuestionKey><![CDATA[reason]]></QuestionKey>" in choice
    assert choice.count("<OpitonId>") == 2
    assert "<Event><![CDATA[template_card_menu_event]]></Event>" in menu


async def test_only_what_is_shown_can_be_pressed(
    sim: Simulator, product: FakeProduct, send: Send, update: Send
) -> None:
    sent = await send(a_card())
    async with aiohttp.ClientSession(sim.url) as http:
        for userid, task_id, key in (
            ("wangwu", "t1", "take"),
            ("lisi", "t2", "take"),
            ("lisi", "t1", "fly"),
        ):
            body = {"userid": userid, "task_id": task_id, "key": key}
            assert (await http.post("/sim/staff/press", json=body)).status == 409
        await update(sent["response_code"], atall=1, button={"replace_name": "已接入"})
        body = {"userid": "lisi", "task_id": "t1", "key": "take"}
        assert (await http.post("/sim/staff/press", json=body)).status == 409


async def test_a_press_can_be_delivered_twice(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    await send(a_card())
    sim.fault("duplicate_callback")
    await sim.staff_press("lisi", "t1", "take")
    await settled(sim)
    first, second = inners(sim, product)
    assert first == second


# -------------------------------------------------------------------- what is changed


async def test_the_code_of_the_send_changes_every_copy_once(
    sim: Simulator, product: FakeProduct, send: Send, update: Send
) -> None:
    code = (await send(a_card()))["response_code"]
    assert (await update(code, atall=1, button={"replace_name": "已由张三接入"}))["errcode"] == 0
    for userid in ("zhangsan", "lisi"):
        assert sim.inbox(userid)[0].replaced_by == "已由张三接入"
    assert (await update(code, atall=1, button={"replace_name": "已由张三接入"}))[
        "errcode"
    ] == 40058
    assert kinds(sim) == [], "the same once more is a retry whose answer was lost"
    assert (await update(code, atall=1, button={"replace_name": "别的"}))["errcode"] == 40058
    assert kinds(sim) == ["response_code_reused"]


async def test_those_who_are_named_see_a_whole_new_card(
    sim: Simulator, product: FakeProduct, send: Send, update: Send
) -> None:
    await send(a_card())
    code = await sim.staff_press("lisi", "t1", "take")
    card = a_card(task_id=None, main_title={"title": "已接入"}, replace_text="已接入")
    answer = await update(code, userids=["LiSi", "wangwu"], template_card=card)
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["wangwu"])
    (view,) = sim.cards()
    assert view["copies"]["lisi"]["content"]["main_title"] == {"title": "已接入"}
    assert view["copies"]["lisi"]["replaced_by"] == "已接入"
    assert view["copies"]["zhangsan"]["content"] == view["sent"]
    await settled(sim)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"atall": 1}, 40058),
        ({"atall": 1, "button": {"replace_name": "x"}, "template_card": {}}, 40058),
        ({"atall": 1, "button": {"replace_name": ""}}, 40058),
        ({"button": {"replace_name": "x"}}, 40035),
        ({"userids": ["u"] * 1001, "button": {"replace_name": "x"}}, 40032),
        ({"atall": 1, "template_card": {"card_type": "button_interaction"}}, 40058),
    ],
)
async def test_a_malformed_change_leaves_the_code_unused(
    sim: Simulator,
    product: FakeProduct,
    send: Send,
    update: Send,
    body: dict[str, Any],
    code: int,
) -> None:
    sent = await send(a_card())
    assert (await update(sent["response_code"], **body))["errcode"] == code
    right = await update(sent["response_code"], atall=1, button={"replace_name": "x"})
    assert right["errcode"] == 0


async def test_a_code_dies_after_72_hours_and_none_can_be_made_up(
    sim: Simulator, product: FakeProduct, send: Send, update: Send, clock: Clock, client: Client
) -> None:
    code = (await send(a_card()))["response_code"]
    clock.advance(72 * 3600)
    await client.log_in()
    assert (await update(code, atall=1, button={"replace_name": "x"}))["errcode"] == 40058
    assert kinds(sim) == []
    assert (await update("made-up", atall=1, button={"replace_name": "x"}))["errcode"] == 40058
    assert kinds(sim) == ["forged_response_code"]


async def test_the_control_api_shows_cards_and_forgets_them_with_the_rest(
    sim: Simulator, product: FakeProduct, send: Send
) -> None:
    await send(a_card())
    async with aiohttp.ClientSession(sim.url) as http:
        shown = await (await http.get("/sim/cards")).json()
        assert shown["cards"][0]["task_id"] == "t1"
        await http.post("/sim/reset")
        assert await (await http.get("/sim/cards")).json() == {"cards": []}
