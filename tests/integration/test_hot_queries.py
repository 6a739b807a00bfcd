"""What a message costs does not grow with what is stored: no statement on its way reads a table
from end to end, on either database.

The statements are those that the engine really asks while customers write, are answered, handed to
a person, tagged and let go. An index that holds only what is open may be read whole: it is as long
as the backlog.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.service import LOOK_AHEAD_S
from bot.model import CustomerAdded, MessageRecalled
from bot.store import Store, Unit
from bot.store.database import Database, Statement
from tests.builders import STORAGE
from tests.conftest import OpenChat
from tests.talk import Chat

NOT_OURS = re.compile(r"PRAGMA|IN \(\)|handled_by, outcome FROM messages WHERE msgid = \?$")
"""What is no query; what asks for nothing; what `Chat` itself asks."""

KF, LAN = "wk_shop", "wm_lan"
SHORT = {
    # one row, or as many as a company has accounts, switches or campaigns
    *("accounts", "content_version", "switches", "content_files", "referral_campaigns"),
}


class Asked:
    """Every statement that a database is asked from now on, with the values of its first time."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: dict[str, Statement] = {}
        for name in ("fetch", "fetch_one", "scan", "execute"):
            monkeypatch.setattr(database, name, self._noted(getattr(database, name)))
        commit = database.commit

        async def committed(unit: Unit) -> Any:
            for statement in [*unit.statements, *(one for some in unit.asides for one in some)]:
                self.statements.setdefault(statement.sql, statement)
            return await commit(unit)

        monkeypatch.setattr(database, "commit", committed)

    def _noted(self, ask: Any) -> Any:
        async def asked(sql: str, *params: Any) -> Any:
            self.statements.setdefault(sql, Statement(sql, params))
            return await ask(sql, *params)

        return asked


async def a_day(chat: Chat) -> None:
    """Answers, a tag, a person and a rating, a friend, points, and timers that come due."""
    await chat.says("运费多少钱？")
    await chat.agrees()
    msgid = await chat.says("不想买面霜，运费多少")
    await chat.receives(MessageRecalled(open_kfid=KF, external_userid=LAN, recall_msgid=msgid))
    await chat.says("你们这个东西用了会不会过敏啊我有点担心")
    await chat.says("转人工")
    await chat.take_over()
    await chat.colleague_writes("您好，我来帮您看看")
    await chat.says("谢谢")
    await chat.end()
    await chat.waits(hours=26)
    await chat.receives(CustomerAdded(external_userid=LAN, userid="zhangsan"))
    await chat.says("我的积分")
    await chat.says("邀请好友")


async def what_the_service_looks_for(store: Store, now: float) -> None:
    """The looks that come around every few seconds."""
    await store.mailbox.waiting(now)
    await store.mailbox.coming(now + LOOK_AHEAD_S)
    await store.mailbox.waiting_since(now - 60, 100)
    await store.outbox.open_queues()
    await store.outbox.oldest_open_at()


@pytest.fixture
async def chat(open_chat: OpenChat, home: Path, backend: str) -> Chat:
    """On PostgreSQL the planner reads small tables whole, unless it must not."""
    if backend == "postgres":
        named = home / STORAGE
        named.write_text(f"{named.read_text('utf-8')}?enable_seqscan=off", "utf-8")
    return await open_chat()


async def test_no_statement_on_the_way_of_a_message_reads_a_whole_table(
    chat: Chat, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = chat.store.database
    asked = Asked(database, monkeypatch)
    await a_day(chat)
    await what_the_service_looks_for(chat.store, chat.clock.now())
    assert len(asked.statements) > 80
    read_whole = sqlite_reads_whole if backend == "sqlite" else postgres_reads_whole
    found = {
        " ".join(sql.split()): tables
        for sql, one in asked.statements.items()
        if not NOT_OURS.search(sql) and (tables := {*read_whole(database, one)} - SHORT)
    }
    assert found == {}


def test_a_table_that_is_read_whole_is_found(store: Store, backend: str) -> None:
    read_whole = sqlite_reads_whole if backend == "sqlite" else postgres_reads_whole
    for sql in ("SELECT * FROM messages WHERE outcome = ?", "SELECT COUNT(*) FROM outbox"):
        table = sql.split("FROM ")[1].split()[0]
        one = Statement(sql, ("x",) * sql.count("?"))
        assert [*read_whole(store.database, one)] == [table]


def sqlite_reads_whole(database: Database, one: Statement) -> Iterator[str]:
    """Tables that SQLite reads from end to end."""
    partial = {
        row["name"]
        for row in database.read_sync("SELECT name FROM sqlite_master WHERE sql LIKE '%) WHERE %'")
    }
    tables = database.tables()
    for row in database.read_sync(f"EXPLAIN QUERY PLAN {one.sql}", *one.params):
        met = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", row["detail"])
        if met and met[2] not in partial:
            name = named_by(one.sql, met[1])
            if name in tables:
                yield name


def named_by(sql: str, alias: str) -> str:
    """The table of an alias."""
    met = re.search(rf"\b(?:FROM|JOIN|INTO|UPDATE) (\w+) (?:AS )?{alias}\b", sql)
    return met[1] if met else alias


def postgres_reads_whole(database: Database, one: Statement) -> Iterator[str]:
    """Tables that PostgreSQL reads from end to end."""
    partial = {
        row["indexname"]
        for row in database.read_sync(
            "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
        )
    }
    (plan,) = database.read_sync(f"EXPLAIN (FORMAT JSON) {one.sql}", *one.params)
    for node in nodes(json.loads(plan[0])[0]["Plan"]):
        whole = "Index" in node["Node Type"] and "Index Cond" not in node
        if node["Node Type"] == "Seq Scan" or (whole and node["Index Name"] not in partial):
            yield str(node.get("Relation Name", node.get("Index Name")))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A step of a plan and all below it, but for the first rows of an index (MAX, LIMIT)."""
    yield plan
    for part in plan.get("Plans", ()):
        first_rows = plan["Node Type"] == "Limit" and "Index" in part["Node Type"]
        if not first_rows or "Filter" in part:
            yield from nodes(part)
