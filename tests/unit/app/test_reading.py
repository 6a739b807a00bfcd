"""Does somebody read exactly where a reranker is configured?"""

from pathlib import Path

from bot.app import build_library, build_reading, preview
from tests.builders import a_config

RERANKER = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "candidates": 4}


def test_nobody_reads_unless_configured(tmp_path: Path) -> None:
    assert build_reading(a_config(tmp_path)) is None


async def test_one_reader_serves_every_base(tmp_path: Path) -> None:
    config = a_config(tmp_path, reranker=RERANKER, accounts={"wk1": {"knowledge": []}})
    async with preview(config) as contents:
        library = await build_library(config, contents, None)
    assert [base.reader for base in library.all()] == ["m@http://127.0.0.1:9/v1"] * 2
    assert library.reading is not None
    assert library.reading.most == 4
    await library.aclose()
