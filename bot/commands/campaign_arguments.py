"""Which commands are about referral campaigns, and what may be said to each?"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bot.commands import campaign_advice as advising
from bot.commands import campaign_reviews, campaigns
from bot.commands import campaign_writing as writing
from bot.commands.arguments import Command, Run, Work
from bot.config import Config
from handlers.referral import advice
from handlers.referral.rules import Phase

Action = Callable[..., argparse.ArgumentParser]


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    parser = command("campaign", run, "邀请有礼（任务宝）的活动")
    actions = parser.add_subparsers(metavar="动作", required=True)

    def action(name: str, text: str, work: Work, *, named: bool = True) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        one.set_defaults(work=work)
        if named:
            one.add_argument("campaign", help="活动的编号")
        return one

    _add_running(action)
    _add_judging(action)


def _add_running(action: Action) -> None:
    action("list", "列出全部活动", lambda c, _: campaigns.listed(c, sys.stdout), named=False)
    _add_writing(action)
    action("show", "活动、余量、经过", lambda c, a: campaigns.show(c, a.campaign, sys.stdout))
    for name, phase, text in (
        ("open", Phase.OPEN, "打开（先查一遍）；暂停过的继续"),
        ("pause", Phase.PAUSED, "暂停：这期间的添加不算"),
        ("end", Phase.ENDED, "结束"),
    ):
        action(name, text, _turning(phase))
    one = action(
        "codes",
        "导入兑换码，一行一个",
        lambda c, a: campaigns.add_codes(c, a.pool, a.file, sys.stdout, until=a.until),
        named=False,
    )
    one.add_argument("pool", help="池的名字，奖励和积分商城的 pool")
    one.add_argument("file", type=Path, help="文本文件")
    one.add_argument("--until", default="", help="最后一天能用的日期，如 2026-12-31；默认不过期")


def _add_writing(action: Action) -> None:
    one = action("create", "按 YAML 文件、或现成的写法，写下（或改）一个活动", _create, named=False)
    source = one.add_mutually_exclusive_group(required=True)
    source.add_argument("--file", type=Path, help="写法同 referral.campaigns 的一项")
    source.add_argument("--preset", metavar="名字", help="concierge campaign presets 列出的一个")
    for name, text in (
        ("--id", "编号"),
        ("--name", "客户看到的名字，不写用现成的"),
        ("--start", "开始，2026-12-01 00:00"),
        ("--end", "结束，同上"),
    ):
        one.add_argument(name, default="", help=f"（--preset）{text}")
    one.add_argument(
        "--receiver", action="append", default=[], help="（--preset）接待的成员，可以写几次"
    )

    async def presets(_config: Config, _arguments: argparse.Namespace) -> int:
        return writing.list_presets(sys.stdout)

    action("presets", "现成的活动写法", presets, named=False)


async def _create(config: Config, a: argparse.Namespace) -> int:
    if a.file is not None:
        return await writing.create_from_file(config, a.file, sys.stdout)
    given = writing.Given(a.id, a.name, a.start, a.end, tuple(a.receiver))
    return await writing.create_from_preset(config, a.preset, given, sys.stdout)


def _add_judging(action: Action) -> None:
    action("lint", "查活动能不能办", lambda c, a: campaigns.linted(c, a.campaign, sys.stdout))
    one = action(
        "stats",
        "数字：K、各档、成本、不算的原因",
        lambda c, a: campaigns.stats(c, a.campaign, sys.stdout, as_json=a.json),
    )
    one.add_argument("--json", action="store_true", help="打印 JSON")
    _add_advice(action)
    action(
        "review",
        "待核对的邀请，各带原因",
        lambda c, a: campaign_reviews.listed(c, a.campaign, sys.stdout),
    )
    for name, counts, text in (
        ("accept", True, "核对过：算一位（也用于申诉）"),
        ("reject", False, "核对过：不算"),
    ):
        one = action(name, text, _deciding(counts=counts), named=False)
        one.add_argument("invite", help="review 列出的编号")
        one.add_argument("--why", required=True, help="为什么，记进审计")


def _add_advice(action: Action) -> None:
    async def changes(c: Config, a: argparse.Namespace) -> int:
        async with campaigns.opened(c) as facts:
            return await advising.changes(c, facts, a.campaign, sys.stdout)

    async def apply(c: Config, a: argparse.Namespace) -> int:
        async with campaigns.opened(c) as facts:
            done = await advising.apply(c, facts, a.advice, sys.stdout)
            one = await advice.advice(facts, a.advice)
            if one is not None:
                await campaigns.wake_queue(facts, one.campaign, time.time())
            return done

    async def dismiss(c: Config, a: argparse.Namespace) -> int:
        async with campaigns.opened(c) as facts:
            return await advising.dismiss(facts, a.advice, sys.stdout)

    action("changes", "改过什么，前后各一周的 K", changes)
    for name, text, work in (
        ("apply", "采用 stats 列出的一条建议", apply),
        ("dismiss", "不采用一条建议", dismiss),
    ):
        one = action(name, text, work, named=False)
        one.add_argument("advice", help="stats 列出的建议编号")


def _turning(phase: Phase) -> Work:
    return lambda c, a: campaigns.turn(c, a.campaign, phase, sys.stdout)


def _deciding(*, counts: bool) -> Work:
    return lambda c, a: campaign_reviews.decide(c, a.invite, sys.stdout, counts=counts, why=a.why)
