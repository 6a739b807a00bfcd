"""How do a company's orders get in where no system can be asked? From a CSV that it exports."""

import csv
import io
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Order, Shipment
from bot.store import OrderWritten
from bot.tools.answers import amount_of, moment_of, text_of

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("订单号", "订单编号", "order_no", "order_number", "number"),
    "customer": ("客户", "客户编号", "external_userid"),
    "status": ("状态", "订单状态", "status"),
    "title": ("商品", "商品名称", "商品标题", "title"),
    "amount": ("金额", "实付金额", "订单金额", "amount"),
    "paid_at": ("付款时间", "下单时间", "paid_at"),
    "carrier": ("快递公司", "物流公司", "carrier"),
    "tracking": ("快递单号", "运单号", "物流单号", "tracking_number"),
    "shipment": ("物流状态", "快递状态", "shipment_status"),
    "event": ("最新物流", "最新进展", "last_event"),
}
_NEEDED = ("number", "customer")
_USERID = re.compile(r"[A-Za-z0-9_\-@.]{1,64}", re.ASCII)
_SHOWN = 20


@dataclass(slots=True)
class _Read:
    """What a file holds: the orders with their customers, and what is wrong, by line."""

    orders: dict[str, tuple[str, Order]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


async def import_orders(config: Config, file: Path, out: TextIO) -> int:
    """Import a CSV of orders; the same file again changes nothing.

    Raises:
        Misconfigured: the file cannot be read, or lacks a column.
    """
    read = _read(_text(file), ZoneInfo(config.timezone))
    store = open_store(config)
    try:
        became = await store.orders.write(list(read.orders.values()), time.time())
    finally:
        store.close()
    counts = Counter(became.values())
    print(
        f"{file.name}：{len(became)} 个订单，新增 {counts[OrderWritten.NEW]}，"
        f"更新 {counts[OrderWritten.CHANGED]}，没有变化 {counts[OrderWritten.SAME]}。",
        file=out,
    )
    if read.skipped:
        print(f"跳过 {len(read.skipped)} 行：", file=out)
        for line in read.skipped[:_SHOWN]:
            print(f"  · {line}", file=out)
        if len(read.skipped) > _SHOWN:
            print(f"  · ……另有 {len(read.skipped) - _SHOWN} 行", file=out)
    return 1 if read.skipped else 0


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} 读不到（{error.strerror}）") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Misconfigured(f"{file} 既不是 UTF-8 也不是 GB18030 编码的文本")


def _read(text: str, zone: ZoneInfo) -> _Read:
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        columns = _columns(next(rows, []))
        read = _Read()
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = {
                    key: text_of(row[at]) if at < len(row) else "" for key, at in columns.items()
                }
                _take(read, cells, rows.line_num, zone)
    except csv.Error as error:
        raise Misconfigured(f"第 {rows.line_num} 行不是 CSV：{error}") from error
    return read


def _columns(header: list[str]) -> dict[str, int]:
    named = {cell.strip().lower(): at for at, cell in reversed(list(enumerate(header)))}
    found = {
        key: named[name] for key, names in _COLUMNS.items() for name in names[::-1] if name in named
    }
    if missing := [key for key in _NEEDED if key not in found]:
        wanted = "；".join(f"“{'”或“'.join(_COLUMNS[key])}”" for key in missing)
        raise Misconfigured(f"第一行（表头）缺列：{wanted}")
    return found


def _take(read: _Read, cells: Mapping[str, str], line: int, zone: ZoneInfo) -> None:
    """Add a row; rows with the same number are one order with several shipments."""
    for problem in _problems(read, cells, zone):
        read.skipped.append(f"第 {line} 行：{problem}")
        return
    shipment = Shipment(
        carrier=cells.get("carrier", ""),
        number=cells.get("tracking", ""),
        status=cells.get("shipment", ""),
        last_event=cells.get("event", ""),
    )
    order = Order(
        number=cells["number"],
        status=cells.get("status", ""),
        title=cells.get("title", ""),
        amount=amount_of(cells.get("amount", ""), "yuan"),
        paid_at=moment_of(cells.get("paid_at", ""), zone),
        shipments=() if shipment == Shipment() else (shipment,),
    )
    known = read.orders.get(order.number)
    if known:
        shipments = tuple(dict.fromkeys((*known[1].shipments, *order.shipments)))
        order = msgspec.structs.replace(known[1], shipments=shipments)
    read.orders[order.number] = (cells["customer"], order)


def _problems(read: _Read, cells: Mapping[str, str], zone: ZoneInfo) -> Iterator[str]:
    number, customer = cells["number"], cells["customer"]
    if not number:
        yield "没有订单号"
    elif not _USERID.fullmatch(customer):
        yield "没有客户的 external_userid" if not customer else "客户不是 external_userid"
    elif number in read.orders and read.orders[number][0] != customer:
        yield "同一个订单号上面已有，客户却不同"
    if (amount := cells.get("amount")) and amount_of(amount, "yuan") is None:
        yield f"金额 {amount!r} 不是数字"
    if (paid_at := cells.get("paid_at")) and moment_of(paid_at, zone) is None:
        yield f"时间 {paid_at!r} 看不懂，应如 2026-11-20 10:00:00"
