"""Which commands serve the rights of people whose data is held, and what may be said to each?"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bot.commands import audit, consent
from bot.config import Config
from bot.model.consents import Standing

Work = Callable[[Config, argparse.Namespace], Coroutine[Any, Any, int]]
Load = Callable[[argparse.Namespace], Config]
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add(command: Command, load: Load) -> None:
    """Add every command; each sets `work` to what it runs."""

    def run(arguments: argparse.Namespace) -> int:
        work: Work = arguments.work
        return asyncio.run(work(load(arguments), arguments))

    _add_consent(command("consent", run, "客户同意了什么"))
    _add_audit(command("audit", run, "审计记录：谁做了什么、为什么"))


def _add_consent(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("show", help="一位客户同意、拒绝、撤回了什么，依据是什么")
    one.add_argument("customer", help="external_userid")
    one.set_defaults(work=_show)
    for name, decision, text in (
        ("give", Standing.GIVEN, "记下客户同意了一个目的"),
        ("withdraw", Standing.WITHDRAWN, "记下客户撤回或拒绝了一个目的"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("customer", help="external_userid")
        one.add_argument("purpose", choices=[p.value for p in consent.PURPOSES], help="目的")
        one.add_argument("--evidence", required=True, help="依据：何时、怎样说的")
        one.set_defaults(work=_decide, decision=decision)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("search", help="查记录，新的在前")
    one.add_argument("--actor", default="", help="谁：行为、staff:成员、customer；末尾可用 *")
    one.add_argument("--action", default="", help="做了什么，如 Reply、consent.withdrawn")
    one.add_argument("--subject", default="", help="对谁：external_userid 或编号")
    one.add_argument("--since", default="", help="从何时起：天数如 7d，或日期")
    one.add_argument("--limit", type=int, default=200, help="最多几条，默认 200")
    one.add_argument("--json", action="store_true", help="每行一个 JSON")
    one.set_defaults(work=_search)


async def _show(config: Config, arguments: argparse.Namespace) -> int:
    return await consent.show(config, arguments.customer, sys.stdout)


async def _decide(config: Config, arguments: argparse.Namespace) -> int:
    return await consent.decide(
        config,
        arguments.customer,
        arguments.purpose,
        arguments.decision,
        sys.stdout,
        evidence=arguments.evidence,
    )


async def _search(config: Config, arguments: argparse.Namespace) -> int:
    return await audit.search(
        config,
        sys.stdout,
        actor=arguments.actor,
        action=arguments.action,
        subject=arguments.subject,
        since=arguments.since,
        limit=arguments.limit,
        as_json=arguments.json,
    )
