"""What does a marketplace's export of orders say? Text in, orders out, and what is wrong by line.

Columns are found by their names, of which each marketplace has its own; which marketplace it is
follows from those that no other has.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from bot.errors import Misconfigured
from bot.model.sales import Sale
from bot.tools.answers import amount_of, moment_of, text_of


@dataclass(frozen=True, slots=True)
class Marketplace:
    """How one marketplace writes its orders.

    Args:
        telling: columns that only it has.
        columns: what we want → its names, the best first.
        sums: each line is a part of the order, with an amount of its own.
    """

    name: str
    telling: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]
    sums: bool = False


MARKETPLACES = (
    Marketplace(
        "taobao",
        frozenset(("买家会员名", "宝贝标题")),
        {
            "number": ("订单编号", "主订单编号"),
            "status": ("订单状态",),
            "amount": ("买家实际支付金额", "买家实付金额", "总金额"),
            "refunded": ("退款金额",),
            "paid_at": ("订单付款时间", "付款时间"),
            "phone": ("联系手机", "联系电话"),
            "title": ("宝贝标题", "标题"),
        },
    ),
    Marketplace(
        "jd",
        frozenset(("京东价", "下单帐号", "下单账号", "付款确认时间")),
        {
            "number": ("订单号", "订单编号"),
            "status": ("订单状态",),
            "amount": ("应付金额", "结算金额", "订单金额"),
            "refunded": ("退款金额",),
            "paid_at": ("付款确认时间", "付款时间", "下单时间"),
            "phone": ("联系电话", "客户电话", "手机"),
            "title": ("商品名称",),
            "category": ("商品类目", "类目"),
        },
    ),
    Marketplace(
        "douyin",
        frozenset(("子订单编号", "选购商品", "支付完成时间")),
        {
            "number": ("主订单编号", "订单编号"),
            "status": ("订单状态",),
            "amount": ("订单应付金额", "实付金额"),
            "refunded": ("退款金额", "售后金额"),
            "paid_at": ("支付完成时间", "订单提交时间"),
            "phone": ("收件人手机号", "手机号"),
            "title": ("选购商品", "商品名称"),
            "category": ("商品类目",),
        },
        sums=True,
    ),
    Marketplace(
        "youzan",
        frozenset(("买家付款时间", "已退款金额", "归属店铺", "全部商品名称")),
        {
            "number": ("订单号",),
            "status": ("订单状态",),
            "amount": ("订单实付金额", "应收订单金额"),
            "refunded": ("已退款金额", "订单已退款金额"),
            "paid_at": ("买家付款时间", "付款时间"),
            "phone": ("买家手机号", "收货人手机号/提货人手机号", "收货人手机号"),
            "title": ("全部商品名称", "商品名称"),
            "category": ("商品类目",),
        },
    ),
)
GENERIC = Marketplace(
    "",
    frozenset(),
    {
        "number": ("订单号", "订单编号", "order_no", "order_number", "number"),
        "shop": ("店铺", "平台", "shop"),
        "status": ("状态", "订单状态", "status"),
        "amount": ("实付金额", "金额", "订单金额", "amount"),
        "refunded": ("退款金额", "refunded"),
        "paid_at": ("付款时间", "支付时间", "paid_at"),
        "changed_at": ("更新时间", "changed_at", "updated_at"),
        "customer": ("客户", "external_userid"),
        "unionid": ("unionid",),
        "phone": ("手机号", "买家手机号", "收货人手机号", "phone"),
        "title": ("商品", "商品名称", "title"),
        "category": ("类目", "商品类目", "category"),
    },
)

_NEEDED = ("number", "amount", "paid_at")
_CLOSED = ("交易关闭", "已关闭", "已取消", "取消", "已退款", "退款成功", "全额退款")
_MOST = 100_000


@dataclass(slots=True)
class SalesFile:
    """What a file holds.

    Args:
        marketplace: whose export it is, empty = nobody's we know by its columns.
        skipped: what is wrong, each with its line.
    """

    marketplace: str
    sales: dict[str, Sale] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def read_sales(text: str, zone: ZoneInfo, now: float) -> SalesFile:
    """Read an export.

    Args:
        zone: of the times in it.
        now: Unix seconds; when an order became so, where the file does not say.

    Raises:
        Misconfigured: it is no CSV, or lacks a column.
    """
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [_cell(cell) for cell in next(rows, [])]
        shop = next((one for one in MARKETPLACES if one.telling & set(header)), GENERIC)
        at = _columns(shop, header)
        found = SalesFile(shop.name)
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = {key: _cell(row[n]) if n < len(row) else "" for key, n in at.items()}
                _take(found, shop, cells, rows.line_num, zone, now)
            if len(found.sales) > _MOST:
                raise Misconfigured(f"一个文件最多 {_MOST} 个订单，请分开导入")
    except csv.Error as error:
        raise Misconfigured(f"第 {rows.line_num} 行不是 CSV：{error}") from error
    return found


def is_sales(text: str) -> bool:
    """Whether a table says what was paid, and when."""
    try:
        header = [_cell(cell) for cell in next(csv.reader(io.StringIO(text, newline="")), [])]
    except csv.Error:
        return False
    known = any(one.telling & set(header) for one in MARKETPLACES)
    return known or all(set(GENERIC.columns[key]) & set(header) for key in _NEEDED)


def _cell(text: str) -> str:
    """What stands in a cell, without what spreadsheets put around long numbers."""
    bare = text.strip().strip("\ufeff\t'")
    if bare.startswith('="') and bare.endswith('"'):
        bare = bare[2:-1]
    return text_of(bare)


def _columns(shop: Marketplace, header: list[str]) -> dict[str, int]:
    found = {
        key: next(header.index(name) for name in names if name in header)
        for key, names in shop.columns.items()
        if any(name in header for name in names)
    }
    if missing := [key for key in _NEEDED if key not in found]:
        wanted = "；".join(f"“{'”或“'.join(shop.columns[key])}”" for key in missing)
        raise Misconfigured(f"第一行（表头）缺列：{wanted}")
    return found


def _take(  # noqa: PLR0917 (one line and what it is read with)
    found: SalesFile,
    shop: Marketplace,
    cells: Mapping[str, str],
    line: int,
    zone: ZoneInfo,
    now: float,
) -> None:
    for problem in _problems(cells, zone):
        found.skipped.append(f"第 {line} 行：{problem}")
        return
    sale = _sale(shop, cells, zone, now)
    if (known := found.sales.get(sale.number)) is not None:
        sale = msgspec.structs.replace(
            known,
            amount=known.amount + sale.amount if shop.sums else known.amount,
            refunded=known.refunded + sale.refunded if shop.sums else known.refunded,
            categories=tuple(dict.fromkeys((*known.categories, *sale.categories))),
        )
    found.sales[sale.number] = sale


def _problems(cells: Mapping[str, str], zone: ZoneInfo) -> Iterator[str]:
    if not cells["number"]:
        yield "没有订单号"
    for key, name in (("amount", "金额"), ("refunded", "退款金额")):
        amount = amount_of(cells.get(key) or "0", "yuan")
        if amount is None or amount < 0:
            yield f"{name} {cells[key]!r} 不是数字"
    for key in ("paid_at", "changed_at"):
        if (moment := cells.get(key)) and moment_of(moment, zone) is None:
            yield f"时间 {moment!r} 看不懂，应如 2026-11-20 10:00:00"


def _sale(shop: Marketplace, cells: Mapping[str, str], zone: ZoneInfo, now: float) -> Sale:
    amount = amount_of(cells["amount"] or "0", "yuan") or 0
    refunded = amount_of(cells.get("refunded") or "0", "yuan") or 0
    status = cells.get("status", "")
    if not refunded and status.startswith(_CLOSED):
        refunded = amount
    categories = cells.get("category", "")
    return Sale(
        number=cells["number"],
        changed_at=moment_of(cells.get("changed_at", ""), zone) or now,
        shop=shop.name or cells.get("shop", ""),
        status=status,
        amount=amount,
        refunded=refunded,
        paid_at=moment_of(cells["paid_at"], zone) if cells["paid_at"] else None,
        external_userid=cells.get("customer", ""),
        unionid=cells.get("unionid", ""),
        phone=cells.get("phone", ""),
        title=cells.get("title", ""),
        categories=tuple(
            part for part in categories.replace("\uff1e", ">").split(">") if part.strip()
        ),
    )
