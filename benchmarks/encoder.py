"""How many questions a second can the encoder alone turn into vectors, on these cores?

Measured in a process of its own with the product's threads: the bound of every run in which each
question needs an embedding.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

from knowledge import OfflineEmbedder


def bound(texts: Sequence[str]) -> float | None:
    """Texts a second, ``None`` where the encoder does not run."""
    embedder = OfflineEmbedder.open()
    if embedder is None:
        return None
    try:
        return asyncio.run(_rate(embedder, texts))
    finally:
        embedder.close()


async def _rate(embedder: OfflineEmbedder, texts: Sequence[str]) -> float:
    await embedder.embed(texts[:4], kind="query")
    began = time.perf_counter()
    await asyncio.gather(*(embedder.embed([text], kind="query") for text in texts))
    return len(texts) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(json.dumps(bound(json.load(sys.stdin))))
