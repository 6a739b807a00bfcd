import math
from pathlib import Path

import pytest

import handlers
from bot.app import declared_tables
from bot.delivery.housekeeping import (
    DeletedKeys,
    Gauges,
    LeftCases,
    Retention,
    ServiceGauges,
    WaitingNotices,
)
from bot.measuring import Reporter
from bot.model import Conversation, Lane
from bot.routing.discovery import discover
from bot.store import Arrival, Store, Unit
from bot.store.opening import open_keys
from tests.builders import a_config, a_message
from tests.talk import Chat

TABLES = declared_tables(discover(handlers))
DAYS = {"messages_days": 180.0, "handled_days": 7.0, "audit_days": 1095.0}
WAITING = "现在咨询的人比较多，您的消息已经收到，我会尽快按顺序回复您，请稍候。"


async def a_message_waits(chat: Chat, text: str = "多久发货") -> None:
    unit, now = Unit(), chat.clock.now()
    arrival = Arrival(chat.conversation.subject, chat.text(text), Lane.REPLY, sent_at=now)
    await chat.store.mailbox.deliver(unit, [arrival], now)
    await chat.store.database.commit(unit)


def notices(chat: Chat) -> WaitingNotices:
    return WaitingNotices(
        chat.store,
        chat.engine.phrases,
        chat.clock,
        60,
        lambda _queue, _lane: None,
        chat.engine.config.for_account,
    )


async def waiting_rows(chat: Chat) -> int:
    rows = await chat.store.database.fetch("SELECT 1 FROM outbox WHERE handled_by='engine.waiting'")
    return len(rows)


