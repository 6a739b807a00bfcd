"""Which commands does an operator have? Reads the line, loads what the command needs, runs it."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.app import Role
from bot.commands import (
    admin,
    backup_arguments,
    campaign_arguments,
    channel_arguments,
    chat,
    completeness,
    contacts,
    demo,
    desk_arguments,
    escalation,
    events,
    faq_arguments,
    gate,
    incident_arguments,
    materials,
    moving,
    orders_arguments,
    people_arguments,
    points_arguments,
    privacy_arguments,
    prompts,
    ratings,
    reaching_arguments,
    report,
    safety_arguments,
    staff_arguments,
)
from bot.commands import serve as serving
from bot.commands.arguments import Command, Run, Work
from bot.commands.check import check
from bot.config import Config, ConfigErrors, keygen, load_config
from bot.errors import ConciergeError
from bot.telemetry import configure_logging


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    run: Run = arguments.run
    try:
        return run(arguments)
    except ConfigErrors as error:
        print(f"配置有 {len(error.problems)} 个问题（{arguments.config}）：", file=sys.stderr)
        for problem in error.problems:
            print(f"  · {problem}", file=sys.stderr)
        return 2
    except ConciergeError as error:
        print(f"无法继续：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `| head` does
        sys.stdout = None
        return 0


class _Parser(argparse.ArgumentParser):
    """Takes the configuration anywhere: after `concierge`, the command or its action."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.add_argument(
            *("--config", "-c"),
            type=Path,
            default=argparse.SUPPRESS,
            help="配置文件，默认 config.yaml",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="concierge", description="企业微信客服机器人")
    parser.set_defaults(config=Path("config.yaml"))
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True)

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    one = command("demo", _demo, "在浏览器里试用：模拟的企业微信 + 本产品 + 示例知识")
    one.add_argument("--port", type=int, default=8899, help="页面的端口，默认 8899；0 = 任意")
    one.add_argument("--no-browser", action="store_true", help="不自动打开浏览器")
    one = command("serve", _serve, "接入真实的企业微信，开始服务")
    one.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.ALL.value,
        help="all：网页和处理都做（默认）；web、worker：多进程时分开，要 PostgreSQL",
    )
    command("chat", _chat, "在终端里和机器人聊天（完整流程，不连企业微信）")
    one = command("check", _check, "一次列出配置、知识和话术里的所有问题")
    one.add_argument("--online", action="store_true", help="再向企业微信核实凭据、白名单和账号")
    command("keygen", _keygen, "生成一个主密钥（security.encryption_key）")
    command("routes", _routes, "按顺序列出所有行为")
    one = command("events", _events, "列出收件箱里会有的每一种事件和它的字段")
    one.add_argument("--json", action="store_true", help="打印成 JSON Schema")
    staff_arguments.add(command, _work)
    one = command("migrate", _migrate, "建立或升级数据库，或者从另一个数据库搬过来")
    one.add_argument(
        "--from", dest="source", default="", help="搬来的数据库，如 sqlite:///data/concierge.db"
    )
    _add_groups(command)
    _add_people(command)
    privacy_arguments.add(command, _work)
    safety_arguments.add(command, _load)
    desk_arguments.add(command, _work)
    materials.add(command, _work)
    people_arguments.add(command, _work)
    orders_arguments.add(command, _work)
    channel_arguments.add(command, _work)
    reaching_arguments.add(command, _work)
    campaign_arguments.add(command, _work)
    points_arguments.add(command, _work)
    backup_arguments.add(command, _work)
    incident_arguments.add(command, _work)
    return parser


