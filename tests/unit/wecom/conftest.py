from collections.abc import AsyncIterator

import pytest

from tests.unit.wecom.fakes import Setup, set_up


@pytest.fixture
async def edge() -> AsyncIterator[Setup]:
    async with set_up() as setup:
        yield setup
