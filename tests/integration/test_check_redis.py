"""Does `concierge check` say whether Redis can be used?"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.check import check
from tests.valkey_server import ValkeyServer, running_valkey


async def said(tmp_path: Path, url: str) -> str:
    file, out = tmp_path / "config.yaml", io.StringIO()
    file.write_text("company: {name: 店}\n", "utf-8")
    await check(file, {"CONCIERGE_REDIS__URL": url}, False, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


async def test_a_server_that_answers_is_no_problem(tmp_path: Path, valkey: ValkeyServer) -> None:
    assert "redis" not in (await said(tmp_path, valkey.url)).lower()


async def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    with running_valkey() as server:
        server.kill()
        told = await said(tmp_path, server.url.replace("127.", "someone:pa55word@127."))
    assert "Redis：1 个问题" in told
    assert "ConnectionError" in told
    assert "pa55word" not in told


async def test_a_wrong_password_is_a_problem(tmp_path: Path, valkey: ValkeyServer) -> None:
    told = await said(tmp_path, valkey.url.replace("127.", "someone:pa55word@127."))
    assert "AuthenticationError" in told


async def test_a_server_that_says_nothing_is_a_problem(
    tmp_path: Path, valkey: ValkeyServer
) -> None:
    with valkey.held_up():
        assert "TimeoutError" in await said(tmp_path, valkey.url)
