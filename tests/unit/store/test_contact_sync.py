import pytest

from bot.store import CorpTag, Store, Unit, UnitConflict

NOW = 1_000_000.0


async def test_a_run_goes_on_where_it_stopped_and_two_cannot_move_it(store: Store) -> None:
    await store.contact_sync.begin(await store.contact_sync.state(), NOW)
    state = await store.contact_sync.state()
    for again in (False, True):
        unit = Unit()
        store.contact_sync.advance(unit, state, "lisi", "page2", {"seen": 100})
        if again:
            with pytest.raises(UnitConflict):
                await store.database.commit(unit)
        else:
            await store.database.commit(unit)
    moved = await store.contact_sync.state()
    assert (moved.started_at, moved.member, moved.cursor) == (NOW, "lisi", "page2")
    assert moved.counts == {"seen": 100}


async def test_only_a_whole_run_counts_as_a_success(store: Store) -> None:
    for whole in (False, True):
        await store.contact_sync.begin(await store.contact_sync.state(), NOW)
        unit = Unit()
        store.contact_sync.finish(unit, await store.contact_sync.state(), NOW + 9, whole=whole)
        await store.database.commit(unit)
        state = await store.contact_sync.state()
        assert state.started_at is None
        assert state.succeeded_at == (NOW + 9 if whole else None)


async def test_what_existed_before_us_is_fixed_with_the_first_permission(store: Store) -> None:
    assert (await store.contact_sync.state()).permitted is None
    for permitted, at in ((False, NOW), (True, NOW + 1), (False, NOW + 2), (True, NOW + 3)):
        await store.contact_sync.permit(permitted, "app", at)
        assert (await store.contact_sync.state()).permitted is permitted
    assert (await store.contact_sync.state()).since == NOW + 1


async def test_a_tag_is_found_by_name_the_living_first(store: Store) -> None:
    old = CorpTag("et1", "g1", "关注", "运费")
    new = CorpTag("et2", "g1", "关注", "运费", created_at=5.0, ours=True)
    unit = Unit()
    store.corp_tags.keep(unit, [old, new], NOW)
    store.corp_tags.delete(unit, ["et1"], NOW, by="people")
    await store.database.commit(unit)
    assert [tag.tag_id for tag in await store.corp_tags.named("关注", "运费")] == ["et2", "et1"]
    assert [tag.full_name for tag in await store.corp_tags.all()] == ["关注：运费"]
    assert (await store.corp_tags.get(["et1", "nobody"]))["et1"].deleted_by == "people"


async def test_a_restored_tag_stays_ours_and_its_old_name_is_remembered(store: Store) -> None:
    unit = Unit()
    store.corp_tags.keep(unit, [CorpTag("et1", "g1", "关注", "运费", ours=True)], NOW)
    store.corp_tags.delete(unit, ["et1"], NOW, by="people")
    store.corp_tags.keep(unit, [CorpTag("et1", "g1", "关注", "邮费")], NOW + 1)
    store.corp_tags.keep(unit, [CorpTag("et1", "g1", "关注", "邮费")], NOW + 2)
    await store.database.commit(unit)
    (restored,) = await store.corp_tags.all()
    assert (restored.name, restored.ours, restored.deleted_at) == ("邮费", True, None)
    assert (restored.was, restored.renamed_at) == ("关注：运费", NOW + 1)
