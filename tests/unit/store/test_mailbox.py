import pytest

from bot.errors import Conflict
from bot.model import Event, Lane, TimerDue
from bot.store import Arrival, Letter, Store, Unit
from tests.builders import a_customer, a_message

LAN = a_customer().subject
NOW = 1000.0


async def deliver(
    store: Store, *events: Event, now: float = NOW, keys: tuple[str | None, ...] = ()
) -> None:
    unit = Unit()
    keys = keys or (None,) * len(events)
    arrivals = [
        Arrival(LAN, event, Lane.REPLY, key) for event, key in zip(events, keys, strict=True)
    ]
    await store.mailbox.deliver(unit, arrivals, now)
    await store.database.commit(unit)


async def schedule(store: Store, name: str, due_at: float, key: str = "") -> None:
    unit = Unit()
    await store.mailbox.schedule(unit, LAN, TimerDue(name=name, key=key), due_at, now=NOW)
    await store.database.commit(unit)


async def finish(store: Store, *letters: Letter) -> None:
    unit = Unit()
    store.mailbox.finish(unit, letters, NOW)
    await store.database.commit(unit)


def said(letters: list[Letter]) -> list[str]:
    return [
        str(getattr(letter.event, "text", getattr(letter.event, "name", ""))) for letter in letters
    ]


async def test_letters_come_in_the_order_in_which_they_are_due(store: Store) -> None:
    await deliver(store, a_message("二"), now=20)
    await deliver(store, a_message("一"), now=10)
    await deliver(store, a_message("三"), now=20)
    assert said(await store.mailbox.due(LAN, NOW)) == ["一", "二", "三"]


async def test_a_second_arrival_of_the_same_key_is_dropped(store: Store) -> None:
    await deliver(store, a_message("一"), keys=("kf:1",))
    await deliver(store, a_message("一又"), a_message("二"), keys=("kf:1", "kf:2"))
    assert said(await store.mailbox.due(LAN, NOW)) == ["一", "二"]


async def test_a_repeat_of_a_handled_letter_is_dropped_too(store: Store) -> None:
    await deliver(store, a_message("一"), keys=("kf:1",))
    await finish(store, *await store.mailbox.due(LAN, NOW))
    await deliver(store, a_message("一"), keys=("kf:1",))
    assert await store.mailbox.due(LAN, NOW) == []


async def test_a_letter_is_finished_once(store: Store) -> None:
    await deliver(store, a_message("一"))
    letters = await store.mailbox.due(LAN, NOW)
    await finish(store, *letters)
    with pytest.raises(Conflict):
        await finish(store, *letters)


async def test_a_finished_letter_keeps_no_body(store: Store) -> None:
    await deliver(store, a_message("一"))
    await finish(store, *await store.mailbox.due(LAN, NOW))
    row = await store.database.fetch_one("SELECT body FROM mailbox")
    assert row is not None
    assert row["body"] is None


async def test_what_lies_in_a_mailbox_is_sealed(store: Store) -> None:
    await deliver(store, a_message("多久发货"))
    row = await store.database.fetch_one("SELECT body FROM mailbox")
    assert row is not None
    assert "多久发货".encode() not in row["body"]


async def test_a_timer_lies_there_until_it_is_due(store: Store) -> None:
    await schedule(store, "alarm", NOW + 60)
    assert await store.mailbox.due(LAN, NOW + 59) == []
    assert await store.mailbox.next_at(LAN, NOW) == NOW + 60
    assert said(await store.mailbox.due(LAN, NOW + 60)) == ["alarm"]


async def test_a_timer_of_the_same_name_and_key_replaces_the_pending_one(store: Store) -> None:
    await schedule(store, "alarm", NOW + 60)
    await schedule(store, "alarm", NOW + 120)
    await schedule(store, "alarm", NOW + 90, key="other")
    letters = await store.mailbox.due(LAN, NOW + 600)
    assert [letter.due_at for letter in letters] == [NOW + 90, NOW + 120]


async def test_a_cancelled_timer_is_gone_and_another_can_be_set(store: Store) -> None:
    await schedule(store, "alarm", NOW + 60)
    unit = Unit()
    store.mailbox.cancel(unit, LAN, TimerDue(name="alarm"), NOW)
    await store.database.commit(unit)
    assert await store.mailbox.due(LAN, NOW + 600) == []
    await schedule(store, "alarm", NOW + 90)
    assert len(await store.mailbox.due(LAN, NOW + 600)) == 1


