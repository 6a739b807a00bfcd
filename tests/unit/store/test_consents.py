"""What a person agreed to, and that a consent taken back holds for what was planned already."""

import time

import pytest

from bot.errors import NotConsented, StoreRefused
from bot.model import Lane, NotifyStaff, Ownership, SendMessage, ServiceState
from bot.model.consents import Purpose, Standing
from bot.store import ConversationFacts, Draft, Parcel, Store, Unit, conversation_queue
from bot.store.consents import GIVEN
from tests.builders import a_customer

NOW = 1_000_000.0
LAN, BO = a_customer(), a_customer("wm_bo")
ADS = Purpose.MARKETING


async def decide(
    store: Store, decision: Standing, *, purpose: Purpose = ADS, at: float = NOW, of: str = "wm_lan"
) -> None:
    unit = Unit()
    await store.consents.decide(
        unit, of, purpose, decision, notice_version="1", channel="kf", evidence="m1", at=at
    )
    await store.database.commit(unit)


async def planned(store: Store, purpose: Purpose | None = ADS) -> Parcel:
    """A message to the customer that waits to be sent, in a conversation that may be written to."""
    unit = Unit()
    before = await store.conversations.facts(LAN)
    facts = ConversationFacts(LAN, Ownership(ServiceState.BOT, None, NOW), "m1", NOW)
    store.conversations.save(unit, before, facts)
    draft = Draft(
        subject=LAN.subject,
        queue=conversation_queue(LAN),
        conversation=LAN,
        lane=Lane.REPLY,
        effect=SendMessage(payload={"msgtype": "text", "text": {"content": "新品"}}),
        expires_at=NOW + 3600,
        purpose=purpose,
    )
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    return (await store.outbox.open_of(conversation_queue(LAN)))[-1]


async def claim(store: Store, parcel: Parcel) -> bool:
    return await store.outbox.claim_send(
        Unit(), parcel, NOW, state_since=0, wrote_after=0, allowance=5
    )


async def state_of(store: Store, parcel: Parcel) -> str:
    row = await store.database.fetch_one("SELECT state FROM outbox WHERE id = ?", parcel.id)
    assert row is not None
    return str(row["state"])


async def test_nothing_is_agreed_to_before_it_was_said(store: Store) -> None:
    for purpose in Purpose:
        assert await store.consents.standing("wm_lan", purpose) is Standing.UNKNOWN


async def test_the_last_decision_holds_and_every_one_is_kept_with_what_shows_it(
    store: Store,
) -> None:
    await decide(store, Standing.GIVEN)
    await decide(store, Standing.WITHDRAWN, at=NOW + 1)
    await decide(store, Standing.GIVEN, at=NOW - 5)  # written down late: it does not undo
    assert await store.consents.standing("wm_lan", ADS) is Standing.WITHDRAWN
    assert await store.consents.standings("wm_lan") == {ADS: Standing.WITHDRAWN}
    assert await store.consents.standing("wm_bo", ADS) is Standing.UNKNOWN
    history = await store.consents.history("wm_lan")
    assert [(row["decision"], evidence) for row, evidence in history] == [
        ("given", "m1"),
        ("given", "m1"),
        ("withdrawn", "m1"),
    ]


async def test_what_one_customer_decides_holds_for_the_whole_person(store: Store) -> None:
    await store.vault.ready([LAN.subject, BO.subject])
    await store.database.execute(
        "UPDATE customers SET person_id = (SELECT person_id FROM customers"
        " WHERE external_userid = 'wm_lan') WHERE external_userid = 'wm_bo'"
    )
    await decide(store, Standing.WITHDRAWN)
    assert await store.consents.standing("wm_bo", ADS) is Standing.WITHDRAWN


