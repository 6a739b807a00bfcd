"""`concierge prompts test` asks the configured model, and says what is not as it should be."""

import io
from pathlib import Path

import pytest
import yaml

from bot.commands import prompts
from bot.commands.check import check
from bot.errors import Misconfigured
from tests.builders import a_config
from tests.model_server import running_model, writes

FEE = {"id": "fee", "question": "运费怎么算", "answer": "满 99 元包邮。"}


def an_example(folder: Path, **wants: object) -> Path:
    example = {"question": "邮费谁付", "passages": [FEE], **wants}
    (folder / "a.yaml").write_text(yaml.safe_dump([example], allow_unicode=True), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("wants", "answer", "complaint"),
    [
        ({"uses": ["fee"], "says": ["99"]}, "满 99 元包邮。", ""),
        ({"uses": ["other"]}, "满 99 元包邮。", "应当依据 other"),
        ({"never": ["包邮"]}, "满 99 元包邮。", "不该出现 包邮"),
        ({"says": ["88"]}, "满 99 元包邮。", "缺少 88"),
        ({"enough": False}, "满 99 元包邮。", "应当说答不了"),
        ({}, "满 9 元包邮。", "没有通过检查：number"),
    ],
)
async def test_an_example_is_replayed(
    tmp_path: Path, wants: dict[str, object], answer: str, complaint: str
) -> None:
    out = io.StringIO()
    async with running_model() as model:
        model.answers = [writes(f'{{"answer":"{answer}","used_ids":["fee"],"enough":true}}')]
        config = a_config(tmp_path, llm={"base_url": model.url, "model": "m"})
        code = await prompts.replay(config, out, folder=an_example(tmp_path, **wants))
    assert code == bool(complaint)
    assert complaint in out.getvalue()


async def test_without_a_model_there_is_nothing_to_test(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="llm"):
        await prompts.replay(a_config(tmp_path), io.StringIO())


async def test_what_is_no_example_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("- question: 没有资料\n", "utf-8")
    config = a_config(tmp_path, llm={"base_url": "http://127.0.0.1:9/v1", "model": "m"})
    with pytest.raises(Misconfigured, match=r"b\.yaml"):
        await prompts.replay(config, io.StringIO(), folder=tmp_path)


def test_the_shipped_examples_can_be_read() -> None:
    assert len(prompts._read(prompts.EXAMPLES)) >= 10


async def test_a_tone_that_nobody_wrote_is_found_by_check(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "llm: {base_url: 'http://127.0.0.1:9/v1', model: m}\naccounts: {wkA: {tone: nobody}}\n"
    )
    out = io.StringIO()
    await check(path, {}, False, out)
    assert "tones/nobody.md" in out.getvalue()
