"""Any order of tagging, taking off, lapsing, merging and parting ends as a simple model says."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Tagging
from bot.delivery.tag_keeping import TagKeeping
from bot.model.tags import TagChange, TagSource, group_of
from bot.store import Store, Unit
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

DAY_S, STICKY_S, CAP, EXPIRES_S = 86_400.0, 30 * 86_400.0, 2, 7 * 86_400.0
SETTINGS = Tagging.model_validate(
    {
        "groups": [{"name": "会员", "exclusive": True}, {"name": "意向", "expires_days": 7}],
        "max_per_customer": CAP,
    }
)
NAMES = ("会员：金卡", "会员：银卡", "意向：退货", "关注：运费")


class Act(NamedTuple):
    """What happens: ``add``, ``remove``, ``wait``, ``merge``, ``part``, ``keep`` or ``again``."""

    what: str
    who: str = "a"
    name: str = NAMES[0]
    human: bool = False
    days: int = 0


class On(NamedTuple):
    human: bool
    at: float
    expires_at: float | None


@dataclass
class Model:
    """The same in twenty lines of dictionaries, for two customers."""

    on: dict[tuple[str, str], On] = field(default_factory=dict)
    holds: dict[tuple[str, str], float] = field(default_factory=dict)
    one_person: bool = False

    def names(self, who: str, now: float) -> set[str]:
        found: dict[str, str] = {}
        for _, name, _ in sorted(
            ((one.at, name, one) for name, one in self._active(who, now)), key=lambda x: x[:2]
        ):
            found[group_of(name) if _is_exclusive(name) else name] = name
        return set(found.values())

    def add(self, act: Act, at: float) -> None:
        active = list(self._active(act.who, at))
        same = [one for name, one in active if name == act.name]
        expires_at = at + EXPIRES_S if group_of(act.name) == "意向" else None
        if any(one.human or not act.human for one in same):
            self._prolong(act, at, expires_at)
        elif self._refuses(act, at, [(n, one) for n, one in active if n != act.name]):
            return
        else:
            if _is_exclusive(act.name):
                self._replace(act, at)
            self.on[act.who, act.name] = On(act.human, at, expires_at)
        if act.human:
            for who in self._person(act.who):
                self.holds.pop((who, act.name), None)

    def remove(self, act: Act, at: float) -> None:
        same = [one for name, one in self._active(act.who, at) if name == act.name]
        chosen = any(one.human and one.at > at - STICKY_S for one in same)
        if not act.human and (not same or chosen):
            return
        if any(one.at > at and (one.human or not act.human) for one in same):
            return
        nothing = not same and self._held(act, at)
        if act.human:
            key = (act.who, act.name)
            self.holds[key] = max(at, self.holds.get(key, at))
        for who in self._person(act.who) if not nothing else ():
            self.on.pop((who, act.name), None)

    def keep(self, now: float) -> None:
        for key, one in list(self.on.items()):
            if one.expires_at is not None and one.expires_at <= now:
                del self.on[key]

    def _refuses(self, act: Act, at: float, others: list[tuple[str, On]]) -> bool:
        if not act.human and self._held(act, at):
            return True
        rivals = [one for name, one in others if group_of(name) == group_of(act.name)]
        if _is_exclusive(act.name):
            if not act.human and any(one.human and one.at > at - STICKY_S for one in rivals):
                return True
            if any(one.at > at for one in rivals):
                return True
        counted = {
            name
            for name, _ in others
            if not (_is_exclusive(act.name) and group_of(name) == group_of(act.name))
        }
        return len(counted) >= CAP

    def _replace(self, act: Act, at: float) -> None:
        for key in list(self.on):
            who, name = key
            rivals = name != act.name and group_of(name) == group_of(act.name)
            if who in self._person(act.who) and rivals:
                one = self.on.pop(key)
                if act.human and (one.expires_at is None or one.expires_at > at):
                    self.holds[key] = max(at, self.holds.get(key, at))

    def _prolong(self, act: Act, at: float, expires_at: float | None) -> None:
        for who in self._person(act.who):
            one = self.on.get((who, act.name))
            if one and one.expires_at is not None and one.expires_at > at:
                later = None if expires_at is None else max(one.expires_at, expires_at)
                self.on[who, act.name] = one._replace(expires_at=later)

    def _held(self, act: Act, at: float) -> bool:
        return any(
            self.holds.get((who, act.name), float("-inf")) > at - STICKY_S
            for who in self._person(act.who)
        )

    def _active(self, who: str, now: float) -> Iterator[tuple[str, On]]:
        for (whose, name), one in self.on.items():
            if whose in self._person(who) and (one.expires_at is None or one.expires_at > now):
                yield name, one

    def _person(self, who: str) -> str:
        return "ab" if self.one_person else who


def _is_exclusive(name: str) -> bool:
    return group_of(name) == "会员"


_CHANGES = st.builds(
    Act,
    what=st.sampled_from(("add", "add", "remove")),
    who=st.sampled_from("ab"),
    name=st.sampled_from(NAMES),
    human=st.booleans(),
)
ACTS = st.one_of(
    _CHANGES,
    _CHANGES,
    st.builds(Act, what=st.just("wait"), days=st.sampled_from((1, 6, 8, 31))),
    st.builds(Act, what=st.sampled_from(("merge", "part", "keep"))),
    st.builds(Act, what=st.just("again"), days=st.integers(0, 9)),
)

TABLES = ("customer_tags", "tag_holds", "tag_history", "merges", "kept_persons", "followers")


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=4, max_size=16))
def test_the_store_ends_as_the_model_does(store: Store, acts: list[Act]) -> None:
    store.tags.settings, store.tags.consented = SETTINGS, "1 = 1"
    asyncio.run(compare(store, acts))


async def compare(store: Store, acts: list[Act]) -> None:
    unit = Unit()
    for table in TABLES:
        unit.add(f"DELETE FROM {table}")
    await store.database.commit(unit)
    await store.vault.ready(("customer:a", "customer:b"))
    model, clock = Model(), PlayedClock(FRIDAY_MORNING)
    done: list[tuple[Act, float]] = []
    for act in acts:
        clock.reach(clock.now() + 60)
        if act.what == "again" and done:  # an old change is told once more, as it was then
            await change(store, model, *done[act.days % len(done)])
        elif act.what in ("add", "remove"):
            done.append((act, clock.now()))
            await change(store, model, act, clock.now())
        else:
            await happen(store, model, act, clock)
        for who in "ab":
            found = set(await store.tags.names_of(who, clock.now()))
            assert found == model.names(who, clock.now()), (act, who)
        assert await written(store) == (model.on, model.holds), act


async def written(store: Store) -> tuple[dict[tuple[str, str], On], dict[tuple[str, str], float]]:
    tags = await store.database.fetch("SELECT * FROM customer_tags")
    holds = await store.database.fetch("SELECT * FROM tag_holds")
    return (
        {
            (row["external_userid"], row["name"]): On(
                row["source"] == TagSource.HUMAN, row["at"], row["expires_at"]
            )
            for row in tags
        },
        {(row["external_userid"], row["name"]): row["removed_at"] for row in holds},
    )


async def change(store: Store, model: Model, act: Act, at: float) -> None:
    source = TagSource.HUMAN if act.human else TagSource.RULE
    unit = Unit()
    one = TagChange(name=act.name, add=act.what == "add", at=at, source=source)
    store.tags.assign(unit, act.who, [one])
    await store.database.commit(unit)
    (model.add if act.what == "add" else model.remove)(act, at)


async def happen(store: Store, model: Model, act: Act, clock: PlayedClock) -> None:
    if act.what == "wait":
        clock.reach(clock.now() + act.days * DAY_S)
    elif act.what == "keep":
        await TagKeeping(store, clock, lambda _queue, _lane: None).look()
        model.keep(clock.now())
    elif act.what == "merge":
        await store.people.merge("a", "b", evidence="hand", by="x", at=clock.now())
        model.one_person = True
    elif act.what == "part":
        for merge in await store.people.merges("a"):
            await store.people.unmerge(merge.id, by="x", at=clock.now())
        model.one_person = False
