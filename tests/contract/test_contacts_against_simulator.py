"""Every call of customer contact that the product makes, in front of the strict simulator.

What the simulator disapproves of it writes down as a violation; each test ends with none.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import (
    MemberBarred,
    NameTaken,
    NotAuthorised,
    NotFriends,
    Rejected,
    Throttled,
    UnknownTag,
)
from bot.model import CorpTagChanged, CustomerAdded, CustomerDeleted, CustomerEdited
from bot.web.callback import PATH, CallbackEndpoint
from bot.wecom import apis
from bot.wecom.apis import Api
from bot.wecom.cipher import CallbackCipher
from bot.wecom.contacts import ContactCalls, Contacts
from bot.wecom.tags import TagLibrary
from simulator.scenery import shop
from simulator.server import Simulator, played_by, running
from simulator.webview import WebView
from tests.contract.test_client_against_simulator import IDENTITY, FakeIntake, client_of

LAN = "wmYunqi_customer_0000000000000001"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running() as started:
        yield started
        assert started.violations == []


@pytest.fixture
async def calls(simulator: Simulator) -> AsyncIterator[ContactCalls]:
    async with client_of(simulator, IDENTITY.secret) as client:
        yield ContactCalls(client)


@pytest.fixture
def contacts(calls: ContactCalls) -> Contacts:
    return Contacts(calls)


@pytest.fixture
def library(calls: ContactCalls) -> TagLibrary:
    return TagLibrary(calls)


def test_every_api_of_the_product_is_played() -> None:
    world = shop()
    ours = {one.path for one in vars(apis).values() if isinstance(one, Api)}
    assert ours <= set(played_by(world, WebView(world)))


async def test_members_and_their_customers_are_read(
    simulator: Simulator, contacts: Contacts
) -> None:
    tag = simulator.friends.create_tag("关注：运费")
    simulator.friends.unionids[LAN] = "oLan"
    simulator.friends.add("zhangsan", LAN, state="ch_1", add_way=16)
    simulator.friends.edit_tags("zhangsan", LAN, add=["关注：运费"])
    simulator.friends.friendships["zhangsan", LAN].own_tags.append("老同学")
    simulator.friends.add("lisi", LAN)
    assert "zhangsan" in await contacts.members()
    assert await contacts.customers_of("zhangsan") == [LAN]
    whole = await contacts.get(LAN)
    assert (whole.profile.unionid, whole.profile.type) == ("oLan", 1)
    mine, other = whole.friends
    assert (mine.userid, mine.state, mine.add_way, mine.tag_ids) == (
        "zhangsan",
        "ch_1",
        16,
        frozenset([tag]),
    )
    assert (other.userid, other.state, other.tag_ids) == ("lisi", "", frozenset())
    ((profile, friend),) = (await contacts.page(["zhangsan"])).items
    assert (profile.external_userid, friend.tag_ids) == (LAN, frozenset([tag]))
    assert friend.added_at == mine.added_at > 0


async def test_pages_and_followers_are_read_to_their_end(
    simulator: Simulator, contacts: Contacts
) -> None:
    for number in range(230):
        simulator.friends.add("zhangsan", await simulator.customer(f"客户{number}"))
    seen, cursor = set(), ""
    for _ in range(3):
        page = await contacts.page(["zhangsan", "lisi"], cursor)
        seen |= {profile.external_userid for profile, _ in page.items}
        cursor = page.next_cursor
    assert (len(seen), cursor) == (230, "")
    for number in range(620):
        simulator.world.members[f"m{number}"] = f"成员{number}"
        simulator.friends.add(f"m{number}", LAN)
    assert len((await contacts.get(LAN)).friends) == 620


async def test_tags_are_made_found_renamed_marked_and_deleted(
    simulator: Simulator, library: TagLibrary
) -> None:
    simulator.friends.add("zhangsan", LAN)
    high, low = await library.add("意向", ["高", "低"])
    (more,) = await library.add("意向", ["中"], group_id=high.group_id)
    assert {one.tag_id for one in await library.read()} == {high.tag_id, low.tag_id, more.tag_id}
    await library.mark("zhangsan", LAN, add=[high.tag_id], remove=[])
    await library.mark("zhangsan", LAN, add=[low.tag_id], remove=[high.tag_id])
    assert simulator.friends.tags_on("zhangsan", LAN) == {"意向：低"}
    await library.rename(low.tag_id, "不高")
    await library.rename(low.group_id, "意愿")
    assert simulator.friends.tags_on("zhangsan", LAN) == {"意愿：不高"}
    await library.delete([low.tag_id])
    (gone,) = [one for one in await library.read_some([low.tag_id]) if one.deleted]
    assert gone.tag_id == low.tag_id
    await library.delete(group_ids=[high.group_id])
    assert await library.read() == []


async def test_a_repeated_mark_does_no_harm(simulator: Simulator, library: TagLibrary) -> None:
    simulator.friends.add("zhangsan", LAN)
    (tag,) = await library.add("关注", ["运费"])
    simulator.fault("reset_after_accept", path=apis.TAG_MARK.path)
    await library.mark("zhangsan", LAN, add=[tag.tag_id], remove=[])
    assert simulator.friends.tags_on("zhangsan", LAN) == {"关注：运费"}
    assert len(simulator.friends.marked) == 2


async def test_refusals_say_what_can_be_done(
    simulator: Simulator, contacts: Contacts, library: TagLibrary
) -> None:
    simulator.friends.add("zhangsan", LAN)
    (tag,) = await library.add("关注", ["运费"])
    with pytest.raises(NameTaken):
        await library.add("关注", ["运费"])
    with pytest.raises(NotFriends):
        await library.mark("lisi", LAN, add=[tag.tag_id], remove=[])
    with pytest.raises(UnknownTag):
        await library.mark("zhangsan", LAN, add=["etx"], remove=[])
    with pytest.raises(UnknownTag):
        await library.read_some(["etx"])
    with pytest.raises(NotFriends):
        await contacts.customers_of("lisi")
    with pytest.raises(NotFriends):
        await contacts.page(["lisi"])
    with pytest.raises(NotFriends):
        await contacts.get("wm_nobody")
    simulator.friends.barred.add("wangwu")
    for member in ("nobody", "wangwu"):
        with pytest.raises(MemberBarred):
            await contacts.customers_of(member)
    with pytest.raises(Rejected):
        await library.add("关注", ["费" * 31])
    simulator.friends.permitted.clear()
    with pytest.raises(NotAuthorised):
        await contacts.members()


async def test_a_busy_moment_is_survived_and_a_block_is_left_alone(
    simulator: Simulator, contacts: Contacts
) -> None:
    simulator.friends.add("zhangsan", LAN)
    simulator.fault("error", path=apis.CONTACT_BATCH.path, code=-1)
    simulator.fault("http", path=apis.CONTACT_BATCH.path, code=502)
    simulator.fault("expire_token", path=apis.CONTACT_GET.path, code=40001)
    assert len((await contacts.page(["zhangsan"])).items) == 1
    assert len((await contacts.get(LAN)).friends) == 1
    simulator.fault("error", path=apis.CONTACT_GET.path, code=45033, seconds=60)
    for _ in range(3):
        with pytest.raises(Throttled):
            await contacts.get(LAN)
    assert simulator.calls[apis.CONTACT_GET.path] == 3  # the token's, its repeat, the block
    await contacts.page(["zhangsan"])


async def test_few_calls_are_made_at_a_time(simulator: Simulator, contacts: Contacts) -> None:

    await asyncio.gather(*(contacts.members() for _ in range(20)))
    assert simulator.friends.seen_at_once == 2


async def test_callbacks_of_customer_contact_are_understood(simulator: Simulator) -> None:
    intake, app = FakeIntake(), web.Application()
    cipher = CallbackCipher(IDENTITY.token, IDENTITY.aes_key, IDENTITY.corp_id)
    app.add_routes(CallbackEndpoint(cipher, intake).routes())
    async with TestServer(app) as server:
        simulator.callback_url = str(server.make_url(PATH))
        code = simulator.friends.add("zhangsan", LAN, state="ch_1", half=True)
        simulator.friends.edit_remark("zhangsan", LAN, "李部长")
        simulator.friends.delete("zhangsan", LAN, by="customer")
        tag = simulator.friends.create_tag("关注：运费")
        await simulator.wait_for(lambda: len(intake.deliveries) == 4, description="four callbacks")
    told = {type(event): event for one in intake.deliveries for event in one.events}
    added = told[CustomerAdded]
    assert isinstance(added, CustomerAdded)
    assert (added.userid, added.external_userid, added.state) == ("zhangsan", LAN, "ch_1")
    assert (added.welcome_code, added.half, added.at > 0) == (code, True, True)
    assert isinstance(told[CustomerEdited], CustomerEdited)
    deleted, changed = told[CustomerDeleted], told[CorpTagChanged]
    assert isinstance(deleted, CustomerDeleted)
    assert deleted.by == "customer"
    assert isinstance(changed, CorpTagChanged)
    assert (changed.change, changed.tag_type, changed.id) == ("create", "tag", tag)


async def test_two_customers_added_in_one_second_are_two_and_a_repeat_is_none(
    simulator: Simulator,
) -> None:
    intake, app = FakeIntake(), web.Application()
    cipher = CallbackCipher(IDENTITY.token, IDENTITY.aes_key, IDENTITY.corp_id)
    app.add_routes(CallbackEndpoint(cipher, intake).routes())
    async with TestServer(app) as server:
        simulator.callback_url = str(server.make_url(PATH))
        simulator.fault("duplicate_callback", times=1)
        for external_userid in list(simulator.world.customers)[:2]:
            simulator.friends.add("zhangsan", external_userid)
        await simulator.wait_for(lambda: len(intake.deliveries) == 3, description="callbacks")
    digests = {one.digest for one in intake.deliveries}
    assert len(digests) == 2
