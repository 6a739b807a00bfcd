"""Which commands are about customers' orders, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import orders
from bot.commands.arguments import Command, Run
from bot.config import Config


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    actions = command("orders", run, "客户的订单").add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("import", help="从 CSV 导入订单；同一个文件可以反复导入")
    one.add_argument("file", type=Path, help="淘宝、京东、抖音、有赞的导出，或有“订单号”的表")
    one.set_defaults(work=_import)
    one = actions.add_parser("unmatched", help="还不知道是谁买的订单，和认出买家的比例")
    one.add_argument("--limit", type=int, default=50, help="最多几个，默认 50")
    one.set_defaults(work=_unmatched)
    one = actions.add_parser("match", help="说明一个订单是哪位客户的")
    one.add_argument("number", help="订单号")
    one.add_argument("customer", help="external_userid")
    one.set_defaults(work=_match)


async def _import(config: Config, arguments: argparse.Namespace) -> int:
    return await orders.import_orders(config, arguments.file, sys.stdout)


async def _unmatched(config: Config, arguments: argparse.Namespace) -> int:
    return await orders.unmatched(config, sys.stdout, limit=arguments.limit)


async def _match(config: Config, arguments: argparse.Namespace) -> int:
    return await orders.match(config, arguments.number, arguments.customer, sys.stdout)
