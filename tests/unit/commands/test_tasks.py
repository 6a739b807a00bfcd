import io
import json
import time
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands import tasks
from bot.errors import Misconfigured
from bot.model.tasks import StaffTask, TaskState
from bot.store import Unit
from tests.builders import a_config


async def test_tasks_are_listed_ended_and_counted(home: Path) -> None:
    config, now, unit = a_config(home), time.time(), Unit()
    store = open_store(config)
    for name, due in (("t1", now - 60), ("t2", now - 7200)):
        task = StaffTask(
            id=name,
            kind="say_hello",
            member="lan",
            text="打招呼",
            reason="r",
            due_at=due,
            on_time_s=3600,
            expires_at=now + 3600,
            external_userid="wm_lan",
        )
        unit.statements.append(await store.tasks.added(task, now))
    await store.database.commit(unit)
    assert await tasks.listed(config, out := io.StringIO()) == 0
    assert out.getvalue().endswith("共 2 件。\n")
    await tasks.end(config, "t1", TaskState.SENT, out := io.StringIO())
    assert "t1：按时完成" in out.getvalue()
    with pytest.raises(Misconfigured, match="t1"):
        await tasks.end(config, "t1", TaskState.SENT, out)
    await tasks.end(config, "t2", TaskState.SKIPPED, out, why="客户已退")
    assert len(await store.mailbox.due("customer:wm_lan", time.time())) == 2
    await tasks.listed(config, out := io.StringIO(), everything=True, as_json=True)
    states = {one["id"]: one["state"] for one in json.loads(out.getvalue())}
    assert states == {"t1": "sent", "t2": "skipped"}
    await tasks.rate(config, 7, out := io.StringIO())
    assert out.getvalue() == "打招呼：应做 2，做了 1（50.0%），按时 1（50.0%）\n"
    store.close()
