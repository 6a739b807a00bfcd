"""Corp tags are found before they are made, and a short answer deletes nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.delivery.corp_library import LEFT_ALONE_S, CorpLibrary
from bot.errors import NameTaken, Rejected, UnknownTag, Unreachable
from bot.store import Store
from bot.wecom.tags import LibraryTag
from tests.talk import PlayedClock


def a_tag(name: str, *, deleted: bool = False) -> LibraryTag:
    return LibraryTag(f"et-{name}", name, "g1", "关注", deleted=deleted)


class FakeLibrary:
    """The company's tags are `tags`; `before_add` runs before an addition, `failure` is raised by
    the next one; `made` are the additions that came through.
    """

    def __init__(self, *names: str) -> None:
        self.library = self
        self.tags = {f"et-{name}": a_tag(name) for name in names}
        self.known = dict(self.tags)
        self.made: list[tuple[str, ...]] = []
        self.reads = 0
        self.failure: Exception | None = None
        self.before_add: Callable[[], None] = lambda: None

    async def read(self) -> list[LibraryTag]:
        self.reads += 1
        return list(self.tags.values())

    async def read_some(self, tag_ids: Sequence[str]) -> list[LibraryTag]:
        if any(one not in self.known for one in tag_ids):
            raise UnknownTag("get_corp_tag_list", 40068, "")
        return [a_tag(self.known[one].name, deleted=one not in self.tags) for one in tag_ids]

    async def add(
        self, group_name: str, names: Sequence[str], *, group_id: str = ""
    ) -> list[LibraryTag]:
        self.before_add()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        if any(f"et-{name}" in self.tags for name in names):
            raise NameTaken("add_corp_tag", 40071, "")
        self.made.append(tuple(names))
        made = [a_tag(name) for name in names]
        self.tags |= {one.tag_id: one for one in made}
        self.known |= self.tags
        return made


@pytest.fixture
def library(store: Store, clock: PlayedClock) -> CorpLibrary:
    return CorpLibrary(store, clock)


async def ids(library: CorpLibrary, api: Any, *names: str) -> set[str]:
    return set(await library.ids_of(api, names))


async def test_a_tag_that_is_there_is_found_and_read_once(library: CorpLibrary) -> None:
    api = FakeLibrary("运费")
    for _ in range(2):
        assert await ids(library, api, "关注：运费") == {"关注：运费"}
    assert (api.made, api.reads) == ([], 1)


async def test_the_missing_tags_of_a_group_are_made_in_one_call(library: CorpLibrary) -> None:
    api = FakeLibrary("运费")
    wanted = {"关注：运费", "关注：发票", "关注：退货"}
    assert await ids(library, api, *wanted) == wanted
    assert api.made == [("发票", "退货")]


async def test_who_is_overtaken_by_another_process_finds_its_tag(library: CorpLibrary) -> None:
    api = FakeLibrary()

    def other_process() -> None:
        api.tags["et-运费"] = api.known["et-运费"] = a_tag("运费")

    api.before_add = other_process
    assert await ids(library, api, "关注：运费") == {"关注：运费"}
    assert api.made == []


async def test_an_addition_without_an_answer_is_found_by_the_next_try(
    library: CorpLibrary,
) -> None:
    api = FakeLibrary()

    def accepted() -> None:
        api.tags["et-运费"] = api.known["et-运费"] = a_tag("运费")

    api.before_add, api.failure = accepted, Unreachable("add_corp_tag", None, "TimeoutError")
    with pytest.raises(Unreachable):
        await ids(library, api, "关注：运费")
    api.before_add = lambda: None
    assert await ids(library, api, "关注：运费") == {"关注：运费"}
    assert api.made == []


async def test_what_wecom_does_not_take_costs_the_others_nothing(
    library: CorpLibrary, clock: PlayedClock
) -> None:
    api = FakeLibrary("运费")
    api.failure = Rejected("add_corp_tag", 40058, "")
    assert await ids(library, api, "关注：运费", "关注：坏") == {"关注：运费"}
    reads = api.reads
    assert await ids(library, api, "关注：坏") == set()
    assert api.reads == reads
    clock.reach(clock.now() + LEFT_ALONE_S)
    assert await ids(library, api, "关注：坏") == {"关注：坏"}


async def test_a_short_answer_deletes_nothing(library: CorpLibrary, store: Store) -> None:
    api: Any = FakeLibrary("运费", "发票")
    await library.refresh(api)

    async def short() -> list[LibraryTag]:
        return []

    api.read = short
    await library.refresh(api)
    assert len(await store.corp_tags.all()) == 2


async def test_what_wecom_calls_deleted_or_never_heard_of_is_gone(
    library: CorpLibrary, store: Store
) -> None:
    api: Any = FakeLibrary("运费", "发票", "退货")
    await library.refresh(api)
    del api.tags["et-运费"], api.tags["et-发票"], api.known["et-发票"]
    await library.refresh(api)
    assert [tag.name for tag in await store.corp_tags.all()] == ["退货"]
    deleted = await store.corp_tags.get(["et-运费", "et-发票"])
    assert {tag.deleted_by for tag in deleted.values()} == {"people"}


async def test_a_failed_reading_changes_nothing(library: CorpLibrary, store: Store) -> None:
    api: Any = FakeLibrary("运费")
    await library.refresh(api)

    async def fails() -> list[LibraryTag]:
        raise Unreachable("get_corp_tag_list", None, "TimeoutError")

    api.read = fails
    with pytest.raises(Unreachable):
        await library.refresh(api)
    assert len(await store.corp_tags.all()) == 1
