"""Which commands serve whoever looks after the desk: what is left to follow up?"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bot.commands import tickets
from bot.config import Config

Work = Callable[[Config, argparse.Namespace], Coroutine[Any, Any, int]]
Load = Callable[[argparse.Namespace], Config]
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add(command: Command, load: Load) -> None:
    """Add every command; each sets `work` to what it runs."""

    def run(arguments: argparse.Namespace) -> int:
        work: Work = arguments.work
        return asyncio.run(work(load(arguments), arguments))

    parser = command("tickets", run, "待跟进的事：没有人能接的、评分低的、有时限的")
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="列出，最早的在前")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_list)
    for name, work, text in (
        ("show", _show, "看一件：客户说过什么、留的电话"),
        ("close", _close, "办完了"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("id", type=int, help="list 列出的编号")
        one.set_defaults(work=work)


async def _list(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.listed(config, sys.stdout, as_json=arguments.json)


async def _show(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.show(config, arguments.id, sys.stdout)


async def _close(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.close(config, arguments.id, sys.stdout)
