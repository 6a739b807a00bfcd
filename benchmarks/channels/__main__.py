"""Does `concierge channel stats` say what a count by hand says, and how long does it take?

python -m benchmarks.channels [events]    20,000 by default

Beside it stands what systems say that add one on every event they are told of.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.channels.played import BEGIN, DAY, DAYS, MEANS, Played, counted, play
from benchmarks.channels.stage import report, stage
from bot.app import open_store
from bot.config import Config
from bot.measuring import Window
from bot.model import CustomerAdded

_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


async def main(events: int) -> int:
    """Play, write, count, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config.model_validate(
            {
                "storage": {"url": f"sqlite:///{folder}/data/c.db"},
                "security": {"encryption_key": _KEY},
            },
            context={"base": Path(folder)},
        )
        played = play(7, events)
        store = open_store(config)
        store.database.run_script("PRAGMA synchronous = OFF")
        try:
            began = time.perf_counter()
            await stage(store, played, seed=8)
            print(
                f"{len(played):,} 件事乱序写入（部分说了几遍）：{time.perf_counter() - began:.1f} s"
            )
            window, now = Window(BEGIN, BEGIN + DAYS * DAY), BEGIN + (DAYS + 10) * DAY
            began = time.perf_counter()
            found = await report(config, store, window, now)
            took = time.perf_counter() - began
        finally:
            store.close()
    by_hand = counted(played, window.since, window.until, now)
    print(f"统计用时 {took * 1000:.0f} ms；与逐件数的一致：{'是' if found == by_hand else '否'}")
    naive = _naive(played)
    for channel, figures in sorted(by_hand.items()):
        print(
            f"  {channel or '未归因'}：添加 {figures['adds']}，新客 {figures['new']}，"
            f"净留存30天 {figures['net30']}，转化 {figures['converted']}；"
            f"每来一个事件加一的做法会说添加 {naive[channel]}"
        )
    return 0 if found == by_hand else 1


def _naive(played: Played) -> Counter[str]:
    """One more on every event that says "added", half ones and confirmations alike."""
    return Counter(
        MEANS.get(event.state, "") for event in played.events if isinstance(event, CustomerAdded)
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)))
