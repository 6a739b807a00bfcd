"""Does `faq lint` fail on errors only, and does it know which links are dead?"""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.commands.faq_lint import dead_links
from knowledge import FaqEntry
from tests.unit.commands.conftest import Shop


def test_errors_fail_and_the_rest_does_not(shop: Shop) -> None:
    assert shop.run("faq", "lint") == 0
    assert "提示：1 处" in shop.said
    assert "[fee] 1 条只有一种问法" in shop.said
    shop.run("faq", "set", "fee", "--similar", "什么时候发货")
    assert shop.run("faq", "lint") == 1
    assert "错误：1 处\n" in shop.said


def test_findings_are_json_when_asked(shop: Shop) -> None:
    shop.run("faq", "set", "fee", "--similar", "什么时候发货")
    assert shop.run("faq", "lint", "--json") == 1
    [one] = [one for one in json.loads(shop.said) if one["level"] == "error"]
    assert (one["kind"], one["ids"]) == ("contradiction", ["ship", "fee"])


def test_nothing_wrong_is_said_so(shop: Shop) -> None:
    shop.run("faq", "remove", "fee")
    assert shop.run("faq", "lint") == 0
    assert shop.said == "✓ 1 条都没有问题\n"


@pytest.mark.parametrize(
    ("path", "level"),
    [("ok", None), ("get-only", None), ("private", None), ("gone", "error"), ("broken", "warning")],
)
async def test_links_are_asked(path: str, level: str | None) -> None:
    async def answer(request: web.Request) -> web.Response:
        codes = {"ok": 200, "private": 403, "gone": 404}
        if request.path == "/get-only":
            return web.Response(status=200 if request.method == "GET" else 501)
        return web.Response(status=codes[request.path[1:]])

    app = web.Application()
    app.router.add_route("*", "/{any}", answer)
    async with TestServer(app) as server:
        url = str(server.make_url(f"/{path}")) if path != "broken" else "http://127.0.0.1:1/x"
        found = await dead_links([FaqEntry(id="a", question="q", answer=f"见 {url}")])
    assert [one.level for one in found] == ([level] if level else [])
