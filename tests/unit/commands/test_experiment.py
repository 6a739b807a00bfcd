import io
import json
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands.experiment import listed, report
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Unit
from tests.builders import FRIDAY_MORNING, a_config

DAY_S = 86_400.0
NOW = FRIDAY_MORNING
TONE = {"variants": {"简短": 1, "详细": 1}, "baseline": 0.3, "lift": 0.9, "window_days": 7}
PLANNED = 52


def a_trial(home: Path, **more: object) -> Config:
    return a_config(home, experiments={"tone": TONE | more})


async def expose(config: Config, people: dict[str, tuple[int, int]], days_ago: float = 8) -> None:
    """So many of so many people of each variant wrote a day after they saw it."""
    store, unit, at = open_store(config), Unit(), NOW - days_ago * DAY_S
    for variant, (wrote, of) in people.items():
        for n in range(of):
            customer = f"wm_{variant}_{days_ago}_{n}"
            unit.statements.append(store.experiments.expose("tone", customer, variant, at))
            if n < wrote:
                unit.add(
                    "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at,"
                    " received_at, msgtype, outcome) VALUES ('wk', ?, ?, 3, ?, ?, 'text', '')",
                    *(customer, customer, at + DAY_S, at + DAY_S),
                )
    await store.database.commit(unit)
    store.close()


async def test_a_verdict_is_given_on_the_planned_number(home: Path) -> None:
    config, out = a_trial(home), io.StringIO()
    await expose(config, {"简短": (15, 60), "详细": (33, 60)})
    await expose(config, {"简短": (1, 3)}, days_ago=2)
    assert await report(config, "tone", out, now=NOW) == 0
    assert out.getvalue().splitlines() == [
        f"试验 tone：7 天内说了话，每个版本要 {PLANNED} 人才下结论。",
        "  简短  25.0%（15/60，区间 15.8%–37.2%），另有 3 人未满期",
        "  详细  55.0%（33/60，区间 42.5%–66.9%）",
        "  详细 比 简短：更好（+30.0 个百分点，区间 +12.5 到 +45.1，p = 0.001）",
    ]


async def test_too_few_people_are_no_verdict(home: Path) -> None:
    config, out = a_trial(home), io.StringIO()
    await expose(config, {"简短": (1, 10), "详细": (9, 10)})
    await report(config, "tone", out, as_json=True, now=NOW)
    told = json.loads(out.getvalue())
    assert told["planned"] == PLANNED
    assert told["comparisons"][0]["verdict"] == "too_few"


async def test_a_person_with_two_names_counts_once(home: Path) -> None:
    config = a_trial(home, goal="bought")
    store, unit = open_store(config), Unit()
    for n, variant in enumerate(("简短", "详细")):
        await store.vault.ready([f"customer:wm_{n}"])
        unit.statements.append(
            store.experiments.expose("tone", f"wm_{n}", variant, NOW - (9 - n) * DAY_S)
        )
    unit.add(
        "INSERT INTO orders (number, external_userid, paid_at, changed_at)"
        " VALUES ('A1', 'wm_1', ?, 0)",
        NOW - 8.5 * DAY_S,
    )
    await store.database.commit(unit)
    await store.people.merge("wm_0", "wm_1", evidence="hand", by="zhangsan", at=NOW)
    counts = await store.experiments.counts("tone", "bought", 7, NOW)
    store.close()
    assert counts == {"简短": (1, 1, 0)}


@pytest.mark.parametrize(
    ("detail", "stayed"),
    [("customer", 0), ("staff", 1), ("staff DELETE_BY_TRANSFER", 1), ("unknown", 1)],
)
async def test_only_who_deletes_us_has_not_stayed(home: Path, detail: str, stayed: int) -> None:
    store, unit = open_store(a_trial(home, goal="stayed")), Unit()
    at = NOW - 8 * DAY_S
    unit.statements.append(store.experiments.expose("tone", "wm_lan", "简短", at))
    unit.add(
        "INSERT INTO relation_events (external_userid, userid, at, kind, detail, noted_at)"
        " VALUES ('wm_lan', 'zhangsan', ?, 'deleted', ?, ?)",
        *(at + DAY_S, detail, at + DAY_S),
    )
    await store.database.commit(unit)
    counts = await store.experiments.counts("tone", "stayed", 7, NOW)
    store.close()
    assert counts == {"简短": (stayed, 1, 0)}


async def test_experiments_are_listed_with_what_they_need(home: Path) -> None:
    out = io.StringIO()
    listed(a_trial(home), out)
    listed(a_trial(home, keep="详细"), out)
    listed(a_config(home), out)
    assert out.getvalue().splitlines() == [
        f"tone  简短×1、详细×1，看 7 天内说了话，每个版本要 {PLANNED} 人",
        "tone  简短×1、详细×1，看 7 天内说了话，已定为 详细",
        "没有试验；写在 config.yaml 的 experiments 里。",
    ]


async def test_an_unknown_experiment_is_named(home: Path) -> None:
    with pytest.raises(Misconfigured, match="gift"):
        await report(a_trial(home), "gift", io.StringIO())
