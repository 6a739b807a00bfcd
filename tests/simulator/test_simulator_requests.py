"""What every API asks of a request (wecom-api §0, §1)."""

import io
import json

import aiohttp
import pytest
from simulator_support import Client, Clock, kinds

from simulator.server import Simulator


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, 0),
        ({"corpid": "wwother"}, 40013),
        ({"corpsecret": "wrong"}, 40001),
        ({"corpid": ""}, 41002),
        ({"corpsecret": ""}, 41004),
    ],
)
async def test_gettoken_checks_company_and_secret(
    client: Client, changed: dict[str, str], code: int
) -> None:
    assert (await client.gettoken(**changed))["errcode"] == code


async def test_a_token_lives_two_hours_and_each_call_gives_a_new_one(
    client: Client, clock: Clock
) -> None:
    first = client.token
    assert (await client.gettoken())["access_token"] != first
    clock.advance(7199)
    assert (await client.post("/kf/account/list"))["errcode"] == 0
    clock.advance(1)
    assert (await client.post("/kf/account/list"))["errcode"] == 42001


async def test_missing_and_foreign_tokens_are_told_apart(client: Client) -> None:
    client.token = ""
    assert (await client.post("/kf/account/list"))["errcode"] == 41001
    client.token = "made-up"
    assert (await client.post("/kf/account/list"))["errcode"] == 40014


async def test_a_token_is_not_used_on_after_it_was_refused(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    sim.fault("expire_token")
    await client.state()
    clock.advance(sim.world.options.token_grace_s)
    await client.state()
    assert kinds(sim) == []
    clock.advance(0.1)
    await client.state()
    assert kinds(sim) == ["dead_token"]


async def test_asking_for_tokens_all_the_time_is_blamed(client: Client, sim: Simulator) -> None:
    for _ in range(9):
        await client.gettoken()
    assert kinds(sim) == []
    await client.gettoken()
    assert kinds(sim) == ["token_flood"]


async def test_an_expired_token_explains_one_more_gettoken(client: Client, sim: Simulator) -> None:
    for _ in range(9):
        await client.gettoken()
    sim.fault("expire_token")
    await client.gettoken()
    assert kinds(sim) == []


async def test_escapes_of_chinese_are_refused_and_blamed(client: Client, sim: Simulator) -> None:
    body = json.dumps({"open_kfid": client.kfid, "note": "你好"}).encode()
    assert (await client.post_raw("/kf/sync_msg", body))["errcode"] == 40033
    assert kinds(sim) == ["escaped_unicode"]


@pytest.mark.parametrize("text", [b'"\\u0001"', b'"\\\\u4f60"', '"你好\\n"'.encode()])
async def test_control_characters_and_literal_backslashes_are_no_escapes(
    client: Client, sim: Simulator, text: bytes
) -> None:
    body = b'{"open_kfid":"%s","note":%s}' % (client.kfid.encode(), text)
    assert (await client.post_raw("/kf/sync_msg", body))["errcode"] == 0
    assert kinds(sim) == []


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", 40058),
        (b"[]", "application/json", 40058),
        (b'{"limit": "10", "open_kfid": "%s"}', "application/json", 40035),
        (b'{"limit": 1001, "open_kfid": "%s"}', "application/json", 40058),
        (b"\xff\xfe", "application/json", 40058),
        (b"open_kfid=x", "application/x-www-form-urlencoded", 40063),
    ],
)
async def test_malformed_bodies_get_their_code(
    client: Client, body: bytes, content_type: str, code: int
) -> None:
    body = body.replace(b"%s", client.kfid.encode())
    assert (await client.post_raw("/kf/sync_msg", body, content_type))["errcode"] == code


async def test_get_where_post_is_needed_is_40063(client: Client) -> None:
    assert (await client.get("/cgi-bin/kf/sync_msg"))["errcode"] == 40063


