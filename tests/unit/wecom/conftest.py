import pytest

from tests.unit.wecom.fakes import set_up


@pytest.fixture
async def edge():
    async with set_up() as setup:
        yield setup
