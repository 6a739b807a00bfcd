"""Which commands serve the rights of people whose data is held, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import audit, consent, erase, person_export, requests
from bot.commands.arguments import Command, Run
from bot.config import Config
from bot.model.consents import Standing


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    _add_consent(command("consent", run, "客户同意了什么"))
    _add_audit(command("audit", run, "审计记录：谁做了什么、为什么"))
    _add_requests(command("requests", run, "客户关于自己信息的请求"))
    one = command("erase", run, "删除一位客户的全部数据，不能恢复")
    one.add_argument("customer", help="external_userid")
    one.add_argument("--yes", action="store_true", help="确定要删除")
    one.set_defaults(work=_erase)
    one = command("erased", run, "列出删除的回执；里面没有客户的信息")
    one.add_argument("receipt", nargs="?", default="", help="回执编号")
    one.set_defaults(work=_erased)
    one = command("export", run, "把一位客户的全部信息整理成一个文件，交给他本人")
    one.add_argument("customer", help="external_userid")
    one.add_argument("--to", type=Path, help="放在哪个文件夹，默认数据库旁的 exports")
    one.set_defaults(work=_export)


def _add_requests(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="动作", required=True)
    one = actions.add_parser("list", help="列出要办的，最急的在前")
    one.add_argument("--all", action="store_true", help="办完的、等客户确认的也列出")
    one.set_defaults(work=_requests)
    one = actions.add_parser("done", help="记下一件已经答复")
    one.add_argument("id", help="list 列出的编号")
    one.add_argument("--note", required=True, help="怎么答复的")
    one.set_defaults(work=_done)


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


async def _requests(config: Config, arguments: argparse.Namespace) -> int:
    return await requests.list_requests(config, sys.stdout, all_of_them=arguments.all)


async def _done(config: Config, arguments: argparse.Namespace) -> int:
    return await requests.done(config, arguments.id, arguments.note, sys.stdout)


async def _erase(config: Config, arguments: argparse.Namespace) -> int:
    return await erase.erase(config, arguments.customer, sys.stdout, sure=arguments.yes)


async def _erased(config: Config, arguments: argparse.Namespace) -> int:
    return await erase.erased(config, arguments.receipt, sys.stdout)


async def _export(config: Config, arguments: argparse.Namespace) -> int:
    return await person_export.export(config, arguments.customer, sys.stdout, to=arguments.to)
