"""The nightly comparison finds what was never told, page by page, and believes no error."""

from collections.abc import AsyncIterator

import pytest

from bot.model import CustomerAdded, Event
from bot.routing import Router, Stage, Turn
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock

API = "/cgi-bin/externalcontact/"
BATCH = f"{API}batch/get_by_user"


class Witness:
    """Hears of new friends, as a behaviour does."""

    def __init__(self) -> None:
        self.heard: list[CustomerAdded] = []
        self.router = Router("witness_of_friends", stage=Stage.CAMPAIGN)
        self.router.on(CustomerAdded)(self.hear)

    async def hear(self, turn: Turn, event: CustomerAdded) -> None:
        """Remember it."""
        assert isinstance(turn.event, Event)
        self.heard.append(event)


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock, witness: Witness) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, more=[witness.router]) as made:
        yield made


async def many(town: Town, count: int, *, member: str = "zhangsan") -> list[str]:
    customers = [await town.sim.customer(f"客户{number}") for number in range(count)]
    for customer in customers:
        town.friends.add(member, customer, tells=False)
    return customers


async def friends(town: Town, member: str = "zhangsan") -> int:
    rows = await town.store.database.fetch(
        "SELECT COUNT(*) FROM relations WHERE userid = ? AND deleted_at IS NULL", member
    )
    return int(rows[0][0])


async def counts(town: Town) -> dict[str, int]:
    return dict((await town.store.contact_sync.state()).last_counts)


async def test_who_was_there_before_us_is_known_and_missed_nothing(
    town: Town, witness: Witness
) -> None:
    town.friends.create_tag("关注：定制")
    customers = await many(town, 230)
    town.friends.edit_tags("zhangsan", customers[0], add=["关注：定制"])
    town.told.clear()
    town.clock.reach(town.clock.now() + 3600)
    await town.compares()
    assert await friends(town) == 230
    assert await town.local(customers[0]) == {"关注：定制"}
    assert witness.heard == []
    state = await town.store.contact_sync.state()
    assert state.succeeded_at is not None
    assert (await counts(town))["restored"] == 230


async def test_a_lost_callback_is_made_up_for_and_the_welcome_counts_as_missed(
    town: Town, witness: Witness
) -> None:
    await town.compares()
    town.clock.reach(town.clock.now() + 3600)
    await town.tags("关注：运费")
    town.friends.add("zhangsan", LAN, state="ch_1", tells=False)
    town.clock.reach(town.clock.now() + 3600)
    await town.compares()
    assert town.at("zhangsan") == {"关注：运费"}
    (heard,) = witness.heard
    assert (heard.userid, heard.state, heard.missed, heard.welcome_code) == (
        *("zhangsan", "ch_1", True, ""),
    )
    kinds = [event.kind for event in await town.store.contacts.history(LAN)]
    assert kinds == ["added", "welcome_missed"]
    await town.compares()
    assert len(witness.heard) == 1


async def test_an_old_friend_whom_we_have_forgotten_is_no_news(
    town: Town, witness: Witness
) -> None:
    """As after an erasure: they are a friend of the member's still."""
    await town.compares()
    town.clock.reach(town.clock.now() + 60)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    town.clock.reach(town.clock.now() + 3 * 86_400)
    await town.compares()
    for table in ("relations", "relation_events", "relation_tags"):
        await town.store.database.execute(f"DELETE FROM {table} WHERE external_userid = ?", LAN)
    await town.compares()
    assert len(witness.heard) == 1
    assert len(await town.store.contacts.friends_of(LAN)) == 1


