"""What behaviours show beside the conversation: orders, benefits, invitations, the timeline."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.config import Campaign
from bot.model import Order
from bot.store import Unit
from bot.store.coupons import taken
from bot.store.points import earned
from handlers.benefits import hidden
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair
from tests.sidebar import STAFF, Browser, Office, opened_office

DAY_S = 86_400.0


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF, referral={"campaigns": [SPRING]})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("运费多少钱")
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


def fold(page: str, name: str) -> str:
    """The text of one panel."""
    found = re.search(
        rf'<details class="fold" id="panel-{name}">(.*?)\n</details>', page, re.DOTALL
    )
    assert found, f"no panel {name}"
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


async def reads(browser: Browser, name: str, after: str = "") -> str:
    return unescape(await browser.sees("lines", name=name, after=after))


async def test_a_customer_without_anything_has_panels_that_say_so(office: Office) -> None:
    page = await (await office.signed_in("zhangsan")).sees("panels")
    assert fold(page, "orders") == "订单 没有 没有查到他的订单"
    assert fold(page, "benefits") == "积分和券 没有 还没有积分，也没有发过券"
    assert fold(page, "tasks") == "待办 没有 没有要为他做的事"
    assert "referral" not in page, "nobody runs a campaign"


async def test_orders_come_with_their_numbers_and_nothing_in_them_is_markup(office: Office) -> None:
    order = Order(
        number="A1001", status="已发货", title="<img src=x onerror=alert(1)>", paid_at=1e9
    )
    customer, store = office.about["customer"], office.chat.store
    await store.orders.write([(customer, order)], office.chat.clock.now())
    page = await (await office.signed_in("zhangsan")).sees("panel")
    assert "<img" not in page
    assert "A1001" in fold(page, "orders")
    assert fold(page, "orders").startswith("订单 已发货")


async def test_points_and_coupons_are_shown_and_no_code_can_be_used(office: Office) -> None:
    store, now, customer = office.chat.store, office.chat.clock.now(), office.about["customer"]
    ends = now + 30 * DAY_S
    await store.coupons.bring("five", ["SECRET-9911"], now, expires_at=ends)
    named = {"given_for": "g00000001", "external_userid": customer, "name": "5 元券"}
    points = earned(customer, 120, source="test", source_id="1", at=now, expires_at=ends)
    await store.database.commit(Unit([points, taken("five", "SECRET-9911", now=now, **named)]))
    await store.benefits.bring("hello", ["WELCOME-77-ABCD"], now)
    await store.benefits.reserve("hello", customer, now)
    page = await (await office.signed_in("zhangsan")).sees("panels")
    told = fold(page, "benefits")
    for part in (
        "积分和券 120 分",
        "5 元券 …9911",
        "可以用，有效期到",
        "hello …ABCD",
        "正在发给客户",
    ):
        assert part in told
    assert "SECRET" not in page
    assert "WELCOME" not in page


def test_of_a_short_code_at_most_half_is_shown() -> None:
    assert [hidden(code) for code in ("ABCDEFGH", "ABCD", "ABC", "A")] == [
        "…EFGH",
        "…CD",
        "…C",
        "…",
    ]


async def test_an_inviter_s_progress_rewards_and_friends_are_shown(office: Office) -> None:
    fair, customer = Fair(office.chat, Campaign.model_validate(SPRING)), office.about["customer"]
    await fair.opens()
    await fair.codes("AAAA-1111")
    await fair.invites(customer)
    await fair.adds("wm_friend_77", by=customer)
    browser = await office.signed_in("zhangsan")
    told = fold(await browser.sees("panels"), "referral")
    assert "春日邀请 有效 0 位，待确认 1 位" in told
    await office.chat.waits(hours=96)
    told = fold(await (await office.signed_in("boss")).sees("panels", open_kfid=""), "referral")
    assert "有效 1 位" in told
    for part in ("再邀请 2 位", "奖励 5 元券", "已发", "**77 有效"):
        assert part in told
    assert "wm_friend_77" not in told


async def test_a_panel_that_cannot_be_read_says_so_and_can_be_asked_again(office: Office) -> None:
    browser, database = await office.signed_in("zhangsan"), office.chat.store.database
    await database.execute("ALTER TABLE coupons RENAME TO coupons_gone")
    page = await browser.sees("panel")
    assert "没有读出来" in fold(page, "benefits")
    assert fold(page, "orders") == "订单 没有 没有查到他的订单"
    assert "data-again" in await reads(browser, "benefits")
    await database.execute("ALTER TABLE coupons_gone RENAME TO coupons")
    assert "还没有积分" in await reads(browser, "benefits")


async def test_the_timeline_is_read_when_it_is_opened_and_gives_reasons(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    page = await browser.sees("panel")
    assert "skeleton bare" in page
    assert "匹配" not in fold(page, "timeline")
    told = await reads(browser, "timeline")
    for part in (
        "满 99 元包邮",
        "<dt>客户</dt><dd>运费多少钱",
        "<dt>机器人</dt>",
        "知识库“运费多少钱”",
        "客户要求人工",
        "分给同事",
        "张敏",
        "运费多少钱",
    ):
        assert part in told
    rows = re.sub(r"<[^>]+>", " ", told)
    assert not re.search("[a-z_]{2,}", rows), "no code of ours is on the page"


async def test_the_timeline_goes_on_page_by_page_to_its_beginning(office: Office) -> None:
    for number in range(12):
        await office.chat.waits(seconds=2)
        await office.chat.says(f"第 {number} 句话")
    browser, after, seen = await office.signed_in("zhangsan"), "", []
    while True:
        told = await reads(browser, "timeline", after)
        seen += re.findall(r"第 (\d+) 句话", told)
        found = re.search(r"after=([^\"&]+)", told)
        if not found:
            break
        after = found[1].replace("%2F", "/")
    assert [int(one) for one in seen] == list(reversed(range(12)))


async def test_what_was_written_at_another_account_is_not_in_the_timeline(office: Office) -> None:
    """He may see this conversation; that there was another one is told, not what was said."""
    other = office.chat.conversation
    await office.chat.store.database.execute(
        "UPDATE messages SET open_kfid = 'wk_other' WHERE external_userid = ?",
        other.external_userid,
    )
    await office.chat.store.database.execute(
        "INSERT INTO conversations (open_kfid, external_userid) VALUES ('wk_other', ?)",
        other.external_userid,
    )
    told = await reads(await office.signed_in("zhangsan"), "timeline")
    asked = [row for row in told.split("<dt>") if row.startswith("客户</dt>")]
    assert all("客户发来消息" in row and "运费多少钱" not in row for row in asked)
    assert len(asked) == 2


async def test_a_place_that_no_page_gave_is_no_page(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    for after in ("x", "1/2", "' OR 1=1 --/a/b"):
        assert "没有读出来" in await reads(browser, "timeline", after)
    answer = await browser.get("/sidebar/lines", **office.about, name="nothing")
    assert answer.status == 400
