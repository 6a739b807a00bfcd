"""The suite of the store runs over both databases."""

from collections.abc import Callable

import pytest

from bot.store import Database

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
"""What is about files, or measured in SQLite's own steps."""

Opens = Callable[[], Database]
"""Opens a database without tables, the same one each time."""
