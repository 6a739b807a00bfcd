"""Is every newcomer greeted in time, and once, while the product has more to do than it can?

``python -m benchmarks.welcome``: so many friends added and chats opened in a minute, a third of the
callbacks told more than once, while thousands of questions wait and the model hangs. With
``--cold`` the index is still being made, too. Ends with 1 when anybody was greeted late, twice or
not at all.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks import texts
from benchmarks.figures import Figure, Machine, percentile, terminal_table
from benchmarks.hanging import hanging_model
from benchmarks.stage import ACCOUNT, ROOT, Stage, staged

MEMBERS = ("zhangsan", "lisi", "wangwu", "zhaoliu", "sunqi")
LIMIT_S = 3.0
"""From the event to the send (R-2.1)."""

SETTLE_S = 25.0
"""Nobody is greeted later than this: the code is dead."""


class Load(NamedTuple):
    """How much happens.

    Args:
        cold: it begins before the product has made its index.
    """

    adds: int
    entries: int
    seconds: float
    backlog: int
    cold: bool = False


class Greeted(NamedTuple):
    """What came of one kind of newcomers.

    Args:
        waits: from the event to the welcome that WeCom has accepted, seconds.
    """

    wanted: int
    waits: list[float]
    twice: int


async def measure(load: Load) -> tuple[list[Figure], bool]:
    """Run the minute; returns the figures, and whether all is as it must be."""
    (ROOT / ".concierge").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".concierge") as folder:
        async with hanging_model() as model:
            welcome = {"welcome": {"sources": [str(ROOT / "prompts" / "welcome")]}}
            async with staged(
                Path(folder), "welcome", model.environ, welcome, warm=not load.cold
            ) as stage:
                await _busy(stage, load.backlog)
                left = await _newcomers(stage, load)
                friends, sessions = _friends(stage), _sessions(stage)
                blamed = Counter(one.kind for one in stage.simulator.violations)
                asked = model.requests
    figures = [
        Figure("排队的问题（还没答完的）", f"{load.backlog}（{left}）"),
        Figure("大模型挂起时被问到", f"{asked} 次"),
        *_figures("加好友", friends),
        *_figures("进会话", sessions),
        Figure(
            "企业微信认为做错的",
            ", ".join(f"{kind} {n}" for kind, n in blamed.items()) or "无",
            "无",
            not blamed,
        ),
    ]
    return figures, all(one.met is not False for one in figures)


async def _busy(stage: Stage, backlog: int) -> None:
    """Questions that the model would have to decide, and thousands that wait behind them."""
    world = stage.simulator.world
    vague = [(await stage.simulator.customer(), text) for text in texts.vague()]
    await stage.simulator.bulk(ACCOUNT, vague)
    questions = texts.exact(backlog)
    customers = [world.add_customer(external_userid=f"wmWait{n:06d}") for n in range(backlog)]
    lines = [
        (customer.external_userid, question.text)
        for customer, question in zip(customers, questions, strict=True)
    ]
    await stage.simulator.bulk(ACCOUNT, lines)


async def _newcomers(stage: Stage, load: Load) -> int:
    """Everybody comes, evenly over the minute and in pairs of one second; returns how many of the
    questions had no answer when the first of them came.
    """
    sim, steps = stage.simulator, max(load.adds, load.entries)
    answered = sim.calls.get("/cgi-bin/kf/send_msg", 0)
    sim.fault("duplicate_callback", probability=0.3)
    for number in range(steps):
        sim.world.add_customer(external_userid=f"wmNew{number:06d}")
    began = time.perf_counter()
    for number in range(steps):
        due = began + (number // 2 * 2) * load.seconds / steps
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        customer = f"wmNew{number:06d}"
        if number < load.adds:
            half = number % 3 == 0
            sim.friends.add(MEMBERS[number % len(MEMBERS)], customer, half=half)
            if half:
                sim.friends.confirm(MEMBERS[number % len(MEMBERS)], customer)
        if number < load.entries:
            await sim.enter(ACCOUNT, customer)
    deadline = time.perf_counter() + SETTLE_S
    while time.perf_counter() < deadline and _open(stage):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return load.backlog - answered


def _open(stage: Stage) -> int:
    friends, sessions = _friends(stage), _sessions(stage)
    return friends.wanted + sessions.wanted - len(friends.waits) - len(sessions.waits)


def _friends(stage: Stage) -> Greeted:
    codes = stage.simulator.friends.welcome_codes.values()
    waits = [one.used_at - one.made_at for one in codes if one.used_for is not None]
    greeted = Counter(
        (one.userid, one.external_userid) for one in codes if one.used_for is not None
    )
    return Greeted(len(codes), waits, sum(count > 1 for count in greeted.values()))


def _sessions(stage: Stage) -> Greeted:
    waits, twice, wanted = [], 0, 0
    for (_, customer), conversation in stage.simulator.world.conversations.items():
        if not customer.startswith("wmNew"):
            continue
        wanted += 1
        said = [one.at for one in conversation.messages if one.via == "event"]
        waits += [said[0] - conversation.entered_at] if said else []
        twice += len(said) > 1
    return Greeted(wanted, waits, twice)


def _figures(name: str, found: Greeted) -> list[Figure]:
    if not found.wanted:
        return []
    p50, p99 = (percentile(found.waits, share) for share in (0.5, 0.99))
    missed = found.wanted - len(found.waits)
    return [
        Figure(
            f"{name}：欢迎到的",
            f"{len(found.waits)}/{found.wanted}，重复 {found.twice}",
            "100 %，不重复",
            not missed and not found.twice,
        ),
        Figure(
            f"{name}：从事件到发出 p50 / p99 / 最长",
            f"{p50:.2f} / {p99:.2f} / {max(found.waits):.2f} s",
            f"p99 < {LIMIT_S:g} s",
            p99 < LIMIT_S,
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.welcome", description=__doc__)
    parser.add_argument("--adds", type=int, default=300)
    parser.add_argument("--entries", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--backlog", type=int, default=2000)
    parser.add_argument("--cold", action="store_true", help="begin before the index is made")
    given = parser.parse_args()
    load = Load(given.adds, given.entries, given.seconds, given.backlog, given.cold)
    figures, is_good = asyncio.run(measure(load))
    print(f"{Machine().line()}\n\n{terminal_table(figures)}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
