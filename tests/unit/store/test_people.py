"""Who is one person, who is not, and what is known of them."""

import asyncio

import pytest

from bot.app import open_store
from bot.model.consents import Purpose, Standing
from bot.model.people import Attribute, IdentityKind, MergeOutcome, masked, normal_phone
from bot.model.tags import TagChange
from bot.store import Store, Unit, Vault
from tests.builders import FRIDAY_MORNING, a_config, home_of

NOW = FRIDAY_MORNING
UNIONID, PHONE = IdentityKind.UNIONID, IdentityKind.PHONE


@pytest.fixture(autouse=True)
async def customers(store: Store) -> None:
    """Four customers, each a person of their own, in this order."""
    for nth, name in enumerate(("a", "b", "c", "d")):
        await store.vault.ready([f"customer:{name}"])
        await store.database.execute(
            "UPDATE persons SET created_at = ? WHERE person_id ="
            " (SELECT person_id FROM customers WHERE external_userid = ?)",
            *(float(nth), name),
        )


async def identify(store: Store, who: str, kind: IdentityKind, value: str) -> list[str]:
    return await store.people.identify(who, kind, value, source="kf", at=NOW)


async def by_hand(store: Store, one: str, other: str, *, at: float = NOW) -> MergeOutcome:
    return await store.people.merge(one, other, evidence="hand", by="zhangsan", at=at)


async def groups(store: Store) -> list[str]:
    found = {"".join(await store.people.same_person(name)) for name in "abcd"}
    return sorted(found)


async def active(store: Store, who: str) -> list[str]:
    return [one.id for one in await store.people.merges(who) if one.undone_at is None]


async def test_customers_with_one_unionid_are_one_person(store: Store) -> None:
    assert await identify(store, "a", UNIONID, "u1") == []
    assert await identify(store, "b", UNIONID, "u1") == ["a"]
    assert await identify(store, "c", UNIONID, "u2") == []
    assert await groups(store) == ["ab", "c", "d"]
    assert await store.people.person_of("b") == await store.people.person_of("a")
    assert await store.people.customers_of(await store.people.person_of("b")) == ["a", "b"]


async def test_telling_it_again_changes_nothing(store: Store) -> None:
    for _ in range(3):
        await identify(store, "a", UNIONID, "u1")
        await identify(store, "b", UNIONID, "u1")
    assert len(await store.people.merges("a")) == 1


async def test_at_once_or_one_after_another_is_the_same(store: Store) -> None:
    await asyncio.gather(*(identify(store, name, UNIONID, "u1") for name in "abcd"))
    assert await groups(store) == ["abcd"]


async def test_a_phone_connects_two_but_not_what_two_unionids_keep_apart(store: Store) -> None:
    await identify(store, "a", PHONE, "13800000001")
    assert await identify(store, "b", PHONE, "13800000001") == ["a"]
    await identify(store, "c", UNIONID, "u1")
    await identify(store, "d", UNIONID, "u2")
    await identify(store, "c", PHONE, "13800000002")
    assert await identify(store, "d", PHONE, "13800000002") == []
    assert await by_hand(store, "c", "d") is MergeOutcome.CONFLICT
    assert await groups(store) == ["ab", "c", "d"]


async def test_a_phone_that_several_persons_have_says_nothing(store: Store) -> None:
    await identify(store, "a", UNIONID, "u1")
    await identify(store, "b", UNIONID, "u2")
    await identify(store, "a", PHONE, "13800000001")
    await identify(store, "b", PHONE, "13800000001")
    assert await identify(store, "c", PHONE, "13800000001") == []
    assert await groups(store) == ["a", "b", "c", "d"]


async def test_a_unionid_that_contradicts_a_merge_undoes_it(store: Store) -> None:
    await identify(store, "a", PHONE, "13800000001")
    await identify(store, "b", PHONE, "13800000001")
    await identify(store, "a", UNIONID, "u1")
    assert await groups(store) == ["ab", "c", "d"]
    await identify(store, "b", UNIONID, "u2")
    assert await groups(store) == ["a", "b", "c", "d"]
    (merge,) = await store.people.merges("a")
    assert (merge.undone_why, merge.undone_by) == ("two unionids", "")


async def test_what_people_took_apart_no_rule_joins_again(store: Store) -> None:
    await identify(store, "a", PHONE, "13800000001")
    await identify(store, "b", PHONE, "13800000001")
    (merge,) = await active(store, "a")
    assert await store.people.unmerge(merge, by="lisi", at=NOW + 1, why="母女共用")
    assert not await store.people.unmerge(merge, by="lisi", at=NOW + 2), "once"
    await identify(store, "b", PHONE, "13800000001")
    await identify(store, "a", UNIONID, "u1")
    await identify(store, "b", UNIONID, "u1")
    assert await groups(store) == ["a", "b", "c", "d"]
    assert await by_hand(store, "a", "b") is MergeOutcome.MERGED
    assert await by_hand(store, "b", "a") is MergeOutcome.ALREADY
    assert await by_hand(store, "a", "nobody") is MergeOutcome.UNKNOWN


