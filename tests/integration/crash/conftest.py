"""The process that all lives of the product are forked from."""

from collections.abc import Iterator

import pytest

from tests.integration.crash.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made
