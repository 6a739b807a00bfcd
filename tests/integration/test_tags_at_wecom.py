"""Tags come to WeCom for friends, wait for strangers, and follow what people change there."""

from collections.abc import AsyncIterator

import pytest

from bot.model.consents import ConsentDecision, Purpose, Standing
from bot.store import TagRuns, Unit
from bot.store.consent_ending import decide_all
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as made:
        yield made


async def befriend(town: Town, *members: str) -> None:
    for member in members:
        town.friends.add(member, LAN)
    await town.settles()


async def test_a_tag_appears_at_every_member_who_has_the_customer(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    await town.tags("关注：运费", "阶段：新客", "内部：试点")
    assert town.at("zhangsan") == town.at("lisi") == {"关注：运费", "阶段：新客"}
    assert town.friends.library() == {"关注": ["运费"], "阶段": ["新客"]}
    assert len(town.friends.marked) == 2
    await town.tags("关注：发票")
    assert town.at("lisi") == {"关注：运费", "关注：发票", "阶段：新客"}
    assert town.friends.idle_marks == 0


async def test_a_stranger_s_tags_wait_until_they_are_a_friend(town: Town) -> None:
    await town.tags("关注：运费")
    calls = dict(town.sim.calls)
    assert not any("externalcontact" in path for path in calls)
    await befriend(town, "zhangsan")
    assert town.at("zhangsan") == {"关注：运费"}


async def test_an_exclusive_tag_goes_in_the_call_that_brings_its_successor(town: Town) -> None:
    await befriend(town, "zhangsan")
    await town.tags("阶段：新客")
    await town.tags("阶段：老客")
    assert town.at("zhangsan") == {"阶段：老客"}
    pair = {"userid": "zhangsan", "external_userid": LAN}
    assert town.friends.marked[-1] == {**pair, "add": ["阶段：老客"], "remove": ["阶段：新客"]}


async def test_tags_that_people_made_are_left_alone(town: Town) -> None:
    town.friends.create_tag("渠道：展会")
    town.friends.create_tag("关注：定制")
    await befriend(town, "zhangsan")
    town.friends.edit_tags("zhangsan", LAN, add=["渠道：展会", "关注：定制"], tells=False)
    await town.tags("关注：运费")
    await town.tags(off=["关注：运费"])
    assert town.at("zhangsan") == {"渠道：展会", "关注：定制"}


async def test_an_event_that_comes_three_times_marks_once(town: Town) -> None:
    """Acceptance b) and a): the same event thrice, and two customers in one second."""
    other = await town.sim.customer("阿哲")
    await town.tags("关注：运费")
    await town.tags("关注：运费", of=other)
    for customer in (LAN, other):
        town.friends.add("zhangsan", customer)
    await town.settles(times=3)
    assert town.at("zhangsan") == town.at("zhangsan", other) == {"关注：运费"}
    assert len(town.friends.marked) == 2
    assert len(await town.store.contacts.history(LAN)) == 1


async def test_a_removal_by_people_is_respected(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    await town.tags("关注：运费", "关注：发票")
    town.clock.reach(town.clock.now() + 60)
    town.friends.edit_tags("zhangsan", LAN, remove=["关注：运费"])
    await town.settles()
    assert await town.local() == {"关注：发票"}
    assert town.at("lisi") == {"关注：发票"}
    await town.tags("关注：运费")
    assert await town.local() == {"关注：发票"}
    assert town.at("zhangsan") == town.at("lisi") == {"关注：发票"}
    assert await town.by_people() == [("关注：运费", False)]


async def test_what_people_put_on_comes_to_our_books_and_to_the_other_member(town: Town) -> None:
    town.friends.create_tag("关注：定制")
    await befriend(town, "zhangsan", "lisi")
    town.friends.edit_tags("lisi", LAN, add=["关注：定制"])
    await town.settles()
    assert await town.local() == {"关注：定制"}
    assert town.at("zhangsan") == {"关注：定制"}
    assert await town.by_people() == [("关注：定制", True)]


async def test_a_new_friend_brings_the_tags_that_people_gave_before(town: Town) -> None:
    town.friends.create_tag("关注：定制")
    await befriend(town, "lisi")
    await town.tags("关注：运费")
    town.friends.add("zhangsan", LAN)
    town.friends.edit_tags("zhangsan", LAN, add=["关注：定制"], tells=False)
    await town.settles()
    assert town.at("lisi") == town.at("zhangsan") == {"关注：定制", "关注：运费"}
    assert await town.by_people() == [("关注：定制", True)]


async def test_too_many_calls_at_once_are_waited_out(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    for errcode, path in ((45033, "mark_tag"), (45009, "add_corp_tag"), (-1, "mark_tag")):
        town.sim.fault(
            "error", path=f"/cgi-bin/externalcontact/{path}", code=errcode, seconds=59, times=1
        )
    await town.tags("关注：运费")
    assert town.at("zhangsan") == town.at("lisi") == set()
    assert await town.local() == {"关注：运费"}
    await town.chat.waits(minutes=5)
    assert town.at("zhangsan") == town.at("lisi") == {"关注：运费"}


async def test_a_tag_that_is_gone_is_planned_again(town: Town) -> None:
    """40068: the library is read once more; what people deleted is not made again."""
    await befriend(town, "zhangsan")
    await town.tags("关注：运费")
    other = await town.sim.customer("阿哲")
    town.friends.add("zhangsan", other)
    await town.settles()
    town.friends.delete_tag(town.friends.tag_named("关注：运费"))
    town.told.clear()
    await town.tags("关注：运费", "关注：发票", of=other)
    assert town.at("zhangsan", other) == {"关注：发票"}
    assert town.friends.library() == {"关注": ["发票"]}
    assert await town.local(other) == {"关注：运费", "关注：发票"}


async def test_a_tag_deleted_in_the_console_is_taken_off_and_not_made_again(town: Town) -> None:
    await befriend(town, "zhangsan")
    await town.tags("关注：运费", "关注：发票")
    town.friends.delete_tag(town.friends.tag_named("关注：运费"))
    await town.settles()
    assert await town.local() == {"关注：发票"}
    await town.tags("关注：运费")
    assert await town.local() == {"关注：发票"}
    await town.chat.waits(hours=31 * 24)
    await town.tags("关注：运费")
    assert town.at("zhangsan") == {"关注：运费", "关注：发票"}


async def test_a_group_deleted_in_the_console_takes_its_tags_along(town: Town) -> None:
    await befriend(town, "zhangsan")
    await town.tags("关注：运费", "阶段：新客")
    town.friends.delete_tag(next(one.id for one in town.friends.groups.values()))
    await town.settles()
    assert await town.local() == {"阶段：新客"}


async def test_a_tag_renamed_in_the_console_is_renamed_in_our_books(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    await town.tags("关注：运费")
    marked = len(town.friends.marked)
    town.clock.reach(town.clock.now() + 60)
    town.friends.rename(town.friends.tag_named("关注：运费"), "邮费")
    await town.settles()
    assert await town.local() == {"关注：邮费"}
    assert town.at("zhangsan") == {"关注：邮费"}
    assert len(town.friends.marked) == marked
    await town.tags("关注：运费")
    assert await town.local() == {"关注：邮费"}


async def test_who_is_no_friend_any_more_is_skipped_until_they_are(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    town.friends.delete("zhangsan", LAN, by="staff", tells=False)
    await town.tags("关注：运费")
    assert town.at("lisi") == {"关注：运费"}
    refused = town.sim.calls["/cgi-bin/externalcontact/mark_tag"]
    await town.tags("关注：发票")
    assert town.sim.calls["/cgi-bin/externalcontact/mark_tag"] == refused + 1
    await befriend(town, "zhangsan")
    assert town.at("zhangsan") == {"关注：运费", "关注：发票"}


async def test_a_half_friend_is_marked_once_confirmed(town: Town) -> None:
    await town.tags("关注：运费")
    town.friends.add("zhangsan", LAN, half=True)
    await town.settles()
    assert town.at("zhangsan") == set()
    town.friends.confirm("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 1)
    await town.settles()
    assert town.at("zhangsan") == {"关注：运费"}


async def test_a_customer_who_left_is_not_touched(town: Town) -> None:
    await befriend(town, "zhangsan")
    town.clock.reach(town.clock.now() + 1)
    town.friends.delete("zhangsan", LAN, by="customer")
    await town.settles()
    await town.tags("关注：运费")
    assert town.friends.marked == []


async def test_without_permission_nothing_is_asked_again_and_nothing_is_lost(town: Town) -> None:
    town.friends.permitted.clear()
    await befriend(town, "zhangsan")
    for name in ("关注：运费", "关注：发票"):
        await town.tags(name)
    asked = town.sim.calls["/cgi-bin/externalcontact/get_follow_user_list"]
    assert asked == 1
    assert (await town.store.contact_sync.state()).permitted is False
    town.friends.permitted.add("app")
    await town.chat.waits(hours=2)
    await town.compares()
    assert town.at("zhangsan") == {"关注：运费", "关注：发票"}
    assert await town.by_people() == []


async def test_a_refused_permission_is_remembered_and_the_tags_are_kept(town: Town) -> None:
    await befriend(town, "zhangsan")
    town.friends.permitted.clear()
    await town.tags("关注：运费")
    assert (await town.store.contact_sync.state()).permitted is False
    assert await town.local() == {"关注：运费"}
    assert await town.store.outbox.dead() == []


async def decides(town: Town, decision: Standing) -> None:
    unit, now = Unit(), town.clock.now()
    decided = ConsentDecision(
        purpose=Purpose.PROFILING_TAGS,
        decision=decision,
        notice_version="v1",
        channel="kf",
        evidence="m1",
        by="customer",
    )
    await decide_all(town.store, unit, LAN, [decided], now)
    await town.store.database.commit(unit)
    await town.works()


async def test_a_withdrawal_takes_the_tags_off_at_wecom_too(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    await town.tags("画像：宝妈", "关注：运费")
    assert town.at("zhangsan") == {"关注：运费"}
    await decides(town, Standing.GIVEN)
    await town.tags("画像：宝妈")
    assert town.at("lisi") == {"画像：宝妈", "关注：运费"}
    await decides(town, Standing.WITHDRAWN)
    assert town.at("zhangsan") == town.at("lisi") == {"关注：运费"}


async def test_what_people_put_on_without_consent_stays_theirs(town: Town) -> None:
    town.friends.create_tag("画像：宝妈")
    await befriend(town, "zhangsan")
    town.friends.edit_tags("zhangsan", LAN, add=["画像：宝妈"])
    await town.settles()
    assert await town.local() == set()
    await town.tags("关注：运费")
    assert town.at("zhangsan") == {"画像：宝妈", "关注：运费"}


async def test_what_nobody_was_asked_about_stays_at_wecom_alone(town: Town) -> None:
    town.friends.create_tag("关注：糖尿病")
    await befriend(town, "zhangsan", "lisi")
    town.friends.edit_tags("zhangsan", LAN, add=["关注：糖尿病"])
    await town.settles()
    assert await town.local() == set()
    assert (town.at("zhangsan"), town.at("lisi")) == ({"关注：糖尿病"}, set())


async def test_who_is_one_person_is_known_by_the_unionid(town: Town) -> None:
    other = await town.sim.customer("兰的另一个号")
    for customer in (LAN, other):
        town.friends.unionids[customer] = "oLan"
        town.friends.add("zhangsan", customer)
    await town.settles()
    await town.tags("关注：运费")
    assert await town.store.people.same_person(LAN) == sorted([LAN, other])
    assert town.at("zhangsan", other) == {"关注：运费"}


async def test_a_page_that_lags_behind_is_not_taken_for_people(town: Town) -> None:
    """A reading right after our own write may not show it yet."""
    await befriend(town, "zhangsan")
    await town.tags("关注：运费")
    friendship = town.friends.friendship("zhangsan", LAN)
    kept, friendship.tags = friendship.tags, []
    town.friends.edit_remark("zhangsan", LAN, "李部长")
    await town.settles()
    assert await town.local() == {"关注：运费"}
    friendship.tags = kept
    await town.chat.waits(minutes=1)
    assert await town.local() == {"关注：运费"}
    assert await town.by_people() == []


async def test_the_library_has_no_room(town: Town) -> None:
    for number in range(3000):
        town.friends.create_tag(f"别的：{number}", tells=False)
    await befriend(town, "zhangsan")
    await town.tags("关注：运费")
    assert town.friends.marked == []
    town.friends.delete_tag(town.friends.tag_named("别的：7"))
    await town.chat.waits(hours=2)
    await town.settles()
    await town.tags("关注：发票")
    assert len(town.at("zhangsan")) == 1


async def rename(town: Town, kind: str, old: str, new: str) -> str:
    runs, now = TagRuns(town.store), town.clock.now()
    run = await runs.begin(kind, {"from": old, "to": new}, by="x", at=now)
    await runs.rename(old, new, run, now)
    await runs.finish(run, now)
    await town.works()
    return run


async def test_a_renamed_tag_is_renamed_at_wecom_and_nobody_is_marked_again(town: Town) -> None:
    await befriend(town, "zhangsan", "lisi")
    await town.tags("关注：运费", "关注：发票")
    marked = len(town.friends.marked)
    run = await rename(town, "rename", "关注：运费", "关注：邮费")
    assert town.friends.library() == {"关注": ["发票", "邮费"]}
    assert town.at("lisi") == {"关注：邮费", "关注：发票"}
    await town.settles()  # what WeCom tells of it is no deed of people
    assert len(town.friends.marked) == marked
    assert await town.by_people() == []
    await TagRuns(town.store).undo(run, by="x", now=town.clock.now())
    await town.works()
    assert town.at("lisi") == await town.local() == {"关注：运费", "关注：发票"}


async def test_a_merged_tag_is_deleted_once_a_comparison_has_seen_it_on_nobody(town: Town) -> None:
    await befriend(town, "zhangsan")
    await town.tags("关注：运费", "关注：邮费")
    await rename(town, "merge", "关注：邮费", "关注：运费")
    assert town.at("zhangsan") == {"关注：运费"}
    assert town.friends.library() == {"关注": ["运费", "邮费"]}
    town.clock.reach(town.clock.now() + 10)
    await town.compares()
    town.clock.reach(town.clock.now() + 3601)
    await town.works()
    assert town.friends.library() == {"关注": ["运费"]}
    await town.settles()
    assert await town.local() == town.at("zhangsan") == {"关注：运费"}


async def test_a_tag_that_people_made_or_put_on_outlives_its_merging(town: Town) -> None:
    town.friends.create_tag("关注：邮费")
    await befriend(town, "zhangsan")
    await town.tags("关注：运费", "关注：邮费")
    await rename(town, "rename", "关注：邮费", "关注：快递费")
    assert town.at("zhangsan") == {"关注：运费", "关注：快递费"}
    assert town.friends.library() == {"关注": ["邮费", "运费", "快递费"]}