def _add_groups(command: Command) -> None:
    faq_arguments.add(command("faq", _work, "知识库").add_subparsers(metavar="动作", required=True))

    actions = command("gate", _gate, "回答的门槛").add_subparsers(
        dest="action", metavar="动作", required=True
    )
    for name, text in (
        ("report", "用标好答案的问题看能答多少、错多少"),
        ("train", "用标好答案的问题重定门槛"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("--queries", type=Path, required=True, help="标好答案的问题（JSONL）")
        one.add_argument("--account", default="", help="哪个客服账号的知识（open_kfid）")
        if name == "train":
            one.add_argument("--out", type=Path, help="写到别的文件，默认数据库旁的 gate.json")

    actions = command("prompts", _prompts, "给大模型的提示").add_subparsers(
        metavar="动作", required=True
    )
    actions.add_parser("test", help="用 prompts/llm/examples 里的例子问一遍配置的大模型")

    actions = command("dead", _dead, "没能处理或送达的消息").add_subparsers(
        dest="action", metavar="动作", required=True
    )
    actions.add_parser("list", help="列出")
    one = actions.add_parser("retry", help="再试一次")
    one.add_argument("ids", nargs="+", help="list 列出的编号，如 m12 o7；all = 全部")

    for name, text in (("silence", "让机器人不出声"), ("unsilence", "让机器人重新说话")):
        one = command(name, _switch, text)
        one.add_argument("scope", choices=("all", "account", "customer"), help="范围")
        one.add_argument("key", nargs="?", default="", help="open_kfid 或 external_userid")
        one.add_argument("--reason", default="", help="原因，写进记录")
        one.set_defaults(kind="silence", on=name == "silence")
    for name, text in (("block", "不再应答一位客户"), ("unblock", "恢复应答一位客户")):
        one = command(name, _switch, text)
        one.add_argument("key", help="external_userid")
        one.add_argument("--reason", default="", help="原因，写进记录")
        one.set_defaults(kind="block", scope="customer", on=name == "block")
    command("switches", _switches, "列出所有静音与拉黑")

    actions = command("keys", _keys, "主密钥").add_subparsers(metavar="动作", required=True)
    actions.add_parser("rotate", help="用新主密钥重新包裹所有数据密钥")


def _add_report(command: Command) -> None:
    actions = command("report", _report, "服务得怎么样").add_subparsers(
        dest="action", metavar="动作", required=True
    )
    one = actions.add_parser("721", help="7-2-1：机器人、一线、专家各办结多少，快不快，解决没有")
    one.add_argument("--days", type=int, default=7, help="到昨天为止的天数，默认 7")
    one.add_argument("--from", dest="first", type=date.fromisoformat, help="第一天，如 2026-11-01")
    one.add_argument("--to", dest="last", type=date.fromisoformat, help="最后一天（含），默认今天")
    one.add_argument("--account", default="", help="只看一个客服账号（open_kfid）")
    one.add_argument("--json", action="store_true", help="输出 JSON")
    one = actions.add_parser("completeness", help="企业微信记到的，我们收到了多少")
    one.add_argument("--days", type=int, default=30, help="最近多少天，默认 30")
    one.add_argument("--json", action="store_true", help="输出 JSON")
    one = actions.add_parser("rebuild", help="按逐步的记录和消息重算每件咨询")
    one.add_argument("--check", action="store_true", help="只核对，列出不符的，不写入")


def _add_contacts(command: Command) -> None:
    actions = command("contacts", _contacts, "客户联系：好友和他们的标签").add_subparsers(
        dest="action", metavar="动作", required=True
    )
    actions.add_parser("sync", help="现在就与企业微信逐一核对")
    one = actions.add_parser("show", help="一位客户是谁的好友，有哪些标签，经过如何")
    one.add_argument("external_userid", help="客户的编号")


def _add_people(command: Command) -> None:
    _add_contacts(command)
    one = command("ratings", _ratings, "客户的评分")
    one.add_argument("--days", type=int, default=7, help="最近多少天，默认 7")
    one.add_argument("--json", action="store_true", help="打印 JSON")

    _add_report(command)

    actions = command("escalation", _escalation, "哪些话要人工").add_subparsers(
        dest="action", metavar="动作", required=True
    )
    one = actions.add_parser("explain", help="客户的一句话要不要人工，为什么")
    one.add_argument("text", help="客户的话")
    one.add_argument("--tag", action="append", default=[], help="客户的标签，可写多次")
    one.add_argument("--misses", type=int, default=0, help="这次咨询里几次没有找到答案")
    one.add_argument("--learn", action="store_true", help="例句还没有学过就现在学，约三分钟")
    one.add_argument("--json", action="store_true", help="输出 JSON")
    one = actions.add_parser("classes", help="列出各类的级别、时限和开关")
    one.add_argument("--json", action="store_true", help="输出 JSON")


def _load(arguments: argparse.Namespace) -> Config:
    config = load_config(arguments.config, os.environ)
    configure_logging(config.logging.level, config.logging.format)
    return config


def _async(work: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop  # noqa: PLC0415 (not on every platform)
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _work(arguments: argparse.Namespace) -> int:
    work: Work = arguments.work
    return asyncio.run(work(_load(arguments), arguments))


def _serve(arguments: argparse.Namespace) -> int:
    return _async(serving.serve(_load(arguments), Role(arguments.role)))


def _demo(arguments: argparse.Namespace) -> int:
    return _async(
        demo.demo(arguments.config, arguments.port, open_browser=not arguments.no_browser)
    )


def _chat(arguments: argparse.Namespace) -> int:
    return _async(chat.chat(load_config(arguments.config, os.environ)))


def _check(arguments: argparse.Namespace) -> int:
    return asyncio.run(check(arguments.config, os.environ, arguments.online, sys.stdout))


def _keygen(_arguments: argparse.Namespace) -> int:
    print(keygen())
    return 0


def _events(arguments: argparse.Namespace) -> int:
    print(events.schema() if arguments.json else events.page(), end="\n" if arguments.json else "")
    return 0


def _routes(_arguments: argparse.Namespace) -> int:
    return admin.routes(sys.stdout)


def _migrate(arguments: argparse.Namespace) -> int:
    config = _load(arguments)
    if arguments.source:
        return asyncio.run(moving.move_here(config, arguments.source, sys.stdout))
    return admin.migrate_now(config, sys.stdout)


def _contacts(arguments: argparse.Namespace) -> int:
    config = _load(arguments)
    if arguments.action == "sync":
        return _async(contacts.sync(config, sys.stdout))
    return asyncio.run(contacts.show(config, arguments.external_userid, sys.stdout))


def _escalation(arguments: argparse.Namespace) -> int:
    config = _load(arguments)
    if arguments.action == "classes":
        return escalation.classes(config.escalation, sys.stdout, as_json=arguments.json)
    return escalation.explain(
        config,
        arguments.text,
        sys.stdout,
        misses=arguments.misses,
        tags=arguments.tag,
        learn=arguments.learn,
        as_json=arguments.json,
    )


def _gate(arguments: argparse.Namespace) -> int:
    config, queries, account = _load(arguments), arguments.queries, arguments.account
    if arguments.action == "train":
        return asyncio.run(gate.train(config, queries, account, sys.stdout, to=arguments.out))
    return asyncio.run(gate.report(config, queries, account, sys.stdout))


def _ratings(arguments: argparse.Namespace) -> int:
    days, as_json = arguments.days, arguments.json
    return asyncio.run(ratings.ratings(_load(arguments), days, sys.stdout, as_json=as_json))


def _report(arguments: argparse.Namespace) -> int:
    config = _load(arguments)
    if arguments.action == "rebuild":
        return asyncio.run(report.rebuild(config, sys.stdout, check=arguments.check))
    if arguments.action == "completeness":
        work = completeness.completeness(config, arguments.days, sys.stdout, as_json=arguments.json)
        return asyncio.run(work)
    span = report.Span(arguments.days, arguments.first, arguments.last)
    return asyncio.run(
        report.report_721(config, span, arguments.account, sys.stdout, as_json=arguments.json)
    )


def _prompts(arguments: argparse.Namespace) -> int:
    return asyncio.run(prompts.replay(_load(arguments), sys.stdout))


def _dead(arguments: argparse.Namespace) -> int:
    config = _load(arguments)
    if arguments.action == "list":
        return asyncio.run(admin.dead_list(config, sys.stdout))
    return asyncio.run(admin.dead_retry(config, arguments.ids, sys.stdout))


def _switch(arguments: argparse.Namespace) -> int:
    return asyncio.run(
        admin.switch(
            _load(arguments),
            arguments.kind,
            arguments.scope,
            arguments.key,
            on=arguments.on,
            reason=arguments.reason,
            out=sys.stdout,
        )
    )


def _switches(arguments: argparse.Namespace) -> int:
    return asyncio.run(admin.switches(_load(arguments), sys.stdout))


def _keys(arguments: argparse.Namespace) -> int:
    return asyncio.run(admin.rotate_keys(_load(arguments), sys.stdout))
