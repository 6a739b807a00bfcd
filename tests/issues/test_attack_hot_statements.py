"""What each message costs once looked at every switch, and at all that was ever sent to a customer.

Before, with 100,000 rows: 39 ms on the event loop for the switches, and 45 ms for each allowance
and each claim in a conversation as long.
"""

import pytest

from bot.model import Conversation
from bot.store import Store
from bot.store.claims import CLAIM_SEND
from bot.store.conversations import _SPENT

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
"""Over PostgreSQL, too: tests/integration/test_hot_queries.py."""

LAN = Conversation("wk_shop", "wm_lan")


def plan(store: Store, sql: str) -> list[str]:
    rows = store.database.read_sync("EXPLAIN QUERY PLAN " + sql, *["x"] * sql.count("?"))
    return [row["detail"] for row in rows]


def test_a_claim_walks_through_no_table(store: Store) -> None:
    steps = plan(store, CLAIM_SEND)
    tables = [step for step in steps if step != "SCAN CONSTANT ROW"]  # a SELECT without a table
    assert not [step for step in tables if step.startswith("SCAN")]
    assert any("outbox_of_window" in step for step in steps)


def test_the_allowance_is_counted_within_its_window(store: Store) -> None:
    steps = [step for step in plan(store, _SPENT) if "outbox" in step]
    assert [step.split(" (")[0].split()[-1] for step in steps] == [
        "outbox_of_window",
        "outbox_open",
    ]