async def test_undoing_one_merge_of_a_chain_leaves_the_others(store: Store) -> None:
    await by_hand(store, "a", "b")
    await by_hand(store, "c", "d", at=NOW + 1)
    await by_hand(store, "b", "c", at=NOW + 2)
    assert await groups(store) == ["abcd"]
    person = await store.people.person_of("a")
    assert all([await store.people.person_of(name) == person for name in "bcd"])
    first, _, last = [one.id for one in await store.people.merges("a")]
    await store.people.unmerge(first, by="lisi", at=NOW + 1)
    assert await groups(store) == ["a", "bcd"]
    await store.people.unmerge(last, by="lisi", at=NOW + 2)
    assert await groups(store) == ["a", "b", "cd"]


async def test_no_row_is_sealed_again_by_a_merge(store: Store) -> None:
    """Each customer's rows stay under the key of the person they were sealed for."""
    sealed = store.vault.seal("customer:b", b"secret")
    await by_hand(store, "a", "b")
    assert store.vault.open("customer:b", sealed) == b"secret"
    rows = await store.database.fetch("SELECT DISTINCT person_id FROM customers")
    assert len(rows) == 4


async def test_tags_are_read_over_all_customers_of_a_person(store: Store) -> None:
    store.tags.consented = "1 = 1"
    for who, name in (("a", "关注：运费"), ("b", "关注：价格")):
        unit = Unit()
        store.tags.assign(unit, who, [TagChange(name=name, add=True, at=NOW)])
        await store.database.commit(unit)
    await by_hand(store, "a", "b")
    assert await store.tags.names_of("a", NOW) == {"关注：运费", "关注：价格"}
    (merge,) = await active(store, "a")
    await store.people.unmerge(merge, by="lisi", at=NOW + 1)
    assert await store.tags.names_of("a", NOW) == {"关注：运费"}


async def test_what_identifies_is_sealed_and_found_by_a_key_that_outlives_the_master(
    store: Store,
) -> None:
    await identify(store, "a", PHONE, "13800000001")
    digest = await store.vault.look_up_key(PHONE, "13800000001")
    assert digest != await store.vault.look_up_key(UNIONID, "13800000001")
    assert not any(b"13800000001" in file.read_bytes() for file in home_of(store).glob("*.db*"))
    rows = await store.database.scan("SELECT body FROM identities")
    assert not any(b"13800000001" in row["body"] for row in rows)
    new = b"n" * 32
    rotated = Vault(store.database, store.keys, new, [b"keykeykeykeykeykeykeykeykeykeyke"])
    await rotated.rotate()
    alone = Vault(store.database, store.keys, new)
    assert await alone.look_up_key(PHONE, "13800000001") == digest
    assert await store.people.find(PHONE, "13800000001") == ["a"]
    assert await store.people.identities("a") == [("a", PHONE, "13800000001")]


async def test_attributes_are_kept_by_class(store: Store) -> None:
    unit = Unit()
    await store.consents.decide(
        unit,
        "a",
        Purpose.LOCATION,
        Standing.GIVEN,
        notice_version="1",
        channel="kf",
        evidence="同意",
        at=NOW,
    )
    await store.database.commit(unit)
    given = {"company": "云栖", "name": "王兰", "location": "杭州西湖", "child_birthday": "2020"}
    unit = Unit()
    for name, value in given.items():
        one = Attribute(external_userid="a", name=name, value=value, source="hand", by="x", at=NOW)
        await store.profiles.set(unit, one)
    await store.database.commit(unit)
    found = {one.name: one.value for one in await store.profiles.of("a")}
    assert found == {"company": "云栖", "name": "王兰", "location": "杭州西湖"}
    rows = await store.database.fetch("SELECT name, value FROM attributes")
    assert sorted(row["value"] for row in rows) == ["", "", "云栖"]
    ill = Attribute(external_userid="a", name="health", value="x", source="", by="", at=NOW)
    with pytest.raises(ValueError, match="health"):
        await store.profiles.set(unit, ill)


async def test_the_first_channel_stays_and_the_last_moves(store: Store) -> None:
    for channel, at in (("poster", NOW + 5), ("shop", NOW), ("video", NOW + 9), ("old", NOW + 7)):
        unit = Unit()
        store.profiles.touch(unit, "a", channel, at)
        await store.database.commit(unit)
    touch = await store.profiles.touched("a")
    assert touch is not None
    assert (touch.first_channel, touch.last_channel) == ("shop", "video")


def test_phones_are_compared_as_numbers() -> None:
    for text in ("138 0000 0001", "+86 138-0000-0001", "8613800000001", "0086 13800000001"):
        assert normal_phone(text) == "13800000001", text
    assert normal_phone("+1 (202) 555-0101") == "+12025550101"
    for text in ("12345", "23800000001", "电话", "138000000012"):
        assert normal_phone(text) == "", text
    assert masked("phone", "13800000001") == "138****0001"
    assert (masked("name", "王兰"), masked("city", "杭州")) == ("王*", "杭州")


async def test_a_store_that_is_opened_again_finds_the_same(store: Store) -> None:
    await identify(store, "a", UNIONID, "u1")
    again = open_store(a_config(home_of(store)))
    try:
        assert await again.people.find(UNIONID, "u1") == ["a"]
    finally:
        again.close()
