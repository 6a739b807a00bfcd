"""What do channels bring, and what do they cost? `concierge channel stats`."""

import time
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app.channel_stats import ChannelLine, ChannelReport, channel_report
from bot.commands.channels import SOURCES, opened
from bot.commands.report import Span
from bot.config import Channel, Config
from bot.measuring.channel_series import PeriodLine
from bot.measuring.channels import Worth
from bot.measuring.statistics import Share, share_of
from bot.measuring.window import Period

_VERDICTS = {"keep": "保留", "watch": "留意", "stop": "建议停掉"}
_WHY = {
    "no_cost": "花费没有填全",
    "few_people": "样本不足",
    "short_window": "时间太短",
}
_DEFINITIONS = (
    "新客：头一次成为好友（客服、群各算各的）。净留存：第 7、30 天还在的。转化：30 天内付了第一单。"
    "互动：7 天内自己有动作。留存 D7/D30/D90：截至那天的 7 天里有动作（bounded）。"
    "激活：3 天没动静的，再过 7 天内有动作。30天内成交记在新客来的那一天（周、月）。"
)


async def stats(
    config: Config,
    span: Span,
    channel_id: str,
    out: TextIO,
    *,
    by: Period | None = None,
    as_json: bool = False,
) -> int:
    """Print the figures of some days.

    Args:
        channel_id: empty = all.
        by: each day, week or month beside the whole.

    Raises:
        Misconfigured: these are no days.
    """
    now, zone = time.time(), ZoneInfo(config.timezone)
    window = span.window(now, zone)
    async with opened(config) as store:
        report = await channel_report(config, store, window, zone, now, by=by)
    if channel_id:
        lines = [one for one in report.channels if one.id == channel_id]
        report = msgspec.structs.replace(report, channels=lines)
    if as_json:
        print(msgspec.json.encode(report).decode(), file=out)
    else:
        print_report(config, report, out)
    return 0


async def hops(config: Config, span: Span, out: TextIO, *, as_json: bool = False) -> int:
    """Print how many of each path opened a landing page, went on, and came.

    Raises:
        Misconfigured: these are no days.
    """
    window = span.window(time.time(), ZoneInfo(config.timezone))
    async with opened(config) as store:
        found = await store.visits.hops(window.since, window.until)
        seen = {row.channel.id for row in await store.channels.all() if _tells(row.channel)}
    if as_json:
        print(msgspec.json.encode(found).decode(), file=out)
        return 0
    for one in found:
        path = " / ".join(
            part or "—" for part in (one.utm_source, one.utm_medium, one.utm_campaign)
        )
        came = _share(share_of(one.arrived, one.tapped)) if one.channel in seen else "看不到"
        went = _share(share_of(one.tapped, one.opened))
        print(f"{one.channel}  {path}  打开 {one.opened}，点了 {went}，来了 {came}", file=out)
    if not found:
        print("这段时间没有人打开落地页。", file=out)
    return 0


def _tells(channel: Channel) -> bool:
    """Whether WeCom tells by which tap somebody came."""
    return channel.kind == "kf" or channel.link is not None


def print_report(config: Config, report: ChannelReport, out: TextIO) -> None:
    """A few lines for each channel, and the shares of all."""
    for line in report.channels:
        _print_line(line, out)
    if not report.channels:
        print("这段时间没有人经任何渠道来。", file=out)
    if report.shares:
        goals = config.channels
        parts = [f"{SOURCES[name]} {_share(share)}" for name, share in report.shares.items()]
        print(
            f"新客来源：{'，'.join(parts)}（目标：自然 ≥ {goals.natural_share:.0%}，"
            f"外部 ≥ {goals.external_share:.0%}，现在外部 {_share(report.external)}）",
            file=out,
        )
    print(_DEFINITIONS, file=out)


def _print_line(line: ChannelLine, out: TextIO) -> None:
    found = line.figures
    name = line.name or SOURCES["unattributed"]
    print(f"{name}（{line.id or '—'}，{SOURCES[line.source]}）", file=out)
    parts = [f"  添加 {found.adds}", f"新客 {found.new_people}"]
    if found.net is not None:
        parts += [f"净留存{day[1:]}天 {_share(share)}" for day, share in found.net.items()]
    parts.append(f"转化 {_share(found.converted)}")
    parts.append(f"30天内成交 {found.revenue / 100:.2f} 元")
    print("，".join(parts), file=out)
    parts = [f"  互动 {_share(found.interacted)}"]
    parts += [f"{day.upper()} {_share(share)}" for day, share in found.retained.items()]
    parts.append(f"激活 {_share(found.activated)}")
    print("，".join(parts), file=out)
    if line.worth is not None:
        print(f"  {_worth(line.worth)}", file=out)
    for one in line.series or ():
        print(f"  · {_period(one)}", file=out)


def _worth(worth: Worth) -> str:
    """What it cost and what came of that; what nobody entered is unknown, not nothing."""
    cost = "未知" if worth.cost is None else f"{worth.cost / 100:.2f} 元"
    cac = "未知" if worth.cac is None else f"{worth.cac / 100:.2f} 元/人"
    roi = "未知" if worth.roi is None else f"1:{worth.roi:.2f}"
    verdict = _VERDICTS.get(worth.verdict or "", "") or f"不下结论：{_WHY.get(worth.why, '')}"
    entered = f"填了 {worth.days_known}/{worth.days} 天"
    return f"花费 {cost}（{entered}），获客成本 {cac}，投入产出 {roi}，{verdict}"


def _period(one: PeriodLine) -> str:
    days = one.first if one.first == one.last else f"{one.first}~{one.last}"
    sold = f"30天内成交 {one.revenue / 100:.2f} 元{'' if one.settled else '（还会变）'}"
    parts = [f"添加 {one.adds}", f"新客 {one.new_people}", sold]
    if one.worth is not None:
        parts.append(_worth(one.worth))
    return f"{days}  {'，'.join(parts)}"


def _share(share: Share) -> str:
    if share.share is None:
        return "—"
    return f"{share.share:.1%}（{share.count}/{share.of}）"
