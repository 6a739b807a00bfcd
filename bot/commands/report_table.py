"""How does an operator read the figures of 7-2-1 at a glance?"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.measuring import Report
from bot.measuring.report import Class
from bot.measuring.statistics import Share, Waits
from bot.routing.phrases import Phrases

_NAMES = {
    "L1": "L1 机器人办结",
    "L2": "L2 一线同事",
    "L3": "L3 专家",
    "unserved": "要人工没人接",
    "reopened": "48 小时内又来",
}
_LEVELS = {2: "一线", 3: "专家"}
_VERDICTS = {"met": "达标", "off": "偏离", "too_few": "样本不足", "": ""}
_BAR = 20
_SHOWN = 8
_RESOLVED, _MEAN, _FRT_S = 0.9, 4.5, 30.0


def print_report(
    report: Report, zone: ZoneInfo, accounts: Mapping[str, str], phrases: Phrases, out: TextIO
) -> None:
    """Print it as a table.

    Args:
        accounts: names of kf accounts by open_kfid.
    """
    _print_head(report, zone, accounts, out)
    if not report.n:
        print("这段时间没有结束的咨询。", file=out)
        _print_suggesting(report, out)
        return
    _print_classes(report, out)
    _print_waits(report, out)
    _print_work(report, out)
    _print_ends(report, out)
    _print_suggesting(report, out)
    if len(report.accounts) > 1:
        print("\n按客服账号", file=out)
        for account in report.accounts:
            name = accounts.get(account.open_kfid, account.open_kfid)
            print(f"  {_pad(name, 22)}{_of_kinds(account.n, account.kinds)}", file=out)
    if report.endings:
        print("\n人工服务过的怎么结束", file=out)
        for ending in report.endings:
            print(f"  {_pad(_reason(ending.reason, phrases), 34)}{_share(ending.share)}", file=out)
    if report.reasons:
        print("\n为什么要人工（最多的几种）", file=out)
        for reason in report.reasons[:_SHOWN]:
            name = _reason(reason.reason, phrases)
            print(f"  {_pad(name, 34)}{_of_kinds(reason.n, reason.kinds)}", file=out)


def _print_head(report: Report, zone: ZoneInfo, accounts: Mapping[str, str], out: TextIO) -> None:
    first = datetime.fromtimestamp(report.since, zone).date()
    last = datetime.fromtimestamp(report.until - 1, zone).date()
    where = accounts.get(report.open_kfid, report.open_kfid) or "全部客服账号"
    print(f"7-2-1  {first} 至 {last}  {where}  结束的咨询 {report.n:,} 件", file=out)
    if report.settling:
        print(
            f"其中 {report.settling:,} 件由机器人办结不到 48 小时，客户再来就改算，数字还会变。",
            file=out,
        )
    print(file=out)


def _print_classes(report: Report, out: TextIO) -> None:
    print(
        f"  {_pad('', 15)}{_pad('', _BAR + 1)}{_pad('占比', 9)}{_pad('目标', 10)}"
        f"{_pad('判断', 10)}{_pad('95% 区间', 15)}件数",
        file=out,
    )
    for one in report.classes:
        print(f"  {_class_line(one)}", file=out)
    rate = report.reopen_rate
    print(
        f"\n  没有转人工的 {rate.of:,} 件里，48 小时内又来的 {_share(rate)}；"
        f"机器人替代率 {_share(report.substitution)}",
        file=out,
    )


def _class_line(one: Class) -> str:
    share = one.share.share or 0.0
    filled = round(share * _BAR)
    bar = "█" * filled + "░" * (_BAR - filled)
    target = f"{one.target * 100:.0f}%±5" if one.target is not None else "越少越好"
    return (
        f"{_pad(_NAMES[one.kind], 15)}{bar} {_pad(_percent(share), 9)}{_pad(target, 10)}"
        f"{_pad(_VERDICTS[one.verdict], 10)}{_pad(_interval(one.share), 15)}{one.share.count:,}"
    )


def _print_waits(report: Report, out: TextIO) -> None:
    print("\n首次响应（目标：九成在 30 秒内）", file=out)
    lines = (
        ("任何回应", report.frt_any),
        ("  营业时间内", report.frt_any_hours),
        ("人工回应", report.frt_human),
        ("  营业时间内", report.frt_human_hours),
    )
    for name, waits in lines:
        if not waits.n:
            print(f"  {_pad(name, 15)}没有样本", file=out)
            continue
        is_met = waits.p90 is not None and waits.p90 <= _FRT_S
        print(
            f"  {_pad(name, 15)}P90 {_pad(_wait(waits.p90), 16)}P50 {_pad(_wait(waits.p50), 16)}"
            f"30 秒内 {_pad(_percent(waits.quick.share), 8)}"
            f"{_pad(_judged(is_met, waits.n, report), 10)}{_sample(waits)}",
            file=out,
        )


def _print_work(report: Report, out: TextIO) -> None:
    whole = sum(one.minutes for one in report.work)
    print(f"\n人工投入 {whole:,.0f} 分钟", file=out)
    for one in report.work:
        if one.share is not None:
            name = _LEVELS.get(one.level, str(one.level))
            print(f"  {_pad(name, 15)}{one.minutes:,.0f} 分钟，占 {_percent(one.share)}", file=out)
    core = report.core
    if core.cases.count:
        print(
            f"  {_pad('核心客户', 15)}{core.minutes:,.0f} 分钟，占 {_percent(core.work_share)}"
            f"（咨询占 {_percent(core.cases.share)}）",
            file=out,
        )


def _print_ends(report: Report, out: TextIO) -> None:
    print("\n结果", file=out)
    solved, rating = report.resolution, report.satisfaction
    verdict = _judged((solved.share or 0.0) >= _RESOLVED, report.n, report)
    print(f"  {_pad('解决率', 15)}{_share(solved)}  目标 90%  {verdict}", file=out)
    if not rating.rated:
        print(f"  {_pad('满意度', 15)}邀请 {rating.invited:,} 次，还没有人评分", file=out)
        return
    mean = rating.mean or 0.0
    print(
        f"  {_pad('满意度', 15)}平均 {mean:.2f}  目标 4.5"
        f"  {_judged(mean >= _MEAN, rating.rated, report)}；4 分以上 {_share(rating.top2)}",
        file=out,
    )
    print(
        f"  {_pad('', 15)}评分 {rating.rated:,} 次，回应率 {_share(rating.response)}；"
        f"2 分以下 {rating.follow_ups:,} 件，逐件回访",
        file=out,
    )


def _print_suggesting(report: Report, out: TextIO) -> None:
    found = report.suggesting
    if not found.n:
        return
    print(f"\n建议回复：客户的 {found.n:,} 句话有建议", file=out)
    for name, share in (
        ("原样发出", found.sent),
        ("改后发出", found.edited),
        ("标记不合适", found.rejected),
        ("没有用", found.untouched),
    ):
        print(f"  {_pad(name, 15)}{_share(share)}", file=out)


def _of_kinds(n: int, kinds: Mapping[str, int]) -> str:
    told = "  ".join(f"{_SHORT[kind]} {count:,}" for kind, count in kinds.items() if count)
    return f"{_pad(f'{n:,} 件', 10)}{told}"


_SHORT = {"L1": "L1", "L2": "L2", "L3": "L3", "unserved": "没人接", "reopened": "又来"}


def _reason(reason: str, phrases: Phrases) -> str:
    key = f"escalation.reason_{reason}"
    return phrases.say(key) if phrases.has_reply(key) else reason


def _judged(is_met: bool, n: int, report: Report) -> str:
    if n < report.minimum:
        return _VERDICTS["too_few"]
    return _VERDICTS["met" if is_met else "off"]


def _sample(waits: Waits) -> str:
    never = f"，{waits.never:,} 件没有等到" if waits.never else ""
    return f"{waits.n:,} 件{never}"


def _share(one: Share) -> str:
    if one.share is None:
        return "—"
    return f"{_percent(one.share)}（{one.count:,}/{one.of:,}，{_interval(one)}）"


def _interval(one: Share) -> str:
    if one.low is None or one.high is None:
        return "—"
    return f"{one.low * 100:.1f}–{one.high * 100:.1f}%"


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.1f}%"


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "没有回应"
    if seconds < 60:
        return f"{seconds:.0f} 秒" if seconds >= 10 else f"{seconds:.1f} 秒"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{int(seconds // 60)} 分 {int(seconds % 60)} 秒"
    return f"{minutes // 60} 小时 {minutes % 60} 分"


def _pad(text: str, width: int) -> str:
    """Filled up to a width in terminal columns; Chinese characters take two."""
    wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * max(0, width - wide)
