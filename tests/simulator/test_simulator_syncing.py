"""What a pull returns, and which pulls are wrong (wecom-api §3.7)."""

import asyncio

from simulator_support import Client, Clock, kinds

from simulator.records import Message
from simulator.scenery import AFTERSALE
from simulator.server import Simulator
from simulator.syncing import callback_token


async def test_messages_and_events_have_the_documented_shape(
    client: Client, sim: Simulator
) -> None:
    code = await sim.enter(client.kfid, client.customer, scene="web")
    await sim.say(client.kfid, client.customer, "满意", menu_id="101")
    await client.says("谢谢")
    event, text = (await client.pulls())["msg_list"]  # what the API sent is not there
    assert "open_kfid" not in event
    assert event["event"] == {
        "event_type": "enter_session",
        "open_kfid": client.kfid,
        "external_userid": client.customer,
        "scene": "web",
        "scene_param": "",
        "welcome_code": code,
    }
    assert (text["origin"], text["text"]) == (3, {"content": "满意", "menu_id": "101"})
    assert (text["open_kfid"], text["external_userid"]) == (client.kfid, client.customer)


async def test_a_file_is_pulled_by_its_id_and_named_by_its_download(
    client: Client, sim: Simulator
) -> None:
    named = {"filename": "发票.pdf"}
    await sim.send(client.kfid, client.customer, "file", named, file=b"%PDF-1.7 ...")
    (received,) = (await client.pulls())["msg_list"]
    assert set(received["file"]) == {"media_id"}
    params = {"access_token": client.token, "media_id": received["file"]["media_id"]}
    async with client.http.get("/cgi-bin/media/get", params=params) as response:
        disposition = response.headers["Content-Disposition"]
    assert disposition.endswith("utf-8''%E5%8F%91%E7%A5%A8.pdf")
    (bubble,) = sim.conversation(client.kfid, client.customer).messages
    assert bubble.content["filename"] == "发票.pdf"  # the phone shows it


async def test_pages_follow_the_cursor_to_the_end(client: Client, sim: Simulator) -> None:
    await sim.bulk(client.kfid, [(f"wm{n}", f"问题 {n}") for n in range(25)])
    cursor, seen, more = "", [], 1
    while more:
        page = await client.pulls(cursor, limit=10)
        seen += [one["text"]["content"] for one in page["msg_list"]]
        cursor, more = page["next_cursor"], page["has_more"]
    assert seen == [f"问题 {n}" for n in range(25)]
    assert (await client.pulls(cursor))["msg_list"] == []
    assert kinds(sim) == []


async def test_nothing_older_than_three_days_comes(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await sim.say(client.kfid, client.customer, "旧的")
    clock.advance(3 * 86400 + 1)
    await sim.say(client.kfid, client.customer, "新的")
    await client.log_in()
    page = await client.pulls()
    assert [one["text"]["content"] for one in page["msg_list"]] == ["新的"]


async def test_a_cursor_is_lost_only_when_one_falls_back_behind_a_used_one(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "一")
    first = (await client.pulls())["next_cursor"]
    await client.pulls()  # crashed before the page was stored: the same page again
    await sim.say(client.kfid, client.customer, "二")
    await client.pulls(first)
    assert kinds(sim) == []
    await client.pulls()
    assert kinds(sim) == ["cursor_lost"]


async def test_cursors_of_another_account_are_refused(client: Client, sim: Simulator) -> None:
    cursor = (await client.pulls())["next_cursor"]
    answer = await client.post("/kf/sync_msg", open_kfid=AFTERSALE, cursor=cursor)
    assert answer["errcode"] == 40058
    assert kinds(sim) == ["bad_cursor"]


async def test_the_account_must_be_named(client: Client, sim: Simulator) -> None:
    assert (await client.post("/kf/sync_msg"))["errcode"] == 60251
    assert kinds(sim) == ["sync_without_open_kfid"]


async def test_without_callback_token_the_limit_is_strict(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    token = callback_token(sim.world, client.kfid)
    for _ in range(20):
        assert (await client.pulls())["errcode"] == 0
    assert (await client.pulls())["errcode"] == 45009
    assert (await client.pulls(token=token))["errcode"] == 0
    assert kinds(sim) == []
    clock.advance(30)
    assert (await client.pulls())["errcode"] == 45009
    assert kinds(sim) == ["hammering_while_throttled"]
    clock.advance(31)
    assert (await client.pulls())["errcode"] == 0


async def test_a_callback_token_dies_after_ten_minutes_and_fits_one_account(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    token = callback_token(sim.world, client.kfid)
    foreign = callback_token(sim.world, AFTERSALE)
    assert (await client.pulls(token=foreign))["errcode"] == 95007
    assert (await client.pulls(token="made-up"))["errcode"] == 95007
    clock.advance(601)
    assert (await client.pulls(token=token))["errcode"] == 95007


async def test_two_pulls_of_one_account_at_once_are_blamed(client: Client, sim: Simulator) -> None:
    await asyncio.gather(client.pulls(), client.pulls())
    assert kinds(sim) == ["too_many_concurrent_pulls"]


async def test_two_accounts_may_be_pulled_at_once(client: Client, sim: Simulator) -> None:
    await asyncio.gather(client.pulls(), client.post("/kf/sync_msg", open_kfid=AFTERSALE))
    assert kinds(sim) == []


async def test_a_recalled_message_is_followed_by_its_event(client: Client, sim: Simulator) -> None:
    msgid = await sim.say(client.kfid, client.customer, "打错了")
    await sim.recall(client.kfid, client.customer, msgid)
    event = (await client.pulls())["msg_list"][-1]["event"]
    assert (event["event_type"], event["recall_msgid"]) == ("user_recall_msg", msgid)
    kept: Message = sim.conversation(client.kfid, client.customer).by_msgid[msgid]
    assert kept.recalled


async def test_a_file_from_the_customer_can_be_fetched_and_a_huge_one_is_a_notice(
    client: Client, sim: Simulator
) -> None:
    await sim.send(client.kfid, client.customer, "image", {}, file=b"\xff\xd8\xff picture")
    await sim.send(client.kfid, client.customer, "image", {}, file=b"x" * (2 << 20) + b"x")
    await sim.send(client.kfid, client.customer, "sticker", {"mood": "happy"})
    image, notice, sticker = (await client.pulls())["msg_list"]
    params = {"access_token": client.token, "media_id": image["image"]["media_id"]}
    async with client.http.get("/cgi-bin/media/get", params=params) as response:
        assert await response.read() == b"\xff\xd8\xff picture"
    assert notice["msgtype"] == "text"
    assert sticker["sticker"] == {"mood": "happy"}


async def test_after_a_reset_stored_cursors_still_work(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "一")
    cursor = (await client.pulls())["next_cursor"]
    sim.reset()
    await sim.say(client.kfid, client.customer, "二")
    page = await client.pulls(cursor)
    assert [one["text"]["content"] for one in page["msg_list"]] == ["二"]
    assert kinds(sim) == []
