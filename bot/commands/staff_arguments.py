"""Which commands are about members of staff, and what may be said to each?"""

import argparse
import sys
import time

from bot.commands import handovers, staff, successions
from bot.commands.arguments import Command, Run, action
from bot.commands.successions import Request
from bot.config import Config


def add(command: Command, run: Run) -> None:
    """Add `staff`; without an action it prints the roster."""
    parser = command("staff", run, "谁在岗、到几时，下一次几时有人；离职、调岗的交接")
    parser.add_argument("--at", default="", help='哪一刻，如 "2026-10-01 10:00"；默认现在')
    parser.add_argument("--json", action="store_true", help="以 JSON 打印")
    parser.set_defaults(work=_roster)
    actions = parser.add_subparsers(metavar="动作")
    for name, has_left, text in (
        ("handover", False, "调岗：码、客户、会话、待办转给接替的人"),
        ("leaving", True, "已离职：同上，客户按离职继承转"),
    ):
        one = action(actions, name, _hand_over, text)
        one.add_argument("userid", help="离开的成员")
        one.add_argument("--to", required=True, metavar="USERID", help="接替的成员")
        one.add_argument("--dry-run", action="store_true", help="只说会转什么，什么也不改")
        one.set_defaults(has_left=has_left, message="")
        if not has_left:
            one.add_argument(
                "--message", default="", help="转成后告诉客户的话，最多 200 字；默认用企业微信的"
            )
    text = "交接进展：每位客户转到哪一步，码有没有人接"
    one = action(actions, "handovers", _handovers, text)
    one.add_argument("userid", nargs="?", default="", help="只看一位成员")
    one.add_argument("--json", action="store_true", help="以 JSON 打印")
    one = action(actions, "back", _back, "回来了：码又由他接待，还没提出的客户不转了")
    one.add_argument("userid", help="成员")


async def _roster(config: Config, arguments: argparse.Namespace) -> int:
    return staff.staff(config, arguments.at, time.time(), sys.stdout, as_json=arguments.json)


async def _hand_over(config: Config, arguments: argparse.Namespace) -> int:
    it = arguments
    request = Request(it.userid, it.to, it.has_left, it.message)
    return await successions.hand_over(config, request, sys.stdout, dry_run=it.dry_run)


async def _handovers(config: Config, arguments: argparse.Namespace) -> int:
    it = arguments
    return await handovers.show(config, it.userid, sys.stdout, as_json=it.json)


async def _back(config: Config, arguments: argparse.Namespace) -> int:
    return await successions.back(config, arguments.userid, sys.stdout)
