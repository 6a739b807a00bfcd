"""What operators see of the rules that tag: why a message is tagged, and rules from a table."""

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.commands import tags_explain, tags_import
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.consents import Purpose
from tests.builders import a_config
from tests.conftest import OpenChat

RULES = """rules:
  - {id: fee, tag: "关注：运费", contains: [运费]}
  - {id: want, tag: "意向：面霜", mood: wants, contains: [面霜]}
"""
GROUPS = [{"name": "关注"}, {"name": "意向"}]


@pytest.fixture
def config(home: Path, tmp_path: Path) -> Config:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, "utf-8")
    return a_config(home, tagging={"groups": GROUPS, "rules": [str(file)]})


async def explained(config: Config, text: str, customer: str = "") -> str:
    out = io.StringIO()
    assert await tags_explain.explain(config, text, out, customer=customer) == 0
    return out.getvalue()


async def test_hits_and_what_does_not_count_are_told_with_their_reasons(config: Config) -> None:
    told = await explained(config, "不想买面霜，运费多少")
    assert "✓ 关注：运费　客户同意过“打标签”才打" in told
    assert "✗ 意向：面霜　规则 want：“面霜”是不要（不要：“不想”），要的是想要" in told
    assert "不打标签" in await explained(config, "你好")


async def test_for_a_customer_it_is_told_what_would_come_of_it(
    config: Config, open_chat: OpenChat
) -> None:
    sections = {"groups": GROUPS, "rules": [str(one) for one in config.tagging.rules]}
    chat = await open_chat(tagging=sections)
    await chat.says("你好")
    who = chat.conversation.external_userid
    assert "不会打：客户没有同意“打标签”" in await explained(config, "运费多少", who)
    await chat.agrees(Purpose.PROFILING_TAGS)
    assert "关注：运费　会打上" in await explained(config, "运费多少", who)
    await chat.says("运费多少")
    assert "关注：运费　已经有了" in await explained(config, "运费多少", who)
    with pytest.raises(Misconfigured):
        await explained(config, "运费多少", "wm_nobody")


def a_table(folder: Path, *rows: tuple[str, ...]) -> Path:
    book = Workbook()
    assert book.active is not None
    for row in (("标签组", "标签", "关键词", "排除词", "语气"), *rows):
        book.active.append(row)
    file = folder / "规则.xlsx"
    book.save(file)
    return file


def imported(
    config: Config, file: Path, to: Path, *, dry_run: bool = False, columns: str = ""
) -> str:
    out = io.StringIO()
    options = tags_import.Options(to=to, yes=True, dry_run=dry_run, columns=columns)
    assert tags_import.import_rules(config, file, options, out) == 0
    return out.getvalue()


def test_a_table_becomes_rules_once(config: Config, tmp_path: Path) -> None:
    file = a_table(
        tmp_path,
        ("关注", "发票", "发票、开票", "机票", ""),
        ("意向", "口红", "口红；唇膏", "", "想要"),
    )
    to = tmp_path / "tag-rules" / "规则.yaml"
    assert "只是看看" in imported(config, file, to, dry_run=True)
    assert not to.exists()
    assert "新增 2，修改 0，不变 0，移除 0" in imported(config, file, to)
    assert "mood: wants" in to.read_text("utf-8")
    assert "没有要写的" in imported(config, file, to)
    told = imported(config, a_table(tmp_path, ("关注", "税", "税号", "", "")), to)
    assert "新增 1，修改 0，不变 0，移除 2" in told
    assert "还没有它" in told


def test_a_table_with_a_problem_is_not_written(config: Config, tmp_path: Path) -> None:
    to = tmp_path / "out.yaml"
    with pytest.raises(Misconfigured, match="没有“星座”这一组"):
        imported(config, a_table(tmp_path, ("星座", "白羊", "白羊座", "", "")), to)
    assert not to.exists()
    empty = tmp_path / "x.csv"
    empty.write_text("甲,乙\n1,2\n", "utf-8")
    with pytest.raises(Misconfigured, match="标签"):
        imported(config, empty, to)


def test_columns_nobody_would_guess_are_named_by_heading_or_letter(
    config: Config, tmp_path: Path
) -> None:
    to, file = tmp_path / "out.yaml", tmp_path / "x.csv"
    file.write_text("画像,触发语,说明\n关注：发票,发票、开票,财务\n", "utf-8")
    assert "contains = 触发语" in imported(config, file, to, columns="tag=画像,contains=B")
    assert "关注：发票" in to.read_text("utf-8")
    with pytest.raises(Misconfigured, match="--columns"):
        imported(config, file, to, columns="标签=画像")


def test_a_table_of_what_nobody_was_asked_about_is_not_written(
    config: Config, tmp_path: Path
) -> None:
    to = tmp_path / "out.yaml"
    with pytest.raises(Misconfigured, match="“关注：高血压”是敏感信息"):
        imported(config, a_table(tmp_path, ("关注", "高血压", "血压高", "", "")), to)
    assert not to.exists()
