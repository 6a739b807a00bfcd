"""Do both vector indexes find the same rows? One suite over numpy and Chroma."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from knowledge.embeddings import Vectors
from knowledge.index import ChromaIndex, NumpyIndex, VectorIndex

Make = Callable[[Vectors], Awaitable[VectorIndex]]


def unit_rows(count: int, dim: int = 16) -> Vectors:
    rows = np.random.default_rng(7).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture(params=["numpy", "chroma"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[VectorIndex] = []

    async def build(rows: Vectors) -> VectorIndex:
        if request.param == "numpy":
            made.append(NumpyIndex(rows))
        else:
            made.append(await ChromaIndex.open(tmp_path / "chroma", rows, "v1"))
        return made[-1]

    yield build
    for index in made:
        index.close()


async def test_the_nearest_rows_come_best_first(make: Make) -> None:
    rows = unit_rows(60)
    index = await make(rows)
    expected = [int(i) for i in np.argsort(-(rows @ rows[3]))[:5]]
    assert await index.nearest(rows[3], 5) == expected


async def test_only_allowed_rows_are_found_however_few(make: Make) -> None:
    rows = unit_rows(60)
    index = await make(rows)
    allowed = np.zeros(60, np.bool_)
    farthest = [int(i) for i in np.argsort(rows @ rows[0])[:2]]
    allowed[farthest] = True
    assert set(await index.nearest(rows[0], 5, allowed)) == set(farthest)
    assert await index.nearest(rows[0], 5, np.zeros(60, np.bool_)) == []


async def test_asking_for_more_than_there_is_returns_all(make: Make) -> None:
    rows = unit_rows(3)
    assert len(await (await make(rows)).nearest(rows[0], 10)) == 3


async def test_cosines_come_in_the_order_asked(make: Make) -> None:
    rows = unit_rows(10)
    index = await make(rows)
    found = await index.cosines(rows[0], [7, 0, 3])
    assert found == pytest.approx(rows[[7, 0, 3]] @ rows[0], abs=1e-5)


async def test_chroma_is_kept_for_a_version_and_rebuilt_for_another(tmp_path: Path) -> None:
    first, second = unit_rows(20), unit_rows(20)[::-1].copy()
    for rows, version in ((first, "v1"), (first, "v1"), (second, "v2")):
        index = await ChromaIndex.open(tmp_path, rows, version)
        assert await index.nearest(first[0], 1) == [0 if version == "v1" else 19]
        index.close()


async def test_a_chroma_folder_without_its_files_is_rebuilt(tmp_path: Path) -> None:
    rows = unit_rows(20)
    (await ChromaIndex.open(tmp_path / "c", rows, "v1")).close()
    next(tmp_path.rglob("rows.npy")).unlink()
    index = await ChromaIndex.open(tmp_path / "c", rows, "v1")
    assert await index.nearest(rows[5], 1) == [5]
    index.close()


async def test_a_damaged_chroma_folder_is_rebuilt(tmp_path: Path) -> None:
    rows = unit_rows(20)
    (await ChromaIndex.open(tmp_path / "c", rows, "v1")).close()
    for file in (tmp_path / "c").rglob("*"):
        if file.is_file():
            file.write_bytes(b"not what it was")
    index = await ChromaIndex.open(tmp_path / "c", rows, "v1")
    assert await index.nearest(rows[5], 1) == [5]
    index.close()


async def test_a_new_version_leaves_the_one_in_use_alone(tmp_path: Path) -> None:
    first, second = unit_rows(400), unit_rows(20)[::-1].copy()
    used = await ChromaIndex.open(tmp_path, first, "v1")
    for at in range(ChromaIndex._KEPT + 3):
        (await ChromaIndex.open(tmp_path, second, f"w{at}")).close()
    assert await used.nearest(first[300], 1) == [300]
    assert await used.cosines(first[300], [300]) == pytest.approx([1.0])
    used.close()
    assert len(list(tmp_path.iterdir())) <= ChromaIndex._KEPT + 1


async def test_a_chroma_index_that_nobody_waits_for_is_filled_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = unit_rows(60)
    filling, may_go_on, added = threading.Event(), threading.Event(), []

    class Collection:
        def add(self, ids: list[str], embeddings: Vectors) -> None:
            del embeddings
            added.append(len(ids))
            filling.set()
            may_go_on.wait(5)

    class Client:
        def create_collection(self, *_: object, **__: object) -> Collection:
            return Collection()

        def close(self) -> None: ...

    def opened(index: ChromaIndex, rows: Vectors, version: str) -> None:
        index._folder.mkdir(parents=True, exist_ok=True)
        index._client = Client()
        index._fill(rows, version)

    with monkeypatch.context() as patched:
        patched.setattr(ChromaIndex, "_BATCH", 10)
        patched.setattr(ChromaIndex, "_open_folder", opened)
        opening = asyncio.create_task(ChromaIndex.open(tmp_path / "c", rows, "v1"))
        await asyncio.to_thread(filling.wait, 5)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        (thread,) = (t for t in threading.enumerate() if t.name.startswith("chroma"))
        may_go_on.set()
        await asyncio.to_thread(thread.join, 5)
    assert added == [10]

    index = await ChromaIndex.open(tmp_path / "c", rows, "v1")
    assert await index.nearest(rows[5], 1) == [5]
    index.close()
