import io
import json
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands.ratings import ratings
from bot.config import Config
from bot.errors import Misconfigured
from tests.builders import FRIDAY_MORNING, a_config

DAY_S = 86_400.0
NOW = FRIDAY_MORNING + DAY_S

_INSERT = (
    "INSERT INTO ratings (case_id, open_kfid, external_userid, asked_at, asked_how, why_not, score,"
    " rated_at, reason, followed_up_at) VALUES (?, 'wk_shop', 'wm_lan', ?, ?, ?, ?, ?, ?, ?)"
)


@pytest.fixture
async def rated(home: Path) -> Config:
    """Four cases of yesterday and one of last month."""
    config = a_config(home)
    store = open_store(config)
    at = FRIDAY_MORNING
    await store.accounts.register("wk_shop", "云栖客服", at)
    await store.vault.ready(["customer:wm_lan"])
    sealed = store.vault.seal("customer:wm_lan", "等了半小时\n没人理".encode())
    rows = [
        ("old", at - 30 * DAY_S, "code", "", 5, at - 30 * DAY_S, None, None),
        ("poor", at, "code", "", 1, at + 60, sealed, at + 60),
        ("good", at + 1, "message", "", 4, at + 90, None, None),
        ("unheard", at + 2, "code", "", None, None, None, None),
        ("late", at + 3, "none", "code_too_late", None, None, None, None),
    ]
    for row in rows:
        await store.database.execute(_INSERT, *row)
    store.close()
    return config


async def test_ratings_are_listed_with_their_reasons_newest_first(rated: Config) -> None:
    out = io.StringIO()
    assert await ratings(rated, 7, out, now=NOW) == 0
    assert out.getvalue().splitlines() == [
        "4 分  2026-11-20 10:01  good  云栖客服",
        "1 分  2026-11-20 10:01  poor  云栖客服  已请专家跟进",
        "      原因：等了半小时 没人理",
        "最近 7 天结束 4 次咨询，请了 3 次，评了 2 次，平均 2.5 分。",
        "  · 没有请：来不及用结束码，1 次",
    ]


async def test_more_days_show_more(rated: Config) -> None:
    out = io.StringIO()
    await ratings(rated, 60, out, now=NOW)
    assert "old" in out.getvalue()


async def test_json_holds_every_case_that_ended(rated: Config) -> None:
    out = io.StringIO()
    await ratings(rated, 7, out, as_json=True, now=NOW)
    told = json.loads(out.getvalue())
    assert [one["case_id"] for one in told] == ["late", "unheard", "good", "poor"]
    assert told[0]["why_not"] == "code_too_late"
    assert (told[3]["score"], told[3]["reason"]) == (1, "等了半小时\n没人理")


async def test_where_nothing_ended_that_is_said(home: Path) -> None:
    out = io.StringIO()
    await ratings(a_config(home), 7, out)
    assert out.getvalue() == "最近 7 天没有结束的咨询。\n"


async def test_a_number_of_days_that_is_none_is_refused(home: Path) -> None:
    with pytest.raises(Misconfigured, match="--days"):
        await ratings(a_config(home), 0, io.StringIO())
