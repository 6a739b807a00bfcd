"""What a foreign system answers is read as far as it can be understood, and no further."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Tool
from bot.errors import ToolFailed
from bot.model import Order
from bot.tools.answers import MAX_ORDERS, amount_of, at, fields_in, moment_of, orders_in, text_of
from tests.order_server import FakeOrderServer, an_order

ZONE = ZoneInfo("Asia/Shanghai")


def a_tool(**fields: Any) -> Tool:
    server = FakeOrderServer()
    server.url = "https://erp.example.com"
    return Tool.model_validate(server.tool(**fields))


def test_a_path_leads_through_keys_and_indexes() -> None:
    answer = {"data": {"订单": [{"a-b": [1, 2]}]}}
    assert at(answer, "data.订单[0].a-b[1]") == 2
    assert at(answer, "data.订单[1].a-b") is None
    assert at(answer, "data[0]") is None
    assert at([[7]], "[0][0]") == 7
    assert at(answer, None) is answer


@pytest.mark.parametrize(
    ("value", "unit", "fen"),
    [
        ("129.00", "yuan", 12900),
        ("¥1,299.5", "yuan", 129950),
        (0.29, "yuan", 29),
        (12900, "fen", 12900),
        ("", "yuan", None),
        ("NaN", "yuan", None),
        ("1e999", "yuan", None),
        (True, "yuan", None),
        ("免费", "yuan", None),
    ],
)
def test_amounts_are_counted_in_fen(value: Any, unit: str, fen: int | None) -> None:
    assert amount_of(value, unit) == fen


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_795_140_000, 1_795_140_000.0),
        ("1795140000000", 1_795_140_000.0),
        ("2026-11-20 10:00:00", 1_795_140_000.0),
        ("2026/11/20 10:00", 1_795_140_000.0),
        ("2026-11-20T02:00:00Z", 1_795_140_000.0),
        ("昨天", None),
        (-5, None),
        (1e30, None),
        ("", None),
    ],
)
def test_moments_come_in_many_forms(value: Any, moment: float | None) -> None:
    assert moment_of(value, ZONE) == moment


def test_no_list_is_no_orders_only_of_an_answer_that_says_it_is_good() -> None:
    assert orders_in(a_tool(), {"code": 0, "data": None}, "wm", ZONE) == []
    with pytest.raises(ToolFailed):
        orders_in(a_tool(ok={}), {"code": 0, "data": None}, "wm", ZONE)


def test_no_more_orders_are_read_than_anybody_asks_for() -> None:
    answer = {"data": {"list": [an_order(str(n)) for n in range(500)]}}
    assert len(orders_in(a_tool(), answer, "wm", ZONE)) == MAX_ORDERS


def test_signs_that_hide_or_turn_text_are_taken_out() -> None:
    assert text_of("已\u202e发\u200b货\n\x00 快\ud800") == "已 发 货 快"
    assert len(text_of("长" * 9999)) == 200


def test_only_the_fields_that_are_named_are_shown() -> None:
    tool = Tool.model_validate(
        {"description": "库存", "url": "https://x.example/", "result": {"现货": "d.stock"}}
    )
    assert fields_in(tool, {"d": {"stock": 3, "cost": 9}}) == {"现货": 3}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "data", "list", "no", "paid", "time", "packages", "items"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(orders=st.lists(JSON, max_size=4))
def test_any_answer_is_read_or_refused(orders: Any) -> None:
    try:
        found = orders_in(a_tool(), {"code": 0, "data": {"list": orders}}, "wm", ZONE)
    except ToolFailed:
        return
    assert all(isinstance(order, Order) and order.number for order in found)
