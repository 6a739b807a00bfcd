"""Which entries are there now, and what may be asked of them while they change?

They stand on a large shelf that is built as a whole, and a small one beside it with what was
changed since. Whoever is asking meanwhile sees all of a change or nothing of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import structlog

from bot.ports import Embedder
from knowledge.building import Engine, lexical_in_child, vector_index, vectors_of
from knowledge.dense import DenseIndex
from knowledge.entries import FaqEntry, version_of
from knowledge.fold import exact_key
from knowledge.shelf import Shelf
from knowledge.words import Words

log = structlog.get_logger(__name__)

MAX_CHANGED = 200  # entries on the small shelf; beyond, everything is built anew
AT_ONCE_S = 0.4  # a change waits so long for its vectors; then it counts by its characters


class Shelves:
    """The entries of one base with their indexes. All methods belong to one event loop.

    Args:
        embedder: what makes vectors, ``None`` = characters alone.
        cache_dir: where vectors (and Chroma's folder) are kept, ``None`` = nowhere.
        engine: of the vector index.
        on_change: called whenever what was found before may be out of date.
    """

    def __init__(
        self,
        entries: Iterable[FaqEntry],
        *,
        words: Words,
        embedder: Embedder | None,
        cache_dir: Path | None,
        engine: Engine,
        on_change: Callable[[], None],
    ) -> None:
        self._words = words
        self.by_id = {entry.id: entry for entry in entries}
        self.now: tuple[Shelf, ...] = (Shelf(list(self.by_id.values()), words=words),)
        self.changed: dict[str, FaqEntry] = {}
        self._exact: dict[str, dict[str, None]] = defaultdict(dict)
        for entry in self.by_id.values():
            self._note_exact(entry)
        self._embedder, self._cache_dir, self._engine = embedder, cache_dir, engine
        self._on_change = on_change
        self._version: str | None = None
        self._changing = asyncio.Lock()
        self._is_warming = False
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """A hash of all entries."""
        if self._version is None:
            self._version = version_of(self.by_id.values())
        return self._version

    @property
    def have_vectors(self) -> bool:
        """Whether meaning counts too."""
        return self.now[0].dense is not None

    def asking(self, key: str) -> list[FaqEntry]:
        """The entries that ask just this (`exact_key`)."""
        return [self.by_id[name] for name in self._exact.get(key, ())]

    async def change(self, upserts: Sequence[FaqEntry], removed: Collection[str] = ()) -> None:
        """See `Retriever.change`."""
        async with self._changing:
            changed = {i: e for i, e in self.changed.items() if i not in removed}
            changed |= {entry.id: entry for entry in upserts}
            beside = await self._shelf_beside(changed, self.now[0])
            if beside and self.have_vectors:
                try:
                    async with asyncio.timeout(AT_ONCE_S):
                        beside.dense = await self._dense(beside, self.now[0].dense)
                except TimeoutError:
                    log.info("knowledge.changed_without_vectors", entries=len(changed))
            self._show(upserts, removed, changed, beside)
        if self._is_crowded or (beside and self._lacks_vectors):
            self._catch_up()

    async def warm(self) -> None:
        """Embed what the disk cache lacks, for as long as it takes."""
        self._is_warming = True
        await self._catch_up()

    def close(self) -> None:
        """Release threads and files. The embedder stays open."""
        if self._catching_up:
            self._catching_up.cancel()
        for shelf in self.now:
            shelf.close()

    def _show(
        self,
        upserts: Sequence[FaqEntry],
        removed: Collection[str],
        changed: dict[str, FaqEntry],
        beside: Shelf | None,
    ) -> None:
        """Swap everything in one step of the loop: no question sees half of a change."""
        main, *old = self.now
        ids = {*removed, *(entry.id for entry in upserts)}
        for name in ids & self.by_id.keys():
            for key in self._exact_keys(self.by_id[name]):
                self._exact[key].pop(name, None)
        self.by_id = {i: e for i, e in self.by_id.items() if i not in set(removed)}
        for entry in upserts:
            self.by_id[entry.id] = entry
            self._note_exact(entry)
        main.take_away(ids)
        self.now = (main, beside) if beside else (main,)
        self.changed = changed
        for shelf in old:
            shelf.close()
        self._version = None
        self._on_change()

    @property
    def _is_crowded(self) -> bool:
        """Whether so much has changed that everything should be built anew."""
        return len(self.changed) > min(MAX_CHANGED, len(self.now[0].entries))

    @property
    def _lacks_vectors(self) -> bool:
        return self._is_warming and any(s.entries and not s.dense for s in self.now)

    def _catch_up(self) -> "asyncio.Task[None]":
        """Give what has changed its vectors and its place, once for all who ask for it."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._complete(), name="catching up")
        return self._catching_up

    async def _complete(self) -> None:
        while self._is_crowded or self._lacks_vectors:
            if self._is_crowded:
                await self._rebuild()
                continue
            shelf = next(s for s in self.now if s.entries and not s.dense)
            dense = await self._dense(shelf, self.now[0].dense)
            if shelf not in self.now:  # something was changed meanwhile
                dense.close()
                continue
            shelf.dense = dense
            self.now = (*self.now,)  # another tuple: what was just found is out of date
            self._on_change()

    async def _shelf_beside(self, changed: dict[str, FaqEntry], main: Shelf) -> Shelf | None:
        if not changed:
            return None
        return await lexical_in_child(
            list(changed.values()), self._words, main if main.entries else None
        )

    async def _rebuild(self) -> None:
        """Everything on one large shelf again, built elsewhere and swapped in."""
        built = self.by_id
        shelf = await lexical_in_child(list(built.values()), self._words)
        if self._is_warming:
            shelf.dense = await self._dense(shelf)
        async with self._changing:
            now, old = self.by_id, self.now
            changed = {i: entry for i, entry in now.items() if built.get(i) is not entry}
            beside = await self._shelf_beside(changed, shelf)
            shelf.take_away([i for i, entry in built.items() if now.get(i) is not entry])
            self.now = (shelf, beside) if beside else (shelf,)
            self.changed = changed
            self._on_change()
        for one in old:
            one.close()
        log.info("knowledge.built_anew", entries=len(built))

    async def _dense(self, shelf: Shelf, like: DenseIndex | None = None) -> DenseIndex:
        """The vectors of a shelf; of a small one, measured like those of the large one."""
        if self._embedder is None:
            raise LookupError("no embedder")
        rows = await vectors_of(shelf.entries, self._embedder, self._cache_dir)
        named = await asyncio.to_thread(version_of, shelf.entries)
        version, engine = f"{named}/{self._embedder.name}", "numpy" if like else self._engine
        index = await vector_index(rows, engine, self._cache_dir, version)
        return await asyncio.to_thread(DenseIndex, shelf.entries, rows, index, like)

    def _note_exact(self, entry: FaqEntry) -> None:
        for key in self._exact_keys(entry):
            self._exact[key][entry.id] = None

    def _exact_keys(self, entry: FaqEntry) -> set[str]:
        return {exact_key(self._words.fold(text)) for text in entry.questions}
