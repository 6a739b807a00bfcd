"""Does the report of 7-2-1 say what happened? `python -m benchmarks.week [--cases N] [--seed S]`.

Prints each figure of the product beside that of the oracle, before and after the cases were made
anew, and ends with 1 on any difference.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from benchmarks.week.played import compared, played


async def _main(cases: int, seed: int, *, verbose: bool) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        async with played(Path(folder), cases, seed) as week:
            lines = await compared(week)
            print(
                f"{week.visits} 次来访，{len(week.log.seen)} 条原始记录，"
                f"{week.town.events} 个事件，{week.seconds:.0f} 秒"
            )
    wrong = [line for line in lines if not line.same]
    for line in lines if verbose else wrong:
        mark = "=" if line.same else "≠"
        print(f"{mark} {line.when:<10} {line.name:<44} {line.product!r:>24} {line.oracle!r:>24}")
    print(f"{len(lines)} 个数，{len(wrong)} 个不同")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=721)
    parser.add_argument("--quiet", action="store_true", help="only what differs")
    given = parser.parse_args()
    sys.exit(asyncio.run(_main(given.cases, given.seed, verbose=not given.quiet)))
