"""Does content keep what people wrote, count its changes, and take them back?"""

import pytest

from bot.store import Contents, Incoming, Statement, Store, Unit, UnitConflict

NOW = 1_795_140_000.0
FILE = "/etc/faq.yaml"


@pytest.fixture
def contents(store: Store) -> Contents:
    return store.contents


async def commit(store: Store, statements: list[Statement]) -> None:
    await store.database.commit(Unit(statements))


async def put(store: Store, entry_id: str, body: str, version: int | None = None) -> None:
    await commit(
        store,
        store.contents.put(
            "", entry_id, body, by="zhangsan", why="改", now=NOW, expected_version=version
        ),
    )


async def take(store: Store, *entries: Incoming, gone: tuple[str, ...] = ()) -> None:
    await commit(
        store,
        store.contents.take("", entries, gone=gone, by="start", why="文件", now=NOW),
    )


async def bodies(contents: Contents, base: str = "") -> list[tuple[str, str]]:
    return [(row.id, row.body) for row in await contents.entries(base)]


async def test_what_was_put_is_an_edit_with_a_version(store: Store, contents: Contents) -> None:
    assert await contents.version() == 0
    await put(store, "a", "1")
    [row] = await contents.entries("")
    assert (row.id, row.body, row.edited, row.version, row.by) == ("a", "1", True, 1, "zhangsan")
    assert await contents.version() == 1
    assert await contents.entries("wk1") == []


async def test_changes_are_told_once_with_what_was_removed(
    store: Store, contents: Contents
) -> None:
    await put(store, "a", "1")
    await put(store, "b", "1")
    seen = await contents.version()
    await put(store, "b", "2")
    await commit(store, contents.remove("", "a", by="zhangsan", why="删", now=NOW))
    changes = await contents.changes_since(seen)
    assert [(row.id, row.body, row.removed) for row in changes] == [
        ("b", "2", False),
        ("a", "1", True),
    ]
    assert await contents.changes_since(await contents.version()) == []
    assert await bodies(contents) == [("b", "2")]


async def test_two_who_edit_the_same_state_are_not_both_right(
    store: Store, contents: Contents
) -> None:
    await put(store, "a", "1", 0)
    await put(store, "a", "2", 1)
    for version in (0, 1, 7):
        with pytest.raises(UnitConflict):
            await put(store, "a", "3", version)
    with pytest.raises(UnitConflict):
        await put(store, "never", "3", 2)
    with pytest.raises(UnitConflict):
        await commit(store, contents.remove("", "a", by="b", why="", now=NOW, expected_version=1))
    assert await bodies(contents) == [("a", "2")]
    assert await contents.version() == 2, "a unit that was refused counts nothing"


async def test_what_is_not_there_cannot_be_removed(store: Store, contents: Contents) -> None:
    with pytest.raises(UnitConflict):
        await commit(store, contents.remove("", "a", by="b", why="", now=NOW))


async def test_a_removed_entry_can_be_written_anew(store: Store, contents: Contents) -> None:
    await put(store, "a", "1")
    await commit(store, contents.remove("", "a", by="b", why="", now=NOW))
    await put(store, "a", "2", 0)
    assert await bodies(contents) == [("a", "2")]


async def test_an_origin_is_taken_at_one_version(store: Store, contents: Contents) -> None:
    await take(
        store, Incoming("b", "1", FILE, 2), Incoming("a", "1", FILE, 1), Incoming("c", "1", FILE)
    )
    assert await contents.version() == 1
    assert await bodies(contents) == [("a", "1"), ("b", "1"), ("c", "1")]
    await take(store, Incoming("b", "2", FILE, 0), gone=("c",))
    assert await bodies(contents) == [("b", "2"), ("a", "1")]
    [row] = [row for row in await contents.entries("") if row.id == "b"]
    assert (row.origin, row.edited, row.version) == (FILE, False, 2)


async def test_nothing_to_take_is_no_change(contents: Contents) -> None:
    assert contents.take("", [], by="start", why="文件", now=NOW) == []


async def test_an_offer_is_a_conflict_until_somebody_decides(
    store: Store, contents: Contents
) -> None:
    await take(store, Incoming("a", "1", FILE))
    await put(store, "a", "mine")
    await commit(store, [contents.offer("", "a", "theirs")])
    [conflict] = await contents.conflicts()
    assert (conflict.body, conflict.offered) == ("mine", "theirs")
    await put(store, "a", "mine and theirs")
    assert await contents.conflicts() == []


async def test_a_change_is_taken_back_and_done_again(store: Store, contents: Contents) -> None:
    await take(store, Incoming("a", "1", FILE))
    await put(store, "a", "2")
    await commit(store, await contents.undo("", "a", by="zhangsan", now=NOW))
    [row] = await contents.entries("")
    assert (row.body, row.edited, row.origin) == ("1", False, FILE)
    await commit(store, await contents.undo("", "a", by="zhangsan", now=NOW))
    [row] = await contents.entries("")
    assert (row.body, row.edited) == ("2", True)
    assert [(state.version, state.body) for state in await contents.history("", "a")] == [
        (4, "2"), (3, "1"), (2, "2"), (1, "1"),
    ]  # fmt: skip


async def test_taking_back_the_first_state_removes_and_taking_back_a_removal_restores(
    store: Store, contents: Contents
) -> None:
    await put(store, "a", "1")
    await commit(store, await contents.undo("", "a", by="b", now=NOW))
    assert await contents.entries("") == []
    await commit(store, await contents.undo("", "a", by="b", now=NOW))
    assert await bodies(contents) == [("a", "1")]
    assert await contents.undo("", "never", by="b", now=NOW) == []


async def test_an_import_is_taken_back_but_for_what_was_edited_since(
    store: Store, contents: Contents
) -> None:
    await put(store, "old", "1")
    await take(
        store, Incoming("old", "2", FILE), Incoming("new", "1", FILE), Incoming("edited", "1", FILE)
    )
    imported = await contents.version()
    await put(store, "edited", "2")
    statements, undone, kept = await contents.undo_change(imported, by="b", now=NOW)
    await commit(store, statements)
    assert await bodies(contents) == [("old", "1"), ("edited", "2")]
    assert [change.id for change in undone] == ["new", "old"]
    assert [change.id for change in kept] == ["edited"]
    assert await contents.version() == imported + 2, "taken back as one change"
    again, undone, _ = await contents.undo_change(imported + 2, by="b", now=NOW)
    await commit(store, again)
    assert await bodies(contents) == [("old", "2"), ("new", "1"), ("edited", "2")]


async def test_the_latest_changes_say_how_much_they_touched(
    store: Store, contents: Contents
) -> None:
    await take(store, Incoming("a", "1", FILE), Incoming("b", "1", FILE))
    await put(store, "a", "2")
    latest = await contents.latest()
    assert [(row["version"], row["why"], row["entries"]) for row in latest] == [
        (2, "改", 1), (1, "文件", 2),
    ]  # fmt: skip


async def test_numbering_anew_is_no_change(store: Store, contents: Contents) -> None:
    await take(store, Incoming("a", "1", FILE), Incoming("b", "1", FILE))
    await commit(store, contents.put_in_order("", [("a", 9)]))
    assert await bodies(contents) == [("b", "1"), ("a", "1")]
    assert await contents.version() == 1


async def test_what_was_read_is_remembered(store: Store, contents: Contents) -> None:
    await commit(store, [contents.read("", FILE, "d1", now=NOW)])
    await commit(store, [contents.read("", FILE, "d2", now=NOW)])
    assert await contents.sources("") == {FILE: "d2"}
    assert await contents.sources("wk1") == {}
