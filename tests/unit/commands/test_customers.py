"""What the commands about customers and tags print, change and write down."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_store
from bot.app.tag_sample import plain_cell
from bot.commands import (
    customers,
    customers_edit,
    customers_export,
    tags,
    tags_audit,
    tags_bulk,
)
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import MessageReceived
from bot.model.consents import Purpose, Standing
from bot.model.tags import TagChange
from bot.store import Handled, Store, Unit
from bot.store.listing import Wanted
from tests.builders import FRIDAY_MORNING, a_config, a_customer, a_message

NOW = FRIDAY_MORNING + 3600
GROUPS = [
    {"name": "关注", "dimension": "行为偏好"},
    {"name": "会员", "dimension": "消费层级", "exclusive": True},
]
LAN, OLD = "wm_lan", "wm_old"


@pytest.fixture
async def config(home: Path) -> Config:
    """Two customers, one of whom wrote and agreed to be tagged."""
    made = a_config(
        home, tagging={"groups": GROUPS, "project": True}, measuring={"minimum_cases": 2}
    )
    store = open_store(made)
    await store.vault.ready([f"customer:{LAN}", f"customer:{OLD}"])
    await writes(store, a_message("运费多少，打我 13800000001", msgid="m1"))
    unit = Unit()
    await store.consents.decide(
        unit,
        LAN,
        Purpose.PROFILING_TAGS,
        Standing.GIVEN,
        notice_version="1",
        channel="kf",
        evidence="同意",
        at=FRIDAY_MORNING,
    )
    given: dict[str, Any] = {"add": True, "at": FRIDAY_MORNING, "msgid": "m1", "version": "3"}
    changes = [
        TagChange(name="关注：运费", rule="freight", **given),
        TagChange(name="会员：银卡", rule="spent", **given),
    ]
    store.tags.assign(unit, LAN, changes)
    await store.database.commit(unit)
    store.close()
    return made


async def writes(store: Store, message: MessageReceived) -> None:
    unit, where = Unit(), a_customer()
    unit.add(
        "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
        " VALUES (?, ?, ?)",
        *(where.open_kfid, where.external_userid, message.sent_at),
    )
    store.transcript.record(
        unit, message, Handled("answered"), received_at=message.sent_at, trace_id=""
    )
    await store.database.commit(unit)


async def said(work: Callable[..., Awaitable[int]], *given: Any, **more: Any) -> tuple[int, str]:
    out = io.StringIO()
    code = await work(*given, out, now=NOW, **more)
    return code, out.getvalue()


async def audited(config: Config) -> list[tuple[str, str]]:
    store = open_store(config)
    rows = await store.audit.search()
    store.close()
    return [(row["action"], row["result"]) for row in reversed(rows)]


async def test_names_and_phones_are_masked_unless_somebody_asks_and_that_is_audited(
    config: Config,
) -> None:
    values = ["name=王兰", "phone=138 0000 0001", "city=杭州"]
    code, text = await said(customers_edit.set_attributes, config, LAN, values)
    assert (code, text) == (0, "name 已存。\nphone 已存。\ncity 已存。\n")
    _, listed = await said(customers.list_customers, config, Wanted(tag="关注：运费"))
    assert listed == "wm_lan  王*  138****0001  1 条消息  会员：银卡、关注：运费\n"
    _, shown = await said(customers.show, config, LAN)
    assert "属性  city: 杭州" in shown
    assert "标签  关注：运费  （rule freight@3，消息 m1，2026-11-20 10:00）" in shown
    assert "13800000001" not in shown + listed
    assert await audited(config) == [("consent.given", "profiling_tags"), ("customers.set", "")]
    _, revealed = await said(customers.list_customers, config, Wanted(), reveal=True)
    assert "王兰  13800000001" in revealed
    await said(customers.show, config, LAN, reveal=True)
    assert (await audited(config))[2:] == [("customers.reveal", "2"), ("customers.reveal", "")]


async def test_the_timeline_gives_reasons_and_masks_what_was_written(config: Config) -> None:
    _, text = await said(customers.timeline, config, LAN)
    assert "消息  wrote  “运费多少，打我 [手机号1]”  （answered）" in text
    assert "标签  +关注：运费  （applied rule freight@3）" in text
    _, page = await said(customers.timeline, config, LAN, limit=1)
    assert "更早的：加上 --after '" in page
    with pytest.raises(Misconfigured, match="after"):
        await said(customers.timeline, config, LAN, after="x")
    with pytest.raises(Misconfigured, match="没有这位客户"):
        await said(customers.timeline, config, "wm_nobody")


async def test_what_may_not_be_kept_is_refused_with_the_reason(config: Config) -> None:
    _, text = await said(customers_edit.set_attributes, config, LAN, ["location=西湖边"])
    assert text == "location 没有存：客户没有同意过这个用途。\n"
    for wrong, why in (
        ("health=感冒", "敏感"),
        ("phone=12", "手机号"),
        ("shoe=38", "属性有"),
        ("name", "属性有"),
    ):
        with pytest.raises(Misconfigured, match=why):
            await said(customers_edit.set_attributes, config, LAN, [wrong])


async def test_people_merge_and_take_apart(config: Config) -> None:
    phone = ["phone=13800000001"]
    await said(customers_edit.set_attributes, config, LAN, phone, verified=True)
    _, text = await said(customers_edit.set_attributes, config, OLD, phone, verified=True)
    assert "与 wm_lan 合并成一个人" in text
    _, shown = await said(customers.show, config, OLD)
    assert "关注：运费" in shown
    merge = shown.split("合并  ")[1].split()[0]
    assert (await said(customers_edit.unmerge, config, merge, why="母女"))[0] == 0
    assert (await said(customers_edit.unmerge, config, merge, why="母女"))[0] == 1
    code, text = await said(customers_edit.merge, config, LAN, OLD, why="就是她")
    assert (code, text[:3]) == (0, "已合并")


async def test_tags_are_listed_shown_and_changed_by_hand(config: Config) -> None:
    _, listed = await said(tags.list_tags, config)
    assert "     1  关注：运费  （规则 1；行为偏好）" in listed
    _, text = await said(tags.change, config, LAN, ["会员：金卡"], add=True)
    assert text == "会员：金卡  打上\n"
    _, text = await said(tags.change, config, LAN, ["关注：运费"], add=False)
    assert text == "关注：运费  去掉了\n"
    for _ in range(2):
        code, text = await said(tags.change, config, OLD, ["关注：运费"], add=True)
        assert (code, text) == (1, "关注：运费  没有打：客户没有同意过\n")
    _, shown = await said(tags.show, config, "关注：运费", 30)
    assert "关注：运费：0 位客户" in shown
    assert "没有打：客户没有同意过" in shown
    store = open_store(config)
    queues = await store.outbox.open_queues()
    store.close()
    assert [queue for queue, _ in queues] == ["tags/wm_lan"]
    with pytest.raises(Misconfigured, match="全角"):
        await said(tags.change, config, LAN, ["关注:运费"], add=True)
    with pytest.raises(Misconfigured, match="敏感信息"):
        await said(tags.change, config, LAN, ["关注：高血压"], add=True)
    with pytest.raises(Misconfigured, match="敏感信息"):
        await said(tags_bulk.rename, config, "rename", "关注：运费", "关注：糖尿病")


async def test_a_rename_is_a_run_that_can_be_undone(config: Config) -> None:
    _, text = await said(
        tags_bulk.rename, config, "rename", "关注：运费", "关注：邮费", dry_run=True
    )
    assert text == "关注：运费 有 1 位客户，没有改动。\n"
    _, text = await said(tags_bulk.rename, config, "rename", "关注：运费", "关注：邮费")
    run = text.split("：")[0]
    _, shown = await said(customers.show, config, LAN)
    assert "关注：邮费  （rule freight@3" in shown
    _, text = await said(tags_bulk.undo, config, run)
    assert text == "撤销了 2 处。\n"
    assert (await said(tags_bulk.undo, config, run))[0] == 1
    out = io.StringIO()
    await tags_bulk.list_runs(config, out)
    assert "改名  关注：运费 → 关注：邮费  2 处" in out.getvalue()
    with pytest.raises(Misconfigured, match="tags merge"):
        await said(tags_bulk.rename, config, "rename", "关注：运费", "会员：银卡")


async def test_a_sample_is_judged_and_accuracy_reported(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    _, text = await said(tags_audit.draw, config, 100, seed=1, to=path)
    assert "抽了 2 个（种子 1）" in text
    sheet = path.read_text("utf-8-sig")
    assert "[手机号1]" in sheet
    store = open_store(config)
    (held,) = await store.exports.holding(LAN)
    store.close()
    assert held.path == str(path)
    lines = sheet.splitlines()
    judged = [f"{line[:-2]},{word}," for line, word in zip(lines[1:], "对错", strict=True)]
    path.write_text("\n".join([lines[0], *judged]), "gb18030")
    _, report = await said(tags_audit.read, config, path)
    assert "准确  1 / 2 = 50.0%（95% 区间 9.5%–90.5%），目标 95%：没有达到" in report
    assert "覆盖  0 / 2 = 0.0%" in report
    assert "同意过打标签的 1 / 2" in report
    path.write_text("\n".join([lines[0], lines[1][:-2] + ",也许,"]), "utf-8")
    with pytest.raises(Misconfigured, match="也许"):
        await said(tags_audit.read, config, path)


async def test_few_judgements_are_no_figure(config: Config, tmp_path: Path) -> None:
    few = config.model_copy(
        update={"measuring": config.measuring.model_copy(update={"minimum_cases": 50})}
    )
    path = tmp_path / "sample.csv"
    await said(tags_audit.draw, few, 100, seed=1, to=path)
    _, report = await said(tags_audit.read, few, path)
    assert "准确  0 / 0：样本不足（至少 50），目标 95%" in report
    assert (await said(tags_audit.coverage, few))[1].startswith("覆盖  0 / 2：样本不足")


def test_a_cell_is_never_a_formula() -> None:
    assert plain_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert plain_cell("运费") == "运费"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_an_export_is_registered_audited_and_leaves_names_out(
    config: Config, tmp_path: Path, form: str
) -> None:
    await said(customers_edit.set_attributes, config, LAN, ["name=王兰", "city=杭州"])
    path, seen = tmp_path / f"all.{form}", tmp_path / f"seen.{form}"
    _, text = await said(customers_export.export, config, path, form)
    assert text.startswith("2 位客户")
    written = path.read_text("utf-8-sig")
    assert ("wm_lan" in written, "关注：运费" in written, "杭州" in written) == (True, True, True)
    assert "王兰" not in written
    await said(customers_export.export, config, seen, form, tag="关注：运费", reveal=True)
    assert "王兰" in seen.read_text("utf-8-sig")
    store = open_store(config)
    assert {one.path for one in await store.exports.holding(LAN)} == {str(path), str(seen)}
    assert [one.path for one in await store.exports.holding(OLD)] == [str(path)]
    store.close()
    assert (await audited(config))[-2:] == [
        ("customers.export", "2"),
        ("customers.export", "1 revealed"),
    ]
    with pytest.raises(Misconfigured, match="已经有了"):
        await said(customers_export.export, config, path, form)
