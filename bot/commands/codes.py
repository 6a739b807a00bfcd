"""Which redeem codes are there to be given to newcomers, and how do more come in (R-2.4)?"""

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured

_HEADS = ("兑换码", "券码", "码", "code")
_LONGEST = 64


async def bring(config: Config, campaign: str, file: Path, out: TextIO) -> int:
    """Import the codes of a campaign; a code that is there already stays whose it is.

    Raises:
        Misconfigured: the file cannot be read, or a line of it is no code; then none is imported.
    """
    codes = list(dict.fromkeys(_codes_in(file)))
    store = open_store(config)
    try:
        new = await store.benefits.bring(campaign, codes, time.time())
    finally:
        store.close()
    print(f"{campaign}：导入 {new} 个，已有 {len(codes) - new} 个。", file=out)
    return 0


async def listed(config: Config, out: TextIO) -> int:
    """Print how many codes each campaign has left."""
    store = open_store(config)
    try:
        stock = await store.benefits.stock()
    finally:
        store.close()
    for one in stock:
        print(f"{one.campaign}：剩 {one.free}，发送中 {one.reserved}，已发 {one.given}", file=out)
    if not stock:
        print("还没有导入兑换码；concierge codes import 活动 文件.csv", file=out)
    return 0


def _codes_in(file: Path) -> Iterator[str]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} 读不出来，应为 UTF-8 的 CSV 或每行一个码") from error
    rows = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    if not rows:
        raise Misconfigured(f"{file} 里没有兑换码")
    head = [cell.strip().lower() for cell in rows[0]]
    column = next((head.index(name) for name in _HEADS if name in head), None)
    for number, row in enumerate(rows if column is None else rows[1:], 1 if column is None else 2):
        code = row[column or 0].strip() if len(row) > (column or 0) else ""
        if not code or len(code.encode()) > _LONGEST or not code.isprintable() or "{" in code:
            raise Misconfigured(f"{file} 第 {number} 行不是兑换码：1–{_LONGEST} 个可见字符")
        yield code
