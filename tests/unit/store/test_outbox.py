"""Each gate of the claim by itself: what lets a row through, and what alone stops it."""

import pytest

from bot.model import Lane, Ownership, SendMessage, SendOnEvent, ServiceState
from bot.store import ConversationFacts, Draft, Parcel, Store, Unit, conversation_queue
from tests.builders import a_customer

NOW = 1_000_000.0
LAN = a_customer()
QUEUE = conversation_queue(LAN)


async def know(
    store: Store,
    *,
    state: ServiceState | None = ServiceState.BOT,
    as_of: float = NOW,
    wrote_at: float = NOW,
    window: str = "m1",
) -> None:
    unit = Unit()
    before = await store.conversations.facts(LAN)
    after = ConversationFacts(LAN, Ownership(state, None, as_of), window, wrote_at)
    store.conversations.save(unit, before, after)
    await store.database.commit(unit)


async def post(
    store: Store, text: str = "好", *, answers: str | None = None, lane: Lane = Lane.REPLY
) -> Parcel:
    unit = Unit()
    draft = Draft(
        subject=LAN.subject,
        queue=QUEUE,
        conversation=LAN,
        lane=lane,
        effect=SendMessage(payload={"msgtype": "text", "text": {"content": text}}),
        expires_at=NOW + 3600,
        answers=answers,
    )
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    return (await store.outbox.open_of(QUEUE))[-1]


async def texts(store: Store) -> list[str]:
    return [
        parcel.effect.payload["text"]["content"]
        for parcel in await store.outbox.open_of(QUEUE)
        if isinstance(parcel.effect, SendMessage)
    ]


async def claim(store: Store, parcel: Parcel, allowance: int = 5) -> bool:
    return await store.outbox.claim_send(
        Unit(),
        parcel,
        NOW,
        state_since=NOW - 600,
        wrote_after=NOW - 48 * 3600,
        allowance=allowance,
    )


async def end(store: Store, parcel: Parcel, state: str = "sent") -> None:
    unit = Unit()
    store.outbox.end(unit, parcel, state, NOW)
    await store.database.commit(unit)


async def state_of(store: Store, parcel: Parcel) -> str:
    row = await store.database.fetch_one("SELECT state FROM outbox WHERE id = ?", parcel.id)
    assert row is not None
    return str(row["state"])


@pytest.mark.parametrize("state", [ServiceState.NEW, ServiceState.BOT])
async def test_with_every_gate_open_a_row_is_claimed(store: Store, state: ServiceState) -> None:
    await know(store, state=state)
    parcel = await post(store)
    assert await claim(store, parcel)
    (claimed,) = await store.outbox.open_of(QUEUE)
    assert (claimed.state, claimed.attempts) == ("claimed", 1)


@pytest.mark.parametrize(
    "state", [ServiceState.QUEUED, ServiceState.HUMAN, ServiceState.ENDED, None]
)
async def test_in_any_other_state_it_is_not(store: Store, state: ServiceState | None) -> None:
    await know(store, state=state)
    assert not await claim(store, await post(store))


async def test_an_owner_last_known_too_long_ago_stops_it(store: Store) -> None:
    await know(store, as_of=NOW - 601)
    assert not await claim(store, await post(store))


async def test_a_conversation_nobody_knows_stops_it(store: Store) -> None:
    assert not await claim(store, await post(store))


async def test_48_hours_without_a_word_of_the_customer_stop_it(store: Store) -> None:
    await know(store, wrote_at=NOW - 48 * 3600)
    assert not await claim(store, await post(store))


@pytest.mark.parametrize(
    ("scope", "key"), [("all", ""), ("account", "wk_shop"), ("customer", "wm_lan")]
)
@pytest.mark.parametrize("kind", ["silence", "block"])
async def test_a_switch_stops_it(store: Store, kind: str, scope: str, key: str) -> None:
    await know(store)
    await store.switches.turn_on(kind, scope, key, by="test", reason="", now=NOW)
    parcel = await post(store)
    assert not await claim(store, parcel)
    await store.switches.turn_off(kind, scope, key)
    assert await claim(store, parcel)


async def test_the_allowance_counts_what_was_sent_in_this_window(store: Store) -> None:
    await know(store)
    for _ in range(2):
        parcel = await post(store)
        assert await claim(store, parcel, allowance=2)
        await end(store, parcel)
    assert not await claim(store, await post(store), allowance=2)


async def test_a_new_window_has_an_allowance_of_its_own(store: Store) -> None:
    await know(store)
    parcel = await post(store)
    await claim(store, parcel, allowance=1)
    await end(store, parcel)
    await know(store, window="m2")
    assert await claim(store, await post(store), allowance=1)


async def test_a_row_that_was_claimed_counts_itself_only_once(store: Store) -> None:
    """A repeat after a crash must not be refused because of its own first try."""
    await know(store)
    parcel = await post(store)
    assert await claim(store, parcel, allowance=1)
    assert await claim(store, parcel, allowance=1)


@pytest.mark.parametrize("state", ["held", "dead", "cancelled", "expired"])
async def test_what_was_never_sent_is_not_counted(store: Store, state: str) -> None:
    await know(store)
    await end(store, await post(store), state)
    assert await claim(store, await post(store), allowance=1)
    assert await store.conversations.spent(LAN, "m1") == 1


