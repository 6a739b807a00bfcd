"""Operators hear once what is wrong, again when it lasts, and once that it is over."""

import asyncio
import io
import json
from typing import Any

import pytest

from bot.app.watching import build_watch
from bot.commands import incidents
from bot.delivery.watching import Watch
from bot.errors import Misconfigured
from bot.model import Lane
from bot.policy.alarms import Kind, Step
from bot.store import Arrival, Unit
from tests.builders import a_customer, a_message
from tests.conftest import OpenChat
from tests.talk import Chat

WHEN_IT_TREMBLES = {"backlog": 10, "drill_every_days": 0}
OPERATORS = [
    {"userid": "zhangsan", "name": "张三", "level": "junior"},
    {"userid": "ops", "name": "运维", "level": "junior", "duties": ["operator"]},
    {"userid": "lisi", "name": "李四", "level": "leader"},
]


class FakeTokens:
    """Set `said` to what WeCom refuses of our credentials."""

    def __init__(self) -> None:
        self.said = ""

    def refused(self) -> str:
        return self.said


class Watched:
    """A watch over a chat's engine; `looks` looks once and returns what operators were told."""

    def __init__(self, chat: Chat) -> None:
        self.chat, self.tokens = chat, FakeTokens()
        self._seen = 0
        self.watch = self.another()

    def another(self) -> Watch:
        """As another process has it, or this one after a restart."""
        tokens: Any = self.tokens
        return build_watch(self.chat.engine, tokens, lambda *_: None)

    async def looks(self, watch: Watch | None = None, **after: float) -> list[str]:
        if after:
            await self.chat.waits(**after)
        await (watch or self.watch).look()
        await self.chat.waits(seconds=1)
        return self.chat.staff_messages

    async def piles_up(self, n: int) -> None:
        unit, now = Unit(), self.chat.clock.now()
        arrivals = [
            Arrival(one.subject, a_message(of=one, msgid=f"m{i}"), Lane.REPLY)
            for i, one in enumerate(a_customer(f"wm_{i}") for i in range(n))
        ]
        await self.chat.store.mailbox.deliver(unit, arrivals, now)
        await self.chat.store.database.commit(unit)


@pytest.fixture
async def watched(open_chat: OpenChat) -> Watched:
    chat = await open_chat(alarms=WHEN_IT_TREMBLES, staff=OPERATORS)
    return Watched(chat)


async def test_a_pile_is_told_to_the_operators_once_and_its_end_once(watched: Watched) -> None:
    assert await watched.looks() == []
    await watched.piles_up(10)
    await watched.watch.look()
    await watched.watch.look()
    await watched.chat.waits(seconds=1)
    [(userids, text)] = watched.chat.staff.sent
    assert list(userids) == ["ops"]
    assert text.startswith("【故障】有 10 件事等着处理（界限 10）")
    [over] = await watched.looks(minutes=12)
    assert over.startswith("【告警解除】")
    assert "12 分钟" in over
    assert await watched.looks(minutes=1) == []


async def test_of_two_processes_one_tells(watched: Watched) -> None:
    watched.tokens.said = "40013 invalid corpid"
    await asyncio.gather(watched.watch.look(), watched.another().look())
    await watched.chat.waits(seconds=1)
    [text] = watched.chat.staff_messages
    assert "40013 invalid corpid" in text
    assert await watched.looks(watched.another(), minutes=1) == [], "nor after a restart"


async def test_what_lasts_is_said_again_after_four_hours(watched: Watched) -> None:
    watched.tokens.said = "40013"
    assert len(await watched.looks()) == 1
    assert await watched.looks(hours=3.9) == []
    [again] = await watched.looks(hours=0.2)
    assert again.startswith("【告警还在】")
    assert await watched.looks(hours=1) == []


async def test_without_an_operator_the_leaders_hear_it(open_chat: OpenChat) -> None:
    chat = await open_chat(alarms=WHEN_IT_TREMBLES)
    watched = Watched(chat)
    watched.tokens.said = "40013"
    await watched.looks()
    [(userids, _)] = chat.staff.sent
    assert list(userids) == ["lisi"]


