"""How many messages a second, how soon, and at what cost, in each way of running the product?

    python -m benchmarks.throughput [sqlite] [postgres-1] [postgres-2] … [--questions N]

Every customer is a new one and asks a question that stands in the knowledge base, which needs no
vectors; every answer is checked. First as many as the product can, 50 of them waiting at a time;
then 12 a second (100,000 inquiries a day at their peak). The simulated WeCom, PostgreSQL and all
processes of the product share the machine. Ends with 1 when an answer was lost, doubled or wrong,
or an aim was missed.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import texts
from benchmarks.conversations import Outcome, ask_all, ask_steadily
from benchmarks.costs import Used, used_by
from benchmarks.figures import Figure, Machine, percentile, terminal_table
from benchmarks.stage import ROOT, staged, worker_beside
from tests.postgres_server import PostgresServer, running_server

BEST_SEEN = 19
"""Messages a second of the best open system that was measured."""

PEAK_PER_SECOND = 12
SAFE = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
"""A server that survives a power cut, as a company's does."""


class Way(NamedTuple):
    """One way of running the product.

    Args:
        settings: sections of its configuration.
        server: PostgreSQL's first process, 0 = there is none.
        processes: of the product.
    """

    name: str
    settings: dict[str, Any]
    server: int = 0
    processes: int = 1


@contextlib.contextmanager
def ways(wanted: Sequence[str], folder: Path) -> Iterator[Iterator[Way]]:
    """What is compared; each has an empty database, and a server lives as long as the context."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_server(**SAFE)) if {*wanted} - {"sqlite"} else None

        def found() -> Iterator[Way]:
            for name in wanted:
                if server is None or name == "sqlite":
                    yield Way("SQLite，一个进程", {})
                    continue
                url = stack.enter_context(server.new_database())
                storage = {"url": url, "folder": str(folder / f"files-{name}")}
                title = f"PostgreSQL，{name.removeprefix('postgres-')} 个进程"
                processes = int(name.removeprefix("postgres-"))
                yield Way(title, {"storage": storage}, _pid(server), processes)

        yield found()


def _pid(server: PostgresServer) -> int:
    return int((Path(server.sql("SHOW data_directory")) / "postmaster.pid").read_text().split()[0])


async def measure(way: Way, folder: Path, questions: int, seconds: int) -> list[Figure]:
    """The figures of one way."""
    settings = {"embeddings": {"provider": "none"}, **way.settings}
    async with (
        staged(folder, "stage", settings=settings, warm=False) as stage,
        contextlib.AsyncExitStack() as stack,
    ):
        more = [worker_beside(stage) for _ in range(way.processes - 1)]
        beside = [await stack.enter_async_context(one) for one in more]
        pids = [one.pid for one in (stage.process, *beside)]
        await ask_all(stage, texts.exact(50))  # statements are prepared, files are open
        before, before_server = used_by(pids), used_by([way.server] if way.server else [])
        most = await ask_all(stage, texts.exact(questions))
        product = used_by(pids).since(before)
        server = used_by([way.server] if way.server else []).since(before_server)
        peak = await ask_steadily(
            stage, texts.exact(PEAK_PER_SECOND * seconds), per_second=PEAK_PER_SECOND
        )
    return [*_figures(way, most, peak), _cost(way, product, server, most.answered)]


def _cost(way: Way, product: Used, server: Used, answered: int) -> Figure:
    each = max(answered, 1)
    cpu_ms = 1000 * (product.cpu_s + server.cpu_s) / each
    parts = f"（其中数据库 {1000 * server.cpu_s / each:.1f}）" if way.server else ""
    written = (product.written + server.written) / each / 1024
    return Figure(f"{way.name}：每条用处理器 / 写盘", f"{cpu_ms:.1f} ms{parts} / {written:.0f} KB")


def _figures(way: Way, most: Outcome, peak: Outcome) -> list[Figure]:
    aim = 20 * BEST_SEEN
    p50, p95, p99 = (1000 * percentile(most.latencies, share) for share in (0.5, 0.95, 0.99))
    peak_p50, peak_p95, peak_p99 = (
        percentile(peak.latencies, share) for share in (0.5, 0.95, 0.99)
    )
    return [
        Figure(
            f"{way.name}：尽量快，50 位同时在等",
            f"{most.per_second:.0f} 条/秒，p50 / p95 / p99 {p50:.0f} / {p95:.0f} / {p99:.0f} ms",
            f"≥ {aim} 条/秒",
            most.per_second >= aim,
        ),
        Figure(
            f"{way.name}：每秒 {PEAK_PER_SECOND} 条",
            f"p50 / p95 / p99 {peak_p50:.2f} / {peak_p95:.2f} / {peak_p99:.2f} s",
            "p95 < 1 s",
            peak_p95 < 1,
        ),
        Figure(
            f"{way.name}：答对 / 丢失 / 重复 / 答错",
            " / ".join(
                str(sum(getattr(one, kind) for one in (most, peak)))
                for kind in ("answered", "lost", "doubled", "wrong")
            ),
            "丢失、重复、答错 0",
            most.is_clean and peak.is_clean,
        ),
    ]


async def measure_all(wanted: Sequence[str], questions: int, seconds: int) -> list[Figure]:
    """One way after another."""
    (ROOT / ".concierge").mkdir(exist_ok=True)
    figures = []
    with (
        tempfile.TemporaryDirectory(dir=ROOT / ".concierge") as folder,
        ways(wanted, Path(folder)) as found,
    ):
        for way in found:
            figures += await measure(way, Path(folder), questions, seconds)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    known = ("sqlite", "postgres-1", "postgres-2", "postgres-4")
    parser.add_argument("ways", nargs="*", choices=[*known, []], help="by default all")
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--seconds", type=int, default=20, help="of the steady peak")
    given = parser.parse_args()
    os.environ["NO_COLOR"] = "1"  # the product's log is read for what it says
    machine, load = Machine(), os.getloadavg()
    figures = asyncio.run(measure_all(given.ways or known, given.questions, given.seconds))
    after = os.getloadavg()
    print(f"{machine.line()}，负载 {load[0]:.1f} → {after[0]:.1f}\n\n{terminal_table(figures)}")
    return 0 if all(one.met is not False for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
