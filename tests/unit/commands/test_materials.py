"""Materials come from files, whole or not at all, and the same file again changes nothing."""

import io
import json
from pathlib import Path

import pytest

from bot.commands import materials
from bot.commands.demo import MATERIALS
from bot.config import Config
from bot.errors import Misconfigured
from tests.builders import a_config

FILE = """
materials:
  - {id: returns, category: 售后, title: 退换货说明, kind: link, url: "https://a.example.com/r"}
  - {id: sizes, title: 尺码表, kind: image, media: sizes.png}
"""


@pytest.fixture
def config(home: Path) -> Config:
    return a_config(home)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "sizes.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    path = tmp_path / "materials.yaml"
    path.write_text(FILE, "utf-8")
    return path


async def run(config: Config, file: Path) -> str:
    out = io.StringIO()
    assert await materials.bring(config, file, out) == 0
    return out.getvalue()


async def shown(config: Config) -> list[dict[str, object]]:
    out = io.StringIO()
    await materials.listed(config, out, as_json=True)
    found: list[dict[str, object]] = json.loads(out.getvalue())
    return found


async def test_they_are_brought_in_listed_changed_and_removed(config: Config, file: Path) -> None:
    assert await run(config, file) == "新增 2 条，更新 0 条，没有变化 0 条。\n"
    assert await run(config, file) == "新增 0 条，更新 0 条，没有变化 2 条。\n"
    file.write_text(FILE.replace("尺码表", "新尺码表"), "utf-8")
    assert await run(config, file) == "新增 0 条，更新 1 条，没有变化 1 条。\n"
    assert {one["id"]: one["title"] for one in await shown(config)} == {
        "returns": "退换货说明",
        "sizes": "新尺码表",
    }
    await materials.remove(config, "sizes", io.StringIO())
    assert [one["id"] for one in await shown(config)] == ["returns"]
    with pytest.raises(Misconfigured, match="没有编号是 sizes"):
        await materials.remove(config, "sizes", io.StringIO())
    out = io.StringIO()
    await materials.listed(config, out)
    assert out.getvalue() == "returns：退换货说明（售后 · 链接），发过 0 次，打开 0 次\n"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{id: a, title: 甲, kind: link, url: 'javascript:alert(1)'}", "http"),
        ("{id: a, title: 甲, kind: link}", "url"),
        ("{id: a, title: 甲, kind: image, media: gone.png}", "找不到"),
        ("{id: a, title: 甲, kind: miniprogram, appid: wx1, pagepath: p}", "media"),
        ("{id: a, title: 甲, kind: video, media: sizes.png}", "kind"),
        ("{id: returns, title: 甲, kind: link, url: 'https://a.example.com'}", "不重复"),
        ("{title: 甲, kind: link, url: 'https://a.example.com'}", "id"),
        ("{id: a, title: 绝对最低价, kind: link, url: 'https://a.example.com'}", "要当心的词"),
    ],
)
async def test_with_one_that_is_wrong_none_is_brought_in(
    config: Config, file: Path, entry: str, says: str
) -> None:
    file.write_text(f"{FILE}  - {entry}\n", "utf-8")
    with pytest.raises(Misconfigured, match=says):
        await run(config, file)
    assert await shown(config) == []


async def test_the_samples_of_the_demo_can_be_brought_in(config: Config) -> None:
    assert (await run(config, MATERIALS)).startswith("新增 5 条")
