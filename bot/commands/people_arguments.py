"""Which commands are about customers and their tags, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import (
    customers,
    customers_edit,
    customers_export,
    tag_proposals_arguments,
    tag_rules_arguments,
    tags,
    tags_apply,
    tags_audit,
    tags_bulk,
    webhooks,
)
from bot.commands.arguments import Actions, Command, Run, action
from bot.config import Config
from bot.store.listing import Wanted


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("customers", run, "客户：资料、经过、合并")
    _add_customers(one.add_subparsers(metavar="动作", required=True))
    one = command("tags", run, "客户的标签")
    actions = one.add_subparsers(metavar="动作", required=True)
    _add_tags(actions)
    _add_bulk(actions)
    _add_quality(actions)
    tag_rules_arguments.add(actions)
    one = command("webhooks", run, "把客户身上发生的事告诉别的系统")
    _add_webhooks(one.add_subparsers(metavar="动作", required=True))


def _add_customers(actions: Actions) -> None:
    one = action(actions, "list", _list, "列出客户，姓名和电话打码")
    one.add_argument("--tag", default="", help="有这个标签的，如 关注：运费")
    one.add_argument("--channel", default="", help="首次或最近经这个渠道来的")
    one.add_argument("--limit", type=int, default=50, help="最多几位，默认 50")
    one.add_argument("--after", default="", help="从哪位之后列起：上一页的最后一位")
    _reveal(one)
    one = action(actions, "show", _show, "一位客户的资料：身份、属性、渠道、次数、标签、合并")
    _customer(one)
    _reveal(one)
    one = action(actions, "timeline", _timeline, "一位客户身上发生过的一切，新的在前，各带原因")
    _customer(one)
    one.add_argument("--limit", type=int, default=50, help="最多几条，默认 50")
    one.add_argument("--after", default="", help="从哪一条之后列起：上一页最后给出的那一段")
    _reveal(one)
    one = action(actions, "set", _set, "写下一位客户的属性")
    _customer(one)
    one.add_argument("values", nargs="+", metavar="属性=值", help="如 name=王兰；值留空 = 删除")
    one.add_argument("--verified", action="store_true", help="手机号核实过，可以用来认人")
    one = action(actions, "export", _export, "把客户写成文件，交给别的系统；登记并审计")
    one.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="默认 csv")
    one.add_argument("--out", type=Path, required=True, help="写到哪个文件")
    one.add_argument("--tag", default="", help="只要有这个标签的")
    _reveal(one)
    one = action(actions, "merge", _merge, "两位客户是同一个人")
    _customer(one)
    one.add_argument("other", help="另一位的 external_userid")
    one.add_argument("--why", default="", help="原因，写进记录")
    one = action(actions, "unmerge", _unmerge, "拆开一次合并，以后不再自动合并")
    one.add_argument("merge", help="合并的编号，show 里 mg_ 开头的")
    one.add_argument("--why", default="", help="原因，写进记录")


def _add_tags(actions: Actions) -> None:
    one = action(actions, "list", _tags_list, "列出所有标签，各有多少客户、谁打的")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    one = action(actions, "show", _tags_show, "一个标签：哪些规则打的，为什么没有打上")
    one.add_argument("tag", help="如 关注：运费")
    one.add_argument("--days", type=int, default=30, help="最近多少天，默认 30")
    for name, work, text in (
        ("add", _tags_add, "给一位客户打标签；规则 30 天内不会去掉"),
        ("remove", _tags_remove, "去掉一位客户的标签；规则 30 天内不会再打上"),
    ):
        one = action(actions, name, work, text)
        _customer(one)
        one.add_argument("tags", nargs="+", metavar="标签", help="如 关注：运费")


def _add_bulk(actions: Actions) -> None:
    for name, text in (
        ("rename", "给一个标签改名，保留来历"),
        ("merge", "把一个标签并进另一个，保留来历"),
    ):
        one = action(actions, name, _tags_rename, text)
        one.add_argument("tag", help="现在的，如 关注：快递")
        one.add_argument("to", help="改成的，如 关注：运费")
        one.add_argument("--dry-run", action="store_true", help="只看会改多少，不写入")
        one.set_defaults(kind=name)
    one = action(actions, "apply", _tags_apply, "用现在的规则重看客户写过的话，先看会改什么")
    one.add_argument("--days", type=int, default=30, help="最近多少天写的，默认 30")
    one.add_argument("--dry-run", action="store_true", help="只看会改什么，不写入")
    one.add_argument("--yes", action="store_true", help="不问，直接写入")
    one = action(actions, "undo", _tags_undo, "撤销一次批量修改；不写编号则列出最近几次")
    one.add_argument("id", nargs="?", default="", help="批量修改的编号，run_ 开头")


def _add_quality(actions: Actions) -> None:
    one = action(actions, "coverage", _tags_coverage, "三个维度都有标签的客户占多少")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    tag_proposals_arguments.add(actions)
    one = action(actions, "audit", _tags_audit, "抽一批标签请人判断，或读回判断并报告准确率")
    one.add_argument("--sample", type=int, default=100, help="抽多少个，默认 100")
    one.add_argument("--seed", type=int, help="随机种子；同一份数据同一个种子抽到的一样")
    one.add_argument("--out", type=Path, help="写到哪个文件，默认 tags-audit-编号.csv")
    one.add_argument("--read", type=Path, metavar="FILE", help="读回判断过的文件")
    _reveal(one)


def _add_webhooks(actions: Actions) -> None:
    action(actions, "list", _webhooks_list, "列出配置的地址，各有多少待发、放弃")
    one = action(actions, "replay", _webhooks_replay, "把一段时间以来的事再告诉一遍")
    one.add_argument("name", help="config.yaml 的 webhooks 里的名字")
    one.add_argument("--since", required=True, help="从何时起，如 2026-11-20 或 2026-11-20T10:00")


def _customer(one: argparse.ArgumentParser) -> None:
    one.add_argument("customer", help="external_userid")


def _reveal(one: argparse.ArgumentParser) -> None:
    one.add_argument("--reveal", action="store_true", help="姓名、电话不打码；记入审计")


async def _list(config: Config, given: argparse.Namespace) -> int:
    wanted = Wanted(given.tag, given.channel, 0.0, given.after, given.limit)
    return await customers.list_customers(config, wanted, sys.stdout, reveal=given.reveal)


async def _show(config: Config, given: argparse.Namespace) -> int:
    return await customers.show(config, given.customer, sys.stdout, reveal=given.reveal)


async def _timeline(config: Config, given: argparse.Namespace) -> int:
    return await customers.timeline(
        config,
        given.customer,
        sys.stdout,
        limit=given.limit,
        after=given.after,
        reveal=given.reveal,
    )


async def _set(config: Config, given: argparse.Namespace) -> int:
    return await customers_edit.set_attributes(
        config, given.customer, given.values, sys.stdout, verified=given.verified
    )


async def _export(config: Config, given: argparse.Namespace) -> int:
    return await customers_export.export(
        config, given.out, given.format, sys.stdout, tag=given.tag, reveal=given.reveal
    )


async def _merge(config: Config, given: argparse.Namespace) -> int:
    return await customers_edit.merge(
        config, given.customer, given.other, sys.stdout, why=given.why
    )


async def _unmerge(config: Config, given: argparse.Namespace) -> int:
    return await customers_edit.unmerge(config, given.merge, sys.stdout, why=given.why)


async def _tags_list(config: Config, given: argparse.Namespace) -> int:
    return await tags.list_tags(config, sys.stdout, as_json=given.json)


async def _tags_show(config: Config, given: argparse.Namespace) -> int:
    return await tags.show(config, given.tag, given.days, sys.stdout)


async def _tags_add(config: Config, given: argparse.Namespace) -> int:
    return await tags.change(config, given.customer, given.tags, sys.stdout, add=True)


async def _tags_remove(config: Config, given: argparse.Namespace) -> int:
    return await tags.change(config, given.customer, given.tags, sys.stdout, add=False)


async def _tags_rename(config: Config, given: argparse.Namespace) -> int:
    return await tags_bulk.rename(
        config, given.kind, given.tag, given.to, sys.stdout, dry_run=given.dry_run
    )


async def _tags_apply(config: Config, given: argparse.Namespace) -> int:
    return await tags_apply.apply(
        config, given.days, sys.stdout, dry_run=given.dry_run, yes=given.yes
    )


async def _tags_undo(config: Config, given: argparse.Namespace) -> int:
    if not given.id:
        return await tags_bulk.list_runs(config, sys.stdout)
    return await tags_bulk.undo(config, given.id, sys.stdout)


async def _tags_coverage(config: Config, given: argparse.Namespace) -> int:
    return await tags_audit.coverage(config, sys.stdout, as_json=given.json)


async def _tags_audit(config: Config, given: argparse.Namespace) -> int:
    if given.read:
        return await tags_audit.read(config, given.read, sys.stdout)
    return await tags_audit.draw(
        config,
        given.sample,
        sys.stdout,
        seed=given.seed,
        to=given.out,
        reveal=given.reveal,
    )


async def _webhooks_list(config: Config, _given: argparse.Namespace) -> int:
    return await webhooks.list_webhooks(config, sys.stdout)


async def _webhooks_replay(config: Config, given: argparse.Namespace) -> int:
    return await webhooks.replay(config, given.name, given.since, sys.stdout)
