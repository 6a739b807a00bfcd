import sqlite3

import pytest

from bot.delivery.intake import CannotStore, DurableIntake, subject_of
from bot.model import (
    AppMessageReceived,
    CardPressed,
    Event,
    Lane,
    ServicerStatusChanged,
    StaffAction,
    UnknownHappened,
)
from bot.store import Store
from bot.wecom.callback import Delivery, KfHint
from tests.builders import a_message, home_of


class Told:
    """Who was told what."""

    def __init__(self) -> None:
        self.hints: list[str] = []
        self.subjects: list[str] = []
        self.changes = 0

    def intake(self, store: Store) -> DurableIntake:
        return DurableIntake(store, self.hinted, self.woken, self.accounts_changed)

    def hinted(self, hint: KfHint) -> None:
        self.hints.append(hint.token)

    def accounts_changed(self) -> None:
        self.changes += 1

    def woken(self, subject: str, lane: Lane) -> None:
        self.subjects.append(subject)


def a_delivery(digest: str = "ab" * 32, token: str = "t1", *events: Event) -> Delivery:
    return Delivery(
        digest=digest,
        received_at=1000.0,
        hint=KfHint(open_kfid="wk_shop", token=token, created_at=999.0),
        events=events,
    )


async def test_a_hint_is_durable_before_anybody_is_told(store: Store) -> None:
    told = Told()
    await told.intake(store).accept(a_delivery())
    assert await store.accounts.hints() == [("wk_shop", "t1", 1000.0)]
    assert told.hints == ["t1"]


async def test_the_first_of_several_hints_fixes_where_history_ends(store: Store) -> None:
    intake = Told().intake(store)
    for second, token in ((1000.0, "t1"), (1090.0, "t2")):
        await intake.accept(
            Delivery(digest=None, received_at=second, hint=KfHint("wk_shop", token, second))
        )
    assert await store.accounts.hints() == [("wk_shop", "t2", 1000.0)]


async def test_a_delivery_seen_before_changes_nothing(store: Store) -> None:
    told = Told()
    intake = told.intake(store)
    app = AppMessageReceived(userid="ZhangSan", msgtype="text", content="帮助")
    await intake.accept(a_delivery("ab" * 32, "t1", app))
    await intake.accept(a_delivery("ab" * 32, "t1", app))
    assert told.hints == ["t1"]
    assert told.subjects == ["member:zhangsan"]
    assert await store.mailbox.depth() == 1


async def test_an_admin_s_change_of_accounts_is_passed_on(store: Store) -> None:
    told = Told()
    changed = UnknownHappened(name="kf_account_auth_change")
    await told.intake(store).accept(a_delivery("ab" * 32, "t1", changed))
    assert told.changes == 1


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_what_cannot_be_stored_is_not_acknowledged(store: Store) -> None:
    told = Told()
    store.database.run_script("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(home_of(store) / "concierge.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CannotStore):
        await told.intake(store).accept(a_delivery())
    other.execute("ROLLBACK")
    other.close()
    assert told.hints == []


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (a_message(), "customer:wm_lan"),
        (AppMessageReceived(userid="ZhangSan", msgtype="text"), "member:zhangsan"),
        (
            ServicerStatusChanged(open_kfid="wk", servicer_userid="LiSi", status=1),
            "member:lisi",
        ),
        (CardPressed(userid="ZhangSan", key="take"), "member:zhangsan"),
        (
            StaffAction(open_kfid="wk", external_userid="wm_lan", userid="lisi", name="x.take"),
            "customer:wm_lan",
        ),
        (UnknownHappened(name="x", external_userid="wm_lan"), "customer:wm_lan"),
        (UnknownHappened(name="x"), "corp"),
    ],
)
def test_an_event_belongs_to_one_mailbox(event: Event, subject: str) -> None:
    assert subject_of(event) == subject
