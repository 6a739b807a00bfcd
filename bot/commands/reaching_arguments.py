"""Which commands watch over what reaches out, and what may be said to each?"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bot.commands import outreach
from bot.config import Config

Work = Callable[[Config, argparse.Namespace], Coroutine[Any, Any, int]]
Load = Callable[[argparse.Namespace], Config]
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add(command: Command, load: Load) -> None:
    """Add every command; each sets `work` to what it runs."""

    def run(arguments: argparse.Namespace) -> int:
        work: Work = arguments.work
        return asyncio.run(work(load(arguments), arguments))

    one = command("outreach", run, "触达：我们主动找了客户多少次，哪些没有发、为什么")
    one.add_argument("--days", type=int, default=30, help="最近多少天，默认 30")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_outreach)


async def _outreach(config: Config, arguments: argparse.Namespace) -> int:
    return await outreach.outreach(config, arguments.days, sys.stdout, as_json=arguments.json)
