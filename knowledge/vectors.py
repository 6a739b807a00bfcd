"""Which texts were embedded before? Vectors on disk, by model and text; losing them costs time."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from knowledge.embeddings import Kind, Vectors

log = structlog.get_logger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    model TEXT NOT NULL,
    text  BLOB NOT NULL,  -- hash of kind and text
    row   BLOB NOT NULL,  -- float32, little endian
    PRIMARY KEY (model, text)
) WITHOUT ROWID
"""

_SELECT = "SELECT text, row FROM vectors WHERE model = ? AND text IN ({})"
_ASKED = 500  # hashes in a statement; the oldest SQLite takes 999 parameters


def text_hash(kind: Kind, text: str) -> bytes:
    """What a vector is kept under, beside its model's name."""
    return hashlib.blake2b(f"{kind}:{text}".encode(), digest_size=16).digest()


class VectorCache:
    """A file of vectors, or a memory that forgets when there is no path.

    Every save is one transaction, so that a killed build goes on where it was. A file that cannot
    be read is deleted and begun again. Calls block: use a thread.
    """

    def __init__(self, path: Path | None, model: str) -> None:
        self._path, self._model = path, model
        self._lock = threading.Lock()
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = self._connect()

    def load(self, hashes: Iterable[bytes]) -> dict[bytes, Vectors]:
        """What is known of these, by hash."""
        with self._lock:
            try:
                return self._select(set(hashes))
            except sqlite3.DatabaseError as error:
                self._begin_again(error)
                return {}

    def save(self, hashes: Sequence[bytes], rows: Vectors) -> None:
        """Keep these, durably as one."""
        values = [
            (self._model, name, row.astype("<f4").tobytes())
            for name, row in zip(hashes, rows, strict=True)
        ]
        with (
            self._lock,
            suppress(sqlite3.OperationalError),
            self._db,
        ):  # a full disk costs time only
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", values)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            return self._begin_again(error)

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        try:
            # A row of 384 numbers does not fit into a quarter of the usual 4096 bytes, and would
            # take a page of its own: 4.7 KB each instead of 1.9 KB. Files begun before stay so.
            db.execute("PRAGMA page_size = 16384")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(_SCHEMA)
        except sqlite3.DatabaseError:
            db.close()
            raise
        self._db = db
        return db

    def _begin_again(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        log.warning("vectors.cache_lost", path=str(self._path), error=str(error))
        if hasattr(self, "_db"):
            self._db.close()
        if self._path:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        return self._opened()

    def _select(self, wanted: set[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, NDArray[np.float32]] = {}
        names = sorted(wanted)  # neighbours lie on the same page of the file
        for at in range(0, len(names), _ASKED):
            part = names[at : at + _ASKED]
            rows = self._db.execute(_SELECT.format(",".join("?" * len(part))), (self._model, *part))
            found.update((name, np.frombuffer(blob, "<f4")) for name, blob in rows)
        lengths = {len(row) for row in found.values()}
        return found if len(lengths) <= 1 else {}