async def test_a_failed_head_blocks_its_subject_until_its_retry(store: Store) -> None:
    await deliver(store, a_message("毒"), a_message("二"))
    head, *_ = await store.mailbox.due(LAN, NOW)
    unit = Unit()
    store.mailbox.defer(unit, head, "RuntimeError", NOW + 5)
    await store.database.commit(unit)
    assert await store.mailbox.due(LAN, NOW + 4) == []
    assert await store.mailbox.next_at(LAN, NOW) == NOW + 5
    retried = await store.mailbox.due(LAN, NOW + 5)
    assert said(retried) == ["毒", "二"]
    assert retried[0].attempts == 1


async def test_a_parked_letter_lets_the_others_pass_and_can_come_back(store: Store) -> None:
    await deliver(store, a_message("毒"), a_message("二"))
    head, *_ = await store.mailbox.due(LAN, NOW)
    unit = Unit()
    store.mailbox.park(unit, head, "RuntimeError", NOW)
    await store.database.commit(unit)
    assert said(await store.mailbox.due(LAN, NOW)) == ["二"]
    assert [row["id"] for row in await store.mailbox.parked()] == [head.id]
    assert await store.mailbox.unpark([head.id, head.id, 999]) == 1
    again = await store.mailbox.due(LAN, NOW)
    assert said(again) == ["毒", "二"]
    assert again[0].attempts == 0


async def test_who_waits_is_told_with_the_most_urgent_lane(store: Store) -> None:
    unit = Unit()
    arrivals = [
        Arrival(LAN, a_message("一"), Lane.REPLY, sent_at=5),
        Arrival(LAN, a_message("二"), Lane.URGENT, sent_at=9),
        Arrival("customer:wm_bo", a_message("三"), Lane.BACKGROUND, sent_at=7),
    ]
    await store.mailbox.deliver(unit, arrivals, NOW)
    await store.database.commit(unit)
    waiting = {one.subject: one for one in await store.mailbox.waiting(NOW)}
    assert (waiting[LAN].lane, waiting[LAN].oldest_sent_at, waiting[LAN].newest_sent_at) == (
        Lane.URGENT,
        5,
        9,
    )
    assert waiting["customer:wm_bo"].lane is Lane.BACKGROUND


async def test_what_comes_due_soon_is_found_ahead(store: Store) -> None:
    await schedule(store, "alarm", NOW + 60)
    await schedule(store, "later", NOW + 6000)
    assert await store.mailbox.coming(NOW + 900) == [(LAN, NOW + 60)]


async def test_an_empty_mailbox_has_nothing_to_come_back_for(store: Store) -> None:
    assert await store.mailbox.next_at(LAN, NOW) is None
    assert await store.mailbox.depth() == 0


async def test_what_came_due_while_the_clock_jumped_is_found_too(store: Store) -> None:
    """A machine that slept: the alarm was too far ahead to be set, and is in the past now."""
    await schedule(store, "alarm", NOW + 3600)
    assert await store.mailbox.coming(NOW + 7200 + 900) == [(LAN, NOW + 3600)]


async def deliver_urgent(store: Store, text: str, now: float = NOW) -> None:
    unit = Unit()
    await store.mailbox.deliver(unit, [Arrival(LAN, a_message(text), Lane.URGENT)], now)
    await store.database.commit(unit)


async def defer(store: Store, letter: Letter, retry_at: float) -> None:
    unit = Unit()
    store.mailbox.defer(unit, letter, "broke", retry_at)
    await store.database.commit(unit)


async def test_what_brings_a_code_passes_a_failed_head_and_nothing_else_does(store: Store) -> None:
    await deliver(store, a_message("坏"), a_message("后面的"))
    (bad, _) = await store.mailbox.due(LAN, NOW)
    await defer(store, bad, NOW + 60)
    assert await store.mailbox.due(LAN, NOW) == []
    assert await store.mailbox.next_at(LAN, NOW) == NOW + 60
    await deliver_urgent(store, "带码的")
    assert await store.mailbox.next_at(LAN, NOW) == NOW
    (urgent,) = await store.mailbox.due(LAN, NOW)
    assert said([urgent]) == ["带码的"]
    await defer(store, urgent, NOW + 1)
    assert await store.mailbox.due(LAN, NOW) == []
    assert await store.mailbox.next_at(LAN, NOW) == NOW + 1
    await finish(store, *await store.mailbox.due(LAN, NOW + 1))
    assert said(await store.mailbox.due(LAN, NOW + 60)) == ["坏", "后面的"]


async def test_order_stays_where_nothing_has_failed(store: Store) -> None:
    await deliver(store, a_message("一"))
    await deliver_urgent(store, "二")
    assert said(await store.mailbox.due(LAN, NOW)) == ["一", "二"]