async def test_a_later_no_of_a_customer_who_turned_out_to_be_the_same_person_closes(
    store: Store,
) -> None:
    await decide(store, Standing.GIVEN)
    await decide(store, Standing.WITHDRAWN, of="wm_bo", at=NOW + 1)
    parcel = await planned(store)
    await store.database.execute(
        "UPDATE customers SET person_id = (SELECT person_id FROM customers"
        " WHERE external_userid = 'wm_lan') WHERE external_userid = 'wm_bo'"
    )
    assert await store.consents.standing("wm_lan", ADS) is Standing.WITHDRAWN
    with pytest.raises(NotConsented):
        await claim(store, parcel)


async def test_the_gate_inside_a_statement_opens_for_given_alone(store: Store) -> None:
    for decision, expected in (
        (None, 0),
        (Standing.REFUSED, 0),
        (Standing.GIVEN, 1),
        (Standing.WITHDRAWN, 0),
    ):
        if decision is not None:
            await decide(store, decision)
        rows = await store.database.fetch(f"SELECT {GIVEN} AS open", "wm_lan", ADS)
        assert rows[0]["open"] == expected, decision


async def test_a_send_planned_for_a_purpose_goes_out_only_while_it_is_given(store: Store) -> None:
    parcel = await planned(store)
    with pytest.raises(NotConsented):
        await claim(store, parcel)
    await decide(store, Standing.GIVEN)
    assert await claim(store, parcel)


async def test_a_withdrawal_withdraws_what_was_planned_for_that_purpose_alone(store: Store) -> None:
    await decide(store, Standing.GIVEN)
    await decide(store, Standing.GIVEN, purpose=Purpose.PROFILING_TAGS)
    advert, tags = await planned(store), await planned(store, Purpose.PROFILING_TAGS)
    answer = await planned(store, None)
    await decide(store, Standing.WITHDRAWN, at=NOW + 1)
    states = [await state_of(store, one) for one in (advert, tags, answer)]
    assert states == ["cancelled", "pending", "pending"]
    assert await claim(store, answer)


async def test_a_row_claimed_before_the_withdrawal_is_not_tried_again(store: Store) -> None:
    await decide(store, Standing.GIVEN)
    parcel = await planned(store)
    assert await claim(store, parcel)
    await decide(store, Standing.WITHDRAWN, at=NOW + 1)
    with pytest.raises(NotConsented):
        await claim(store, parcel)


async def test_a_purpose_without_a_customer_is_closed(store: Store) -> None:
    unit = Unit()
    draft = Draft(
        subject="campaign:spring",
        queue="campaign",
        conversation=None,
        lane=Lane.BACKGROUND,
        effect=NotifyStaff(userids=("zhangsan",), text="新品"),
        expires_at=NOW + 60,
        purpose=ADS,
    )
    await store.outbox.post(unit, [draft], NOW)
    await store.database.commit(unit)
    (parcel,) = await store.outbox.open_of("campaign")
    with pytest.raises(NotConsented):
        await store.outbox.claim(parcel, NOW)


async def test_a_notice_that_was_shown_is_no_decision(store: Store) -> None:
    unit = Unit()
    await store.consents.ask(
        unit, "wm_lan", [ADS], notice_version="1", channel="kf", evidence="m1", at=NOW
    )
    await store.database.commit(unit)
    assert [(one.purpose, one.version) for one in await store.consents.asked("wm_lan")] == [
        (ADS, "1")
    ]
    assert await store.consents.standing("wm_lan", ADS) is Standing.UNKNOWN


async def test_every_decision_is_in_the_audit_without_the_customer_s_id(store: Store) -> None:
    await decide(store, Standing.GIVEN)
    (entry,) = await store.audit.search(action="consent.given")
    assert (entry["actor"], entry["result"], entry["version"]) == ("customer", "marketing", "1")
    assert [entry["subject"]] == await store.audit.persons_of(["wm_lan"])


async def test_the_audit_is_never_changed_and_what_is_young_is_never_deleted(store: Store) -> None:
    await decide(store, Standing.GIVEN, at=time.time())
    for sql in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(StoreRefused, match="append-only"):
            await store.database.execute(sql)
    assert len(await store.audit.search(action="consent.given")) == 1
