import io
import json
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands.outreach import outreach
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.mass_sends import MassSend, mass_send_id
from bot.model.outreach import Outreach, Reach
from bot.policy.outreach import Refused
from bot.store import Unit
from bot.store.mass_sends import ended
from bot.store.outreach import NOT_ASKED
from tests.builders import FRIDAY_MORNING, a_config

DAY_S = 86_400.0
NEWS = Outreach(feature="campaign", ref="autumn", reason="上新")
GUIDE = Outreach(feature="flow", ref="guide.2", reason="新人指南", promo=False)


@pytest.fixture
async def reached(home: Path) -> Config:
    config = a_config(home)
    store = open_store(config)
    unit, at = Unit(), FRIDAY_MORNING - DAY_S
    store.outreach.plan(unit, "wm_lan", NEWS, at, last=0, msgid="")
    store.outreach.plan(unit, "wm_lan", GUIDE, at - 40 * DAY_S, last=NOT_ASKED, msgid="")
    store.outreach.plan(unit, "wm_mei", GUIDE, at, last=0, msgid="")
    for _ in range(3):
        store.outreach.refuse(unit, "wm_lan", NEWS, at + 1, Refused.DAY)
    for name, deleted_at in (("wm_lan", None), ("wm_mei", at), ("wm_old", at - 60 * DAY_S)):
        unit.add(
            "INSERT INTO relations (userid, external_userid, deleted_at, deleted_by, version)"
            " VALUES ('zhangsan', ?, ?, 'customer', 0)",
            *(name, deleted_at),
        )
    await store.database.commit(unit)
    store.close()
    return config


async def test_the_figures_say_what_was_sent_and_what_not(reached: Config) -> None:
    out = io.StringIO()
    assert await outreach(reached, 30, out, now=FRIDAY_MORNING) == 0
    assert out.getvalue().splitlines() == [
        "最近 30 天触达 2 次，促销占 50%。",
        "  campaign  1 次",
        "  flow  1 次",
        "  · 没有发：campaign，24 小时的次数用完，1 次",
        "30 天内删除我们的好友：1/2（50.0%，区间 9.5%–90.5%），超过警戒线 5%，请减少打扰。",
    ]


async def test_mass_send_tasks_are_counted_by_how_far_they_are(home: Path) -> None:
    config = a_config(home)
    store = open_store(config)
    unit, at = Unit(), FRIDAY_MORNING - DAY_S
    for number, outcome in enumerate([None, Reach.DELIVERED, Reach.IMPOSSIBLE, Reach.BLOCKED]):
        one = MassSend(
            id=mass_send_id(str(number)),
            member="ZhangSan",
            external_userid="wm_lan",
            text="上新",
            feature="flow",
            ref="f1/a",
            reason="flow:m/a",
            expires_at=at + DAY_S,
        )
        unit.statements.append(await store.mass_sends.added(one, at))
        outreach_row = Outreach(feature="flow", ref="m/a", reason="flow:m/a")
        store.outreach.plan(unit, "wm_lan", outreach_row, at, last=NOT_ASKED, msgid=one.id)
        if outcome:
            why = "" if outcome is Reach.DELIVERED else "not_friends"
            unit.statements.append(ended(one.id, outcome, why, at))
    await store.database.commit(unit)
    store.close()
    out = io.StringIO()
    await outreach(config, 30, out, now=FRIDAY_MORNING)
    assert out.getvalue().splitlines() == [
        "最近 30 天触达 2 次，促销占 100%。",
        "  flow  2 次",
        "群发任务 4 个：计划中 1，没有发 1，企业微信已发出 1，发不了 1。",
        "  · 没有发：flow，not_friends，1 个",
        "  · 发不了：flow，not_friends，1 个",
    ]


async def test_the_same_figures_as_json(reached: Config) -> None:
    out = io.StringIO()
    await outreach(reached, 30, out, as_json=True, now=FRIDAY_MORNING)
    told = json.loads(out.getvalue())
    assert told["made"] == {"campaign": 1, "flow": 1}
    assert told["refused"] == [{"feature": "campaign", "why": "per_day", "n": 1}]
    assert told["left_30_days"]["count"] == 1


async def test_before_anybody_was_written_to_it_says_so(home: Path) -> None:
    out = io.StringIO()
    await outreach(a_config(home), 7, out)
    assert out.getvalue() == "最近 7 天没有触达过谁。\n"


async def test_no_days_are_no_window(home: Path) -> None:
    with pytest.raises(Misconfigured):
        await outreach(a_config(home), 0, io.StringIO())
