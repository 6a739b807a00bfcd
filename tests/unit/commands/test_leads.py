"""Numbers become tasks, evenly dealt, each once, and none for somebody who is a customer."""

import io
from collections import Counter
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands.leads import dealt, import_leads, read_leads
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.people import IdentityKind
from bot.store import KnownTask, Store
from tests.builders import a_config

TABLE = "手机号,称呼,备注\n" + "".join(f"'1380000000{n},客户{n},双十一名单\n" for n in range(1, 8))


@pytest.fixture
def config(home: Path) -> Config:
    return a_config(home)


async def imported(config: Config, folder: Path, text: str) -> tuple[int, str]:
    file, out = folder / "leads.csv", io.StringIO()
    file.write_text(text, "utf-8")
    code = await import_leads(config, file, ["zhangsan", "lisi"], out, per_day=2)
    return code, out.getvalue()


async def tasks_of(config: Config) -> list[KnownTask]:
    store = open_store(config)
    try:
        return await store.tasks.listed()
    finally:
        store.close()


async def test_numbers_are_dealt_evenly_and_over_the_days(config: Config, tmp_path: Path) -> None:
    code, said = await imported(config, tmp_path, TABLE)
    assert code == 0
    assert said == (
        "leads.csv：7 人，分给同事 7 人（zhangsan 4，lisi 3），已经是客户的 0，以前导入过的 0。\n"
    )
    found = await tasks_of(config)
    assert Counter(one.task.member for one in found) == {"zhangsan": 4, "lisi": 3}
    days = sorted({int(one.task.due_at // 86_400) for one in found})
    assert len(days) in {2, 3}
    assert "请用手机号 13800000001 添加客户 客户1 为好友。双十一名单" in {
        one.task.text for one in found
    }
    code, said = await imported(config, tmp_path, TABLE + "13800000009,新,\n")
    assert said.endswith("分给同事 1 人（lisi 1），已经是客户的 0，以前导入过的 7。\n")


async def test_whoever_is_a_customer_is_left_alone(
    store: Store, config: Config, tmp_path: Path
) -> None:
    await store.vault.ready(["customer:wm_lan"])
    await store.people.identify("wm_lan", IdentityKind.PHONE, "13800000001", source="", at=1.0)
    _, said = await imported(config, tmp_path, "手机号\n+86 138 0000 0001\n13800000001\n")
    assert "1 人，分给同事 0 人，已经是客户的 1" in said


def test_the_one_with_the_fewest_is_asked_next() -> None:
    given = dealt(["a", "b", "c", "d"], ["ZhangSan", "lisi"], {"zhangsan": 2})
    assert given == {"a": "lisi", "b": "lisi", "c": "ZhangSan", "d": "lisi"}


def test_what_is_no_number_is_named_by_its_line() -> None:
    leads = read_leads("手机号\n12345\n13800000001\n电话\n")
    assert leads.skipped == ["第 2 行：不是手机号", "第 4 行：不是手机号"]
    assert list(leads.found) == ["13800000001"]
    with pytest.raises(Misconfigured, match="手机号"):
        read_leads("姓名\n兰\n")
