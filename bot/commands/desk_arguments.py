"""Which commands serve whoever looks after the desk: what is left, who does what, what is given?"""

import argparse
import sys
from pathlib import Path

from bot.commands import codes, flows, tasks, tickets
from bot.commands.arguments import Command, Run
from bot.config import Config
from bot.model.tasks import TaskState


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
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
    _add_flows(command("flows", run, "几天里一步一步带客户的流程"))
    _add_codes(command("codes", run, "发给新客户的兑换码"))
    _add_tasks(command("tasks", run, "请同事做的事：打招呼、跟进、入群欢迎"))


def _add_flows(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="各个流程有多少客户走到哪里")
    one.set_defaults(work=lambda config, _: flows.listed(config, sys.stdout))
    one = actions.add_parser("show", help="一位客户在流程里走到哪一步，每一步真的发出去没有")
    one.add_argument("external_userid", help="客户的编号")
    one.set_defaults(
        work=lambda config, given: flows.show(config, given.external_userid, sys.stdout)
    )


def _add_codes(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("import", help="导入一个活动的兑换码；同一个文件可以反复导入")
    one.add_argument("campaign", help="活动，欢迎语里 benefit 写的名字")
    one.add_argument("file", type=Path, help="每行一个码，或有“兑换码”一列的 CSV")
    one.set_defaults(
        work=lambda config, given: codes.bring(config, given.campaign, given.file, sys.stdout)
    )
    one = actions.add_parser("list", help="各个活动还剩多少")
    one.set_defaults(work=lambda config, _: codes.listed(config, sys.stdout))


def _add_tasks(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="列出没做完的，最早到期的在前")
    one.add_argument("--member", default="", help="只看一位同事（userid）")
    one.add_argument("--all", action="store_true", help="做完的、过期的也列出")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_tasks)
    for name, state, text in (
        ("done", TaskState.SENT, "记下：做完了"),
        ("skip", TaskState.SKIPPED, "记下：不做了"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("id", help="list 列出的编号")
        one.add_argument("--why", default="", help="原因，写进记录")
        one.set_defaults(work=_end_task, state=state)
    one = actions.add_parser("rate", help="执行率：到期的做了多少，按时多少")
    one.add_argument("--days", type=int, default=7, help="最近多少天，默认 7")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one.set_defaults(work=_task_rate)


async def _tasks(config: Config, arguments: argparse.Namespace) -> int:
    return await tasks.listed(
        config,
        sys.stdout,
        member=arguments.member,
        everything=arguments.all,
        as_json=arguments.json,
    )


async def _end_task(config: Config, arguments: argparse.Namespace) -> int:
    return await tasks.end(config, arguments.id, arguments.state, sys.stdout, why=arguments.why)


async def _task_rate(config: Config, arguments: argparse.Namespace) -> int:
    return await tasks.rate(config, arguments.days, sys.stdout, as_json=arguments.json)


async def _list(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.listed(config, sys.stdout, as_json=arguments.json)


async def _show(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.show(config, arguments.id, sys.stdout)


async def _close(config: Config, arguments: argparse.Namespace) -> int:
    return await tickets.close(config, arguments.id, sys.stdout)
