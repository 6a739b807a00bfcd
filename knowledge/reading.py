"""What does somebody think who reads the question and the likeliest entries together?

Vectors and words say what a text is about; whether it answers just this, only reading tells. It
costs far more than comparing vectors, so that only what is left open is read, and only the first
few entries. Whoever reads may fail or be slow: then the evidence there is decides alone.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from bot.errors import ModelUnavailable
from bot.ports import Reader
from knowledge.entries import FaqEntry

log = structlog.get_logger(__name__)

DEADLINE_S = 3.0  # of the reader on this machine; a quiet one takes a tenth
_WAITING = 4  # questions being read at once; more would wait for each other, not for a processor
_KEPT = 8_192  # scores

Parts = tuple[str, ...]


class Read(NamedTuple):
    """What one reader thinks of the entries it read, by their ids; higher = answers better."""

    reader: str
    scores: Mapping[str, float]


class Reading:
    """Asks readers in turn until one has an answer. Belongs to one event loop.

    Args:
        readers: the preferred one first.
        deadline_s: how long one reader may take.
    """

    def __init__(self, readers: Sequence[Reader], *, deadline_s: float = DEADLINE_S) -> None:
        self._readers = tuple(readers)
        self._deadline_s = deadline_s
        self._known: OrderedDict[tuple[str, str, Parts], float] = OrderedDict()
        self._waiting = 0

    @property
    def most(self) -> int:
        """Entries that any of them reads."""
        return max((reader.most for reader in self._readers), default=0)

    @property
    def name(self) -> str:
        """Of the preferred reader, '' = there is none."""
        return self._readers[0].name if self._readers else ""

    async def aclose(self) -> None:
        """Close what readers keep open."""
        for reader in self._readers:
            await reader.aclose()

    async def of(self, asked: str, entries: Sequence[FaqEntry]) -> Read | None:
        """What is thought of these entries; `None` = nobody could read them now."""
        texts = [parts_of(entry) for entry in entries]
        for reader in self._readers if texts else ():
            some = texts[: reader.most]
            scores = await self._ask(reader, asked, some)
            if scores is not None:
                ids = (entry.id for entry in entries[: reader.most])
                return Read(reader.name, dict(zip(ids, scores, strict=True)))
        return None

    async def _ask(
        self, reader: Reader, asked: str, texts: Sequence[Parts]
    ) -> Sequence[float] | None:
        keys = [(reader.name, asked, text) for text in texts]
        missing = [text for key, text in zip(keys, texts, strict=True) if key not in self._known]
        if missing and self._waiting >= _WAITING:
            log.info("reading.crowded", reader=reader.name)
            return None
        found = {key: self._known[key] for key in keys if key in self._known}
        if missing:
            self._waiting += 1
            try:
                async with asyncio.timeout(self._deadline_s):
                    scores = await reader.read(asked, missing)
            except (ModelUnavailable, TimeoutError) as error:
                log.warning("reading.failed", reader=reader.name, error=str(error) or "too slow")
                return None
            finally:
                self._waiting -= 1
            new = {(reader.name, asked, t): s for t, s in zip(missing, scores, strict=True)}
            found |= new
            self._keep(new)
        return [found[key] for key in keys]

    def _keep(self, new: Mapping[tuple[str, str, Parts], float]) -> None:
        self._known.update(new)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)


def parts_of(entry: FaqEntry) -> Parts:
    """What is read of an entry: its answer, its question, its other phrasings."""
    return (entry.answer, *entry.questions)
