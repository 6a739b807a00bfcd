"""Customer contact: friends, their callbacks, and how strictly calls are judged (§4)."""

import asyncio
from typing import Any

import aiohttp
import pytest
from defusedxml.ElementTree import fromstring
from simulator_support import Client, Clock, FakeProduct, kinds

from simulator.cipher import CallbackCipher
from simulator.credentials import Credentials
from simulator.scenery import shop
from simulator.server import Simulator, running

API = "/externalcontact/"
LAN, ZHE = "wmYunqi_customer_0000000000000001", "wmYunqi_customer_0000000000000002"


async def get(client: Client, path: str, **params: str) -> dict[str, Any]:
    return await client.get(f"/cgi-bin{API}{path}", **params)


async def test_a_member_s_customers_are_listed_and_read(sim: Simulator, client: Client) -> None:
    tag = sim.friends.create_tag("关注：运费")
    sim.friends.add("zhangsan", LAN, state="ch_1")
    sim.friends.edit_tags("zhangsan", LAN, add=["关注：运费"])
    sim.friends.friendships["zhangsan", LAN].own_tags.append("老同学")
    sim.friends.unionids[LAN] = "oLan"
    assert "zhangsan" in (await get(client, "get_follow_user_list"))["follow_user"]
    assert (await get(client, "list", userid="ZhangSan"))["external_userid"] == [LAN]
    whole = await get(client, "get", external_userid=LAN)
    assert whole["external_contact"]["unionid"] == "oLan"
    (follower,) = whole["follow_user"]
    assert (follower["userid"], follower["state"], follower["add_way"]) == ("zhangsan", "ch_1", 1)
    named = {"group_name": "关注", "tag_name": "运费", "tag_id": tag, "type": 1}
    assert follower["tags"] == [named, {"group_name": "", "tag_name": "老同学", "type": 2}]
    page = await client.post(f"{API}batch/get_by_user", userid_list=["zhangsan"])
    (item,) = page["external_contact_list"]
    assert item["follow_info"]["tag_id"] == [tag]
    assert "tags" not in item["follow_info"]


async def test_pages_go_on_where_the_last_one_ended(sim: Simulator, client: Client) -> None:
    for userid in ("zhangsan", "lisi"):
        for external_userid in list(sim.world.customers):
            sim.friends.add(userid, external_userid)
    seen, cursor = [], ""
    for _ in range(3):
        page = await client.post(
            f"{API}batch/get_by_user", userid_list=["zhangsan", "lisi"], cursor=cursor, limit=2
        )
        seen += [
            (one["follow_info"]["userid"], one["external_contact"]["external_userid"])
            for one in page["external_contact_list"]
        ]
        cursor = page["next_cursor"]
    assert (len(set(seen)), cursor) == (6, "")
    strange = await client.post(
        f"{API}batch/get_by_user", userid_list=["lisi"], cursor="nonsense", limit=2
    )
    assert strange["errcode"] == 40058


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("batch/get_by_user", {"userid_list": []}, 40058),
        ("batch/get_by_user", {"userid_list": ["lisi"] * 101}, 40058),
        ("batch/get_by_user", {"userid_list": "lisi"}, 40035),
        ("batch/get_by_user", {"userid_list": ["lisi"], "limit": 101}, 40058),
        ("batch/get_by_user", {"userid_list": ["nobody"]}, 60111),
        ("batch/get_by_user", {"userid_list": ["lisi"]}, 84061),
        ("batch/get_by_user", {"userid_list": ["zhangsan"], "order": 1}, 40058),
        ("remark", {"userid": "zhangsan", "external_userid": LAN}, 40058),
        ("remark", {"userid": "lisi", "external_userid": LAN, "remark": "x"}, 84061),
        ("remark", {"userid": "zhangsan", "external_userid": LAN, "remark": "长" * 21}, 40058),
        ("remark", {"userid": "zhangsan", "external_userid": LAN, "remark_mobiles": "1"}, 40035),
        ("add_corp_tag", {"group_name": "关注", "tag": []}, 40058),
        ("add_corp_tag", {"group_name": "关注", "tag": ["运费"]}, 40035),
        ("add_corp_tag", {"group_name": "关注", "tag": [{"name": "费" * 31}]}, 40058),
        ("add_corp_tag", {"group_name": "关注", "tag": [{"name": "x", "id": 1}]}, 40058),
        ("add_corp_tag", {"tag": [{"name": "运费"}]}, 40058),
        ("add_corp_tag", {"group_id": "etx", "tag": [{"name": "运费"}]}, 40068),
        ("edit_corp_tag", {"id": "etx", "name": "新"}, 40068),
        ("del_corp_tag", {}, 40058),
        ("del_corp_tag", {"tag_id": ["etx"]}, 40068),
        ("get_corp_tag_list", {"tag_id": ["etx"]}, 40068),
        ("mark_tag", {"userid": "zhangsan", "external_userid": LAN}, 40058),
        ("mark_tag", {"userid": "zhangsan", "external_userid": LAN, "add_tag": ["etx"]}, 40068),
        ("mark_tag", {"userid": "lisi", "external_userid": LAN, "add_tag": ["etx"]}, 84061),
        ("mark_tag", {"userid": "zhangsan", "external_userid": LAN, "add_tag": "etx"}, 40035),
    ],
)
async def test_what_wecom_would_refuse_is_refused(
    sim: Simulator, client: Client, path: str, body: dict[str, Any], errcode: int
) -> None:
    sim.friends.add("zhangsan", LAN)
    assert (await client.post(API + path, **body))["errcode"] == errcode


