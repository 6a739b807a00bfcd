"""Does anything break when everything breaks at once? ``python -m benchmarks.chaos``.

Customers write, tap and are added as the script of a seed says; meanwhile the service is killed,
connections are cut, WeCom errs in every way it has, the disk is full and the clock jumps. In the
end everything is counted, from outside by what phones received and from inside by the database.
Ends with 1 when anything was lost, doubled, overtaken, or does not add up.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.chaos.fleet import fleet
from benchmarks.chaos.run import Outcome, Plan, run
from benchmarks.chaos.stands import embedded
from benchmarks.figures import Machine
from benchmarks.stage import ROOT

_COLUMNS = (
    *("seed", "messages", "adds", "taps", "kills", "clock", "squalls", "faults", "answered"),
    *("people", "told", "lost", "doubled", "order", "other", "settled", "seconds"),
)


def _row(outcome: Outcome) -> tuple[str, ...]:
    found, counts = outcome.found, outcome.counts
    squalls = sum(counts.values()) - counts["faults"] - counts["kills"] - counts["clock steps"]
    happened = (counts["kills"], counts["clock steps"], squalls, counts["faults"])
    ends = (found.answered, found.with_people, found.told)
    wrong = (found.lost, found.doubled, found.out_of_order, found.other)
    return (
        *map(str, (outcome.plan.seed, outcome.plan.messages, outcome.adds, outcome.taps)),
        *map(str, (*happened, *ends, *map(len, wrong))),
        f"{outcome.settled_s:.0f} s",
        f"{outcome.seconds:.0f}",
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
             for row in rows]  # fmt: skip
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


async def _all(given: Any) -> list[Outcome]:
    outcomes = []
    (ROOT / ".concierge").mkdir(exist_ok=True)
    for seed in range(given.first, given.first + given.seeds):
        plan = Plan(seed, given.messages, given.rate, given.in_flight)
        with tempfile.TemporaryDirectory(dir=ROOT / ".concierge") as folder:
            outcome = await run(plan, fleet if given.fleet else embedded, Path(folder))
        outcomes.append(outcome)
        shown = "\n".join(f"  · {one}" for one in outcome.problems[:30])
        print(f"seed {seed}: {len(outcome.problems)} problems, {outcome.seconds:.0f} s\n{shown}",
              file=sys.stderr, flush=True)  # fmt: skip
        if given.log and outcome.problems:
            Path(f"{given.log}.{seed}").write_text(outcome.log)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument(
        "--fleet", action="store_true", help="three processes over PostgreSQL and Valkey"
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=60.0, help="messages a second, at most")
    parser.add_argument("--in-flight", type=int, default=60)
    parser.add_argument(
        "--log", default="", help="file, for what is known of bad runs; the seed is appended"
    )
    machine = Machine()
    outcomes = asyncio.run(_all(parser.parse_args()))
    print(f"{machine.line()}\n\n{_table([_COLUMNS, *map(_row, outcomes)])}")
    return 1 if any(one.problems for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
