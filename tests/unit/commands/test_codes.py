import io
from pathlib import Path

import pytest

from bot.commands import codes
from bot.errors import Misconfigured
from tests.builders import a_config


async def test_codes_come_in_once_and_are_counted(home: Path) -> None:
    config, file = a_config(home), home / "codes.csv"
    file.write_text("备注,兑换码\n早,A1\n,B2\n晚,A1\n", "utf-8")
    await codes.bring(config, "新人", file, out := io.StringIO())
    assert out.getvalue() == "新人：导入 2 个，已有 0 个。\n"
    file.write_text("A1\nC3\n", "utf-8")
    await codes.bring(config, "新人", file, out := io.StringIO())
    assert out.getvalue() == "新人：导入 1 个，已有 1 个。\n"
    await codes.listed(config, out := io.StringIO())
    assert out.getvalue() == "新人：剩 3，发送中 0，已发 0\n"
    file.write_text("A1\n" + "x" * 65, "utf-8")
    with pytest.raises(Misconfigured, match="第 2 行"):
        await codes.bring(config, "新人", file, out)