async def test_a_callback_that_could_not_be_stored_counts_for_five_minutes(
    watched: Watched,
) -> None:
    await watched.looks()
    acks = watched.chat.engine.metrics.acks
    acks.labels("accepted").inc(100)
    acks.labels("not_stored").inc(3)
    [text] = await watched.looks(seconds=15)
    assert "97.09%" in text
    assert await watched.looks(minutes=3) == []
    [over] = await watched.looks(minutes=3)
    assert over.startswith("【告警解除】")


async def test_slow_turns_and_refused_calls_are_seen_in_the_counters(watched: Watched) -> None:
    await watched.looks()
    metrics = watched.chat.engine.metrics
    for n in range(100):
        metrics.turn_seconds.observe(4.0 if n % 10 == 0 else 0.01)
    metrics.count_wecom_call("/cgi-bin/kf/send_msg", 60020)
    metrics.count_wecom_call("/cgi-bin/kf/send_msg", 0)
    told = await watched.looks(seconds=15)
    assert sorted(text[:4] for text in told) == ["【告警】", "【故障】"]
    assert any("60020" in text for text in told)
    assert metrics.registry.get_sample_value("concierge_alarms", {"kind": "latency"}) == 1.0


async def test_a_step_that_is_late_is_told_once_and_one_that_is_done_never(
    watched: Watched,
) -> None:
    config, out = watched.chat.engine.config, io.StringIO()
    now = watched.chat.clock.now()
    await incidents.begin(config, Kind.DECLARED, "客户说图片打不开", out, now=now)
    await watched.looks()
    [alarm] = await watched.chat.store.alarms.open()
    assert watched.chat.staff_messages == []
    await incidents.note(config, alarm.id, Step.DIAGNOSED, "图床到期", out, now=now + 60)
    assert await watched.looks(minutes=40) == []
    [late] = await watched.looks(hours=1.5)
    assert late.startswith(f"【故障 {alarm.id}】已经 130 分钟，还没有恢复：客户说图片打不开")
    await incidents.note(config, alarm.id, Step.RESTORED, "换了图床", out, now=now + 9_000)
    assert await watched.chat.store.alarms.open() == []
    [late] = await watched.looks(hours=24)
    assert "还没有写报告" in late
    await incidents.note(config, alarm.id, Step.REPORTED, "见内部文档 12", out, now=now + 99_000)
    assert await watched.looks(hours=24) == []
    with pytest.raises(Misconfigured, match="已经记过"):
        await incidents.note(config, alarm.id, Step.REPORTED, "又一份", out)


async def test_an_incident_is_shown_with_its_figures_and_what_is_left(watched: Watched) -> None:
    config, out = watched.chat.engine.config, io.StringIO()
    now = watched.chat.clock.now()
    await incidents.begin(config, Kind.DRILL, "磁盘写满", out, now=now)
    with pytest.raises(Misconfigured, match="还没有结束"):
        await incidents.begin(config, Kind.DRILL, "又一次", out, now=now)
    await incidents.note(config, 1, Step.DIAGNOSED, "日志没有轮换", out, now=now + 600)
    out = io.StringIO()
    await incidents.show(config, 1, out, as_json=False)
    shown = out.getvalue()
    assert "这是演练：磁盘写满" in shown
    assert "诊断" in shown
    assert "日志没有轮换" in shown
    assert "恢复  还没有，限 2026-11-20 12:00 之前" in shown
    out = io.StringIO()
    await incidents.alarms(config, out, limit=5, as_json=True)
    [one] = json.loads(out.getvalue())
    assert (one["kind"], one["ended_at"]) == ("drill", None)
    with pytest.raises(Misconfigured, match="没有编号 7"):
        await incidents.show(config, 7, out, as_json=False)


async def test_after_a_drill_nobody_asks_for_one(open_chat: OpenChat) -> None:
    chat = await open_chat(alarms={"drill_every_days": 30}, staff=OPERATORS)
    watched = Watched(chat)
    await chat.store.database.execute("UPDATE schema_migrations SET applied_at = 1.0")
    [due] = await watched.looks()
    assert "30 天没有演练" in due
    now = chat.clock.now()
    await incidents.begin(chat.engine.config, Kind.DRILL, "断网", io.StringIO(), now=now)
    [over] = await watched.looks(minutes=1)
    assert over.startswith("【告警解除】")
