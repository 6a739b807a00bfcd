import asyncio
import os

import pytest

from bot.app import open_store
from bot.config import load_config
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
