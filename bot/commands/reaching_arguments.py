"""Which commands watch over what reaches out, and what may be said to each?"""

import argparse
import sys

from bot.commands import experiment, outreach
from bot.commands.arguments import Command, Run
from bot.config import Config


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("outreach", run, "触达：我们主动找了客户多少次，哪些没有发、为什么")
    one.add_argument("--days", type=int, default=30, help="最近多少天，默认 30")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_outreach)
    parser = command("experiment", run, "对照试验：哪个版本更好")
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="有哪些试验，各要多少人")
    one.set_defaults(work=_experiments)
    one = actions.add_parser("report", help="一个试验到现在的结果；人数够了才下结论")
    one.add_argument("name", help="config.yaml 的 experiments 里的名字")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_experiment)


async def _outreach(config: Config, arguments: argparse.Namespace) -> int:
    return await outreach.outreach(config, arguments.days, sys.stdout, as_json=arguments.json)


async def _experiments(config: Config, _arguments: argparse.Namespace) -> int:
    return experiment.listed(config, sys.stdout)


async def _experiment(config: Config, arguments: argparse.Namespace) -> int:
    return await experiment.report(config, arguments.name, sys.stdout, as_json=arguments.json)
