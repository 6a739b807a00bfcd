"""Which commands are about what is wrong with the service, and what may be said to each?"""

import argparse
import sys

from bot.commands import incidents
from bot.commands.arguments import Command, Run, action
from bot.config import Config
from bot.policy.alarms import Kind, Step


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("alarms", run, "服务现在和以前有什么不对")
    one.add_argument("--limit", type=int, default=20, help="最多几条，默认 20")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_alarms)
    actions = command("incident", run, "故障：诊断、恢复、报告").add_subparsers(
        metavar="动作", required=True
    )
    one = action(actions, "show", _show, "一件故障，做了什么、还差什么")
    one.add_argument("id", type=int, help="alarms 列出的编号")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one = action(actions, "open", _open, "记下一件自己发现的故障")
    one.add_argument("what", help="怎么了，一句话")
    one.set_defaults(kind=Kind.DECLARED)
    one = action(actions, "drill", _open, "演练一次：照真的来，记录留着")
    one.add_argument("what", help="演练什么，如 磁盘写满")
    one.set_defaults(kind=Kind.DRILL)
    one = action(actions, "note", _note, "记下做完的一步")
    one.add_argument("id", type=int, help="alarms 列出的编号")
    one.add_argument(
        "step",
        choices=[str(step) for step in Step],
        help="诊断 diagnosed、恢复 restored、报告 reported",
    )
    one.add_argument("--note", required=True, help="原因、办法或报告在哪里；不写客户的信息")


async def _alarms(config: Config, given: argparse.Namespace) -> int:
    return await incidents.alarms(config, sys.stdout, limit=given.limit, as_json=given.json)


async def _show(config: Config, given: argparse.Namespace) -> int:
    return await incidents.show(config, given.id, sys.stdout, as_json=given.json)


async def _open(config: Config, given: argparse.Namespace) -> int:
    return await incidents.begin(config, given.kind, given.what, sys.stdout)


async def _note(config: Config, given: argparse.Namespace) -> int:
    return await incidents.note(config, given.id, Step(given.step), given.note, sys.stdout)
