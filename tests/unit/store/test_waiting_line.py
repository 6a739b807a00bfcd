"""Who is served next, and what it costs to find out."""

import sqlite3

from bot.model import Case, Conversation
from bot.store import CaseChange, Store, Unit, place_in_line
from bot.store import waiting_line as module
from tests.builders import home_of
from tests.unit.store import ON_SQLITE

NOW = 1_800_000_000.0


def waiting(name: str, *, at: float = 0.0, account: str = "wk", **more: object) -> Case:
    """A case that waits in the pool since `at` seconds from now."""
    return Case(
        **{
            "id": name,
            "conversation": Conversation(account, f"wm_{name}"),
            "opened_at": NOW + at,
            "active_at": NOW + at,
            "wanted_at": NOW + at,
            "status": "queued",
            "level": 2,
        }
        | more  # type: ignore[arg-type]
    )


async def keep(store: Store, *cases: Case) -> None:
    unit = Unit()
    for case in cases:
        await store.cases.save(unit, CaseChange(case, case))
    await store.database.commit(unit)


async def served_in_turn(store: Store, account: str = "wk", level: int = 2) -> list[str]:
    """Everybody in the order in which they are served."""
    names = []
    while case := await store.line.first(account, level):
        names.append(case.id)
        await store.database.execute("UPDATE cases SET status = 'assigned' WHERE id = ?", case.id)
    return names


async def test_the_grave_come_first_then_who_has_waited_longest(store: Store) -> None:
    await keep(
        store,
        waiting("late", at=30),
        waiting("early", priority=35),
        waiting("core", at=60, priority=135),
        waiting("grave", at=50, priority=90),
    )
    assert await served_in_turn(store) == ["core", "grave", "early", "late"]


async def test_whoever_waits_long_enough_comes_before_any_newcomer(store: Store) -> None:
    """Before: as long as core customers came, nobody else was ever served."""
    await keep(store, waiting("plain", priority=35))
    hours = [waiting(f"core{n}", at=n * 600, priority=135) for n in range(20)]
    await keep(store, *hours)
    order = await served_in_turn(store)
    first = [f"core{n}" for n in range(11)]  # 100 points are 100 minutes
    assert order == [*first, "plain", *(f"core{n}" for n in range(11, 20))]


async def test_a_seat_of_a_level_is_for_cases_of_that_level(store: Store) -> None:
    await keep(store, waiting("junior"), waiting("expert", level=3), waiting("old", level=1, at=-9))
    assert await served_in_turn(store, level=3) == ["expert"]
    assert await served_in_turn(store) == ["old", "junior"]


async def test_the_next_one_after_a_place_is_another(store: Store) -> None:
    """Two that came in the same second both have their turn."""
    await keep(store, waiting("a"), waiting("b"), waiting("c", at=1))
    found, after = [], module.FRONT
    while case := await store.line.first("wk", 2, after):
        found.append(case.id)
        after = place_in_line(case)
    assert found == ["a", "b", "c"]


async def test_a_ticket_is_found_among_many_who_wait_in_the_pool(store: Store) -> None:
    await keep(store, waiting("pool", at=-9), waiting("ticket", status="ticket"))
    first = await store.line.first_ticket("wk")
    assert first is not None
    assert first.id == "ticket"
    assert await store.line.accounts() == ["wk"]


async def test_whose_session_is_over_stands_before_nobody(store: Store) -> None:
    """He cannot be given to anybody before he writes again."""
    await keep(store, waiting("dead", at=-9, status="ticket"), waiting("live", at=-5))
    me = waiting("me", status="wanted")
    assert await store.line.before(me, [2], 10) == 2
    await store.database.execute(
        "INSERT INTO conversations (open_kfid, external_userid, service_state, state_as_of)"
        " VALUES ('wk', 'wm_dead', 4, 0)"
    )
    assert await store.line.before(me, [2], 10) == 1
    assert await store.line.before(me, [3], 10) == 0
    assert await store.line.before(me, [2, 3], 0) == 0


async def test_the_place_in_the_pool_is_by_turn(store: Store) -> None:
    await keep(store, waiting("a"), waiting("b", at=9, priority=90), waiting("t", status="ticket"))
    mine = waiting("me", at=20, priority=35)
    await keep(store, mine)
    assert await store.line.place_of(mine) == 1


async def test_the_usual_wait_is_measured_on_those_who_queued_lately(store: Store) -> None:
    async def queued(name: str, waited: float | None, *, at: float = 0.0) -> None:
        for n, (step, moment) in enumerate((("queued", at), ("assigned", at + (waited or 0.0)))):
            if step == "queued" or waited is not None:
                await store.database.execute(
                    "INSERT INTO case_steps (case_id, n, open_kfid, external_userid, at, name,"
                    " level, servicer, reason, data)"
                    " VALUES (?, ?, 'wk', 'wm', ?, ?, 2, '', '', '{}')",
                    *(name, n, NOW + moment, step),
                )

    for n, waited in enumerate((60, 120, 600, 180)):
        await queued(f"c{n}", waited)
    assert await store.line.usual_wait("wk", NOW - 1, 5) is None  # too few to say
    await queued("c4", None)
    assert await store.line.usual_wait("wk", NOW - 1, 5) == 180
    await queued("old", 5, at=-90_000)
    assert await store.line.usual_wait("wk", NOW - 1, 5) == 180
    for n in range(5, 9):
        await queued(f"c{n}", None)
    assert await store.line.usual_wait("wk", NOW - 1, 5) is None  # most of them wait still
    assert await store.line.usual_wait("wk_other", NOW - 1, 1) is None


@ON_SQLITE
async def test_to_find_the_next_one_costs_the_same_however_many_wait(store: Store) -> None:
    """Steps of SQLite's machine, which do not depend on how busy this one is. Before: each seat
    that was freed looked at a hundred cases, some with several statements each."""
    steps = {}
    for many in (500, 2_000):
        await keep(
            store,
            *(
                waiting(f"{many}-{n}", at=n, account=f"wk{n % 3}", priority=n % 100)
                for n in range(many)
            ),
        )
        steps[many] = [
            _steps(store, sql, *params)
            for sql, params in (
                (module._FIRST, ("wk1", 2, float("-inf"), float("-inf"), "")),
                (module._FIRST_TICKET, ("wk1", float("-inf"), float("-inf"), "")),
                (module._BEFORE, ("wk1", 2, NOW + 1e6, 5 + 64, 5)),
                (module._ACCOUNTS, ()),
            )
        ]
    print(f"machine steps per look: {steps}")
    assert steps[500] == steps[2_000]
    assert max(steps[2_000]) < 1_500


def _steps(store: Store, sql: str, *params: object) -> int:
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection = sqlite3.connect(home_of(store) / "concierge.db")
    connection.execute("SELECT 1 FROM cases LIMIT 1")  # reads the schema, which grows by itself
    connection.set_progress_handler(step, 1)
    connection.execute(sql, params).fetchall()
    connection.close()
    return count
