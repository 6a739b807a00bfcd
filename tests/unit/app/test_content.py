"""Do files become rows without overwriting people, and do changes reach the running knowledge?"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.app import Follower, Taken, build_library, entries_of, preview, take_files
from bot.config import Config
from bot.store import ContentRow, Store
from knowledge import FaqEntry, Library, Retriever, body_of, entry_of
from tests.builders import FRIDAY_MORNING, a_config

NOW = FRIDAY_MORNING


def entry(entry_id: str, answer: str = "答", question: str = "") -> str:
    return f"- {{id: {entry_id}, question: {question or '问' + entry_id}, answer: {answer}}}\n"


class Desk:
    """A folder of files and the rows they became."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.contents, self.folder = store, store.contents, home / "faq"
        self.folder.mkdir()
        self.config = a_config(home, knowledge={"sources": [str(self.folder)]})

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    async def start(self) -> Taken:
        return await take_files(self.config, self.contents, now=NOW)

    async def edit(self, entry_id: str, answer: str) -> None:
        row = await self.contents.get("", entry_id)
        assert row
        body = body_of(FaqEntry(id=entry_id, question=entry_of(row.body).question, answer=answer))
        await self.contents.commit(
            self.contents.put("", entry_id, body, by="zhangsan", why="改", now=NOW)
        )

    async def rows(self) -> list[ContentRow]:
        return await self.contents.entries("")

    async def answers(self) -> dict[str, str]:
        return {row.id: entry_of(row.body).answer for row in await self.rows()}


@pytest.fixture
def desk(store: Store, home: Path) -> Desk:
    return Desk(store, home)


async def test_files_become_rows_in_their_order(desk: Desk) -> None:
    desk.write("b.yaml", entry("c"))
    desk.write("a.yaml", entry("z") + entry("b"))
    taken = await desk.start()
    assert (taken.changed, taken.removed, taken.kept_out) == (3, 0, 0)
    assert [row.id for row in await desk.rows()] == ["z", "b", "c"]
    [first, *_] = entries_of(await desk.rows())
    assert first.source == str(desk.folder / "a.yaml")


