"""What an operator sees of 7-2-1, and how the cases are made again."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.store import Statement
from tests.unit.commands.conftest import Shop

DAY = 86_400.0


def a_week(shop: Shop, *, n: int = 10, servicer: str = "zhangsan") -> float:
    """Cases that closed three days ago: seven without people, two of a junior, one that nobody
    took; returns when they were opened.
    """
    opened = time.time() - 4 * DAY
    rows: list[Statement] = []
    for number in range(n):
        steps = [("opened", 0.0, 0, "", ""), ("closed", DAY, 0, "", "gap")]
        if number % 10 >= 7:
            steps.insert(1, ("wanted", 60.0, 2, "", "asked"))
        if number % 10 in (7, 8):
            steps.insert(2, ("answered", 90.0, 2, servicer, ""))
        rows += a_case(f"case{number:04}", opened, steps)
    shop.writes(*rows)
    return opened


def a_case(
    name: str, opened: float, steps: list[tuple[str, float, int, str, str]]
) -> Iterator[Statement]:
    """What is written of a case, and of what was said in it."""
    for at, (step, after, level, servicer, reason) in enumerate(steps):
        yield Statement(
            "INSERT INTO case_steps (case_id, n, open_kfid, external_userid, at, name, level,"
            " servicer, reason, data) VALUES (?, ?, 'wk_shop', ?, ?, ?, ?, ?, ?, '{}')",
            (name, at, f"wm_{name}", opened + after, step, level, servicer, reason),
        )
    said = [(3, None, 0.0)] + [(5, who, after) for _, after, _, who, _ in steps if who]
    for origin, who, after in said:
        yield Statement(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, servicer_userid,"
            " sent_at, received_at, msgtype, outcome, handled_by)"
            " VALUES ('wk_shop', ?, ?, ?, ?, ?, ?, 'text', 'answered', '')",
            (f"{name}-{origin}", f"wm_{name}", origin, who, opened + after, opened + after),
        )


@pytest.fixture
def measured(shop: Shop) -> Shop:
    assert shop.run("report", "721") == 0
    assert "这段时间没有结束的咨询" in shop.said
    a_week(shop)
    assert shop.run("report", "rebuild") == 0
    assert "核对了 10 件咨询，已按记录改正 10 件" in shop.said
    return shop


def test_the_table_is_read_at_a_glance(measured: Shop) -> None:
    assert measured.run("report", "721", "--days", "7") == 0
    lines = measured.said.splitlines()
    assert lines[0].endswith("全部客服账号  结束的咨询 10 件")
    (bot,) = [line for line in lines if "L1 机器人办结" in line]
    assert bot.split() == [
        *("L1", "机器人办结", "█" * 14 + "░" * 6, "70.0%", "70%±5", "样本不足", "39.7–89.2%", "7")
    ]
    (human,) = [line for line in lines if line.startswith("  人工回应")]
    assert "P90 没有回应" in human
    assert "P50 30 秒" in human
    assert "3 件，1 件没有等到" in human
    assert any("客户要求人工" in line and "没人接 1" in line for line in lines)
    assert "一线           3 分钟，占 100.0%" in measured.said


def test_what_became_of_suggestions_stands_beside_it(measured: Shop) -> None:
    at = time.time() - 3 * DAY
    made = [
        Statement(
            "INSERT INTO suggestions (id, open_kfid, external_userid, created_at, handled_by,"
            " msgid) VALUES (?, 'wk_shop', 'wm_lan', ?, '', ?)",
            (number + 1, at, f"m{number}"),
        )
        for number in range(4)
    ]
    outcome = Statement(
        "INSERT INTO suggestion_outcomes (open_kfid, external_userid, userid, at, suggestion,"
        " msgid, source, ref, outcome)"
        " VALUES ('wk_shop', 'wm_lan', 'zhangsan', ?, 1, 'm0', 'faq', 'x', 'sent')",
        (at,),
    )
    measured.writes(*made, outcome)
    assert measured.run("report", "721") == 0
    assert "建议回复：客户的 4 句话有建议" in measured.said
    assert "原样发出       25.0%（1/4" in measured.said
    assert measured.run("report", "721", "--json") == 0
    assert json.loads(measured.said)["suggesting"]["sent"]["share"] == 0.25


def test_with_enough_cases_there_are_verdicts(measured: Shop) -> None:
    config = measured.folder / "config.yaml"
    measured.write("config.yaml", config.read_text("utf-8") + "measuring: {minimum_cases: 10}\n")
    assert measured.run("report", "721") == 0
    verdicts = [line.split()[5] for line in measured.said.splitlines() if line.startswith("  L")]
    assert verdicts == ["达标", "达标", "偏离"]


def test_other_programs_read_json(measured: Shop) -> None:
    assert measured.run("report", "721", "--json", "--account", "wk_shop") == 0
    report = json.loads(measured.said)
    assert (report["n"], report["open_kfid"], report["frt_human"]["p90"]) == (10, "wk_shop", None)
    assert measured.run("report", "721", "--json", "--account", "wk_other") == 0
    assert json.loads(measured.said)["n"] == 0


def test_days_are_named_with_both_ends(measured: Shop) -> None:
    closed = datetime.fromtimestamp(time.time() - 3 * DAY, UTC) + timedelta(hours=8)
    day = closed.date()
    assert measured.run("report", "721", "--json", "--from", day, "--to", day) == 0
    assert json.loads(measured.said)["n"] == 10
    before = day - timedelta(1)
    assert measured.run("report", "721", "--json", "--from", before, "--to", before) == 0
    assert json.loads(measured.said)["n"] == 0


@pytest.mark.parametrize(
    "days", [["--days", 0], ["--days", 999], ["--to", "2026-01-01"], ["--from", "2999-01-01"]]
)
def test_days_that_are_none_are_refused(measured: Shop, days: list[object]) -> None:
    assert measured.run("report", "721", *days) == 1
    assert "无法继续" in measured.complained


def test_what_differs_is_listed_and_then_put_right(measured: Shop) -> None:
    assert measured.run("report", "rebuild", "--check") == 0
    assert measured.run("report", "721", "--json") == 0
    before = measured.said
    measured.writes(
        Statement("UPDATE cases SET served_level = 3 WHERE id = 'case0007'"),
        Statement("DELETE FROM cases WHERE id = 'case0001'"),
    )
    assert measured.run("report", "rebuild", "--check") == 1
    assert "与记录不符 2 件" in measured.said
    assert "case0007  wk_shop  served_level" in measured.said
    assert "case0001  wk_shop  缺这一件" in measured.said
    assert measured.run("report", "721", "--json") == 0
    assert measured.said != before
    assert measured.run("report", "rebuild") == 0
    assert measured.run("report", "rebuild", "--check") == 0
    assert measured.run("report", "721", "--json") == 0
    assert measured.said == before