async def test_who_waits_a_minute_is_told_honestly_and_once(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await a_message_waits(chat)
    assert await notices(chat).look() == 0
    chat.clock.reach(chat.clock.now() + 61)
    assert await notices(chat).look() == 1
    await notices(chat).look()
    assert await waiting_rows(chat) == 1


async def test_who_was_told_is_in_nobody_s_way(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever still waits is found by each look; they must not be all that it looks at."""
    monkeypatch.setattr("bot.delivery.housekeeping.NOTICES_AT_ONCE", 2)
    unit, now = Unit(), chat.clock.now()
    for number in range(5):
        event = a_message(of=Conversation("wk_shop", f"wm_waits_{number}"), sent_at=now)
        arrival = Arrival(f"customer:wm_waits_{number}", event, Lane.REPLY, sent_at=now)
        await chat.store.mailbox.deliver(unit, [arrival], now + number)
    await chat.store.database.commit(unit)
    chat.clock.reach(now + 70)
    look = notices(chat)
    assert [await look.look() for _ in range(4)] == [2, 2, 1, 0]
    assert await waiting_rows(chat) == 5


async def test_after_the_notice_the_answer_comes(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await a_message_waits(chat)
    chat.clock.reach(chat.clock.now() + 61)
    await notices(chat).look()
    await chat.waits(seconds=1)
    assert WAITING in chat.replies[0]
    assert "现货 48 小时内发出。" in chat.replies[-1]


async def test_who_waits_for_a_person_is_not_told_by_the_bot(chat: Chat) -> None:
    await chat.take_over()
    await a_message_waits(chat)
    chat.clock.reach(chat.clock.now() + 61)
    assert await notices(chat).look() == 0


async def test_a_message_nobody_may_answer_any_more_brings_no_notice(chat: Chat) -> None:
    await a_message_waits(chat)
    chat.clock.reach(chat.clock.now() + 49 * 3600)
    assert await notices(chat).look() == 0


async def test_what_is_past_its_time_is_deleted(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.store.accounts.register("wk_shop", "店", 0)
    chat.clock.reach(chat.clock.now() + 8 * 86_400)
    await Retention(chat.store, chat.clock, TABLES, DAYS).look()
    for table, left in (("mailbox", 0), ("messages", 1), ("outbox", 2)):
        rows = await chat.store.database.fetch(f"SELECT COUNT(*) AS n FROM {table}")
        assert rows[0]["n"] == left, table
    chat.clock.reach(chat.clock.now() + 180 * 86_400)
    await Retention(chat.store, chat.clock, TABLES, DAYS).look()
    for table in ("messages", "outbox"):
        rows = await chat.store.database.fetch(f"SELECT COUNT(*) AS n FROM {table}")
        assert rows[0]["n"] == 0, table


async def test_retention_keeps_up_with_a_flood(chat: Chat) -> None:
    """Fifty messages a second leave some 10,000 rows a minute, and it looks once a minute."""
    unit = Unit()
    for number in range(10_001):
        unit.add("INSERT INTO deliveries VALUES (?, 0)", f"digest {number}")
    await chat.store.database.commit(unit)
    chat.clock.reach(chat.clock.now() + 8 * 86_400)
    await Retention(chat.store, chat.clock, TABLES, DAYS).look()
    assert await chat.store.database.fetch("SELECT 1 FROM deliveries") == []


async def test_a_message_that_still_waits_is_never_deleted(chat: Chat) -> None:
    await a_message_waits(chat)
    chat.clock.reach(chat.clock.now() + 8 * 86_400)
    await Retention(chat.store, chat.clock, TABLES, DAYS).look()
    assert await chat.store.mailbox.depth() == 1


async def test_the_backlog_is_measured(chat: Chat) -> None:
    await a_message_waits(chat)
    await chat.engine.dispatcher.drain(chat.conversation.subject, _nobody, _nobody)
    await a_message_waits(chat)
    chat.clock.reach(chat.clock.now() + 30)
    await Gauges(chat.store, chat.engine.metrics, chat.clock).look()
    shown = chat.engine.metrics.render().decode()
    assert "concierge_mailbox_depth 1.0" in shown
    assert 'concierge_outbox_depth{state="pending"} 1.0' in shown
    assert "concierge_outbox_age_seconds 30.0" in shown


@pytest.mark.parametrize("texts", [("人工",), ("多久发货", "运费多少钱")])
async def test_a_notice_does_not_take_the_answer_s_place(
    chat: Chat, texts: tuple[str, ...]
) -> None:
    await chat.says("积分怎么用")
    for text in texts:
        await a_message_waits(chat, text)
    chat.clock.reach(chat.clock.now() + 61)
    await notices(chat).look()
    await chat.waits(seconds=1)
    assert len(chat.replies) == 2


def _nobody(_key: str, _lane: Lane) -> None:
    pass


# ---------------------------------------------------------------------- 7-2-1


async def test_the_gauges_of_7_2_1_follow_the_cases(chat: Chat) -> None:
    reporter = Reporter(chat.store.measured, lambda begin, end, _where: end - begin, 1)
    gauges = ServiceGauges(chat.store, reporter, chat.engine.metrics, chat.clock)

    def shown(name: str, **labels: str) -> float | None:
        return chat.engine.metrics.registry.get_sample_value(f"concierge_{name}", labels)

    await gauges.look()
    assert shown("open_cases", status="bot") == 0
    assert shown("frt_p90_seconds", by="any") == 0
    await chat.says("运费多少钱")
    await gauges.look()
    assert shown("open_cases", status="bot") == 1
    assert shown("longest_wait_seconds") == 0

    await chat.store.database.execute(
        "UPDATE cases SET status = 'closed', outcome = 'gap', closed_at = opened_at + 60"
    )
    chat.clock.reach(chat.clock.now() + 3600)
    await gauges.look()
    assert shown("open_cases", status="bot") == 0
    assert shown("case_share", **{"class": "L1"}) == 1
    assert shown("frt_p90_seconds", by="any") == 0

    await chat.store.database.execute("UPDATE cases SET wanted_at = opened_at")
    await chat.store.database.execute("DELETE FROM outbox")
    await gauges.look()
    assert shown("case_share", **{"class": "unserved"}) == 1
    assert shown("frt_p90_seconds", by="any") == math.inf


async def test_the_longest_wait_is_that_of_an_open_case(chat: Chat) -> None:
    reporter = Reporter(chat.store.measured, lambda begin, end, _where: end - begin, 1)
    await chat.says("运费多少钱")
    await chat.store.database.execute(
        "UPDATE cases SET status = 'queued', waiting_since = ?", chat.clock.now()
    )
    chat.clock.reach(chat.clock.now() + 90)
    await ServiceGauges(chat.store, reporter, chat.engine.metrics, chat.clock).look()
    sample = chat.engine.metrics.registry.get_sample_value
    assert sample("concierge_longest_wait_seconds") == 90
    assert sample("concierge_open_cases", {"status": "queued"}) == 1


async def test_a_case_that_nobody_goes_on_with_is_closed_as_of_its_day_s_end(chat: Chat) -> None:
    woken: dict[str, Lane] = {}
    left = LeftCases(chat.store, chat.clock, woken.__setitem__)
    await chat.says("运费多少钱")
    written_at = chat.clock.now()
    chat.clock.reach(written_at + 86_399)
    assert await left.look() == 0
    chat.clock.reach(written_at + 90_000)
    assert await left.look() == 1
    assert await left.look() == 1, "told twice is told once"
    assert list(woken) == [chat.conversation.subject]
    await chat.dialogue.settle(woken)
    case = await chat.store.cases.last_closed(chat.conversation)
    assert case is not None
    assert (case.closed_at, case.outcome) == (written_at + 86_400, "gap")
    assert await left.look() == 0


async def test_keys_that_another_process_deleted_are_forgotten_at_the_next_look(
    store: Store, home: Path
) -> None:
    await store.vault.ready(["customer:wm_lan"])
    look = DeletedKeys(store).look
    await look()
    other = open_keys(a_config(home).storage)
    await other.execute("DELETE FROM wrapped_keys")
    other.close()
    await look()
    with pytest.raises(KeyError):
        store.vault.seal("customer:wm_lan", b"gone")