async def test_an_argument_that_nobody_knows_is_blamed(sim: Simulator, client: Client) -> None:
    await client.post(f"{API}mark_tag", userid="lisi", external_userid=LAN, tags=[])
    assert kinds(sim) == ["unknown_field"]


async def test_a_remark_changes_what_is_given(sim: Simulator, client: Client) -> None:
    sim.friends.add("zhangsan", LAN)
    common = {"userid": "zhangsan", "external_userid": LAN}
    await client.post(f"{API}remark", **common, remark="李部长", remark_mobiles=["13800000001"])
    await client.post(f"{API}remark", **common, description="采购", remark_mobiles=[""])
    noted = sim.friends.friendship("zhangsan", LAN)
    assert (noted.remark, noted.description, noted.mobiles) == ("李部长", "采购", [])


async def test_tags_are_made_renamed_marked_and_deleted(sim: Simulator, client: Client) -> None:
    sim.friends.add("zhangsan", LAN)
    body = {"group_name": "意向", "tag": [{"name": "高", "order": 2}, {"name": "低"}]}
    made = (await client.post(f"{API}add_corp_tag", **body))["tag_group"]
    high, low = (tag["id"] for tag in made["tag"])
    more = await client.post(f"{API}add_corp_tag", group_name="意向", tag=[{"name": "中"}])
    assert more["tag_group"]["group_id"] == made["group_id"]
    assert [tag["name"] for tag in more["tag_group"]["tag"]] == ["中"]
    again = await client.post(f"{API}add_corp_tag", group_name="意向", tag=[{"name": "中"}])
    assert again["errcode"] == 40071
    pair = {"userid": "zhangsan", "external_userid": LAN}
    await client.post(f"{API}mark_tag", **pair, add_tag=[high])
    await client.post(f"{API}mark_tag", **pair, add_tag=[low], remove_tag=[high])
    assert sim.friends.tags_on("zhangsan", LAN) == {"意向：低"}
    assert sim.friends.marked[-1] == {**pair, "add": ["意向：低"], "remove": ["意向：高"]}
    both = await client.post(f"{API}mark_tag", **pair, add_tag=[low], remove_tag=[low])
    assert both["errcode"] == 40058
    await client.post(f"{API}edit_corp_tag", id=low, name="不高")
    assert sim.friends.tags_on("zhangsan", LAN) == {"意向：不高"}
    taken = await client.post(f"{API}edit_corp_tag", id=low, name="高")
    assert taken["errcode"] == 40071
    await client.post(f"{API}del_corp_tag", tag_id=[low])
    assert sim.friends.tags_on("zhangsan", LAN) == set()
    listed = await client.post(f"{API}get_corp_tag_list")
    assert {tag["id"] for tag in listed["tag_group"][0]["tag"]} >= {high}
    (group,) = (await client.post(f"{API}get_corp_tag_list", tag_id=[low]))["tag_group"]
    assert [tag["deleted"] for tag in group["tag"]] == [True]
    await client.post(f"{API}del_corp_tag", group_id=[made["group_id"]])
    assert (await client.post(f"{API}get_corp_tag_list"))["tag_group"] == []


