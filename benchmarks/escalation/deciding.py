"""Who decides whether a phrasing is of a class: naive words, the product's words, meaning, both?"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.escalation.naive import naive
from bot.app import ESCALATION_EXAMPLES, build_rules, examples_in
from bot.config import Escalation
from handlers.escalation.meant import SURE, agreed, is_readable
from handlers.escalation.rules import weigh
from knowledge.building import kept_vectors
from knowledge.embeddings import Kind, OfflineEmbedder, Vectors
from knowledge.fold import exact_key, fold, tidy
from knowledge.meaning import Examples, Meaning, Sides

Judge = Callable[[str, str], bool]
TWO_OF_ONE = {"exposure": ("exposure", "exposure_major")}
"""A set of phrasings may be two classes: public exposure has its ordinary and its major one."""


class Prepared:
    """An encoder that has encoded the questions of a benchmark before it begins.

    Args:
        embedder: who makes the vectors.
        folder: where they are kept between runs.
    """

    def __init__(self, embedder: OfflineEmbedder, folder: Path, texts: Sequence[str]) -> None:
        self._embedder, self.folder = embedder, folder
        self.name, self.dim = embedder.name, embedder.dim
        read = list(dict.fromkeys(map(tidy, texts)))
        rows = asyncio.run(kept_vectors([("query", text) for text in read], embedder, folder))
        self._known: dict[str, Vectors] = dict(zip(read, rows, strict=True))

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        if kind == "query" and len(texts) == 1 and texts[0] in self._known:
            return self._known[texts[0]][np.newaxis]
        rows: Vectors = await self._embedder.embed(texts, kind=kind)
        return rows


class Deciding:
    """The product's decision on texts.

    Args:
        embedder: has the texts, ``None`` = words alone.
        texts: what will be asked.
        measured: what must not have been learned.
    """

    def __init__(
        self, embedder: Prepared | None, texts: Iterable[str], measured: Iterable[str]
    ) -> None:
        self.rules = build_rules(Escalation())
        self._meant: Mapping[str, Mapping[str, float]] = {}
        if embedder is not None:
            meaning = Meaning(examples_without(measured), embedder)
            self._meant = asyncio.run(_meant(meaning, set(texts), embedder.folder))

    def judges(self) -> dict[str, Judge]:
        """Who is compared."""
        alone: dict[str, Judge] = {"naive": naive, "words": self.by_words}
        return alone | ({"meaning": self.by_meaning, "both": self.by_both} if self._meant else {})

    def by_words(self, name: str, text: str) -> bool:
        """Whether the words of a class stand in a text."""
        return _is_any(name, weigh(text, self.rules).hits)

    def by_meaning(self, name: str, text: str) -> bool:
        """Whether a text means a class."""
        return _is_any(name, {c for c, p in self._meant[text].items() if p >= SURE})

    def by_both(self, name: str, text: str) -> bool:
        """Whether the product finds the class in a text."""
        return _is_any(name, self.found(text))

    def found(self, text: str) -> Collection[str]:
        """All classes that the product finds in a text."""
        meant = self._meant[text] if self._meant and is_readable(text) else {}
        return agreed(weigh(text, self.rules), meant, text, self.rules).hits.keys()


def examples_without(measured: Iterable[str]) -> Examples:
    """The shipped examples but for the very texts that are measured."""
    held = {exact_key(fold(text)) for text in measured}

    def others(texts: Sequence[str]) -> list[str]:
        return [text for text in texts if exact_key(fold(text)) not in held]

    examples = examples_in(ESCALATION_EXAMPLES)[0]
    classes = {n: Sides(*map(others, sides)) for n, sides in examples.classes.items()}
    return Examples(classes, others(examples.ordinary))


async def _meant(
    meaning: Meaning, texts: Collection[str], folder: Path
) -> dict[str, Mapping[str, float]]:
    await meaning.learn(folder)
    return {text: await meaning.of(text) for text in texts}


def _is_any(name: str, found: Collection[str]) -> bool:
    return any(one in found for one in TWO_OF_ONE.get(name, (name,)))
