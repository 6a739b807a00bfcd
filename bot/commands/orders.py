"""How do a company's orders get in where no system can be asked? From a CSV that it exports."""

import csv
import io
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import open_store
from bot.app.sales_files import SalesFile, is_sales, read_sales
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Order, Shipment
from bot.model.sales import Sale
from bot.store import OrderWritten, Store, Taken
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
_BY = {"customer": "按客户编号", "unionid": "按 unionid", "phone": "按手机号", "hand": "人工"}
_WHY = {
    "no_identity": "没有身份",
    "unknown": "还不认识",
    "ambiguous": "手机号对上多人",
    "erased": "客户已要求删除",
}


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
    text, zone = text_of_file(file), ZoneInfo(config.timezone)
    if not _names_customers(text) and is_sales(text):
        return await _import_sales(config, read_sales(text, zone, time.time()), file, out)
    read = _read(text, zone)
    store = open_store(config)
    try:
        became = await store.orders.write(list(read.orders.values()), time.time())
        paid = [_sale(*one) for one in read.orders.values() if one[1].paid_at is not None]
        await store.sales.take_all(paid, time.time())
    finally:
        store.close()
    counts = Counter(became.values())
    print(
        f"{file.name}：{len(became)} 个订单，新增 {counts[OrderWritten.NEW]}，"
        f"更新 {counts[OrderWritten.CHANGED]}，没有变化 {counts[OrderWritten.SAME]}。",
        file=out,
    )
    _print_skipped(read.skipped, out)
    return 1 if read.skipped else 0


def _names_customers(text: str) -> bool:
    header = next(csv.reader(io.StringIO(text, newline="")), [])
    return any(cell.strip().lower() in _COLUMNS["customer"] for cell in header)


def _sale(customer: str, order: Order) -> Sale:
    """The same order as it is counted; a list for looking up tells nothing of refunds."""
    return Sale(
        number=order.number,
        changed_at=order.paid_at or 0.0,
        status=order.status,
        amount=order.amount or 0,
        paid_at=order.paid_at,
        external_userid=customer,
        title=order.title,
    )


async def _import_sales(config: Config, found: SalesFile, file: Path, out: TextIO) -> int:
    store = open_store(config)
    try:
        became = await store.sales.take_all(found.sales.values(), time.time())
        await _print_matching(store, out)
    finally:
        store.close()
    whose = f"（{found.marketplace}）" if found.marketplace else ""
    print(
        f"{file.name}{whose}：{len(found.sales)} 个订单，新增 {became[Taken.NEW]}，"
        f"更新 {became[Taken.CHANGED]}，没有变化 {became[Taken.SAME] + became[Taken.OLDER]}。",
        file=out,
    )
    _print_skipped(found.skipped, out)
    return 1 if found.skipped else 0


async def unmatched(config: Config, out: TextIO, *, limit: int) -> int:
    """List the orders whose buyer is not known, and how many are matched by what."""
    store = open_store(config)
    try:
        for one in await store.sales.unmatched(limit):
            paid = one.sale.paid_at
            when = datetime.fromtimestamp(paid, ZoneInfo(config.timezone)) if paid else None
            shown = f"{when:%Y-%m-%d %H:%M}" if when else "未付款"
            why = _WHY.get(one.match.why, one.match.why)
            print(f"{one.sale.number}  {shown}  {one.sale.amount / 100:.2f} 元  {why}", file=out)
        await _print_matching(store, out)
    finally:
        store.close()
    return 0


async def match(config: Config, number: str, customer: str, out: TextIO) -> int:
    """Say whose an order is.

    Raises:
        Misconfigured: no such customer.
    """
    store = open_store(config)
    try:
        if not await store.people.known(customer):
            raise Misconfigured(f"没有 {customer} 这位客户")
        if not await store.sales.belongs_to(number, customer, time.time()):
            print(f"{number} 没有这个订单，或者已经知道是谁的。", file=out)
            return 1
    finally:
        store.close()
    print(f"{number} 是 {customer} 的。", file=out)
    return 0


async def _print_matching(store: Store, out: TextIO) -> None:
    counts = await store.sales.match_counts()
    total, known = sum(counts.values()), sum(counts.get(by, 0) for by in _BY)
    if not total:
        print("还没有订单。", file=out)
        return
    parts = [f"{_BY[by]} {counts[by]}" for by in _BY if counts.get(by)]
    parts += [f"{_WHY[why]} {counts[why]}" for why in _WHY if counts.get(why)]
    print(f"订单 {total} 个，认出买家 {known / total:.1%}：{'，'.join(parts)}。", file=out)


def _print_skipped(skipped: list[str], out: TextIO) -> None:
    if not skipped:
        return
    print(f"跳过 {len(skipped)} 行：", file=out)
    for line in skipped[:_SHOWN]:
        print(f"  · {line}", file=out)
    if len(skipped) > _SHOWN:
        print(f"  · ……另有 {len(skipped) - _SHOWN} 行", file=out)


def text_of_file(file: Path) -> str:
    """The text of a file as spreadsheets write it.

    Raises:
        Misconfigured: it cannot be read, or is no text.
    """
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