async def test_there_are_only_so_many_tags(sim: Simulator, client: Client) -> None:
    for begin in range(0, 3000, 1000):
        tags = [{"name": f"t{begin + n}"} for n in range(1000)]
        await client.post(f"{API}add_corp_tag", group_name="g", tag=tags)
    one_more = await client.post(f"{API}add_corp_tag", group_name="g", tag=[{"name": "x"}])
    assert one_more["errcode"] == sim.world.options.too_many_tags_code


async def test_only_whom_the_console_lists_may_call() -> None:
    credentials = Credentials(contact_secret="old-secret")
    async with (
        running(shop(credentials=credentials)) as sim,
        aiohttp.ClientSession(sim.url) as http,
    ):
        client = Client(http, sim.world)
        sim.friends.permitted = {"contact"}
        await client.log_in()
        assert (await get(client, "get_follow_user_list"))["errcode"] == 48002
        client.token = (await client.gettoken(corpsecret="old-secret"))["access_token"]
        assert (await get(client, "get_follow_user_list"))["errcode"] == 0


async def test_too_many_calls_at_a_time_are_refused(sim: Simulator, client: Client) -> None:
    answers = await asyncio.gather(*(get(client, "get_follow_user_list") for _ in range(6)))
    assert {answer["errcode"] for answer in answers} == {0, 45033}
    assert "too_many_concurrent_contact_calls" in kinds(sim)


def told(sim: Simulator, product: FakeProduct) -> list[dict[str, str]]:
    """The elements of every callback so far."""
    names = sim.world.credentials
    cipher = CallbackCipher(names.token, names.aes_key, names.corp_id)
    found = []
    for query, body in product.received:
        sealed = fromstring(body).findtext("Encrypt") or ""
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        inner = fromstring(cipher.open(*signed, sealed))
        found.append({element.tag: element.text or "" for element in inner})
    return found


async def test_what_people_do_is_told_and_what_the_app_does_is_not(
    sim: Simulator, client: Client, product: FakeProduct
) -> None:
    tag = sim.friends.create_tag("关注：运费")
    sim.friends.add("zhangsan", LAN, state="ch_1", half=True)
    sim.friends.confirm("zhangsan", LAN)
    sim.friends.edit_tags("zhangsan", LAN, add=["关注：运费"])
    pair = {"userid": "zhangsan", "external_userid": LAN}
    await client.post(f"{API}mark_tag", **pair, remove_tag=[tag])
    sim.friends.delete("zhangsan", LAN, by="customer")
    sim.friends.delete("zhangsan", LAN, by="staff", source="DELETE_BY_TRANSFER")
    sim.friends.delete_tag(tag)
    await sim.wait_for(lambda: len(product.received) == 7, description="seven callbacks")
    assert {one["ChangeType"] for one in told(sim, product)} == {
        *("create", "add_half_external_contact", "add_external_contact"),
        *("edit_external_contact", "del_follow_user", "del_external_contact", "delete"),
    }


