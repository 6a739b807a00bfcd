"""How does an operator copy a running company, and bring it back?"""

import asyncio
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import handlers
from bot.app import declared_tables, open_store
from bot.app.engine import known_migrations, master_keys
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Misconfigured
from bot.routing.discovery import discover
from bot.store import AuditEntry, Unit
from bot.store import backup as backups
from bot.store.backup import Held, Manifest
from bot.store.backup_places import held_by
from bot.store.vault import fingerprint

_NAME = "concierge-"


async def back_up(
    config: Config, folder: Path, keys: Path, out: TextIO, *, keep: int, now: float | None = None
) -> int:
    """Copy everything beside the running service; older copies beyond `keep` go.

    Args:
        folder: gets a folder of the data, named by its time.
        keys: gets a file of the keys, of the same name.
        keep: how many to keep in either, 0 = all.

    Raises:
        Misconfigured: nothing to copy, no place to copy to, or a copy is not whole.
    """
    began, at = time.monotonic(), time.time() if now is None else now
    if folder.absolute() == keys.absolute():
        raise Misconfigured("数据和密钥要放在两处：放在一起，删除了的客户又读得出来")
    open_store(config).close()  # the tables of this version, and the key that opens them
    name = f"{_NAME}{datetime.fromtimestamp(at, ZoneInfo(config.timezone)):%Y%m%d-%H%M%S}"
    data, keys_file = folder / name, keys / f"{name}.keys.db"
    try:
        manifest = await backups.back_up(_held(config), data, keys_file, made_at=at)
    except OSError as error:
        raise Misconfigured(f"备份没有做成：{error}") from error
    await _note(config, "backup", name, at)
    took = time.monotonic() - began
    print(f"数据：{data}", file=out)
    print(f"密钥：{keys_file}（与数据分开存放）", file=out)
    _print(manifest, out)
    print(f"已核对，用了 {took:.1f} 秒。", file=out)
    for old in _beyond(folder, keep):
        shutil.rmtree(old)
        (keys / f"{old.name}.keys.db").unlink(missing_ok=True)
        print(f"删去旧的：{old.name}", file=out)
    return 0


async def restore(
    config: Config, folder: Path, keys: Path | None, out: TextIO, *, replace: bool = False
) -> int:
    """Bring a backup back, after every byte of it was looked at.

    Args:
        keys: file of the keys; needed only where none are.
        replace: the database that is there is given another name first.

    Raises:
        Misconfigured: it is not whole, is not this company's, or something is in the way.
    """
    began, held = time.monotonic(), _held(config)
    manifest = await asyncio.to_thread(backups.check_whole, folder, keys)
    _ask_whether_it_fits(config, manifest)
    has_keys = held.has_keys(folder.name)
    if keys is None and not has_keys:
        raise Misconfigured("这里没有密钥库，请用 --keys 指明备份的密钥")
    if held.is_there(folder.name):
        if not replace:
            raise Misconfigured("这里已经有数据库了；要换掉它请加 --replace，旧的会改名留着")
        held.ask_not_served()
        aside = held.set_aside(f"replaced-{int(time.time())}")
        print(f"原来的改名为 {aside}，确认无误后请删去。", file=out)
    if keys is not None and has_keys:
        print("密钥库用这里现有的：它知道之后删除过谁。", file=out)
    try:
        await backups.restore(folder, keys, held)
    except OSError as error:
        raise Misconfigured(f"没有恢复成：{error}") from error
    open_store(config).close()
    await _note(config, "restore", folder.name, time.time())
    _print(manifest, out)
    print(
        f"已恢复，用了 {time.monotonic() - began:.1f} 秒。现在可以启动 concierge serve：", file=out
    )
    print("备份之后的消息会向企业微信补拉（它保留三天），删除过的客户会再删一遍。", file=out)
    return 0


def _held(config: Config) -> Held:
    return held_by(config.storage, known_migrations(), declared_tables(discover(handlers)))


def _ask_whether_it_fits(config: Config, manifest: Manifest) -> None:
    known = {one.name for one in known_migrations()}
    if newer := [one for one in manifest.migrations if one not in known]:
        raise Misconfigured(f"备份是更新的版本做的（有 {newer[-1]}），请先换上那个版本")
    master, previous = master_keys(config)
    ours = {fingerprint(key) for key in (master, *previous)}
    if other := [one for one in manifest.masters if one not in ours]:
        raise Misconfigured(
            f"备份要用主密钥 {other[0]}… 打开，现在配置的是 {'、'.join(sorted(ours))}"
        )


async def _note(config: Config, action: str, name: str, at: float) -> None:
    store, unit = open_store(config), Unit()
    try:
        store.audit.note(unit, AuditEntry(at=at, actor=operator(), action=action, subject=name))
        await store.database.commit(unit)
    finally:
        store.close()


def _print(manifest: Manifest, out: TextIO) -> None:
    rows = manifest.rows
    counted = (("customers", "位客户"), ("messages", "条消息"), ("cases", "次咨询"))
    told = "、".join(f"{rows[table]:,} {what}" for table, what in counted if table in rows)
    files = sum(1 for file in manifest.files if file.startswith("media/"))
    print(f"{told}、{files:,} 个附件，共 {manifest.bytes / 1e6:,.1f} MB。", file=out)


def _beyond(folder: Path, keep: int) -> list[Path]:
    made = sorted(one for one in folder.glob(f"{_NAME}*") if (one / backups.MANIFEST).is_file())
    return made[:-keep] if keep else []
