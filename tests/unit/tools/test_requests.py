"""Whatever is filled in, a request goes to the configured host and names this customer."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Tool, checked
from bot.errors import ToolFailed
from bot.tools.requests import request_for


def a_tool(**fields: Any) -> Tool:
    given: dict[str, Any] = {
        "description": "查一件事",
        "url": "https://erp.example.com/v1/{sku}/stock?buyer={identity}&city={city}",
        "identity": "external_userid",
        "arguments": {
            "sku": {"description": "编号", "required": True, "max_length": 20},
            "city": {"description": "城市", "max_length": 20},
        },
    }
    return Tool.model_validate(given | fields)


def test_values_are_filled_in() -> None:
    request = request_for(a_tool(), {"sku": "A 1/2", "city": "杭州"}, "wm_lan")
    assert request.url == (
        "https://erp.example.com/v1/A%201%2F2/stock?buyer=wm_lan&city=%E6%9D%AD%E5%B7%9E"
    )


def test_an_argument_that_was_not_given_is_left_out_of_the_query() -> None:
    assert request_for(a_tool(), {"sku": "1"}, "wm").url.endswith("/stock?buyer=wm")


@given(
    sku=st.text(min_size=1, max_size=20),
    city=st.text(max_size=20),
    identity=st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable()),
)
def test_no_value_changes_where_the_request_goes_or_whom_it_names(
    sku: str, city: str, identity: str
) -> None:
    tool = a_tool()
    try:
        request = request_for(tool, checked(tool, {"sku": sku, "city": city}), identity)
    except ToolFailed:
        return
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc) == ("https", "erp.example.com")
    first, version, segment, last = parts.path.split("/")
    assert (first, version, last) == ("", "v1", "stock")
    assert segment.strip(".")
    assert "\\" not in segment
    assert parse_qs(parts.query)["buyer"] == [identity]


@pytest.mark.parametrize("sku", ["..", ".", "...", "。。"])
def test_a_path_is_not_climbed(sku: str) -> None:
    try:
        url = request_for(a_tool(), {"sku": sku}, "wm").url
    except ToolFailed:
        return
    assert "/../" not in url


def test_a_body_is_filled_at_any_depth_and_types_are_kept() -> None:
    tool = a_tool(
        method="POST",
        url="https://erp.example.com/stock",
        body={"q": {"ids": ["{sku}"], "n": "{count}", "city": "{city}"}, "who": "{identity}"},
        arguments={
            "sku": {"description": "编号"},
            "count": {"description": "数", "type": "integer"},
            "city": {"description": "城市"},
        },
    )
    request = request_for(tool, checked(tool, {"sku": '"}{', "count": "3"}), "wm")
    assert json.loads(request.body or b"") == {"q": {"ids": ['"}{'], "n": 3}, "who": "wm"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"sku": ""},
        {"sku": "x" * 21},
        {"sku": "a\nb"},
        {"sku": ["a"]},
        {"sku": True},
        {"sku": "1", "identity": "wm_other"},
        {"sku": "1", "buyer": "wm_other"},
    ],
)
def test_arguments_that_are_not_permitted_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ToolFailed, match="arguments"):
        checked(a_tool(), given)


def test_a_pattern_and_a_type_bind() -> None:
    arguments = {"sku": {"description": "编号", "required": True, "pattern": "[A-Z]{2}"}}
    tool = a_tool(arguments=arguments, url="https://x.example/{sku}", identity=None)
    assert checked(tool, {"sku": "AB"}) == {"sku": "AB"}
    with pytest.raises(ToolFailed):
        checked(tool, {"sku": "ABC"})
    arguments = {"sku": {"description": "编号", "required": True, "type": "integer"}}
    tool = a_tool(arguments=arguments, url="https://x.example/{sku}", identity=None)
    assert checked(tool, {"sku": "12"}) == {"sku": 12}
    with pytest.raises(ToolFailed):
        checked(tool, {"sku": "1.5"})


def test_the_secret_is_a_bearer_token_unless_headers_say_otherwise() -> None:
    request = request_for(a_tool(secret="s3"), {"sku": "1"}, "wm")
    assert request.headers["Authorization"] == "Bearer s3"
    request = request_for(a_tool(secret="s3", headers={"X-Key": "{secret}"}), {"sku": "1"}, "wm")
    assert "Authorization" not in request.headers
    assert request.headers["X-Key"] == "s3"
