"""Which rows lie nearest to a vector? Exact in memory, or approximate in Chroma.

Measured at dim 384: numpy 0.04 / 0.2-0.6 / 7-25 ms at 1k / 10k / 100k rows, Chroma 1.2 / 1.4 /
1.7 ms and 70 MB for its import. So up to `MAX_EXACT_ROWS` numpy serves, beyond that Chroma.
"""

import asyncio
import contextlib
import hashlib
import shutil
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from knowledge.embeddings import Vectors

log = structlog.get_logger(__name__)


class _UnwantedError(Exception):
    """Nobody waits for the index that is being filled."""


MAX_EXACT_ROWS = 20_000
_INLINE_ROWS = 4_000  # 0.2 ms; above that a thread, so that the loop is never held up
_T = TypeVar("_T")


class VectorIndex(Protocol):
    """Finds and measures rows, which are numbered as they were given."""

    async def nearest(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[int]:
        """Up to k rows by falling cosine, among the allowed ones."""
        ...

    async def cosines(self, vector: Vectors, rows: Sequence[int]) -> Vectors:
        """The cosine of each of these rows."""
        ...

    def close(self) -> None:
        """Release threads and files."""
        ...


class NumpyIndex:
    """One matrix; every answer is exact."""

    def __init__(self, rows: Vectors) -> None:
        self._rows = rows

    async def nearest(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[int]:
        """Up to k rows by falling cosine, among the allowed ones."""
        if len(self._rows) <= _INLINE_ROWS:
            return self._nearest(vector, k, allowed)
        return await asyncio.to_thread(self._nearest, vector, k, allowed)

    async def cosines(self, vector: Vectors, rows: Sequence[int]) -> Vectors:
        """The cosine of each of these rows."""
        return np.asarray(self._rows[rows] @ vector, np.float32)

    def close(self) -> None:
        """Nothing to release."""

    def _nearest(self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> list[int]:
        cosines = self._rows @ vector
        if allowed is not None:
            cosines[~allowed] = -np.inf
            k = min(k, int(allowed.sum()))
        if k < len(cosines):
            best = np.argpartition(-cosines, k)[:k] if k else np.empty(0, np.int64)
        else:
            best = np.arange(len(cosines))
        return [int(row) for row in best[np.argsort(-cosines[best])]]


class ChromaIndex:
    """A Chroma folder of our own, in this process, behind one thread (more do not help).

    Each version has a folder: another base, another process or the next version never writes
    where questions are answered from. Old ones go once nobody holds them.

    Reading vectors back from Chroma takes 25 ms for 400 rows; a mapped file beside it takes none.
    """

    _COLLECTION = "faq"
    _BATCH = 500  # rows, 0.3 s

    _KEPT = 4  # folders nobody uses, for the next start or the way back

    def __init__(self, folder: Path) -> None:
        self._parent = self._folder = folder
        self._held: TextIO | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chroma")
        self._client: Any = None
        self._collection: Any = None
        self._rows: Any = None
        self._is_unwanted = threading.Event()

    @classmethod
    async def open(cls, folder: Path, rows: Vectors, version: str) -> "ChromaIndex":
        """The folder's index if it holds this version, else one built anew.

        Filling takes a minute for 100,000 rows. Cancelled, it ends with the batch at hand: a thread
        at work would hold up the end of the process. The next start fills the folder anew.
        """
        index = cls(folder)
        try:
            await index._run(index._open, rows, version)
        except BaseException:
            index._is_unwanted.set()
            index._thread.submit(index._close)
            index._thread.shutdown(wait=False)
            raise
        return index

    async def nearest(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[int]:
        """Up to k rows by falling cosine, among the allowed ones."""
        return await self._run(self._nearest, vector, k, allowed)

    async def cosines(self, vector: Vectors, rows: Sequence[int]) -> Vectors:
        """The cosine of each of these rows."""
        return np.asarray(self._rows[rows] @ vector, np.float32)

    def close(self) -> None:
        """Close the folder, so that it can be opened again."""
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _open(self, rows: Vectors, version: str) -> None:
        name = hashlib.sha256(version.encode()).hexdigest()[:16]
        for folder in sorted(self._parent.glob(f"{name}-*")):
            self._folder = folder
            try:
                self._open_folder(rows, version)
            except _UnwantedError:
                raise
            except Exception as error:  # Chroma raises many kinds over a damaged folder
                log.warning("chroma.rebuilt", folder=str(folder), error=str(error))
                self._close()
                shutil.rmtree(folder, ignore_errors=True)
            else:
                break
        else:
            # A new name each time: in this process Chroma remembers a path that it failed to open.
            self._folder = self._parent / f"{name}-{uuid.uuid4().hex}"
            self._open_folder(rows, version)
        self._tidy()

    def _tidy(self) -> None:
        """Delete the oldest folders that nobody holds."""
        folders = [path for path in self._parent.glob("*") if path.is_dir()]
        folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for folder in folders[self._KEPT :]:
            with contextlib.suppress(OSError), _held(folder, alone=True):
                shutil.rmtree(folder, ignore_errors=True)

    def _open_folder(self, rows: Vectors, version: str) -> None:
        import chromadb  # noqa: PLC0415 (0.7 s and 70 MB, only for those who need it)
        from chromadb.config import Settings  # noqa: PLC0415

        self._folder.mkdir(parents=True, exist_ok=True)
        self._held = _held(self._folder)
        self._client = chromadb.PersistentClient(
            str(self._folder), settings=Settings(anonymized_telemetry=False)
        )
        if not self._is_held(len(rows), version):
            self._fill(rows, version)
        self._rows = np.load(self._file, mmap_mode="r")

    @property
    def _file(self) -> Path:
        return self._folder / "rows.npy"

    def _is_held(self, count: int, version: str) -> bool:
        """Whether the folder holds this version. Whatever else it holds is deleted."""
        if self._COLLECTION not in [held.name for held in self._client.list_collections()]:
            return False
        # Without embedding_function=None Chroma would fetch a model from a public bucket.
        held = self._client.get_collection(self._COLLECTION, embedding_function=None)
        is_whole = (held.metadata or {}).get("version") == version and held.count() == count
        if is_whole and self._file.exists():
            self._collection = held
            return True
        self._client.delete_collection(self._COLLECTION)
        return False

    def _fill(self, rows: Vectors, version: str) -> None:
        """The version is written last: a build that was killed is not mistaken for a whole one."""
        np.save(self._file, rows)
        fresh = self._client.create_collection(
            self._COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine"}},
            metadata={"version": ""},
        )
        for at in range(0, len(rows), self._BATCH):
            if self._is_unwanted.is_set():
                raise _UnwantedError
            part = rows[at : at + self._BATCH]
            fresh.add(ids=[str(at + i) for i in range(len(part))], embeddings=part)
        fresh.modify(metadata={"version": version})
        self._collection = fresh

    def _nearest(self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> list[int]:
        """Disallowed rows are dropped afterwards: Chroma's own filters cost 8 to 45 ms."""
        wanted = min(k, len(self._rows) if allowed is None else int(allowed.sum()))
        asked = wanted
        while wanted:
            found = self._collection.query(
                query_embeddings=[vector], n_results=min(asked, len(self._rows)), include=[]
            )
            rows = [int(name) for name in found["ids"][0]]
            kept = rows if allowed is None else [row for row in rows if allowed[row]]
            if len(kept) >= wanted or asked >= len(self._rows):
                return kept[:wanted]
            asked *= 4
        return []

    def _close(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):  # a damaged client must not stop the rebuild
                self._client.close()
        self._client = self._collection = None
        if self._held is not None:
            self._held.close()
            self._held = None


def _held(folder: Path, *, alone: bool = False) -> TextIO:
    """A file that, while open, keeps others from deleting the folder. Raises `OSError` if held."""
    file = (folder / "held").open("a")
    try:
        import fcntl  # noqa: PLC0415 (not on Windows, where open files cannot be deleted anyhow)
    except ImportError:
        return file
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
