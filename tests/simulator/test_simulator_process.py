"""The simulator as a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]


async def test_it_says_where_it_is_and_stops_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        "--accounts",
        "3",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        async with asyncio.timeout(20):
            url = json.loads(await process.stdout.readline())["url"]
            async with aiohttp.ClientSession() as http, http.get(f"{url}/sim/state") as response:
                assert len((await response.json())["accounts"]) == 3
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_it_imports_nothing_of_the_product() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "simulator").glob("*.py"))
    for room in ("bot", "handlers", "knowledge"):
        assert f"from {room}" not in sources
        assert f"import {room}" not in sources