async def test_a_lost_deletion_is_made_up_for(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    town.friends.add("lisi", LAN)
    await town.settles()
    town.clock.reach(town.clock.now() + 60)
    town.friends.delete("zhangsan", LAN, by="staff", tells=False)
    await town.compares()
    left = await town.store.contacts.friends_of(LAN)
    assert [one.userid for one in left] == ["lisi"]
    gone = await town.store.contacts.relation("zhangsan", LAN)
    assert gone is not None
    assert gone.deleted_by == "unknown"


@pytest.mark.parametrize("errcode", [-1, 45033, 48002, 40058, 60111, 84061])
async def test_an_error_is_never_no_customers(town: Town, errcode: int) -> None:
    customers = await many(town, 3)
    await town.compares()
    town.clock.reach(town.clock.now() + 86_400)
    town.sim.fault("error", path=BATCH, code=errcode, times=3, seconds=59)
    await town.parts.reconciler.step(20)
    await town.works()
    assert await friends(town) == 3
    town.sim.clear_faults()
    await town.chat.waits(hours=2)
    await town.compares()
    assert await friends(town) == 3
    assert len(await town.store.contacts.history(customers[0])) == 1


async def test_a_page_that_shows_nobody_is_not_believed(town: Town) -> None:
    await many(town, 3)
    await town.compares()
    town.clock.reach(town.clock.now() + 86_400)
    town.sim.fault("empty_contacts", times=1)
    await town.compares()
    assert await friends(town) == 3
    assert "gone" not in await counts(town)


async def test_a_comparison_goes_on_where_it_was_killed(town: Town) -> None:
    await many(town, 250)
    await many(town, 120, member="lisi")
    await town.parts.reconciler.step(1)
    town.begins_again()
    await town.parts.reconciler.step(1)
    assert town.sim.calls[BATCH] == 2
    town.begins_again()
    await town.compares()
    assert (await friends(town), await friends(town, "lisi")) == (250, 120)
    # two pages of lisi's, three of zhangsan's, one "nobody" for each of the other three
    assert town.sim.calls[BATCH] == 2 + 3 + 3
    assert (await counts(town))["members"] == 5


async def test_a_cursor_that_has_died_begins_the_member_again(town: Town) -> None:
    await many(town, 150)
    while (await town.store.contact_sync.state()).cursor in {"", "\0"}:
        await town.parts.reconciler.step(1)
    town.sim.fault("error", path=BATCH, code=40058, times=1)
    await town.compares()
    assert await friends(town) == 150


async def test_one_member_who_cannot_be_read_costs_the_others_nothing(town: Town) -> None:
    customers = await many(town, 2)
    await many(town, 2, member="lisi")
    await town.compares()
    succeeded = (await town.store.contact_sync.state()).succeeded_at
    town.clock.reach(town.clock.now() + 86_400)
    town.sim.fault("error", path=BATCH, code=84074, times=1)
    new = await many(town, 1)
    await town.compares()
    assert await friends(town, "lisi") == 2
    state = await town.store.contact_sync.state()
    assert (state.succeeded_at, state.last_counts["failed"]) == (succeeded, 1)
    assert await friends(town) == len(customers) + len(new)


async def test_tags_that_differ_are_put_right(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await town.tags("关注：运费", "关注：发票")
    town.clock.reach(town.clock.now() + 3600)
    town.friends.edit_tags("zhangsan", LAN, remove=["关注：运费"], tells=False)
    await town.compares()
    assert await town.local() == {"关注：发票"}
    assert await town.by_people() == [("关注：运费", False)]


async def test_a_second_comparison_changes_nothing(town: Town, witness: Witness) -> None:
    """Acceptance e): a full comparison gives nobody anything twice."""
    await town.compares()
    town.clock.reach(town.clock.now() + 60)
    await many(town, 5)
    town.friends.add("lisi", LAN)
    await town.settles()
    await town.tags("关注：运费")
    for _ in range(3):
        town.clock.reach(town.clock.now() + 86_400)
        await town.compares()
    assert len(witness.heard) == 6
    assert len(town.friends.marked) == 1
    assert len(await town.store.contacts.history(LAN)) == 1


async def test_who_deleted_us_is_not_brought_back_by_being_listed(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    await town.settles()
    town.clock.reach(town.clock.now() + 60)
    town.friends.delete("zhangsan", LAN, by="customer")
    await town.settles()
    town.clock.reach(town.clock.now() + 3600)
    await town.compares()
    assert await town.store.contacts.friends_of(LAN) == []


async def test_a_deletion_that_overtakes_the_adding_ends_as_wecom_has_it(town: Town) -> None:
    """R-1.7, and a comparison afterwards finds nothing to put right."""
    town.friends.add("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 5)
    town.friends.delete("zhangsan", LAN, by="staff")
    town.told.reverse()
    await town.settles()
    assert await town.store.contacts.friends_of(LAN) == []
    town.friends.add("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 5)
    await town.settles()
    assert len(await town.store.contacts.friends_of(LAN)) == 1
    await town.compares()
    assert (await counts(town)).get("restored", 0) == 0


async def test_it_compares_once_a_night(town: Town) -> None:
    look = town.parts.reconciler.look
    await look()
    assert (await town.store.contact_sync.state()).ended_at is not None
    pages = town.sim.calls[BATCH]
    town.clock.reach(town.clock.now() + 3600)  # 11:00
    await look()
    assert town.sim.calls[BATCH] == pages
    town.clock.reach(town.clock.now() + 17 * 3600)  # 04:00
    await look()
    assert town.sim.calls[BATCH] == 2 * pages
    await look()
    assert town.sim.calls[BATCH] == 2 * pages


async def test_what_is_switched_off_asks_nothing(open_chat: OpenChat, clock: PlayedClock) -> None:
    async with a_town(open_chat, clock, contacts={"enabled": False}) as town:
        town.friends.add("zhangsan", LAN)
        await town.settles()
        await town.tags("关注：运费")
        await town.parts.reconciler.look()
        assert town.sim.calls == {}
        assert len(await town.store.contacts.friends_of(LAN)) == 1
