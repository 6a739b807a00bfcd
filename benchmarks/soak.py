"""Does anything grow that should not, over a long run? ``python -m benchmarks.soak``.

A fixed number of customers write at a steady rate; some open the chat, some become friends, some
ask for a person. Memory, open files, the log of the database and every table are looked at again
and again. Ends with 1 when something grows that nothing will ever make smaller.
"""

import argparse
import asyncio
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import handlers
from benchmarks import texts
from benchmarks.figures import Figure, Machine, terminal_table
from benchmarks.stage import ACCOUNT, ROOT, Stage, staged
from bot.app.engine import declared_tables
from bot.routing.discovery import discover
from bot.store import Table
from simulator.records import HUMAN, QUEUED

CUSTOMERS = 500
SAMPLES = 12
WARM_SHARE = 1 / 3
"""What grows until then is getting warm: caches, pools, pages."""

RSS_MB, FILES, WAL_MB = 8.0, 8, 16.0
"""How much more of it there may be at the end than when it was warm."""

FEW = 10
"""A table that got fewer rows than this in a thousand messages is not looked at."""


class Sample(NamedTuple):
    """How things stand at one moment."""

    seconds: float
    said: int
    rss_mb: float
    files: int
    wal_mb: float
    file_mb: float
    rows: Mapping[str, int]


async def measure(minutes: float, rate: float) -> tuple[list[Sample], int]:
    """Let them write for so long; returns the samples, and how many messages have no answer."""
    (ROOT / ".concierge").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".concierge") as folder:
        settings = {
            "embeddings": {"provider": "none"},
            "welcome": {"sources": [str(ROOT / "prompts" / "welcome")]},
            "staff": [{"userid": "zhangsan", "name": "张敏", "level": "junior", "capacity": 20}],
        }
        async with staged(Path(folder), "soak", settings=settings, warm=False) as stage:
            database = Path(folder) / "soak" / "data" / "concierge.db"
            await stage.calm()
            crowd = _Crowd(stage, rate)
            writing = asyncio.create_task(crowd.write(minutes * 60))
            samples = [_sample(stage, database, crowd)]
            began = time.monotonic()
            for number in range(1, SAMPLES + 1):
                due = began + number * minutes * 60 / SAMPLES
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                samples.append(_sample(stage, database, crowd))
                print(_line(samples[-1]), file=sys.stderr, flush=True)
            await writing
            return samples, len(stage.simulator.unanswered(60.0))


class _Crowd:
    """Everybody who writes, and one servicer who ends what he is given."""

    def __init__(self, stage: Stage, rate: float) -> None:
        self._sim, self._rate = stage.simulator, rate
        self._chance = random.Random(1)
        self.said, self.began = 0, time.monotonic()

    async def write(self, seconds: float) -> None:
        """At a steady rate; what is late is not made up for."""
        questions = itertools.cycle(texts.exact(2000))
        for number in range(CUSTOMERS):
            self._sim.world.add_customer(external_userid=f"wmSoak{number:06d}")
        due = time.monotonic()
        while time.monotonic() - self.began < seconds:
            who = f"wmSoak{self._chance.randrange(CUSTOMERS):06d}"
            await self._act(who, next(questions).text)
            due = max(due + 1 / self._rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _act(self, who: str, question: str) -> None:
        kind = self._chance.random()
        session = self._sim.conversation(ACCOUNT, who)
        if session.state == HUMAN:
            await self._sim.staff_end(session.servicer or "", ACCOUNT, who)
        elif session.state == QUEUED:
            await self._sim.staff_take("zhangsan", ACCOUNT, who)
        if kind < 0.02:
            await self._sim.enter(ACCOUNT, who)
        elif kind < 0.03 and not self._sim.friends.followers(who):
            self._sim.friends.add("lisi", who)
        await self._sim.say(ACCOUNT, who, "转人工" if kind > 0.98 else question)
        self.said += 1


def _sample(stage: Stage, database: Path, crowd: _Crowd) -> Sample:
    proc, wal = Path(f"/proc/{stage.process.pid}"), database.with_name(database.name + "-wal")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = [row[0] for row in opened.execute(sql)]
        rows = {n: opened.execute(f"SELECT COUNT(*) FROM {n}").fetchone()[0] for n in names}
    return Sample(
        time.monotonic() - crowd.began,
        crowd.said,
        stage.rss_mb(),
        len(list((proc / "fd").iterdir())),
        wal.stat().st_size / 1e6 if wal.exists() else 0.0,
        database.stat().st_size / 1e6,
        rows,
    )


def _line(one: Sample) -> str:
    return (
        f"{one.seconds:6.0f} s  {one.said:7d} 条  RSS {one.rss_mb:6.1f} MB  fd {one.files:3d}"
        f"  WAL {one.wal_mb:6.2f} MB  库 {one.file_mb:7.1f} MB  行 {sum(one.rows.values()):8d}"
    )


def figures_of(samples: Sequence[Sample], tables: Sequence[Table], unanswered: int) -> list[Figure]:
    """The verdict on each thing that could grow."""
    warm, last = samples[int(len(samples) * WARM_SHARE)], samples[-1]
    said = last.said - warm.said
    return [
        Figure("消息（每秒）", f"{last.said}（{last.said / last.seconds:.1f}）"),
        Figure("一分钟还没有回答的", str(unanswered), "0", not unanswered),
        _flat("内存 RSS，MB", warm.rss_mb, last.rss_mb, RSS_MB),
        _flat("打开的文件", warm.files, last.files, FILES),
        _flat("WAL，MB", warm.wal_mb, last.wal_mb, WAL_MB),
        Figure("数据库文件，MB", f"{warm.file_mb:.1f} → {last.file_mb:.1f}"),
        *_tables(warm, last, said, {one.name: one for one in tables}),
    ]


def _flat(what: str, warm: float, last: float, most: float) -> Figure:
    return Figure(what, f"{warm:.1f} → {last:.1f}", f"增长不超过 {most:g}", last - warm <= most)


def _tables(warm: Sample, last: Sample, said: int, tables: Mapping[str, Table]) -> list[Figure]:
    found = []
    for name, rows in sorted(last.rows.items(), key=lambda one: -one[1]):
        grown = 1000 * (rows - warm.rows.get(name, 0)) / max(said, 1)
        if grown < FEW:
            continue
        kept, by = tables[name].kept, tables[name].age
        kind = f"retention.{kept}（按 {by}）" if kept else _bounded(tables[name])
        found.append(
            Figure(f"表 {name}：每千条消息多几行", f"{grown:.0f}（共 {rows}）", kind, bool(kind))
        )
    return found


def _bounded(table: Table) -> str:
    """Why a table without retention is bounded all the same; empty = it is not."""
    keys = set(table.key.split(", "))
    return "每位客户一行" if keys & {"external_userid", "person_id"} and keys <= _BOUNDED else ""


_BOUNDED = {
    *("external_userid", "person_id", "open_kfid", "userid"),
    *("scene", "name", "purpose", "kind"),
}
"""Columns of a key that have few values for one customer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    given: Any = parser.parse_args()
    machine = Machine()
    samples, unanswered = asyncio.run(measure(given.minutes, given.rate))
    figures = figures_of(samples, declared_tables(discover(handlers)), unanswered)
    print(f"{machine.line()}\n\n{terminal_table(figures)}")
    return 1 if any(one.met is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
