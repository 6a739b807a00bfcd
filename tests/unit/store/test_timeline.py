"""Everything that happened to a person, with its reason."""

from bot.model.people import MergeOutcome
from tests.conftest import OpenChat
from tests.talk import Chat
from tests.unit.routing.test_tagging import a_tagger


async def lines(chat: Chat, limit: int = 100) -> list[tuple[str, str]]:
    found = await chat.store.timeline.page("wm_lan", limit=limit)
    return [(one.kind, one.what) for one in found]


async def test_what_was_said_decided_and_tagged_is_told_newest_first(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()])
    await chat.waits(minutes=1)
    await chat.says("运费多少钱")  # no consent yet
    await chat.agrees()
    await chat.waits(minutes=1)
    await chat.says("那运费呢")
    found = await chat.store.timeline.page("wm_lan")
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    wrote = [one for one in found if one.what == "wrote"]
    assert [one.text for one in wrote] == ["那运费呢", "运费多少钱"]
    assert wrote[1].why.startswith("answered {")
    assert "ship-fee" in wrote[1].why
    tags = [(one.what, one.why) for one in found if one.kind == "tag"]
    assert tags == [
        ("+关注：运费", "applied rule freight@3"),
        ("+关注：运费", "refused:consent rule freight@3"),
    ]
    assert ("case", "opened") in await lines(chat)
    assert any(one.kind == "sent" and "包邮" in one.text for one in found)


async def test_pages_hold_every_line_once(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()])
    await chat.agrees()
    for number in range(6):
        await chat.says(f"运费多少钱 {number}")
        await chat.says("我不关心这个")  # several lines of one moment
    whole = await chat.store.timeline.page("wm_lan", limit=1000)
    paged, after = [], ""
    while page := await chat.store.timeline.page("wm_lan", limit=3, after=after):
        paged += page
        after = page[-1].place
    assert len(whole) > 30
    assert [one.place for one in paged] == [one.place for one in whole]


async def test_the_timeline_is_that_of_the_whole_person(open_chat: OpenChat) -> None:
    chat = await open_chat()
    await chat.says("运费多少钱")
    await chat.store.vault.ready(["customer:wm_old"])
    outcome = await chat.store.people.merge(
        "wm_old", "wm_lan", evidence="hand", by="zhangsan", at=chat.clock.now(), why="同一部手机"
    )
    assert outcome is MergeOutcome.MERGED
    found = await chat.store.timeline.page("wm_old")
    assert "运费多少钱" in [one.text for one in found]
    assert [one.why for one in found if one.kind == "merge"] == ["hand zhangsan 同一部手机"]
