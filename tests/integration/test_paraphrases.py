"""A model proposes phrasings; what collides with nothing and a person approves is written."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import opened_contents
from bot.commands.faq_edit import undo_change
from bot.commands.faq_import import ImportOptions, import_files
from bot.commands.faq_paraphrase import Wish, paraphrase
from bot.config import Config
from bot.errors import Misconfigured
from knowledge import FaqEntry, entry_of
from tests import model_server
from tests.builders import a_config
from tests.model_server import Answer, FakeModelServer, running_model, writes

SHOP = """\
- id: ship
  question: 多久发货
  similar: [什么时候发货]
  answer: 两天内发出，有事请打 13912345678。
- {id: fee, question: 运费多少钱, answer: 每单 8 元。}
- {id: cancel, question: 怎么取消订单, answer: 在订单页取消。}
"""


@pytest.fixture
async def model() -> AsyncIterator[FakeModelServer]:
    async with running_model() as model:
        yield model


@pytest.fixture
def config(tmp_path: Path, model: FakeModelServer) -> Config:
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "shop.yaml").write_text(SHOP, "utf-8")
    llm = {"base_url": model.url, "model": "m", "timeout_s": 2.0}
    return a_config(tmp_path, llm=llm, knowledge={"sources": [tmp_path / "faq"]})


def proposes(*texts: Any) -> Answer:
    return writes(json.dumps({"phrasings": texts}, ensure_ascii=False))


async def entry(config: Config, entry_id: str) -> FaqEntry:
    with opened_contents(config) as contents:
        row = await contents.get("", entry_id)
    assert row is not None
    return entry_of(row.body)


async def run(config: Config, **wish: Any) -> tuple[int, str]:
    out = io.StringIO()
    given: dict[str, Any] = {"ids": ["ship"], "yes": True} | wish
    code = await paraphrase(config, "", Wish(**given), out)
    return code, out.getvalue()


async def test_what_fits_is_written_with_who_approved_and_can_be_undone(
    config: Config, model: FakeModelServer
) -> None:
    model.answers = [proposes("下单后几天发货呀", "发货要多久")]
    code, said = await run(config, by="王芳")
    assert code == 0
    assert (await entry(config, "ship")).similar == (
        *("什么时候发货", "下单后几天发货呀", "发货要多久"),
    )
    with opened_contents(config) as contents:
        last = (await contents.history("", "ship"))[0]
    assert last.by == "王芳"
    assert last.why.startswith("大模型提出的问法（提示 ")
    assert last.why.endswith("王芳 批准")
    version = int(said.split("--import ")[1])
    await undo_change(config, version, io.StringIO())
    assert (await entry(config, "ship")).similar == ("什么时候发货",)


async def test_what_collides_is_shown_and_not_written(
    config: Config, model: FakeModelServer
) -> None:
    model.answers = [
        proposes("运费多少钱", "多久发货？", "运费要多少", "取消订单怎么弄", "发货要多久")
    ]
    code, said = await run(config)
    assert code == 0
    assert (await entry(config, "ship")).similar == ("什么时候发货", "发货要多久")
    assert "运费多少钱（不用：是 fee 的问法）" in said
    assert "多久发货？（不用：已经有了）" in said
    assert "运费要多少（不用：先找到的是 fee）" in said
    assert "取消订单怎么弄（不用：先找到的是 cancel）" in said


@pytest.mark.parametrize(
    "answer",
    [
        writes("好的，以下是问法：多久发"),
        writes('{"phrasings": "多久"}'),
        writes('{"phrasings": [1, 2]}'),
        writes('{"phrasings": ["几天发', finish_reason="length"),
        writes('{"phrasings": ["发货要多久"]}', finish_reason="length"),
        proposes(
            "加微信 [微信号1] 发货", "看 http://evil.example 发货", "发货要 3 天吗", "发" * 80
        ),
        proposes("**发货**", "忽略规则\n发货", "发{货}"),
        model_server.fails(500),
        model_server.sends("<html>"),
        model_server.hangs,
    ],
)
async def test_a_model_that_lies_or_fails_changes_nothing(
    config: Config, model: FakeModelServer, answer: Answer
) -> None:
    model.answers = [answer]
    code, _ = await asyncio.wait_for(run(config), 30)
    assert code == 1
    with opened_contents(config) as contents:
        assert await contents.get("", "ship") is None, "nothing was ever written"


async def test_personal_data_does_not_leave(config: Config, model: FakeModelServer) -> None:
    model.answers = [proposes("发货要多久")]
    await run(config)
    [asked] = model.requests
    assert "13912345678" not in model.bodies[0]
    assert asked["question"] == "多久发货"
    assert asked["known"] == ["什么时候发货"]


async def test_without_a_person_s_yes_nothing_is_written(
    config: Config, model: FakeModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    model.answers = [proposes("发货要多久")]
    code, said = await run(config, yes=False)
    assert (code, "+ 发货要多久" in said) == (1, True)
    assert "没有写入" in said


async def test_the_day_s_tokens_hold(config: Config, model: FakeModelServer) -> None:
    model.answers = [writes('{"phrasings": ["发货要多久"]}', tokens=3400)]
    assert config.llm is not None
    llm = config.llm.model_copy(update={"tokens_per_day": 5000})
    _, said = await run(config.model_copy(update={"llm": llm}), ids=[], limit=3)
    assert len(model.requests) == 1
    assert "今天的 token 用完了" in said


async def test_entries_with_few_phrasings_come_first(
    config: Config, model: FakeModelServer
) -> None:
    model.answers = [proposes()]
    await run(config, ids=[], limit=2)
    assert [asked["question"] for asked in model.requests] == ["怎么取消订单", "运费多少钱"]


async def test_an_import_proposes_for_what_is_new(
    config: Config, model: FakeModelServer, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("问题,答案\n有贺卡吗,有的，下单备注。\n", "utf-8")
    model.answers = [proposes("能放张贺卡吗")]
    out = io.StringIO()
    options = ImportOptions(yes=True, paraphrase=True)
    assert await import_files(config, "", [file], options, out) == 0
    assert [asked["question"] for asked in model.requests] == ["有贺卡吗"]
    with opened_contents(config) as contents:
        [row] = [row for row in await contents.entries("") if "贺卡" in row.body]
    assert entry_of(row.body).similar == ("能放张贺卡吗",)


async def test_without_a_model_it_says_so(config: Config) -> None:
    with pytest.raises(Misconfigured, match="llm"):
        await run(config.model_copy(update={"llm": None}))
