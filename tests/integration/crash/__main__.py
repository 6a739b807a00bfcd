"""What does the crash test come to, as a table? ``python -m tests.integration.crash [WORD …]``.

Words choose the trials whose names contain one of them; without words all are run.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.integration.crash.matrix import all_plans
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.table import starts, table
from tests.integration.crash.trial import Outcome, run


async def main(words: list[str]) -> int:
    """Run the trials and print what came of them."""
    outcomes: list[Outcome] = []
    for plan in all_plans():
        if words and not any(word in plan.name for word in words):
            continue
        with Nursery() as nursery, tempfile.TemporaryDirectory() as folder:
            outcome = await run(plan, nursery, Path(folder))
        outcomes.append(outcome)
        state = "ok" if not outcome.problems else "FAILED"
        print(f"{plan.name}: {state}, {outcome.seconds:.1f} s", file=sys.stderr, flush=True)
    print(f"\n{table(outcomes)}\n\n{starts(outcomes)}")
    for outcome in outcomes:
        for problem in outcome.problems:
            print(f"  ✗ {outcome.plan.name}: {problem}")
    return 1 if any(outcome.problems for outcome in outcomes) else 0


sys.exit(asyncio.run(main(sys.argv[1:])))
