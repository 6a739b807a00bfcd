"""The page beside a customer group: who sees it, and whom in it."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.errors import NotAuthorised, Throttled
from bot.model import CustomerAdded
from bot.store import Unit
from bot.web.sidebar import group
from bot.web.sidebar.group import KNOWN_FOR_S
from bot.wecom.apis import GROUP_GET
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Office, opened_office
from tests.unit.web.sidebar.test_who_sees_whom import FOREIGN

CHAT = "wrFuli0001"
OUTSIDERS = ["wm_unknown_1", "wm_unknown_2"]


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    """A group of 张敏's with her customer, a friend of somebody else, and two whom nobody knows."""
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    await chat.store.vault.ready([FOREIGN.subject])
    unit, now = Unit(), chat.clock.now()
    added = CustomerAdded(userid="friend", external_userid="wm_far", at=now)
    chat.store.contacts.happened(unit, added, now)
    await chat.store.database.commit(unit)
    async with opened_office(chat) as office:
        own = chat.conversation.external_userid
        office.wecom.groups[CHAT] = ("zhangsan", ["friend", "Editor"], [own, "wm_far", *OUTSIDERS])
        yield office


async def seen(office: Office, userid: str, chat_id: str = CHAT) -> tuple[int, str, set[str]]:
    """Status, text, and which customers the page names."""
    browser = await office.signed_in(userid)
    answer = await browser.get("/sidebar/group", chat_id=chat_id)
    text = await answer.text()
    customers = set(re.findall(r'data-customer="([^"]+)"', text))
    return answer.status, " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()), customers


async def test_each_member_sees_of_a_group_only_his_own_customers(office: Office) -> None:
    own = office.about["customer"]
    for userid, status, customers in (
        ("zhangsan", 200, {own}),
        ("friend", 200, {"wm_far"}),
        ("editor", 200, set[str]()),  # in the group, whatever the case of the userid
        ("boss", 200, {own, "wm_far"}),
        ("audit", 200, {own, "wm_far"}),
        ("lisi", 404, set[str]()),  # serves one of them, and is not in the group
        ("south", 404, set[str]()),  # leads others
        ("stranger", 404, set[str]()),
    ):
        found = await seen(office, userid)
        assert (found[0], found[2]) == (status, customers), userid


async def test_a_group_names_its_owner_and_shows_the_open_case(office: Office) -> None:
    _, text, _ = await seen(office, "zhangsan")
    for part in (
        "福利群",
        "群主：我",
        "客户 4 位",
        "同事 3 位",
        "你的客户 1 位",
        "等首次回复",
        "已等",
    ):
        assert part in text
    assert "另有 3 位不是你的好友" in text
    _, text, _ = await seen(office, "friend")
    assert "群主：张敏" in text
    assert "等首次回复" not in text


async def test_what_is_no_group_of_ours_looks_like_one_that_may_not_be_seen(office: Office) -> None:
    _, refused, _ = await seen(office, "stranger")
    for chat_id in ("wrNobody", "", "../x", "w" * 65, "wr' OR 1=1"):
        assert (await seen(office, "zhangsan", chat_id))[:2] == (404, refused)


async def test_whoever_has_left_a_group_sees_it_for_a_minute_at_most(office: Office) -> None:
    assert (await seen(office, "friend"))[0] == 200
    office.wecom.groups[CHAT] = ("zhangsan", [], [])
    assert (await seen(office, "friend"))[0] == 200
    office.chat.clock.reach(office.chat.clock.now() + KNOWN_FOR_S)
    assert (await seen(office, "friend"))[0] == 404


async def test_wecom_is_not_asked_again_for_what_was_just_told(office: Office) -> None:
    """Nor for ids that somebody makes up, each once."""
    for chat_id in (CHAT, CHAT, "wrMadeUp", "wrMadeUp"):
        await seen(office, "zhangsan", chat_id)
    assert office.wecom.calls.count(GROUP_GET.path) == 2


async def test_nobody_can_use_up_what_wecom_lets_us_ask(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "ASKED_PER_MINUTE", 3)
    browser = await office.signed_in("zhangsan")
    for number in range(6):
        await browser.get("/sidebar/group", chat_id=f"wrMadeUp{number}")
    assert office.wecom.calls.count(GROUP_GET.path) == 3
    assert "没有读到群资料" in (await seen(office, "zhangsan"))[1]
    office.chat.clock.reach(office.chat.clock.now() + 60)
    assert "福利群" in (await seen(office, "zhangsan"))[1]


async def test_what_cannot_be_read_is_shown_to_nobody_and_can_be_asked_again(
    office: Office,
) -> None:
    for trouble in (
        Throttled(GROUP_GET.path, 45009, "too many"),
        NotAuthorised(GROUP_GET.path, 48002, "no permission"),
    ):
        office.wecom.trouble = trouble
        status, text, customers = await seen(office, "zhangsan")
        assert (status, customers) == (200, set())
        assert "没有读到群资料" in text
        assert "再试一次" in text
    office.wecom.trouble = None
    assert "福利群" in (await seen(office, "zhangsan"))[1]


async def test_a_look_at_a_group_is_in_the_audit(office: Office) -> None:
    for _ in range(2):
        await seen(office, "boss")
    rows = await office.chat.store.database.fetch(
        "SELECT actor, subject, why FROM audit WHERE action = 'group.seen'"
    )
    assert [tuple(row) for row in rows] == [("staff:boss", f"group:{CHAT}", "leader")]
