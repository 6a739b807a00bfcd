"""Who leads decides on the page about invitations that wait, once, and it is written down."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.config import Campaign
from handlers.referral import grants, reviews, store
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair
from tests.sidebar import STAFF, Browser, Office, opened_office

MEI = "wm_mei"


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF, referral={"review_at": 10, "block_at": 1000})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


async def held(office: Office, newcomer: str = MEI) -> tuple[Fair, str]:
    """The chat's customer has brought somebody who waits for a person. Returns the id."""
    lan = office.about["customer"]
    campaign = Campaign.model_validate(SPRING | {"freeze_hours": 1, "newcomer": "twenty"})
    fair = Fair(office.chat, campaign)
    await fair.opens()
    await fair.codes("A-1", "A-2")
    await fair.invites(lan)
    return fair, await brings(fair, lan, newcomer)


async def brings(fair: Fair, inviter: str, newcomer: str) -> str:
    """Somebody brings one who brought him, which waits for a person. Returns the id."""
    await fair.invites(newcomer)
    await fair.adds(newcomer, by=inviter)
    await fair.adds(inviter, by=newcomer)
    await fair.chat.waits(hours=1, seconds=10)
    (one,) = await store.invites_of(fair.store, [newcomer])
    assert one.standing == "review"
    return one.id


async def decides(browser: Browser, ref: str, choice: str = "yes", why: str = "认识") -> str:
    form = {"name": "referral.decide", "ref": ref, "choice": choice, "why": why}
    answer = await browser.does("decide", **form)
    assert answer.status in {200, 409}, await answer.text()
    return str((await answer.json())["text"])


async def panel(browser: Browser) -> str:
    return unescape(await browser.sees("lines", name="referral"))


async def test_a_leader_sees_why_it_waits_and_lets_it_count(office: Office) -> None:
    fair, invite = await held(office)
    boss = await office.signed_in("boss")
    page = await panel(boss)
    assert "两人互相邀请（20 分）；设备看不到" in page
    assert "放行" in page
    assert invite in page
    assert await decides(boss, invite) == "已放行，算一位，会告诉邀请人。"
    lan = office.about["customer"]
    assert await fair.valid(lan) == 1
    sides = {one.side for one in await grants.grants_of(fair.store, [lan, MEI])}
    assert sides == {"inviter", "newcomer"}
    sql = "SELECT actor, action, subject, why FROM audit WHERE action LIKE 'campaign%'"
    rows = [tuple(row) for row in await fair.store.database.fetch(sql)]
    assert rows == [("staff:boss", "campaign.accepted", invite, "认识")]
    assert "放行" not in await panel(boss)


async def test_a_no_with_its_reason_holds_and_nothing_is_paid(office: Office) -> None:
    fair, invite = await held(office)
    boss = await office.signed_in("boss")
    assert await decides(boss, invite, "no", "十二个号互相邀请") == "已驳回，不算，会告诉邀请人。"
    await fair.chat.waits(hours=30)
    (one,) = await store.invites_of(fair.store, [MEI])
    assert (one.standing, one.reason) == ("revoked", "fraud")
    assert await grants.grants_of(fair.store, [office.about["customer"], MEI]) == []


async def test_whoever_comes_second_hears_that_it_is_decided(office: Office) -> None:
    fair, invite = await held(office)
    boss = await office.signed_in("boss")
    await decides(boss, invite)
    assert "已经核对过" in await decides(boss, invite, "no")
    assert await fair.valid(office.about["customer"]) == 1


async def test_who_serves_sees_that_it_waits_and_decides_nothing(office: Office) -> None:
    fair, invite = await held(office)
    servicer = await office.signed_in("zhangsan")
    page = await panel(servicer)
    assert "等人核对" in page
    assert "放行" not in page
    assert await decides(servicer, invite) == "只有主管和运营可以核对邀请。"
    assert await fair.valid(office.about["customer"]) == 0


async def test_without_a_reason_or_beside_somebody_else_nothing_is_decided(office: Office) -> None:
    fair, invite = await held(office)
    boss = await office.signed_in("boss")
    assert await decides(boss, invite, why="  ") == "请写明理由。"
    assert await decides(boss, invite, "perhaps") == "请写明理由。"
    (other,) = await store.invites_of(fair.store, [office.about["customer"]])
    assert "没有找到" in await decides(boss, other.id), "its inviter is another customer"
    form = {"name": "escalation.end", "ref": invite, "choice": "yes", "why": "x"}
    assert (await boss.does("decide", **form)).status == 400
    assert await reviews.open_ones(fair.store, f"r_{office.about['customer']}") == {invite}


async def test_an_auditor_looks_and_is_not_asked(office: Office) -> None:
    _, invite = await held(office)
    auditor = await office.signed_in("audit")
    assert "等人核对" in await panel(auditor)
    form = {"name": "referral.decide", "ref": invite, "choice": "yes", "why": "x"}
    assert (await auditor.does("decide", **form)).status == 403


async def test_all_that_waits_is_listed_for_who_may_see_whose_it_is(office: Office) -> None:
    await held(office)
    lan = office.about["customer"]

    async def listed(userid: str) -> str:
        page = await (await office.signed_in(userid)).get("/sidebar/waiting")
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", await page.text())).split())

    told = await listed("boss")
    assert told.startswith("待核对的邀请")
    assert f"**{lan[-2:]} 1 位，spring" in told
    assert "另有 1 位邀请人不归你看" in await listed("south")
    assert await listed("zhangsan") == ""


async def test_who_asked_for_a_person_stands_first(office: Office) -> None:
    fair, _ = await held(office)
    await fair.invites("wm_qiu")
    await brings(fair, "wm_qiu", "wm_new")
    await fair.writes(reviews.appealed("r_wm_qiu", "wm_qiu", fair.clock.now()))
    first, second = await reviews.waiting(fair.store)
    assert first.external_userid == "wm_qiu"
    assert first.appealed_at is not None
    assert (second.external_userid, second.appealed_at) == (office.about["customer"], None)


async def test_a_ring_that_closes_after_the_freeze_is_looked_at_once_more(office: Office) -> None:
    lan = office.about["customer"]
    fair = Fair(office.chat, Campaign.model_validate(SPRING | {"freeze_hours": 1}))
    await fair.opens()
    await fair.codes("A-1")
    for one in (lan, MEI):
        await fair.invites(one)
    await fair.adds(MEI, by=lan)
    await fair.adds("wm_honest", by=lan)
    await fair.chat.waits(hours=2)
    assert await fair.valid(lan) == 2
    (paid,) = await grants.grants_of(fair.store, [lan])
    await fair.adds(lan, by=MEI)
    await fair.chat.waits(hours=6 * 24)
    assert await fair.valid(lan) == 2
    await fair.chat.waits(hours=24)
    assert await fair.counts(lan) == {"valid": 1, "review": 1}
    assert await grants.grants_of(fair.store, [lan]) == [paid], "what was given stays given"
    boss = await office.signed_in("boss")
    (held,) = await reviews.open_ones(fair.store, f"r_{lan}")
    await decides(boss, held)
    await fair.chat.waits(hours=60 * 24)
    assert await fair.valid(lan) == 2, "what a person has said stands"
