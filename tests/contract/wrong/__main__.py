"""`python -m tests.contract.wrong [NAME …]`: which variant is caught by what."""

import asyncio
import sys

from tests.contract.wrong.run import play, try_out
from tests.contract.wrong.variants import VARIANTS


async def _table(names: list[str]) -> int:
    missed = 0
    if not names:
        faultless = await play()
        print(f"{'the product as it is':58} {sorted(faultless.kinds) or 'nothing found'}")
        missed += bool(faultless.kinds)
    for name in names or VARIANTS:
        variant = VARIANTS[name]
        found = await try_out(variant)
        caught = variant.caught_by in found.kinds
        also = ", ".join(sorted(found.kinds - {variant.caught_by}))
        shown = variant.caught_by if caught else f"NOT CAUGHT by {variant.caught_by}"
        print(f"{variant.wrong:58} {shown:28} {also and f'({also})'}", flush=True)
        missed += not caught
    return 1 if missed else 0


sys.exit(asyncio.run(_table(sys.argv[1:])))
