"""Channels are made, shown, paused, drawn and counted on a terminal."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.app import open_store
from bot.store import Unit
from bot.wecom.code_pictures import read_code
from tests.builders import KEY, a_config
from tests.unit.commands.conftest import Shop

TABLE = (
    "编号,名称,种类,流量,成员,每天上限,备用,标签\r\n"
    "douyin,抖音投放,好友,付费,zhangsan、lisi,50,wangwu,来源：抖音\r\n"
    "store-1,一号店,好友,自然,lisi,,,\r\n"
)


@pytest.fixture
def shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("CONCIERGE_SECURITY__ENCRYPTION_KEY", KEY)
    return shop


async def _made(shop: Shop, channel_id: str, url: str) -> None:
    """What the service would write once WeCom has it."""
    store = open_store(a_config(shop.folder, storage=shop.storage))
    unit = Unit()
    store.ways.keep(unit, channel_id, ["wk"], 1.0, url=url)
    await store.database.commit(unit)
    store.close()


def test_a_batch_is_made_and_listed(shop: Shop) -> None:
    assert shop.run("channel", "list") == 0
    assert shop.said == "还没有渠道。\n"
    file = shop.write("codes.csv", TABLE)
    assert shop.run("channel", "create", "--csv", file) == 0
    assert shop.said.startswith("新建 2 个渠道，修改 0 个。")
    assert shop.run("channel", "create", "--csv", file) == 0
    assert shop.said.startswith("新建 0 个渠道，修改 2 个。")
    assert shop.run("channel", "list", "--json") == 0
    told = {one["id"]: one for one in json.loads(shop.said)}
    assert told["douyin"] == {
        "id": "douyin",
        "name": "抖音投放",
        "kind": "contact",
        "source": "paid",
        "origin": "hand",
        "paused": False,
        "ready": False,
    }
    assert shop.run("channel", "show", "douyin") == 0
    assert "现在接待：zhangsan、lisi" in shop.said
    assert shop.run("channel", "pause", "douyin") == 0
    assert "由 wangwu 接待" in shop.said
    shop.run("channel", "show", "douyin")
    assert "现在接待：wangwu" in shop.said
    assert shop.run("channel", "resume", "douyin") == 0


def test_half_of_a_table_is_not_made(shop: Shop) -> None:
    file = shop.write("codes.csv", TABLE + "store-1,又一家,好友,自然,lisi\r\nx y,坏,好友,自然,\r\n")
    assert shop.run("channel", "create", "--csv", file) == 1
    assert "第 5 行：id" in shop.complained
    assert "store-1 出现了两次" in shop.complained
    shop.run("channel", "list")
    assert shop.said == "还没有渠道。\n"


def test_a_channel_of_the_configuration_is_changed_there(shop: Shop) -> None:
    config = shop.folder / "config.yaml"
    codes = (
        "channels: {codes: [{id: web, name: 官网, receivers: [{userid: lisi}], states: [old]}]}\n"
    )
    config.write_text(config.read_text("utf-8") + codes, "utf-8")
    assert shop.run("channel", "create", "web", "--name", "网", "--members", "lisi") == 1
    assert "在那里改" in shop.complained
    assert shop.run("channel", "create", "old", "--name", "旧", "--members", "lisi") == 1
    assert "已经属于 channel web" in shop.complained
    assert shop.run("channel", "create", "new", "--name", "新") == 1
    assert "receivers" in shop.complained


def test_a_code_is_drawn_as_what_it_leads_to(shop: Shop, tmp_path: Path) -> None:
    line = ("--name", "直播", "--kind", "kf", "--open-kfid", "wk")
    assert shop.run("channel", "create", "live", *line) == 0
    out = tmp_path / "code.png"
    assert shop.run("channel", "qr", "live", "--out", out) == 1
    assert "还没有建好" in shop.complained
    url = "https://work.weixin.qq.com/kf/kfc1?enc_scene=ENC2"
    asyncio.run(_made(shop, "live", url))
    assert shop.run("channel", "qr", "live", "--out", out, "--caption", "SCAN") == 0
    assert read_code(out.read_bytes()) == url
    assert shop.run("channel", "qr", "live", "--out", tmp_path / "code.svg") == 0
    assert shop.run("channel", "qr", "live", "--out", tmp_path / "code.gif") == 1
    assert shop.run("channel", "qr", "live", "--page", "--out", out) == 1
    assert "public_url" in shop.complained


def test_costs_are_entered_by_day_and_the_verdict_waits_for_a_sample(shop: Shop) -> None:
    shop.run("channel", "create", "a", "--name", "甲", "--members", "lisi", "--source", "paid")
    assert shop.run("channel", "cost", "a", "2026-11-20~2026-11-22", "350.5") == 0
    assert shop.said == "a：3 天，每天 350.50 元。\n"
    for wrong in (("2026-11-31", "1"), ("2026-11-20", "1.005"), ("2026-11-20", "-1")):
        assert shop.run("channel", "cost", "a", *wrong) == 1, wrong
    assert shop.run("channel", "cost", "b", "2026-11-20", "1") == 1
    line = ("--from", "2026-11-20", "--to", "2026-11-22")
    assert shop.run("channel", "stats", *line) == 0
    assert "花费 1051.50 元（填了 3/3 天）" in shop.said
    assert "不下结论：样本不足" in shop.said
    assert shop.run("channel", "stats", "a", *line, "--json") == 0
    (told,) = json.loads(shop.said)["channels"]
    assert told["worth"]["cost"] == 105_150
    assert told["figures"]["new_people"] == 0


def test_what_nobody_entered_is_unknown_and_what_was_free_is_nothing(shop: Shop) -> None:
    shop.run("channel", "create", "a", "--name", "甲", "--members", "lisi", "--source", "paid")
    shop.run("channel", "cost", "a", "2026-11-20~2026-11-22", "0")
    shop.run("channel", "cost", "a", "2026-11-24", "350")
    assert shop.run("channel", "cost", "a", "2026-11-22~2026-11-24") == 0
    assert shop.said.splitlines() == [
        "2026-11-22  0.00 元",
        "2026-11-23  没填",
        "2026-11-24  350.00 元",
        "a：填了 2/3 天，共 350.00 元。",
    ]
    shop.run("channel", "cost", "a", "2026-12-24")
    assert "填了 0/1 天，共 未知。" in shop.said
    line = ("--from", "2026-11-20", "--to", "2026-11-24", "--by")
    assert shop.run("channel", "stats", "a", *line, "week") == 0
    first, second = (one for one in shop.said.splitlines() if one.startswith("  · "))
    assert first.startswith("  · 2026-11-20~2026-11-22  添加 0，新客 0，30天内成交 0.00 元")
    assert "花费 0.00 元（填了 3/3 天），获客成本 未知，投入产出 未知，不下结论：样本不足" in first
    assert second.startswith("  · 2026-11-23~2026-11-24")
    # before the channel was made a day without an entry is no gap
    assert "花费 350.00 元（填了 1/1 天）" in second
    assert shop.run("channel", "stats", "a", *line, "month", "--json") == 0
    (told,) = json.loads(shop.said)["channels"]
    (month,) = told["series"]
    assert (month["first"], month["last"]) == ("2026-11-20", "2026-11-24")
    assert month["worth"]["cost"] == 35_000
    assert month["worth"]["cac"] is None


def test_each_member_of_staff_has_a_code_of_their_own(shop: Shop) -> None:
    assert shop.run("channel", "create", "--for-staff") == 1
    config = shop.folder / "config.yaml"
    staff = (
        "staff: [{userid: Lisi, name: 李航, level: junior},"
        " {userid: Zhang.San@x, name: 张敏, level: junior}]\n"
    )
    config.write_text(config.read_text("utf-8") + staff, "utf-8")
    assert shop.run("channel", "create", "--for-staff") == 0
    shop.run("channel", "list")
    assert "staff-lisi  李航的码  员工/裂变" in shop.said
    assert "staff-zhang-san-x-" in shop.said


def test_a_code_that_leads_to_a_leaver_alone_is_named(shop: Shop) -> None:
    shop.run("channel", "create", "a", "--name", "甲", "--members", "lisi")
    shop.run("channel", "create", "b", "--name", "乙", "--members", "lisi", "--spare", "wangwu")
    assert shop.run("staff", "handovers", "LiSi") == 1
    assert "码 a（甲）：只有他，请换人" in shop.said
    assert "码 b（乙）：有别人接待" in shop.said
    assert "有别的同事接的 0/0（—）" in shop.said
    assert shop.run("staff", "handovers", "zhaoliu") == 0


def test_a_welcome_that_nobody_wrote_is_named_by_check(shop: Shop) -> None:
    config = shop.folder / "config.yaml"
    code = "{id: web, name: 官网, receivers: [{userid: lisi}], welcome: nowhere}"
    config.write_text(config.read_text("utf-8") + f"channels: {{codes: [{code}]}}\n", "utf-8")
    shop.run("check")
    assert "没有叫 nowhere 的欢迎语" in shop.said