@pytest.mark.parametrize("state", ["sent", "held", "dead", "cancelled", "expired"])
async def test_a_closed_row_is_not_claimed_again(store: Store, state: str) -> None:
    await know(store)
    parcel = await post(store)
    await end(store, parcel, state)
    assert not await claim(store, parcel)
    assert await store.outbox.open_of(QUEUE) == []


async def test_a_code_s_row_passes_the_switches_only_when_asked(store: Store) -> None:
    unit = Unit()
    effect = SendOnEvent(code="c", payload={})
    draft = Draft(LAN.subject, QUEUE, LAN, Lane.URGENT, effect, NOW + 18)
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    (parcel,) = await store.outbox.open_of(QUEUE)
    await store.switches.turn_on("silence", "all", "", by="test", reason="", now=NOW)
    assert not await store.outbox.claim(parcel, NOW, unless_silenced=True)
    assert await store.outbox.claim(parcel, NOW)


async def test_rows_of_a_queue_come_in_the_order_of_their_decision(store: Store) -> None:
    for text in ("一", "二", "三"):
        await post(store, text)
    assert await texts(store) == ["一", "二", "三"]
    assert await store.outbox.open_queues() == [(QUEUE, Lane.REPLY)]


async def test_what_uses_a_code_goes_before_whatever_waits_in_its_queue(store: Store) -> None:
    waiting = await post(store, "一")
    await store.outbox.retry_at(waiting, NOW + 60, "not now", None)
    await post(store, "二")
    await post(store, "欢迎", lane=Lane.URGENT)
    assert await texts(store) == ["欢迎", "一", "二"]


async def test_each_row_has_a_msgid_fixed_before_its_first_try(store: Store) -> None:
    first, second = await post(store), await post(store)
    assert first.msgid != second.msgid
    assert [parcel.msgid for parcel in await store.outbox.open_of(QUEUE)] == [
        first.msgid,
        second.msgid,
    ]
    assert len(first.msgid.encode()) <= 32


async def test_a_colleague_withdraws_what_waits_but_not_what_is_on_its_way(store: Store) -> None:
    await know(store)
    on_its_way, waits = await post(store), await post(store)
    await claim(store, on_its_way)
    unit = Unit()
    store.outbox.cancel_unsent(unit, LAN, NOW, "a servicer wrote")
    await store.database.commit(unit)
    assert await state_of(store, on_its_way) == "claimed"
    assert await state_of(store, waits) == "cancelled"


async def test_a_recall_withdraws_its_own_answer_only(store: Store) -> None:
    mine, other = await post(store, answers="m1"), await post(store, answers="m2")
    unit = Unit()
    store.outbox.cancel_answer(unit, LAN, "m1", NOW)
    await store.database.commit(unit)
    assert await state_of(store, mine) == "cancelled"
    assert await state_of(store, other) == "pending"


async def test_what_wecom_could_not_deliver_after_all_is_dead(store: Store) -> None:
    await know(store)
    parcel = await post(store)
    await claim(store, parcel)
    await end(store, parcel)
    unit = Unit()
    store.outbox.mark_undelivered(unit, parcel.msgid, 4, NOW)
    await store.database.commit(unit)
    assert [row["id"] for row in await store.outbox.dead()] == [parcel.id]


async def test_a_dead_row_lives_again_unless_its_time_is_over(store: Store) -> None:
    parcel = await post(store)
    await end(store, parcel, "dead")
    assert await store.outbox.revive([parcel.id], NOW + 7200) == 0
    assert await store.outbox.revive([parcel.id, 999], NOW + 60) == 1
    assert await state_of(store, parcel) == "pending"


async def test_a_row_left_for_later_keeps_why(store: Store) -> None:
    parcel = await post(store)
    await store.outbox.retry_at(parcel, NOW + 9, "no answer", -1)
    (later,) = await store.outbox.open_of(QUEUE)
    assert (later.next_at, later.state) == (NOW + 9, "pending")
    assert await store.outbox.oldest_open_at() == NOW


async def test_what_waits_to_be_sent_is_sealed(store: Store) -> None:
    await post(store, "您的订单")
    row = await store.database.fetch_one("SELECT body FROM outbox")
    assert row is not None
    assert "您的订单".encode() not in row["body"]


async def test_a_block_stops_what_is_for_a_customer_outside_every_conversation(
    store: Store,
) -> None:
    unit = Unit()
    draft = Draft(
        subject=LAN.subject,
        queue="welcome",
        conversation=None,
        lane=Lane.URGENT,
        effect=SendMessage(payload={}),
        expires_at=NOW + 20,
    )
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    (parcel,) = await store.outbox.open_of("welcome")
    switches = store.switches
    await switches.turn_on("block", "customer", LAN.external_userid, by="t", reason="", now=NOW)
    assert not await store.outbox.claim(parcel, NOW, unless_silenced=True)
    await switches.turn_off("block", "customer", LAN.external_userid)
    await switches.turn_on("block", "customer", "wm_somebody_else", by="t", reason="", now=NOW)
    assert await store.outbox.claim(parcel, NOW, unless_silenced=True)