async def test_a_file_that_did_not_change_is_not_read_again(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    await desk.start()
    version = await desk.contents.version()
    assert await desk.start() == Taken()
    assert await desk.contents.version() == version


async def test_only_what_changed_gets_a_new_version(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    seen = await desk.contents.version()
    desk.write("a.yaml", entry("new") + entry("a") + entry("b", "别的"))
    await desk.start()
    assert {row.id for row in await desk.contents.changes_since(seen)} == {"new", "b"}
    assert [row.id for row in await desk.rows()] == ["new", "a", "b"]


async def test_what_no_file_holds_any_more_is_removed_and_may_come_back(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    desk.write("b.yaml", entry("b"))
    await desk.start()
    (desk.folder / "b.yaml").unlink()
    assert (await desk.start()).removed == 1
    assert await desk.answers() == {"a": "答"}
    desk.write("b.yaml", entry("b"))
    await desk.start()
    assert await desk.answers() == {"a": "答", "b": "答"}


async def test_an_entry_that_moves_to_another_file_stays(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    desk.write("a.yaml", entry("a"))
    desk.write("b.yaml", entry("b"))
    assert (await desk.start()).removed == 0
    assert await desk.answers() == {"a": "答", "b": "答"}


@pytest.mark.parametrize("text", ["- [", "a: b"])
async def test_a_file_that_cannot_be_read_loses_nothing(desk: Desk, text: str) -> None:
    desk.write("a.yaml", entry("a"))
    desk.write("b.yaml", entry("b"))
    await desk.start()
    desk.write("a.yaml", text)
    desk.write("b.yaml", entry("b", "新"))
    taken = await desk.start()
    assert len(taken.problems) == 1
    assert await desk.answers() == {"a": "答", "b": "新"}
    desk.write("a.yaml", entry("a", "好了"))
    await desk.start()
    assert await desk.answers() == {"a": "好了", "b": "新"}


async def test_a_folder_that_is_gone_loses_nothing(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    await desk.start()
    desk.folder.rename(desk.folder.with_name("elsewhere"))
    taken = await desk.start()
    assert [problem.found for problem in taken.problems] == ["不存在"]
    assert await desk.answers() == {"a": "答"}


async def test_a_folder_that_moved_changes_nothing_that_people_wrote(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    await desk.edit("a", "人写的")
    moved = desk.folder.rename(desk.folder.with_name("moved"))
    desk.config = a_config(moved.parent, knowledge={"sources": [str(moved)]})
    taken = await desk.start()
    assert (taken.kept_out, taken.removed) == (0, 0)
    assert await desk.answers() == {"a": "人写的", "b": "答"}


async def test_an_edit_outlives_its_file_and_the_conflict_is_kept(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    await desk.start()
    await desk.edit("a", "人写的")
    assert await desk.start() == Taken()
    desk.write("a.yaml", entry("a", "文件新写的"))
    assert (await desk.start()).kept_out == 1
    assert await desk.answers() == {"a": "人写的"}
    [conflict] = await desk.contents.conflicts()
    assert entry_of(conflict.offered or "").answer == "文件新写的"


async def test_a_file_that_caught_up_with_the_edit_owns_the_entry_again(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    await desk.start()
    await desk.edit("a", "人写的")
    desk.write("a.yaml", entry("a", "人写的"))
    await desk.start()
    assert await desk.contents.conflicts() == []
    [row] = await desk.rows()
    assert not row.edited


async def test_an_edited_entry_outlives_its_removal_from_the_file(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    await desk.edit("a", "人写的")
    desk.write("a.yaml", entry("b"))
    assert (await desk.start()).removed == 0
    assert await desk.answers() == {"a": "人写的", "b": "答"}
    [conflict] = await desk.contents.conflicts()
    assert conflict.offered == ""


async def test_a_file_does_not_bring_back_what_a_person_removed(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    await desk.contents.commit(desk.contents.remove("", "a", by="zhangsan", why="不要了", now=NOW))
    desk.write("a.yaml", entry("a") + entry("b", "新"))
    assert (await desk.start()).kept_out == 0
    assert await desk.answers() == {"b": "新"}
    desk.write("a.yaml", entry("a", "新") + entry("b", "新"))
    assert (await desk.start()).kept_out == 1
    assert await desk.answers() == {"b": "新"}


async def test_an_account_s_own_files_are_a_base_of_its_own(desk: Desk, home: Path) -> None:
    desk.write("a.yaml", entry("a"))
    (home / "own.yaml").write_text(entry("b"), "utf-8")
    sections: dict[str, Any] = {
        "knowledge": {"sources": [str(desk.folder)]},
        "accounts": {"wk1": {"knowledge": [str(home / "own.yaml")]}},
    }
    config = a_config(home, **sections)
    await take_files(config, desk.contents, now=NOW)
    library = await build_library(config, desk.contents, None)
    assert library.of("wk1").get("b")
    assert not library.of("wk1").get("a")
    assert library.of("wk2").get("a")


async def test_a_row_that_is_no_entry_costs_only_itself(desk: Desk) -> None:
    desk.write("a.yaml", entry("a"))
    await desk.start()
    await desk.contents.commit(desk.contents.put("", "bad", '{"id": 1}', by="x", why="", now=NOW))
    library = await build_library(desk.config, desk.contents, None)
    assert library.everything.get("a")
    assert not library.everything.get("bad")


async def test_a_preview_shows_files_and_edits_and_keeps_nothing(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    await desk.edit("a", "人写的")
    desk.write("a.yaml", entry("a") + entry("b", "新"))
    version = await desk.contents.version()
    async with preview(desk.config) as contents:
        shown = {row.id: entry_of(row.body).answer for row in await contents.entries("")}
    assert shown == {"a": "人写的", "b": "新"}
    assert await desk.answers() == {"a": "人写的", "b": "答"}
    assert await desk.contents.version() == version


async def test_a_preview_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(entry("a"), "utf-8")
    config: Config = a_config(tmp_path, knowledge={"sources": [str(tmp_path / "a.yaml")]})
    async with preview(config) as contents:
        assert [row.id for row in await contents.entries("")] == ["a"]
    assert not (tmp_path / "concierge.db").exists()


class FakeRetriever(Retriever):
    """Remembers what it was told to change."""

    def __init__(self) -> None:
        super().__init__([])
        self.told: list[tuple[list[str], set[str]]] = []

    async def change(self, upserts: Sequence[FaqEntry], removed: Collection[str] = ()) -> None:
        self.told.append(([one.answer for one in upserts], set(removed)))


async def test_the_follower_tells_each_base_what_became_different(desk: Desk) -> None:
    desk.write("a.yaml", entry("a") + entry("b"))
    await desk.start()
    shared, own = FakeRetriever(), FakeRetriever()
    library = Library(shared, {"wk1": own})
    follower = Follower(desk.contents, library, await desk.contents.version())
    await follower.look()
    assert shared.told == []
    await desk.edit("a", "新")
    put = desk.contents.put(
        "wk1", "x", body_of(FaqEntry(id="x", question="q", answer="own")), by="b", why="", now=NOW
    )
    nobody = desk.contents.put("wk9", "x", "{}", by="b", why="", now=NOW)
    gone = desk.contents.remove("", "b", by="b", why="", now=NOW)
    await desk.contents.commit([*put, *nobody, *gone])
    await follower.look()
    await follower.look()
    assert shared.told == [(["新"], {"b"})]
    assert own.told == [(["own"], set())]