async def test_a_token_in_the_body_is_blamed(client: Client, sim: Simulator) -> None:
    await client.post("/kf/account/list", access_token=client.token)
    assert kinds(sim) == ["token_in_body"]


async def test_an_unknown_path_is_404_and_blamed(client: Client, sim: Simulator) -> None:
    async with client.http.post("/cgi-bin/kf/no_such_thing") as response:
        assert response.status == 404
    assert kinds(sim) == ["unknown_api"]


async def test_getcallbackip_has_no_errcode(client: Client) -> None:
    assert await client.get("/cgi-bin/getcallbackip") == {"ip_list": ["127.0.0.1"]}


PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


async def _upload(
    client: Client, kind: str, data: bytes, field: str = "media"
) -> dict[str, object]:
    form = aiohttp.FormData()
    form.add_field(field, io.BytesIO(data), filename="图片.png", content_type="image/png")
    params = {"access_token": client.token, "type": kind}
    async with client.http.post("/cgi-bin/media/upload", params=params, data=form) as response:
        return dict(await response.json())


async def test_a_file_can_be_uploaded_sent_and_fetched_for_three_days(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    uploaded = await _upload(client, "image", PNG)
    media_id = str(uploaded["media_id"])
    await sim.say(client.kfid, client.customer, "有图吗")
    sent = await client.says("", msgtype="image", image={"media_id": media_id})
    assert sent["errcode"] == 0
    params = {"access_token": client.token, "media_id": media_id}
    async with client.http.get("/cgi-bin/media/get", params=params) as response:
        assert await response.read() == PNG
        assert "attachment" in response.headers["Content-Disposition"]
    clock.advance(3 * 86400)
    await client.log_in()
    assert (await client.get("/cgi-bin/media/get", media_id=media_id))["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "data", "field", "code"),
    [
        ("picture", PNG, "media", 40004),
        ("image", b"tiny", "media", 40006),
        ("image", b"GIF89a......", "media", 40123),
        ("voice", b"x" * (2 << 20) + b"x", "media", 45001),
        ("image", PNG, "file", 44001),
    ],
)
async def test_files_that_wecom_would_not_take_are_refused(
    client: Client, kind: str, data: bytes, field: str, code: int
) -> None:
    assert (await _upload(client, kind, data, field))["errcode"] == code


async def test_staff_get_app_messages_once_and_unknown_ones_are_listed(
    client: Client, sim: Simulator
) -> None:
    body = {
        "touser": "ZhangSan|nobody",
        "msgtype": "text",
        "agentid": sim.world.credentials.agent_id,
        "text": {"content": "有新的会话"},
        "enable_duplicate_check": 1,
    }
    first = await client.post("/message/send", **body)
    second = await client.post("/message/send", **body)
    assert (first["errcode"], first["invaliduser"]) == (0, "nobody")
    assert second["msgid"] == first["msgid"]
    assert [one.content["content"] for one in sim.inbox("zhangsan")] == ["有新的会话"]
    assert (await client.post("/message/recall", msgid=first["msgid"]))["errcode"] == 0
    assert sim.inbox("zhangsan")[0].recalled


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"agentid": "1000002"}, 40056),
        ({"agentid": None}, 41011),
        ({"agentid": 7}, 301002),
        ({"touser": ""}, 40035),
        ({"touser": "nobody"}, 81013),
        ({"msgtype": "poem"}, 40008),
        ({"text": {"content": "好" * 683}}, 45002),
        ({"text": {"content": ""}}, 44004),
    ],
)
async def test_wrong_app_messages_get_their_code(
    client: Client, sim: Simulator, changed: dict[str, object], code: int
) -> None:
    body: dict[str, object] = {
        "touser": "zhangsan",
        "msgtype": "text",
        "agentid": sim.world.credentials.agent_id,
        "text": {"content": "你好"},
        **changed,
    }
    assert (await client.post("/message/send", **body))["errcode"] == code
