"""`concierge staff handover` says what would move, begins once, and refuses what cannot be."""

import io
from pathlib import Path

import pytest

from bot.app import open_store
from bot.commands import handovers, successions
from bot.commands.successions import Request
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Case, Conversation, Emitted
from bot.store import CaseChange, Passing, Store, Unit
from simulator.credentials import demo_credentials
from simulator.server import Simulator, running
from tests.builders import a_config

CUSTOMERS = [f"wmYunqi_customer_000000000000000{number}" for number in (1, 2)]


def config_of(home: Path, sim: Simulator) -> Config:
    names = demo_credentials()
    wecom = {"corp_id": names.corp_id, "secret": names.secret, "api_base": sim.url}
    codes = [{"id": "shop", "name": "门店", "receivers": [{"userid": "zhangsan"}]}]
    return a_config(home, wecom=wecom, channels={"codes": codes})


async def run(config: Config, request: Request, *, dry_run: bool = False) -> str:
    out = io.StringIO()
    assert await successions.hand_over(config, request, out, dry_run=dry_run) == 0
    return out.getvalue()


def rows(store: Store, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.database.read_sync(f"SELECT * FROM {table}")]


async def test_a_preview_says_what_would_move_and_changes_nothing(home: Path) -> None:
    async with running() as sim:
        config = config_of(home, sim)
        for one in CUSTOMERS:
            sim.friends.add("zhangsan", one)
        said = await run(config, Request("ZhangSan", "lisi", has_left=False), dry_run=True)
        assert "客户 2 位\n" in said
        assert "渠道码 1 个：shop\n" in said
        assert "这是预览，什么也没有改" in said
        store = open_store(config)
        for table in ("successions", "passed_customers", "away_members", "outbox", "audit"):
            assert rows(store, table) == [], table
        store.close()


async def test_the_command_begins_once_however_often_it_is_run(home: Path) -> None:
    async with running() as sim:
        config = config_of(home, sim)
        for one in CUSTOMERS:
            sim.friends.add("zhangsan", one)
        request = Request("zhangsan", "LiSi", has_left=False, message="您好")
        await run(config, request)
        assert "其中 2 位已经在转" in await run(config, request)
        store = open_store(config)
        (begun,) = await store.successions.open()
        assert (begun.pair, begun.message) == (("zhangsan", "lisi"), "您好")
        assert await store.successions.counts(begun.id) == {Passing.PLANNED: 2}
        assert await store.successions.stand_ins() == {"zhangsan": "lisi"}
        store.close()
        out = io.StringIO()
        assert await handovers.show(config, "zhangsan", out) == 0
        assert "zhangsan → lisi（调岗，" in out.getvalue()
        assert "客户 2 位：还没提出 2" in out.getvalue()
        assert "码 shop（门店）：有别人接待" in out.getvalue()
        assert await successions.back(config, "zhangsan", out) == 0
        assert "还没转的 2 位客户不转了" in out.getvalue()
        with pytest.raises(Misconfigured, match="没有人在接替"):
            await successions.back(config, "zhangsan", out)


async def test_one_who_has_left_receives_nobody_any_more_at_once(home: Path) -> None:
    async with running() as sim:
        config = config_of(home, sim)
        sim.friends.add("zhangsan", CUSTOMERS[0])
        sim.world.transfers.leave("zhangsan")
        said = await run(config, Request("zhangsan", "lisi", has_left=True))
        assert "客户 1 位\n" in said
        store = open_store(config)
        assert await store.ways.away() == {"zhangsan"}
        assert await store.successions.stand_ins(gone_only=True) == {"zhangsan": "lisi"}
        store.close()


async def test_open_cases_and_the_successor_hear_of_it_in_the_same_commit(home: Path) -> None:
    async with running() as sim:
        config, where = config_of(home, sim), Conversation("wk_shop", CUSTOMERS[0])
        sim.friends.add("zhangsan", CUSTOMERS[0])
        store, unit = open_store(config), Unit()
        case = Case(
            id="c1",
            conversation=where,
            opened_at=1.0,
            active_at=1.0,
            status="serving",
            servicer="zhangsan",
            given_at=1.0,
        )
        await store.cases.save(unit, CaseChange(case, case))
        await store.database.commit(unit)
        said = await run(config, Request("zhangsan", "lisi", has_left=False))
        assert "进行中的会话 1 个" in said
        (letter,) = await store.mailbox.due(where.subject, 2**40)
        assert isinstance(letter.event, Emitted)
        assert (letter.event.name, letter.event.data) == ("succeeded", {"userid": "zhangsan"})
        (row,) = store.database.read_sync("SELECT queue, kind FROM outbox")
        assert tuple(row) == ("staff/lisi", "NotifyStaff")
        store.close()


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (
            Request("zhangsan", "nobody", has_left=False),
            "nobody 不在企业微信「客户联系」的使用范围",
        ),
        (
            Request("zhangsan", "wangwu", has_left=False),
            "wangwu 不在企业微信「客户联系」的使用范围",
        ),
        (Request("zhangsan", "ZhangSan", has_left=False), "不能是他自己"),
        (Request("wangwu", "lisi", has_left=False), "离职了用 concierge staff leaving"),
        (Request("zhangsan", "lisi", has_left=True), "还在职"),
        (Request("zhangsan", "zhaoliu", has_left=False), "zhaoliu 自己的客户正交给 lisi"),
        (Request("zhangsan", "lisi", has_left=False, message="字" * 201), "200"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    home: Path, request_: Request, why: str
) -> None:
    async with running() as sim:
        config = config_of(home, sim)
        await run(config, Request("zhaoliu", "lisi", has_left=False))
        sim.friends.barred.add("wangwu")
        with pytest.raises(Misconfigured, match=why):
            await successions.hand_over(config, request_, io.StringIO())
        store = open_store(config)
        assert len(await store.successions.all()) == 1
        store.close()


async def test_where_wecom_cannot_be_asked_nothing_is_begun(home: Path) -> None:
    async with running() as sim:
        config = config_of(home, sim)
        sim.friends.permitted.clear()
        with pytest.raises(Misconfigured, match="不许可"):
            await run(config, Request("zhangsan", "lisi", has_left=False))
        sim.friends.permitted.add("app")
        sim.fault("error", path="/cgi-bin/externalcontact/list", code=45009)
        with pytest.raises(Misconfigured, match="没问成企业微信"):
            await run(config, Request("zhangsan", "lisi", has_left=False))
