"""The exports of the marketplaces are read as they are; what is wrong is named by line."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.app.sales_files import read_sales
from bot.errors import Misconfigured

ZONE = ZoneInfo("Asia/Shanghai")
NOW = 1_800_000_000.0
PAID_AT = datetime(2026, 11, 18, 9, 30, tzinfo=ZONE).timestamp()

TAOBAO = (
    '"订单编号","买家会员名","买家实际支付金额","订单状态","联系手机",'
    '"订单付款时间 ","宝贝标题 ","退款金额"\n'
    '"=""3401""","lan",129.50,交易成功,\'13800000001,2026-11-18 09:30:00,面霜,0.00\n'
    '"=""3402""","bo",20.00,交易关闭,\'13800000002,2026-11-18 09:30:00,茶杯,\n'
    '"=""3403""","cui",20.00,等待买家付款,\'13800000003,,茶杯,\n'
)
JD = (
    "订单号,商品名称,应付金额,订单状态,付款确认时间,联系电话\n"
    "29001,面霜,129.50,完成,2026-11-18 09:30:00,13800000001\n"
    "29001,赠品,129.50,完成,2026-11-18 09:30:00,13800000001\n"
)
DOUYIN = (
    "主订单编号,子订单编号,选购商品,订单应付金额,退款金额,支付完成时间,收件人手机号,订单状态,商品类目\n"
    "\t6901,\t69011,面霜,100,0,2026/11/18 09:30:00,13800000001,已完成,美妆>面霜\n"
    "\t6901,\t69012,口红,29.5,29.5,2026/11/18 09:30:00,13800000001,已完成,美妆>口红\n"
)
YOUZAN = (
    "订单号,订单状态,买家付款时间,订单实付金额,已退款金额,买家手机号,全部商品名称,归属店铺\n"
    "E1,交易完成,2026-11-18 09:30:00,129.50,9.50,13800000001,面霜,总店\n"
)


def test_taobao() -> None:
    found = read_sales(TAOBAO, ZONE, NOW)
    assert (found.marketplace, found.skipped) == ("taobao", [])
    paid, closed, unpaid = found.sales.values()
    assert (paid.number, paid.amount, paid.paid_at) == ("3401", 12_950, PAID_AT)
    assert (paid.phone, paid.title, paid.refunded) == ("13800000001", "面霜", 0)
    assert (closed.refunded, closed.counts, unpaid.counts) == (2_000, False, False)


def test_lines_of_one_order_are_one_order() -> None:
    (jd,) = read_sales(JD, ZONE, NOW).sales.values()
    assert (jd.shop, jd.amount) == ("jd", 12_950)
    (douyin,) = read_sales(DOUYIN, ZONE, NOW).sales.values()
    assert (douyin.shop, douyin.number, douyin.amount, douyin.refunded) == (
        *("douyin", "6901", 12_950, 2_950),
    )
    assert douyin.categories == ("美妆", "面霜", "口红")


def test_youzan_and_a_table_of_nobody_we_know() -> None:
    (sale,) = read_sales(YOUZAN, ZONE, NOW).sales.values()
    assert (sale.shop, sale.amount - sale.refunded) == ("youzan", 12_000)
    generic = "订单号,实付金额,付款时间,unionid,店铺\nA1,1,1795140000,oLan,门店\n"
    (sale,) = read_sales(generic, ZONE, NOW).sales.values()
    assert (sale.shop, sale.unionid, sale.paid_at) == ("门店", "oLan", 1_795_140_000)


def test_what_is_wrong_is_named_by_its_line() -> None:
    found = read_sales(
        "订单号,实付金额,付款时间\n,1,1795140000\nA,x,\nB,1,昨天\nC,-1,\nD,1,1795140000\n",
        ZONE,
        NOW,
    )
    assert [line.split("：")[0] for line in found.skipped] == [
        "第 2 行",
        "第 3 行",
        "第 4 行",
        "第 5 行",
    ]
    assert list(found.sales) == ["D"]
    with pytest.raises(Misconfigured, match="付款时间"):
        read_sales("订单号,实付金额\n", ZONE, NOW)