async def test_a_welcome_code_comes_once(sim: Simulator, product: FakeProduct) -> None:
    code = sim.friends.add("zhangsan", LAN, half=True)
    await sim.wait_for(lambda: len(product.received) == 1, description="a callback")
    sim.friends.confirm("zhangsan", LAN)
    await sim.wait_for(lambda: len(product.received) == 2, description="two callbacks")
    assert [one.get("WelcomeCode") for one in told(sim, product)] == [code, None]


async def test_callbacks_are_lost_doubled_and_overtaken(
    sim: Simulator, product: FakeProduct, clock: Clock
) -> None:
    sim.fault("lose_callback")
    sim.friends.add("lisi", LAN)
    sim.fault("hold_callback")
    sim.friends.add("zhangsan", LAN)
    sim.fault("duplicate_callback")
    clock.advance(5)
    sim.friends.delete("zhangsan", LAN, by="customer")
    await sim.wait_for(lambda: len(product.received) == 3, description="three callbacks")
    changes = [(one["ChangeType"], one["CreateTime"]) for one in told(sim, product)]
    assert [change for change, _ in changes] == [
        "del_follow_user",
        "del_follow_user",
        "add_external_contact",
    ]
    assert int(changes[-1][1]) < int(changes[0][1])


async def test_what_a_customer_deletes_stays_at_the_member_s(
    sim: Simulator, client: Client
) -> None:
    sim.friends.add("zhangsan", LAN)
    sim.friends.delete("zhangsan", LAN, by="customer")
    assert (await get(client, "get", external_userid=LAN))["errcode"] == 0
    sim.friends.delete("zhangsan", LAN, by="staff")
    assert (await get(client, "get", external_userid=LAN))["errcode"] == 84061


async def test_a_half_friend_cannot_be_marked_yet(sim: Simulator, client: Client) -> None:
    tag = sim.friends.create_tag("关注：运费")
    sim.friends.add("zhangsan", ZHE, half=True)
    pair = {"userid": "zhangsan", "external_userid": ZHE}
    assert (await client.post(f"{API}mark_tag", **pair, add_tag=[tag]))["errcode"] == 84061
    sim.friends.confirm("zhangsan", ZHE)
    assert (await client.post(f"{API}mark_tag", **pair, add_tag=[tag]))["errcode"] == 0


async def test_a_page_may_lie(sim: Simulator, client: Client) -> None:
    sim.friends.add("zhangsan", LAN)
    sim.fault("empty_contacts")
    page = await client.post(f"{API}batch/get_by_user", userid_list=["zhangsan"])
    assert (page["errcode"], page["external_contact_list"]) == (0, [])


async def test_the_console_is_played_over_http(sim: Simulator, client: Client) -> None:
    async def post(path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        async with client.http.post(f"/sim/{path}", json=body) as response:
            return response.status, await response.json()

    pair = {"userid": "zhangsan", "external_userid": LAN}
    _, made = await post("tags/create", name="关注：运费")
    assert (await post("contacts/add", **pair, half=True))[1]["welcome_code"]
    await post("contacts/confirm", **pair)
    await post("contacts/tags", **pair, add=["关注：运费"])
    await post("contacts/remark", **pair, remark="李部长")
    await post("tags/rename", id=made["id"], name="邮费")
    async with client.http.get("/sim/contacts") as response:
        seen = await response.json()
    (shown,) = seen["friendships"]
    assert (shown["tags"], shown["remark"], shown["half"]) == (["关注：邮费"], "李部长", False)
    assert seen["groups"][0]["tags"] == [{"id": made["id"], "name": "邮费"}]
    assert "zhangsan" in {one["userid"] for one in seen["members"]}
    await post("tags/delete", id=made["id"])
    await post("contacts/delete", **pair, by="staff")
    assert sim.friends.friendships == {}
    for path, body in (
        ("contacts/delete", pair),
        ("contacts/confirm", pair),
        ("tags/delete", {"id": "etx"}),
        ("tags/rename", {"id": "etx", "name": "x"}),
        ("tags/create", {"name": "没有组"}),
        ("contacts/add", pair | {"userid": "nobody"}),
    ):
        assert (await post(path, **body))[0] == 409, path
