"""A company's export of orders gets in as it is, again and again; what is wrong is named."""

import io
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands.orders import import_orders
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Order, Shipment
from tests.builders import a_config

EXPORT = (
    "订单号,客户,状态,商品,实付金额,付款时间,快递公司,快递单号,最新物流\r\n"
    'A-1,wm_lan,运输中,"围巾,灰",¥129.50,2026/11/18 09:30:00,顺丰,SF1,已到杭州\r\n'
    "A-1,wm_lan,运输中,,,,中通,ZT2,\r\n"
    ",,,,,,,,\r\n"
    "A-2,wm_bo,已完成,茶杯,20,1795140000,,,\r\n"
)


@pytest.fixture
def config(home: Path) -> Config:
    return a_config(home)


async def imported(config: Config, folder: Path, content: str | bytes) -> tuple[int, str]:
    file = folder / "orders.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    out = io.StringIO()
    return await import_orders(config, file, out), out.getvalue()


async def orders_of(config: Config, customer: str) -> list[Order]:
    store = open_store(config)
    try:
        return await store.orders.of(customer)
    finally:
        store.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_rows_of_one_number_are_one_order(
    config: Config, tmp_path: Path, encoding: str
) -> None:
    code, report = await imported(config, tmp_path, EXPORT.encode(encoding))
    assert (code, report) == (0, "orders.csv：2 个订单，新增 2，更新 0，没有变化 0。\n")
    [order] = await orders_of(config, "wm_lan")
    assert order == Order(
        number="A-1",
        status="运输中",
        title="围巾,灰",
        amount=12950,
        paid_at=1_794_965_400.0,
        shipments=(
            Shipment(carrier="顺丰", number="SF1", last_event="已到杭州"),
            Shipment(carrier="中通", number="ZT2"),
        ),
    )
    assert [one.number for one in await orders_of(config, "wm_bo")] == ["A-2"]


async def test_the_same_file_again_changes_nothing(config: Config, tmp_path: Path) -> None:
    await imported(config, tmp_path, EXPORT)
    _, report = await imported(config, tmp_path, EXPORT)
    assert report == "orders.csv：2 个订单，新增 0，更新 0，没有变化 2。\n"
    _, report = await imported(config, tmp_path, EXPORT.replace("已完成", "已退款"))
    assert report == "orders.csv：2 个订单，新增 0，更新 1，没有变化 1。\n"


async def test_rows_that_are_wrong_are_named_and_the_rest_gets_in(
    config: Config, tmp_path: Path
) -> None:
    bad = (
        ",wm_lan,,,,,,,\nA-3,,,,,,,,\nA-4,张三,,,,,,,\nA-1,wm_bo,,,,,,,\n"
        "A-5,wm_lan,,,abc,,,,\nA-6,wm_lan,,,,昨天,,,\nA-7,wm_lan\n"
    )
    code, report = await imported(config, tmp_path, EXPORT.replace("\r\n", "\n") + bad)
    assert code == 1
    assert "3 个订单，新增 3" in report
    assert report.splitlines()[1:] == [
        "跳过 6 行：",
        "  · 第 6 行：没有订单号",
        "  · 第 7 行：没有客户的 external_userid",
        "  · 第 8 行：客户不是 external_userid",
        "  · 第 9 行：同一个订单号上面已有，客户却不同",
        "  · 第 10 行：金额 'abc' 不是数字",
        "  · 第 11 行：时间 '昨天' 看不懂，应如 2026-11-20 10:00:00",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "缺列：“订单号”"),
        ("订单号,状态\nA-1,x\n".encode(), "缺列：“客户”"),
        (b"\xff\xfe\x00\xff", "编码"),
    ],
)
async def test_a_file_that_is_none_is_refused(
    config: Config, tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        await imported(config, tmp_path, content)


async def test_an_order_that_moved_to_another_customer_is_no_longer_the_first_one_s(
    config: Config, tmp_path: Path
) -> None:
    await imported(config, tmp_path, "订单号,客户\nA-1,wm_lan\n")
    await imported(config, tmp_path, "订单号,客户\nA-1,wm_bo\n")
    assert await orders_of(config, "wm_lan") == []
    assert [one.number for one in await orders_of(config, "wm_bo")] == ["A-1"]
