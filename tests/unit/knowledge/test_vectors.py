"""Are vectors found again, and does a broken file cost no more than time?"""

from pathlib import Path

import numpy as np

from knowledge.vectors import VectorCache, text_hash

ROWS = np.arange(8, dtype=np.float32).reshape(2, 4)
NAMES = [text_hash("query", "多久发货"), text_hash("passage", "多久发货")]


def test_vectors_are_found_again_after_a_restart(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "deep" / "v.sqlite3", "m")
    cache.save(NAMES, ROWS)
    cache.close()
    cache = VectorCache(tmp_path / "deep" / "v.sqlite3", "m")
    found = cache.load([*NAMES, b"unknown"])
    cache.close()
    assert set(found) == set(NAMES)
    assert np.array_equal(found[NAMES[1]], ROWS[1])


def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    for model in ("m", "n"):
        cache = VectorCache(tmp_path / "v.sqlite3", model)
        assert cache.load(NAMES) == {}
        cache.save(NAMES, ROWS)
        cache.close()


def test_a_file_that_is_no_database_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "v.sqlite3").write_bytes(b"garbage" * 1000)
    cache = VectorCache(tmp_path / "v.sqlite3", "m")
    assert cache.load(NAMES) == {}
    cache.save(NAMES, ROWS)
    assert len(cache.load(NAMES)) == 2
    cache.close()


def test_a_file_damaged_inside_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite3"
    cache = VectorCache(path, "m")
    names = [text_hash("query", str(i)) for i in range(500)]
    cache.save(names, np.ones((500, 64), np.float32))
    cache.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    cache = VectorCache(path, "m")
    assert cache.load(names) == {}
    cache.save(NAMES, ROWS)
    assert len(cache.load(NAMES)) == 2
    cache.close()


def test_without_a_path_nothing_is_written() -> None:
    cache = VectorCache(None, "m")
    cache.save(NAMES, ROWS)
    assert len(cache.load(NAMES)) == 2
    cache.close()


def test_more_vectors_than_one_statement_asks_for_are_all_found() -> None:
    cache = VectorCache(None, "m")
    names = [text_hash("query", str(i)) for i in range(1_201)]
    rows = np.arange(1_201 * 4, dtype=np.float32).reshape(-1, 4)
    cache.save(names, rows)
    found = cache.load(names)
    assert np.array_equal(np.stack([found[name] for name in names]), rows)
    cache.close()


def test_one_vector_is_found_without_reading_the_others() -> None:
    """A change of one entry reads its texts alone: a walk over 3,000 rows is over 10,000 steps."""
    cache = VectorCache(None, "m")
    names = [text_hash("query", str(i)) for i in range(3_000)]
    cache.save(names, np.ones((3_000, 4), np.float32))
    hundreds: list[int] = []
    cache._db.set_progress_handler(lambda: hundreds.append(100), 100)
    assert set(cache.load(names[:2])) == set(names[:2])
    assert sum(hundreds) < 1_000
    cache.close()


def test_a_file_of_vectors_is_hardly_larger_than_they_are(tmp_path: Path) -> None:
    """4.6 MB for 1.5 MB of numbers, before the pages were large enough to hold a row."""
    cache = VectorCache(tmp_path / "v.sqlite3", "m")
    rows = np.ones((1_000, 384), np.float32)
    cache.save([text_hash("query", str(i)) for i in range(1_000)], rows)
    cache.close()
    assert (tmp_path / "v.sqlite3").stat().st_size < 1.5 * rows.nbytes
