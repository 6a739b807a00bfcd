import asyncio
import json
import os
import zipfile
from pathlib import Path

import pytest

import handlers
from bot.app import build_eraser, open_store
from bot.config import load_config
from bot.routing.discovery import discover
from tests.builders import KEY
from tests.unit.commands.conftest import Shop


@pytest.fixture
def lan(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that knows one customer."""
    monkeypatch.setenv("CONCIERGE_SECURITY__ENCRYPTION_KEY", KEY)
    store = open_store(load_config(shop.folder / "config.yaml", os.environ))
    asyncio.run(store.vault.ready(["customer:wm_lan"]))
    store.close()
    return shop


def test_what_a_customer_said_to_a_colleague_is_written_down_with_what_shows_it(lan: Shop) -> None:
    say = ("--evidence", "11 月 20 日电话里说的")
    assert lan.run("consent", "give", "wm_lan", "marketing", *say) == 0
    assert lan.run("consent", "withdraw", "wm_lan", "profiling_tags", *say) == 0
    assert lan.run("consent", "show", "wm_lan") == 0
    lines = lan.said.splitlines()
    assert "marketing         同意（营销消息）" in lines
    assert "profiling_tags    撤回（打标签、做画像）" in lines
    assert "location          没有表示（位置）" in lines
    assert lines[-1].endswith("11 月 20 日电话里说的")


def test_nothing_is_written_down_without_evidence_or_about_nobody(lan: Shop) -> None:
    assert lan.run("consent", "give", "wm_lan", "marketing", "--evidence", " ") == 1
    assert "依据" in lan.complained
    assert lan.run("consent", "give", "wm_nobody", "marketing", "--evidence", "电话") == 1
    assert "没有这位客户" in lan.complained
    assert lan.run("consent", "show", "wm_lan") == 0
    assert "同意（" not in lan.said


def test_the_audit_is_searched_by_who_what_whom_and_when(lan: Shop) -> None:
    lan.run("consent", "give", "wm_lan", "marketing", "--evidence", "电话")
    lan.run("consent", "withdraw", "wm_lan", "marketing", "--evidence", "电话")
    for wanted, found in (
        ((), 2),
        (("--actor", "command:*"), 2),
        (("--actor", "customer"), 0),
        (("--action", "consent.withdrawn"), 1),
        (("--subject", "wm_lan"), 2),
        (("--subject", "wm_bo"), 0),
        (("--since", "1d"), 2),
        (("--since", "2100-01-01"), 0),
        (("--limit", 1), 1),
    ):
        assert lan.run("audit", "search", "--json", *wanted) == 0
        assert len(lan.said.splitlines()) == found, wanted
    lan.run("audit", "search")
    assert "consent.withdrawn" in lan.said.splitlines()[0]
    assert "wm_lan" not in lan.said, "a customer is named by an opaque id"
    assert lan.run("audit", "search", "--since", "gestern") == 1


def test_a_person_is_erased_only_when_it_is_confirmed_and_leaves_a_receipt(lan: Shop) -> None:
    assert lan.run("erase", "wm_lan") == 1
    assert "--yes" in lan.complained
    assert lan.run("erase", "wm_nobody", "--yes") == 1
    assert lan.run("erase", "wm_lan", "--yes") == 0
    receipt = lan.said.split()[0]
    assert "已全部删除" in lan.said
    assert lan.run("erased") == 0
    assert receipt in lan.said
    assert "wm_lan" not in lan.said
    assert lan.run("consent", "give", "wm_lan", "marketing", "--evidence", "电话") == 1
    assert "没有这位客户" in lan.complained
    assert lan.run("audit", "search", "--action", "erase") == 0
    assert receipt in lan.said


def test_all_that_is_held_is_in_one_file_that_goes_with_the_person(lan: Shop) -> None:
    lan.run("consent", "give", "wm_lan", "marketing", "--evidence", "电话里说可以发活动")
    assert lan.run("export", "wm_lan") == 0
    path = Path(lan.said.partition("：")[0])
    with zipfile.ZipFile(path) as bundle:
        page = bundle.read("我的信息.md").decode()
        data = json.loads(bundle.read("information.json"))
    assert "## 同意、拒绝、撤回" in page
    assert "电话里说可以发活动" in page
    assert data["consents"][0]["purpose"] == "marketing"
    assert lan.run("audit", "search", "--action", "export", "--subject", "wm_lan", "--json") == 0
    assert len(lan.said.splitlines()) == 1
    lan.run("erase", "wm_lan", "--yes")
    assert not path.exists()


def test_requests_are_listed_with_their_day_and_closed_with_a_word(lan: Shop) -> None:
    store = open_store(load_config(lan.folder / "config.yaml", os.environ))
    asyncio.run(
        store.database.execute(
            "INSERT INTO requests (id, kind, open_kfid, external_userid, msgid, asked_at, due_at,"
            " state) VALUES ('r_1', 'export', 'wk', 'wm_lan', 'm1', 0, 0, 'open')"
        )
    )
    store.close()
    assert lan.run("requests", "list") == 0
    assert "r_1  wm_lan  要一份  待办" in lan.said
    assert "已过期" in lan.said
    assert lan.run("requests", "done", "r_1", "--note", " ") == 1
    assert lan.run("requests", "done", "r_1", "--note", "当面交给本人") == 0
    assert lan.run("requests", "done", "r_1", "--note", "再来") == 1
    assert lan.run("requests", "list") == 0
    assert "没有待办" in lan.said
    assert lan.run("requests", "list", "--all") == 0
    assert "当面交给本人" in lan.said


def test_what_operators_do_to_the_service_is_in_the_audit(lan: Shop) -> None:
    lan.run("silence", "all", "--reason", "盘点")
    lan.run("unsilence", "all")
    lan.run("block", "wm_lan")
    lan.run("keys", "rotate")
    lan.run("audit", "search", "--actor", "command:*")
    did = [line.split()[3] for line in lan.said.splitlines()]
    assert did == ["keys.rotate", "block", "silence.end", "silence"]
    assert "wm_lan" not in lan.said
    assert "盘点" not in lan.said


def test_while_the_service_runs_it_erases_and_the_command_only_asks(lan: Shop) -> None:
    config = load_config(lan.folder / "config.yaml", os.environ)
    service = open_store(config)
    service.database.claim()
    try:
        assert lan.run("erase", "wm_lan", "--yes") == 0
        assert "服务正在运行" in lan.said
        receipt = lan.said.partition("：")[0].removeprefix("回执 ")
        assert lan.run("erased", receipt) == 0
        assert "还没有删除" in lan.said
        eraser = build_eraser(config, service, discover(handlers))
        assert asyncio.run(eraser.look()) == 1
        assert lan.run("erased", receipt) == 0
        assert "已全部删除" in lan.said
    finally:
        service.close()
