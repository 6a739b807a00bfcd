"""The weekly sample is drawn once, by itself, and the leaders are told where it is."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app.tag_auditing import TagAuditing
from bot.config import Tagging
from bot.model.tags import TagChange
from bot.store import Store, Unit
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def auditing(store: Store, tmp_path: Path) -> TagAuditing:
    settings = Tagging.model_validate(
        {"audit": {"enabled": True, "sample": 2, "weekday": "fri", "hour": "09:00"}}
    )
    store.tags.consented = "1 = 1"
    await store.vault.ready(["customer:wm_lan", "corp"])
    unit = Unit()
    for name in ("关注：运费", "关注：发票", "意向：面霜"):
        change = TagChange(name=name, add=True, at=FRIDAY_MORNING, rule="r")
        store.tags.assign(unit, "wm_lan", [change])
    await store.database.commit(unit)
    clock = PlayedClock()
    clock.reach(datetime(2026, 11, 20, 9, 1, tzinfo=ZONE).timestamp())
    return TagAuditing(
        *(store, settings, ZONE, tmp_path / "audits", ("boss",)),
        *(lambda count, file: f"{count} {file.name}", clock, lambda _queue, _lane: None),
    )


async def told(store: Store) -> list[str]:
    rows = await store.database.fetch("SELECT msgid FROM outbox WHERE kind = 'NotifyStaff'")
    return [row["msgid"] for row in rows]


async def test_it_is_drawn_once_a_week_and_erasing_finds_the_file(
    auditing: TagAuditing, store: Store
) -> None:
    assert await auditing.look() == "ta_20261120"
    again = replace(auditing, _done=set())
    assert [await auditing.look(), await again.look()] == ["", "ta_20261120"]
    (file,) = auditing.folder.iterdir()
    assert len(file.read_text("utf-8-sig").splitlines()) == 3
    assert [one.path for one in await store.exports.holding("wm_lan")] == [str(file)]
    assert await told(store) == ["tag_audit_ta_20261120"]
    auditing.clock.reach(auditing.clock.now() + 7 * 86_400)  # type: ignore[attr-defined]
    assert await auditing.look() == "ta_20261127"


async def test_what_a_crash_left_undone_is_done(
    auditing: TagAuditing, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr("bot.app.tag_auditing.write_sample", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await auditing.look()
    assert await told(store) == []
    assert await auditing.look() == "ta_20261120"
    assert await told(store) == ["tag_audit_ta_20261120"]
    rows = await store.database.fetch("SELECT COUNT(*) AS n FROM tag_audits")
    assert rows[0]["n"] == 1


async def test_before_its_hour_it_is_last_week_s(auditing: TagAuditing) -> None:
    audit = auditing.settings.audit.model_copy(update={"hour": 23 * 60})
    auditing.settings = auditing.settings.model_copy(update={"audit": audit})
    assert await auditing.look() == "ta_20261113"
