"""What is written down of mass-send tasks, in every kind of database."""

from bot.model.consents import Purpose
from bot.model.mass_sends import MassSend, mass_send_id
from bot.model.outreach import Outreach, Reach
from bot.store import Statement, Store, Unit
from bot.store.mass_sends import confirmed, created, dropped, ended, unwanted
from bot.store.outreach import NOT_ASKED

LAN = "wm_lan"
NEWS = Outreach(feature="flow", reason="flow:m/a")


async def planned(store: Store, number: int, ref: str = "run/a") -> str:
    one = MassSend(
        id=mass_send_id(str(number)),
        member="ZhangSan",
        external_userid=LAN,
        text="新品到店",
        feature="flow",
        ref=ref,
        reason="flow:m/a",
        expires_at=1000.0,
        purpose=Purpose.MARKETING,
    )
    unit = Unit()
    for _ in range(2):  # twice is once
        unit.statements.append(await store.mass_sends.added(one, 10.0 + number))
    store.outreach.plan(unit, LAN, NEWS, 10.0, last=NOT_ASKED, msgid=one.id)
    await store.database.commit(unit)
    return one.id


async def moves(store: Store, *statements: Statement) -> None:
    unit = Unit()
    unit.statements += statements
    await store.database.commit(unit)


async def states(store: Store) -> list[tuple[str, str]]:
    return [(one.state.value, one.why) for one in await store.mass_sends.of_customer(LAN)]


async def counted(store: Store) -> int:
    return len((await store.outreach.budget(LAN, 20.0)).made)


async def test_what_is_over_stays_as_it_is(store: Store) -> None:
    send = await planned(store, 1)
    assert await store.mass_sends.try_now(send, 11.0)
    await moves(store, created(send, "msg1", 12.0, 72.0), confirmed(send, 13.0, 73.0))
    assert await store.mass_sends.taken(["msg1", "msg2"]) == {"msg1"}
    assert await store.mass_sends.taken([]) == set()
    (known,) = await store.mass_sends.due(73.0, 10)
    assert (known.state, known.msgid, known.confirmed_at) == (Reach.CONFIRMED, "msg1", 13.0)
    assert (known.send.text, known.send.member) == ("新品到店", "zhangsan")
    assert await counted(store) == 1
    await moves(store, ended(send, Reach.DELIVERED, "", 14.0))
    await moves(store, ended(send, Reach.IMPOSSIBLE, "not_friends", 15.0))
    assert await states(store) == [("delivered", "")]
    assert await counted(store) == 1
    assert await store.mass_sends.due(1e9, 10) == []


async def test_what_is_wanted_no_more_is_not_tried_and_goes_first(store: Store) -> None:
    first, second, other = [
        await planned(store, n, ref) for n, ref in ((1, "run/a"), (2, "run/b"), (3, "runner/a"))
    ]
    await moves(store, dropped(LAN, "run", "flow_ended", 20.0))
    assert [await store.mass_sends.try_now(one, 21.0) for one in (first, second, other)] == [
        *(False, False, True)
    ]
    assert [one.cancel_why for one in await store.mass_sends.due(1000.0, 10)] == [
        *("flow_ended", "flow_ended", "")
    ]
    assert await store.mass_sends.wanted_no_more([LAN])
    unit = Unit()
    store.mass_sends.withdraw(unit, LAN, Purpose.MARKETING, 22.0)
    await store.database.commit(unit)
    await moves(store, created(other, "msg3", 23.0, 500.0))
    (due,) = [one for one in await store.mass_sends.due(23.0, 10) if one.send.id == other]
    assert due.cancel_why == "no_consent", "it is looked at at once, not when it was to be"
    await store.mass_sends.look_again(due, 30.0)
    await store.mass_sends.give_up(due, "not_told", 31.0)
    assert (await states(store))[-1] == ("task_created", "not_told")


async def test_a_look_that_began_before_puts_nothing_off_that_became_unwanted(
    store: Store,
) -> None:
    send = await planned(store, 1)
    await moves(store, created(send, "msg1", 12.0, 72.0))
    (before,) = await store.mass_sends.due(72.0, 1)
    await moves(store, unwanted(send, "silenced", 73.0))
    await store.mass_sends.look_again(before, 900.0)
    assert [one.cancel_why for one in await store.mass_sends.due(73.0, 1)] == ["silenced"]


async def test_what_came_to_nothing_gives_its_touch_back(store: Store) -> None:
    blocked, impossible, unsure = [await planned(store, n) for n in (1, 2, 3)]
    assert await counted(store) == 3
    await moves(store, ended(blocked, Reach.BLOCKED, "lexicon:medical", 20.0))
    await moves(store, ended(impossible, Reach.IMPOSSIBLE, "not_friends", 20.0))
    known = await store.mass_sends.get(unsure)
    assert known is not None
    await store.mass_sends.give_up(known, "maybe_made", 20.0)
    assert await counted(store) == 1, "one that may have been made still counts"
    rows = await store.mass_sends.summary(0.0)
    assert [(row["state"], row["why"], row["n"]) for row in rows] == [
        ("blocked", "lexicon:medical", 1),
        ("impossible", "not_friends", 1),
        ("planned", "maybe_made", 1),
    ]
