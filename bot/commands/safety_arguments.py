"""Which commands watch over what is said, and what may be said to each?"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from bot.commands import approve, lexicon
from bot.config import Config
from bot.policy.lexicon import Direction
from bot.store import ApprovalState

Load = Callable[[argparse.Namespace], Config]
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
Work = Callable[[Config, argparse.Namespace], int]


def add(command: Command, load: Load) -> None:
    """Add every command; each sets `work` to what it runs."""

    def run(arguments: argparse.Namespace) -> int:
        work: Work = arguments.work
        return work(load(arguments), arguments)

    _add_lexicon(command("lexicon", run, "要当心的词"))
    _add_approve(command("approve", run, "哪些话要人批准才说"))


def _add_lexicon(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("test", help="一句话里有哪些要当心的词，会怎么处理")
    one.add_argument("text", help="一句话")
    one.add_argument(
        "--direction",
        choices=[str(one) for one in Direction],
        default=Direction.OUT.value,
        help="out 我们说的（默认）、in 客户说的、model 大模型写的、tag 标签名",
    )
    one.set_defaults(work=_test)
    one = actions.add_parser("import", help="导入一份词表（.txt、.csv、.xlsx、.yaml），先检查")
    one.add_argument("file", type=Path, help="词表")
    one.set_defaults(work=_import)
    one = actions.add_parser("list", help="各份词表有哪些类、多少词")
    one.set_defaults(work=lambda config, _: lexicon.listed(config, sys.stdout))


def _add_approve(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="等着批准的话")
    one.add_argument("--all", action="store_true", help="所有的话")
    one.set_defaults(work=_list)
    one = actions.add_parser("show", help="一句话，和对它的每一次决定")
    one.add_argument("name", help="如 reply:engine.late、entry:条目编号")
    one.set_defaults(work=_show)
    for name, state, text in (
        ("review", ApprovalState.REVIEWED, "看过了，还没有批准"),
        ("approve", ApprovalState.APPROVED, "批准，可以说"),
        ("retire", ApprovalState.RETIRED, "停用，不再说"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("names", nargs="*", help="如 reply:engine.late、entry:条目编号")
        if state is not ApprovalState.RETIRED:
            one.add_argument("--waiting", action="store_true", help="所有等着批准的")
        one.add_argument("--by", required=True, help="谁决定的：成员的 userid 或姓名")
        one.add_argument("--why", default="", help="原因，写进审计")
        one.set_defaults(work=_decide, state=state, waiting=False)


def _test(config: Config, arguments: argparse.Namespace) -> int:
    return lexicon.explain(config, arguments.text, Direction(arguments.direction), sys.stdout)


def _import(config: Config, arguments: argparse.Namespace) -> int:
    return lexicon.take(config, arguments.file, sys.stdout)


def _list(config: Config, arguments: argparse.Namespace) -> int:
    return asyncio.run(approve.listed(config, sys.stdout, everything=arguments.all))


def _show(config: Config, arguments: argparse.Namespace) -> int:
    return asyncio.run(approve.show(config, arguments.name, sys.stdout))


def _decide(config: Config, arguments: argparse.Namespace) -> int:
    return asyncio.run(
        approve.decide(
            config,
            arguments.names,
            arguments.state,
            sys.stdout,
            by=arguments.by,
            why=arguments.why,
            everything=arguments.waiting,
        )
    )
