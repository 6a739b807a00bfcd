"""How does an operator move a company from one database to another?"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from pydantic import ValidationError

import handlers
from bot.app import declared_tables, open_store
from bot.app.engine import known_migrations
from bot.config import Config, Storage
from bot.errors import Misconfigured
from bot.routing.discovery import discover
from bot.store import Database, Table
from bot.store.beside import copy_beside
from bot.store.migrate import KEYS_MIGRATIONS, migrate, migrations_of
from bot.store.moving import KEY_TABLES, Move
from bot.store.opening import open_existing, open_facts, open_keys


async def move_here(config: Config, source: str, out: TextIO) -> int:
    """Copy everything from another database into the configured one; go on where it was killed.

    Args:
        source: its address, as in `storage.url`.

    Raises:
        Misconfigured: it is served, is of another version, or what arrived is not the same.
    """
    began, told = time.monotonic(), {"url": source}
    try:
        other = Storage.model_validate(told, context={"base": Path.cwd()})
    except ValidationError as error:
        raise Misconfigured(f"--from：{error.errors()[0]['msg']}") from error
    if other.url == config.storage.url:
        raise Misconfigured("--from 和 storage.url 是同一个数据库")
    if (found := open_existing(other)) is None:
        raise Misconfigured(f"没有这个数据库：{_name(other.url)}")
    found.close()
    names = (_name(other.url), _name(config.storage.url))
    with _served_by_nobody_else(other, config.storage) as facts:
        with _opened(open_keys, other, config.storage) as keys:
            for database in keys:
                migrate(database, migrations_of("keys", KEYS_MIGRATIONS))
            await _move(*keys, names, KEY_TABLES, out)
        for database in facts:
            migrate(database, known_migrations())
        await _move(*facts, names, declared_tables(discover(handlers)), out)
    files = copy_beside(other.files, config.storage.files)
    open_store(config).close()  # the master key of the configuration opens what has come
    print(f"文件 {files} 个。", file=out)
    print(f"两边逐行核对一致，用了 {time.monotonic() - began:.1f} 秒。", file=out)
    print(f"现在可以用 {names[1]} 启动；{names[0]} 从此拒绝启动，确认无误后可以删去。", file=out)
    return 0


@contextlib.contextmanager
def _opened(
    opens: Callable[[Storage], Database], source: Storage, target: Storage
) -> Iterator[tuple[Database, Database]]:
    with contextlib.closing(opens(source)) as there, contextlib.closing(opens(target)) as here:
        yield there, here


@contextlib.contextmanager
def _served_by_nobody_else(source: Storage, target: Storage) -> Iterator[tuple[Database, Database]]:
    with _opened(open_facts, source, target) as both:
        for database in both:
            database.claim()
        yield both


async def _move(
    source: Database,
    target: Database,
    names: tuple[str, str],
    tables: Sequence[Table],
    out: TextIO,
) -> None:
    move = Move(source, target, names, tables)
    if await move.begin():
        print("接着上次没搬完的搬。", file=out)
    await move.copy(lambda table, rows: print(f"  {table:<28} {rows}", file=out) if rows else None)
    moved = await move.compare()
    await move.end(leaving=source)
    print(f"{sum(one.rows for one in moved)} 行，{len(moved)} 张表。", file=out)


def _name(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    return url if not parts.password else url.replace(f":{parts.password}@", ":…@")
