"""What of the service does this process do, and what do others?"""

import os
import secrets
import socket
from enum import StrEnum

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
