from collections.abc import Callable
from typing import Any

import pytest

from bot.delivery.lanes import Rank
from bot.delivery.pull import Puller, PullSettings, backlog_rank
from bot.errors import Conflict
from bot.model import Lane, MessageReceived, ServicerStatusChanged, SessionEntered
from bot.store import Store
from bot.wecom.inbound import Incoming
from bot.wecom.kf import Kf, Page
from tests.builders import FRIDAY_MORNING, a_customer, a_message
from tests.talk import PlayedClock

SHOP = "wk_shop"
LAN = a_customer().subject

HINT = "INSERT INTO hints VALUES (?, 't1', 0, ?)"


class FakeKf(Kf):
    """Plays `sync_msg`. Drive it with `pages`; read `asked` (cursor and token of each call)."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.asked: list[tuple[str, str]] = []
        self.before_answer: Callable[[], Any] | None = None

    async def sync(
        self, open_kfid: str, cursor: str = "", token: str = "", *, limit: int | None = None
    ) -> Page:
        """The next page."""
        self.asked.append((cursor, token))
        if self.before_answer is not None:
            await self.before_answer()
        return self.pages.pop(0)


class Woken(list[tuple[str, Lane, Rank]]):
    def __call__(self, subject: str, lane: Lane, rank: Rank) -> None:
        self.append((subject, lane, rank))


def incoming(event: Any, msgid: str | None = None) -> Incoming:
    return Incoming(msgid=msgid or event.msgid, sent_at=event.sent_at, event=event, raw={})


def a_page(*events: Incoming, cursor: str = "c1", has_more: bool = False) -> Page:
    return Page(incoming=list(events), next_cursor=cursor, has_more=has_more)


@pytest.fixture
def kf() -> FakeKf:
    return FakeKf()


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
async def puller(store: Store, kf: FakeKf, woken: Woken, clock: PlayedClock) -> Puller:
    await store.accounts.register(SHOP, "店", FRIDAY_MORNING - 3600)
    return Puller(SHOP, kf=kf, store=store, wake=woken, settings=PullSettings(), clock=clock)


async def texts(store: Store) -> list[str]:
    letters = await store.mailbox.due(LAN, FRIDAY_MORNING + 1)
    return [one.event.text for one in letters if isinstance(one.event, MessageReceived)]


async def test_every_page_is_pulled_and_the_cursor_kept_with_it(
    puller: Puller, kf: FakeKf, store: Store
) -> None:
    kf.pages = [
        a_page(incoming(a_message("一")), cursor="c1", has_more=True),
        a_page(cursor="c2", has_more=True),
        a_page(incoming(a_message("二")), cursor="c3"),
    ]
    await puller.pull()
    assert [cursor for cursor, _ in kf.asked] == ["", "c1", "c2"]
    assert await texts(store) == ["一", "二"]
    account = await store.accounts.get(SHOP)
    assert account is not None
    assert account.cursor == "c3"


async def test_a_message_that_comes_in_two_pages_is_stored_once(
    puller: Puller, kf: FakeKf, store: Store
) -> None:
    message = a_message("一")
    kf.pages = [
        a_page(incoming(message), incoming(message), cursor="c1", has_more=True),
        a_page(incoming(message), cursor="c2"),
    ]
    await puller.pull()
    assert await texts(store) == ["一"]


async def test_what_was_sent_before_the_first_start_is_stored_and_not_answered(
    puller: Puller, kf: FakeKf, store: Store, woken: Woken
) -> None:
    old = a_message("旧", sent_at=FRIDAY_MORNING - 3601)
    kf.pages = [a_page(incoming(old), incoming(a_message("新")))]
    await puller.pull()
    assert await texts(store) == ["新"]
    row = await store.database.fetch_one("SELECT outcome FROM messages")
    assert row is not None
    assert row["outcome"] == "history"


async def test_a_page_is_kept_whole_or_not_at_all(puller: Puller, kf: FakeKf, store: Store) -> None:
    """Another process moves the cursor meanwhile: the page is refused together with its rows."""

    async def another_process() -> None:
        await store.database.execute("UPDATE accounts SET cursor = 'elsewhere'")

    kf.before_answer = another_process
    kf.pages = [a_page(incoming(a_message("一")))]
    with pytest.raises(Conflict):
        await puller.pull()
    assert await texts(store) == []


async def test_a_token_that_has_grown_old_is_not_used(
    puller: Puller, kf: FakeKf, clock: PlayedClock
) -> None:
    puller.hint("t1")
    kf.pages = [a_page(), a_page()]
    await puller.pull()
    clock.reach(clock.now() + 601)
    await puller.pull()
    assert [token for _, token in kf.asked] == ["t1", ""]


async def test_a_hint_is_spent_once_everything_is_pulled(
    puller: Puller, kf: FakeKf, store: Store
) -> None:
    await store.database.execute(HINT, SHOP, FRIDAY_MORNING - 1)
    kf.pages = [a_page(cursor="c1", has_more=True), a_page(cursor="c2")]
    await puller.pull()
    assert await store.accounts.hints() == []


async def test_an_empty_page_that_promises_more_is_not_the_end(
    puller: Puller, kf: FakeKf, store: Store
) -> None:
    await store.database.execute(HINT, SHOP, FRIDAY_MORNING - 1)
    kf.pages = [a_page(cursor="", has_more=True)]
    assert not await puller.pull()
    assert len(await store.accounts.hints()) == 1


async def test_a_welcome_goes_ahead_of_the_page_s_other_rows(
    puller: Puller, kf: FakeKf, store: Store, woken: Woken
) -> None:
    entered = SessionEntered(
        open_kfid=SHOP, external_userid="wm_bo", sent_at=FRIDAY_MORNING, welcome_code="w"
    )
    kf.pages = [a_page(incoming(a_message("一")), incoming(entered, "e1"))]
    await puller.pull()
    rows = await store.database.fetch("SELECT kind FROM mailbox ORDER BY id")
    assert [row["kind"] for row in rows] == ["SessionEntered", "MessageReceived"]
    assert {(subject, lane) for subject, lane, _ in woken} == {
        (LAN, Lane.REPLY),
        ("customer:wm_bo", Lane.URGENT),
    }


@pytest.mark.parametrize(("status", "receiving"), [(1, ["zhangsan"]), (2, [])])
async def test_who_receives_is_kept_current(
    puller: Puller, kf: FakeKf, store: Store, status: int, receiving: list[str]
) -> None:
    changed = ServicerStatusChanged(
        open_kfid=SHOP, servicer_userid="zhangsan", status=status, sent_at=FRIDAY_MORNING
    )
    kf.pages = [a_page(incoming(changed, "e1"))]
    await puller.pull()
    known = await store.servicers.known(SHOP)
    assert [userid for userid, receives in known.items() if receives] == receiving


def test_who_wrote_just_now_goes_before_who_has_waited_longest() -> None:
    now = 1000.0
    fresh = backlog_rank(oldest=990, newest=995, now=now, fresh_s=120)
    old = backlog_rank(oldest=100, newest=200, now=now, fresh_s=120)
    older = backlog_rank(oldest=50, newest=800, now=now, fresh_s=120)
    assert sorted([old, older, fresh]) == [fresh, older, old]
