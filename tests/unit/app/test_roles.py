"""What does a process do, and what does it keep to itself?"""

from pathlib import Path

import pytest

from bot.app import open_store
from bot.app.fleet import Role, build_leases, own_vectors
from bot.errors import Misconfigured
from bot.store.leases import LOOPS
from tests.builders import STORAGE, a_config


@pytest.mark.parametrize("role", [Role.WEB, Role.WORKER])
def test_a_file_is_served_by_one_process_that_does_everything(tmp_path: Path, role: Role) -> None:
    config = a_config(tmp_path)
    store = open_store(config)
    with pytest.raises(Misconfigured, match="PostgreSQL"):
        build_leases(config, store.database, role)
    assert build_leases(config, store.database, Role.ALL).holds(LOOPS)
    store.close()


def test_each_process_on_a_server_has_vectors_of_its_own(tmp_path: Path) -> None:
    (tmp_path / STORAGE).write_text("postgresql://nobody@127.0.0.1:1/nothing", "utf-8")
    config = a_config(tmp_path)
    with own_vectors(config) as first:
        with own_vectors(config) as second:
            assert first != second
        with own_vectors(config) as again:
            assert again == second
    with own_vectors(config) as free:
        assert free == first
