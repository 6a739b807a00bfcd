"""What of the service does this process do, and what do others?"""

import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from bot.app.engine import vectors_folder
from bot.config import Config
from bot.store import Database
from bot.store.leases import Alone, Bystander, Leases
from bot.store.postgres.leases import SharedLeases


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    """It answers over HTTP, and works."""

    WEB = "web"
    """It answers over HTTP; what is to be done others do."""

    WORKER = "worker"
    """It works; over HTTP it says how it is."""


def build_leases(config: Config, database: Database, role: Role) -> Leases:
    """What is this process's to do, of what the company's processes have to do.

    Raises:
        Misconfigured: another process serves the database, or it is for one process only.
    """
    if config.storage.sqlite_path is not None and role is Role.ALL:
        database.claim()
        return Alone()
    database.join()
    if role is Role.WEB:
        return Bystander()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    return SharedLeases(database, owner, config.delivery.lease_s)


@contextmanager
def own_vectors(config: Config) -> Iterator[Path]:
    """A folder for vectors that no other process uses: the first of several that is free.

    What is in it is only kept to start sooner; an index that two processes write to is broken.
    """
    folder = vectors_folder(config)
    if config.storage.sqlite_path is not None:
        yield folder
        return
    for number in itertools.count(1):
        own = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        own.mkdir(parents=True, exist_ok=True)
        with (own / "lock").open("w") as file:
            if _locked(file):
                yield own
                return


def _locked(file: TextIO) -> bool:
    try:
        import fcntl  # noqa: PLC0415 (not on Windows, where nothing keeps two apart)
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
