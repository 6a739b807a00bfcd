"""How is the week played, and how does the report compare with the truth?"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from benchmarks.week import people, truth
from benchmarks.week.book import SHOP
from benchmarks.week.log import Log
from benchmarks.week.oracle import stories
from benchmarks.week.people import (
    ACCOUNTS,
    CLOSES,
    DAY,
    EXPERTS,
    HOUR,
    JUNIORS,
    MINUTE,
    OPENS,
    Customer,
)
from benchmarks.week.town import Town, WeekClock
from benchmarks.week.wecom import WeekKf
from bot.app import build_engine, build_reporter, open_store
from bot.config import Config
from bot.measuring import Window
from bot.model import Conversation
from bot.store import CaseRebuild
from bot.telemetry import Metrics
from knowledge import FaqEntry, Library, Retriever

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 2, tzinfo=ZONE).timestamp()
DAYS = 7
REST_DAYS = 4
"""So long the town goes on: every case of the week ends, and may no longer be reopened."""

LEVELS = dict.fromkeys(JUNIORS, 2) | dict.fromkeys(EXPERTS, 3)
MINIMUM = 50
_KEY = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U="


@dataclass(slots=True)
class Week:
    """A week that has been played."""

    town: Town
    log: Log
    visits: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, of both."""

    when: str
    name: str
    product: Any
    oracle: Any

    @property
    def same(self) -> bool:
        """Whether they agree; the order in which floats are added may differ."""
        if isinstance(self.product, float) and isinstance(self.oracle, int | float):
            return abs(self.product - self.oracle) <= 1e-6 * max(1.0, abs(self.oracle))
        return bool(self.product == self.oracle)


@asynccontextmanager
async def played(folder: Path, cases: int, seed: int) -> AsyncIterator[Week]:
    """Play about so many cases."""
    config, clock, log, rng = _config(folder), WeekClock(MONDAY), Log(), Random(seed)
    store = open_store(config)
    for database in (store.database, store.keys):
        database.run_script("PRAGMA synchronous = OFF")
    entries = [FaqEntry(id=f"q{n}", question=q, answer=a) for n, (q, a) in enumerate(SHOP.items())]
    library = Library(Retriever(entries))
    engine = build_engine(config, store, library, clock=clock, metrics=Metrics())
    kf = WeekKf(clock, log, lambda: _receiving(clock.now()))
    town = Town(engine, clock, kf)
    began = time.perf_counter()
    customers = _customers(town, cases, rng)
    by_conversation = {one.conversation: one for one in customers}
    kf.moved = lambda conversation: by_conversation[conversation].session_moved()
    await town.live(people.shifts(town, MONDAY, DAYS + REST_DAYS))
    for customer in customers:
        await town.live(customer.life(_arrival(rng), MONDAY + DAYS * DAY))
    await town.run(MONDAY + (DAYS + REST_DAYS) * DAY)
    await town.check()
    visits = sum(customer.visits for customer in customers)
    yield Week(town, log, visits, time.perf_counter() - began)
    await engine.aclose()


async def compared(week: Week) -> list[Line]:
    """Product and oracle, figure by figure, as it stands and after the cases were made anew."""
    engine = week.town.engine
    rebuild = CaseRebuild(engine.store.database)
    lines = await _compare(week, "as it is")
    differing = [
        one for page in [p async for p in rebuild.compared()] for one in page if one.columns
    ]
    lines.append(Line("rebuild", "cases that differ", len(differing), 0))
    await engine.store.database.execute("DELETE FROM cases")
    async for page in rebuild.compared():
        await rebuild.write([one for one in page if one.columns])
    return lines + await _compare(week, "made anew")


async def _compare(week: Week, when: str) -> list[Line]:
    engine, now = week.town.engine, week.town.clock.now()
    reporter = build_reporter(engine.config, engine.store.measured)
    cases = stories(week.log, now)
    lines = []
    for name, since, until in (
        ("week", MONDAY, MONDAY + DAYS * DAY),
        ("all", MONDAY, now + 1),
        ("last day", now - DAY, now + 1),
    ):
        report = await reporter.report(Window(since, until), now)
        given = msgspec.to_builtins(report)
        expected = truth.figures(
            cases, since, until, now, levels=LEVELS, hours=_hours, minimum=MINIMUM
        )
        theirs = dict(_flat(given))
        lines += [
            Line(when, f"{name} {key}", theirs.get(key), value) for key, value in _flat(expected)
        ]
        extra = [key for key in theirs if key.split(".")[0] in expected]
        lines.append(Line(when, f"{name} figures", len(extra), len(dict(_flat(expected)))))
    return lines


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _flat(part, f"{name}.{at}")
    else:
        yield name, value


def _config(folder: Path) -> Config:
    shift = {"from": f"{OPENS:02}:00", "to": f"{CLOSES:02}:00"}
    return Config.model_validate(
        {
            "company": {"name": "云栖优选"},
            "storage": {"url": f"sqlite:///{folder / 'week.db'}"},
            "security": {"encryption_key": _KEY},
            "embeddings": {"provider": "none"},
            "staff": [
                {
                    "userid": who,
                    "name": who,
                    "level": "junior" if who in JUNIORS else "expert",
                    "shifts": [shift],
                    "on_holidays": True,
                }
                for who in (*JUNIORS, *EXPERTS)
            ],
            "measuring": {"minimum_cases": MINIMUM},
        }
    )


def _customers(town: Town, cases: int, rng: Random) -> list[Customer]:
    """A customer makes about one visit and a half in the week."""
    return [
        Customer(
            town,
            Conversation(rng.choice(ACCOUNTS), f"wm_{number:05}"),
            Random(rng.random()),
        )
        for number in range(round(cases / 1.35))
    ]


def _arrival(rng: Random) -> float:
    """Mostly by day."""
    hour = rng.choices(range(24), [1] * 8 + [4] * 14 + [2] * 2)[0]
    return MONDAY + rng.randrange(DAYS) * DAY + hour * HOUR + rng.uniform(0, 60 * MINUTE)


def _receiving(now: float) -> tuple[str, ...]:
    hour = (now - MONDAY) % DAY / HOUR
    return (*JUNIORS, *EXPERTS) if OPENS <= hour < CLOSES else ()


def _hours(begin: float, end: float) -> float:
    """Seconds between two moments in which the shop has people: every day the same hours."""
    total, day = 0.0, (begin - MONDAY) // DAY
    while MONDAY + day * DAY < end:
        opens = MONDAY + day * DAY + OPENS * HOUR
        closes = MONDAY + day * DAY + CLOSES * HOUR
        total += max(0.0, min(end, closes) - max(begin, opens))
        day += 1
    return total
