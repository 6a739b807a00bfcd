"""Which commands are about channel codes, and what may be said to each?"""

import argparse
import sys
from datetime import date
from pathlib import Path

from bot.app.channel_files import parts, read_channel, values_of
from bot.commands import channel_stats, channels, leads
from bot.commands.arguments import Actions, Command, Run, action
from bot.commands.report import Span
from bot.config import Config
from bot.errors import Misconfigured
from bot.measuring.window import PERIODS
from bot.web.code_images import Look

MOST_A_DAY = 200
_TEXTS = {
    "name": "名字",
    "kind": "contact 好友（默认）、kf 客服、partner 合作方、group 群、staff 员工",
    "source": "natural 自然（默认）、paid 付费、referral 裂变",
    "members": "接待成员，几位用逗号隔开",
    "daily_cap": "每位每天最多接几位",
    "spare": "备用成员",
    "tags": "来的客户打上的标签，如 来源：抖音",
    "welcome": "欢迎语的名字",
    "open_kfid": "客服账号（kf）",
    "partner": "合作方的名字（partner）",
    "groups": "依次进哪些群（group）",
    "group_name": "都满了自动建的群叫什么",
    "states": "在别处做的码",
}


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("channel", run, "渠道活码：建码、出图、看效果")
    actions = one.add_subparsers(metavar="动作", required=True)
    _add_making(actions)
    one = command("leads", run, "只有手机号的人：分给同事去加")
    _add_leads(one.add_subparsers(metavar="动作", required=True))
    one = action(actions, "list", _list, "列出所有渠道")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    for name, work, text in (
        ("show", _show, "一个渠道：现在谁接待，码是什么"),
        ("pause", _pause, "停用：新客户由备用成员接待，印出去的码仍然能扫"),
        ("resume", _resume, "恢复"),
    ):
        action(actions, name, work, text).add_argument("id", help="渠道的编号")
    one = action(actions, "cost", _cost, "填一个渠道一天（或一段日子里每天）花了多少，或看填了没有")
    one.add_argument("id", help="渠道的编号")
    one.add_argument("days", help="2026-11-20，或 2026-11-20~2026-11-30")
    one.add_argument("amount", nargs="?", help="每天多少元，如 350 或 350.50；不写就列出填了的")
    one = action(actions, "stats", _stats, "各渠道来了多少人、留下多少、买了多少、值不值")
    one.add_argument("id", nargs="?", default="", help="只看一个渠道")
    one.add_argument("--by", choices=PERIODS, help="另外逐日（day）、逐周、逐月列出")
    _span(one)
    _span(action(actions, "hops", _hops, "落地页：各路径打开、点击、来了多少，在哪一跳走了"))


def _add_leads(actions: Actions) -> None:
    one = action(actions, "import", _leads, "把一批手机号平均分给同事去加好友；重复的只分一次")
    one.add_argument("file", type=Path, help="CSV，至少有“手机号”一列，可有 称呼、备注")
    one.add_argument("--members", required=True, help="分给谁，几位用逗号隔开")
    one.add_argument("--per-day", type=int, default=30, help="每人每天最多加几位，默认 30")


async def _leads(config: Config, arguments: argparse.Namespace) -> int:
    per_day = arguments.per_day
    if not 1 <= per_day <= MOST_A_DAY:
        raise Misconfigured(f"--per-day 要在 1 到 {MOST_A_DAY} 之间")
    members = parts(arguments.members)
    return await leads.import_leads(config, arguments.file, members, sys.stdout, per_day=per_day)


def _span(one: argparse.ArgumentParser) -> None:
    one.add_argument("--days", type=int, default=30, help="到昨天为止的天数，默认 30")
    one.add_argument("--from", dest="first", type=date.fromisoformat, help="第一天")
    one.add_argument("--to", dest="last", type=date.fromisoformat, help="最后一天（含），默认今天")
    one.add_argument("--json", action="store_true", help="打印 JSON")


def _add_making(actions: Actions) -> None:
    one = action(actions, "create", _create, "建渠道（编号已有的就修改）")
    one.add_argument("id", nargs="?", default="", help="编号，也就是 state")
    for name, text in _TEXTS.items():
        one.add_argument(f"--{name.replace('_', '-')}", dest=name, default="", help=text)
    one.add_argument("--csv", type=Path, help="一次建一批：表头是 编号、名称、种类、流量、成员 等")
    one.add_argument("--for-staff", action="store_true", help="给 staff 里每位成员建一张自己的码")
    one = action(actions, "qr", _qr, "把码画成图片，可以加标志和一行字")
    one.add_argument("id", help="渠道的编号")
    one.add_argument("--out", type=Path, required=True, help="写到哪个文件，.png 或 .svg")
    one.add_argument("--caption", default="", help="码下面的一行字，最多 40 个")
    one.add_argument("--logo", type=Path, help="中间的标志，PNG 或 JPEG")
    one.add_argument("--font", type=Path, help="PNG 上写中文用的字体文件")
    one.add_argument("--page", action="store_true", help="画落地页的地址，而不是企业微信的码")


async def _create(config: Config, arguments: argparse.Namespace) -> int:
    if arguments.csv:
        return await channels.create_from(config, arguments.csv, sys.stdout)
    if arguments.for_staff:
        return await channels.create_for_staff(config, sys.stdout)
    cells = {"id": arguments.id, **{name: getattr(arguments, name) for name in _TEXTS}}
    try:
        values = values_of(cells)
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    return await channels.create(config, [read_channel(values)], sys.stdout)


async def _list(config: Config, arguments: argparse.Namespace) -> int:
    return await channels.listed(config, sys.stdout, as_json=arguments.json)


async def _show(config: Config, arguments: argparse.Namespace) -> int:
    return await channels.show(config, arguments.id, sys.stdout)


async def _pause(config: Config, arguments: argparse.Namespace) -> int:
    return await channels.pause(config, arguments.id, sys.stdout, on=True)


async def _resume(config: Config, arguments: argparse.Namespace) -> int:
    return await channels.pause(config, arguments.id, sys.stdout, on=False)


async def _cost(config: Config, arguments: argparse.Namespace) -> int:
    it = arguments
    if it.amount is None:
        return await channels.costs(config, it.id, it.days, sys.stdout)
    return await channels.cost(config, it.id, it.days, it.amount, sys.stdout)


async def _stats(config: Config, arguments: argparse.Namespace) -> int:
    span = Span(arguments.days, arguments.first, arguments.last)
    it = arguments
    return await channel_stats.stats(config, span, it.id, sys.stdout, by=it.by, as_json=it.json)


async def _hops(config: Config, arguments: argparse.Namespace) -> int:
    span = Span(arguments.days, arguments.first, arguments.last)
    return await channel_stats.hops(config, span, sys.stdout, as_json=arguments.json)


async def _qr(config: Config, arguments: argparse.Namespace) -> int:
    try:
        logo = arguments.logo.read_bytes() if arguments.logo else None
    except OSError as error:
        raise Misconfigured(f"{arguments.logo} 读不到（{error.strerror}）") from error
    look = Look(arguments.caption, logo, arguments.font)
    it = arguments
    return await channels.draw(config, it.id, it.out, look, sys.stdout, page=it.page)
