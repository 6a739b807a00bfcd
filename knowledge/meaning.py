"""Which class does a message mean, whatever its words? Learned from examples in the background.

The encoder is the one that retrieval uses, and with it the vector of the message: knowing what is
meant costs no second encoding. Until examples have been learned, and without an encoder, nothing
is known, and `lacks` says why.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.ports import Embedder
from knowledge.building import kept_vectors
from knowledge.embeddings import EmbeddingError, Vectors
from knowledge.fold import tidy
from knowledge.likeness import Likeness, kept_likeness, learn

log = structlog.get_logger(__name__)

DEADLINE_S = 0.2
"""After so long the words decide alone; no turn holds its lane for longer."""

KEPT = "meaning.npz"
"""What was learned, beside the vectors."""

_LEARNED_AS = "1"
"""Raised when the same examples would be learned differently now."""


class Sides(NamedTuple):
    """Examples of one class: what belongs to it, and what only looks so."""

    yes: Sequence[str]
    no: Sequence[str]


@dataclass(frozen=True)
class Examples:
    """What is learned from.

    Args:
        classes: their examples by name.
        ordinary: what belongs to none of them.
    """

    classes: Mapping[str, Sides] = field(default_factory=dict)
    ordinary: Sequence[str] = ()

    def laid_out(self) -> tuple[list[str], NDArray[np.bool_], NDArray[np.bool_]]:
        """Every text once, as an encoder reads it; of which classes it is a member; and of which
        it was said whether it is."""
        texts: dict[str, int] = {}
        marks: list[tuple[int, int, bool]] = []
        for column, sides in enumerate(self.classes.values()):
            for side, is_member in ((sides.yes, True), (sides.no, False)):
                for text in side:
                    row = texts.setdefault(tidy(text), len(texts))
                    marks.append((row, column, is_member))
        plain = [texts.setdefault(tidy(text), len(texts)) for text in self.ordinary]
        members = np.zeros((len(texts), len(self.classes)), np.bool_)
        said = np.zeros_like(members)
        said[plain] = True
        for row, column, is_member in marks:
            members[row, column] |= is_member
            said[row, column] = True
        return list(texts), members, said


class Like(NamedTuple):
    """An example near a text.

    Args:
        text: the example as it is compared.
        classes: to which it belongs; none = to nothing that needs anybody.
    """

    text: str
    classes: tuple[str, ...]


class Meaning:
    """Tells how probably a message is of each class.

    Args:
        examples: what it learns from.
        embedder: whose vectors, ``None`` = nothing will ever be known.
        is_wanted: ``False`` = it was turned off.
        kept: name of the file in which what was learned is kept.
        deadline_s: after so long nothing is known of a text, ``None`` = nobody waits for it.
    """

    def __init__(
        self,
        examples: Examples,
        embedder: Embedder | None,
        *,
        is_wanted: bool = True,
        kept: str = KEPT,
        deadline_s: float | None = DEADLINE_S,
    ) -> None:
        self._examples, self._embedder, self._kept = examples, embedder, kept
        self._deadline_s = deadline_s
        self._is_wanted = is_wanted and bool(examples.classes)
        self._learned: Likeness | None = None

    @property
    def lacks(self) -> Literal["", "off", "encoder", "examples learned"]:
        """Why nothing is known; '' = it is."""
        if not self._is_wanted:
            return "off"
        if self._embedder is None:
            return "encoder"
        return "" if self._learned else "examples learned"

    async def recall(self, folder: Path) -> bool:
        """Read what was learned before of these examples; ``False`` = nothing was."""
        if not self._is_wanted or self._embedder is None:
            return False
        self._learned = await asyncio.to_thread(kept_likeness, folder / self._kept, self._digest())
        return self._learned is not None

    async def learn(self, folder: Path | None) -> None:
        """Learn the examples, in the background of answering: 25 ms each, the first time.

        Args:
            folder: where vectors and what was learned are kept, ``None`` = nowhere.
        """
        if not self._is_wanted or self._embedder is None:
            return
        if folder is None or not await self.recall(folder):
            texts, members, said = self._examples.laid_out()
            rows = await kept_vectors([("query", t) for t in texts], self._embedder, folder)
            self._learned = await asyncio.to_thread(learn, rows, members, said)
            if folder:
                await asyncio.to_thread(_keep, self._learned, folder / self._kept, self._digest())
        log.info("meaning.learned", classes=len(self._examples.classes))

    async def of(self, text: str) -> Mapping[str, float]:
        """The probability of each class; empty when the words must decide alone."""
        vector = await self._vector(text)
        if vector is None or self._learned is None:
            return {}
        found = self._learned.probabilities(vector)
        return dict(zip(self._examples.classes, map(float, found), strict=True))

    async def like(self, text: str, n: int) -> list[Like]:
        """The n examples nearest to a text."""
        vector = await self._vector(text)
        if vector is None or self._learned is None:
            return []
        texts, members, _ = self._examples.laid_out()
        names = list(self._examples.classes)
        return [
            Like(texts[row], tuple(names[at] for at in np.flatnonzero(members[row])))
            for row in self._learned.nearest(vector, n)
        ]

    async def _vector(self, text: str) -> Vectors | None:
        read = tidy(text)
        if self._learned is None or self._embedder is None or not read:
            return None
        try:
            async with asyncio.timeout(self._deadline_s):
                vector: Vectors = (await self._embedder.embed([read], kind="query"))[0]
        except (EmbeddingError, TimeoutError) as error:
            log.warning("meaning.not_now", error=str(error) or type(error).__name__)
            return None
        return vector

    def _digest(self) -> str:
        texts, members, said = self._examples.laid_out()
        told = hashlib.blake2b(digest_size=16)
        name = self._embedder.name if self._embedder else ""
        for part in (_LEARNED_AS, name, *self._examples.classes, "", *texts):
            told.update(part.encode() + b"\0")
        told.update(members.tobytes() + said.tobytes())
        return told.hexdigest()


def _keep(learned: Likeness, file: Path, digest: str) -> None:
    try:
        learned.save(file, digest)
    except OSError as error:  # a folder that may not be written costs time only
        log.warning("meaning.not_kept", path=str(file), error=str(error))
