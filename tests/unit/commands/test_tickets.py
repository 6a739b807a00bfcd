"""What is left to follow up is listed, shown and closed on a terminal."""

import io
import json

import pytest

from bot.app import open_store
from bot.commands import tickets
from bot.config import Config
from bot.errors import Misconfigured
from tests.builders import KEY
from tests.cases import open_ticket_of
from tests.conftest import OpenChat
from tests.unit.commands.conftest import Shop


@pytest.fixture
async def left(open_chat: OpenChat) -> Config:
    """Nobody is configured; a customer wanted a person, and left a number."""
    chat = await open_chat(staff=[])
    await chat.says("衣服洗坏了，转人工")
    await chat.says("打我电话 13800138000")
    assert await open_ticket_of(chat) is not None
    return chat.engine.config


async def test_tickets_are_listed_shown_and_closed(left: Config) -> None:
    out = io.StringIO()
    assert await tickets.listed(left, out) == 0
    line, total = out.getvalue().splitlines()
    assert "2026-11-20 10:00  wk_shop" in line
    assert line.endswith("还没有人跟进，留了电话")
    assert total == "共 1 件待跟进。"
    number = int(line.split()[0])
    await tickets.show(left, number, out := io.StringIO())
    assert "留的电话：13800138000" in out.getvalue()
    assert "客户：衣服洗坏了，转人工" in out.getvalue()
    await tickets.close(left, number, out := io.StringIO())
    assert out.getvalue() == f"已办结 {number}。\n"
    await tickets.listed(left, out := io.StringIO())
    assert out.getvalue() == "没有待跟进的事。\n"
    with pytest.raises(Misconfigured, match=str(number)):
        await tickets.close(left, number, out)
    store = open_store(left)
    row = await store.database.fetch_one("SELECT done_by FROM tickets")
    store.close()
    assert row is not None
    assert row["done_by"].startswith("command:")


async def test_a_list_for_programs_says_no_number(left: Config) -> None:
    await tickets.listed(left, out := io.StringIO(), as_json=True)
    (told,) = json.loads(out.getvalue())
    assert told["has_contact"]
    assert "13800138000" not in out.getvalue()


def test_the_command_is_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCIERGE_SECURITY__ENCRYPTION_KEY", KEY)
    assert shop.run("tickets", "list") == 0
    assert shop.said == "没有待跟进的事。\n"
    assert shop.run("tickets", "close", 7) == 1
    assert "没有编号为 7 的待跟进" in shop.complained


def test_without_staff_check_says_so_loudly(shop: Shop) -> None:
    shop.run("check")
    assert "✗ 注意：没有配置 staff" in shop.said
    shop.write(
        "config.yaml",
        (shop.folder / "config.yaml").read_text("utf-8")
        + "staff: [{userid: zhangsan, name: 张三, level: junior}]\n",
    )
    shop.run("check")
    assert "没有配置 staff" not in shop.said
