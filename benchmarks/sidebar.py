"""How fast is the sidebar beside a million messages, and how large is its page?

    python -m benchmarks.sidebar [--customers N] [--messages N] [--streams N]

One process holds the page's endpoint over a real store and the client that measures it; what it is
asked is read by 300 members of staff's requests one after another, each for another customer.
"""

import argparse
import asyncio
import gzip
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import build_engine, open_store
from bot.config import Config
from bot.config.requirements import keygen
from bot.delivery.lanes import SystemClock
from bot.model import Case, Conversation
from bot.store import CaseChange, Store, Unit
from bot.store.sqlite import SqliteDatabase
from bot.telemetry import Metrics, configure_logging
from bot.web.sidebar.rendering import Pages
from knowledge import Library, Retriever
from tests.builders import some_knowledge
from tests.sidebar import STAFF, Browser, Office, opened_office
from tests.talk import Chat

KF = "wk_shop"
ASKED = 300
PER_UNIT = 20_000
_CUSTOMER = "INSERT INTO customers VALUES (?, ?, ?)"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, round(share * len(values)))]


async def filled(store: Store, customers: int, messages: int, now: float) -> None:
    """Rows of a company that has used the product for long; only a few can be opened."""
    writer = store.database
    assert isinstance(writer, SqliteDatabase)
    people = [(f"wm_{n}", f"p_{n}", now - 9e6) for n in range(customers)]
    script = "PRAGMA synchronous = OFF"
    writer.run_script(script)
    await writer.execute("INSERT OR IGNORE INTO accounts VALUES (?, '商店', '', 0, NULL)", KF)
    writer._writer.execute("BEGIN")
    run = writer._writer.executemany
    run("INSERT INTO persons VALUES (?, ?)", [(person, at) for _, person, at in people])
    run(_CUSTOMER, people)
    run(
        "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
        " VALUES (?, ?, ?)",
        [(KF, customer, now) for customer, _, _ in people],
    )
    for start in range(0, messages, PER_UNIT):
        run(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at, received_at,"
            " msgtype, body, outcome) VALUES (?, ?, ?, ?, ?, ?, 'text', NULL, 'answered')",
            [
                (KF, f"m{n}", f"wm_{n % customers}", 3 + 2 * (n % 3 == 2), now - n, now - n)
                for n in range(start, min(messages, start + PER_UNIT))
            ],
        )
    writer._writer.execute("COMMIT")


async def opened_cases(store: Store, now: float) -> list[str]:
    """Customers who have an open case and have just asked something."""
    names = [f"wm_new_{n}" for n in range(ASKED)]
    await store.vault.ready(f"customer:{name}" for name in names)
    unit = Unit()
    for n, name in enumerate(names):
        where = Conversation(KF, name)
        case = Case(
            id=f"case{n}",
            conversation=where,
            opened_at=now - 60,
            active_at=now,
            status="serving",
            servicer="zhangsan",
            wanted_at=now - 60,
        )
        await store.cases.save(unit, CaseChange(case, case))
        unit.add(
            "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
            " VALUES (?, ?, ?)",
            *(KF, name, now),
        )
        body = store.vault.seal(where.subject, '{"content": "运费多少"}'.encode())
        unit.add(
            "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at, received_at,"
            " msgtype, body, outcome) VALUES (?, ?, ?, 3, ?, ?, 'text', ?, 'silent')",
            *(KF, f"new{n}", name, now, now, body),
        )
    await store.database.commit(unit)
    return names


async def first_calls(office: Office, browser: Browser, names: Sequence[str]) -> list[float]:
    """Seconds of the first paint's call for each customer."""
    took = []
    for name in names:
        began = time.perf_counter()
        answer = await browser.get("/sidebar/panel", customer=name, open_kfid=KF)
        text = await answer.text()
        took.append(time.perf_counter() - began)
        assert answer.status == 200, answer.status
        assert 'class="suggestion' in text, text
    return took


async def streams(office: Office, browser: Browser, names: Sequence[str]) -> list[float]:
    """Seconds from a change to its name on each of so many open pages."""
    opened = [await browser.get("/sidebar/events", customer=name, open_kfid=KF) for name in names]
    for one in opened:
        while b"ready" not in await one.content.readline():
            pass
    await asyncio.sleep(1.0)  # what they are told at first is read below
    took = []
    for name, one in zip(names, opened, strict=True):
        began = time.perf_counter()
        await office.chat.store.database.execute(
            "UPDATE cases SET version = version + 1 WHERE external_userid = ?", name
        )
        office.live.changed(f"customer:{name}")
        while b"moved" not in await one.content.readline():
            pass
        took.append(time.perf_counter() - began)
    assert office.live.listeners == len(names)
    for one in opened:
        one.close()
    return took


def page_size() -> tuple[int, int]:
    """Bytes of all files, compressed and not."""
    files = Pages(ZoneInfo("Asia/Shanghai")).files
    return sum(len(packed) for _, packed, _ in files.values()), sum(
        len(body) for body, _, _ in files.values()
    )


async def measure(customers: int, messages: int, listening: int) -> None:
    """Print the figures."""
    packed, whole = page_size()
    print(f"files of the page: {packed / 1024:.1f} KB gzip ({whole / 1024:.1f} KB)")
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as home:
        config = Config.model_validate(
            {
                "storage": {"url": f"sqlite:///{home}/concierge.db"},
                "security": {"encryption_key": keygen()},
                "embeddings": {"provider": "none"},
                "staff": STAFF,
            }
        )
        store, began = open_store(config), time.perf_counter()
        await filled(store, customers, messages, clock.now())
        names = await opened_cases(store, clock.now())
        size = Path(home, "concierge.db").stat().st_size / 1e6
        print(
            f"{customers:,} customers, {messages:,} messages, {size:.0f} MB,"
            f" filled in {time.perf_counter() - began:.0f} s"
        )
        library = Library(Retriever(some_knowledge()))
        engine = build_engine(config, store, library, clock=clock, metrics=Metrics())
        chat = Chat(engine, Conversation(KF, names[0]), clock)  # type: ignore[arg-type]
        async with opened_office(chat) as office:
            browser = await office.signed_in("zhangsan")
            page = await (await browser.get("/sidebar")).read()
            print(f"shell of the page: {len(gzip.compress(page)) / 1024:.1f} KB gzip")
            took = await first_calls(office, browser, names)
            _print("first call", took)
            again = await first_calls(office, browser, names)
            _print("the same again", again)
            _print(
                f"{listening} streams, change to name",
                await streams(office, browser, names[:listening]),
            )
        await engine.aclose()


def _print(what: str, took: Sequence[float]) -> None:
    p50, p95 = statistics.median(took) * 1000, percentile(took, 0.95) * 1000
    print(f"{what}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {max(took) * 1000:.1f} ms")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sidebar")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--streams", type=int, default=300)
    given = parser.parse_args()
    configure_logging("error", "console")
    asyncio.run(measure(given.customers, given.messages, given.streams))


if __name__ == "__main__":
    main()
