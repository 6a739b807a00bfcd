"""What about staff and shifts is allowed, and still worth an operator's second look?"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bot.config import Config, Level
from bot.policy.calendar import WorkCalendar
from bot.policy.roles import People

LEVEL_NAMES: Mapping[Level, str] = {"junior": "一线", "expert": "专家", "leader": "主管"}

_INSTEAD: Mapping[Level, Level] = {"junior": "expert", "expert": "leader"}
_AHEAD = timedelta(days=60)
"""How early the operator hears that a year's holidays are not known; they come out in November."""


def accounts_of(config: Config) -> list[str]:
    """The 客服账号 that the configuration names; one empty name when it names none."""
    named = [*config.wecom.kf_accounts]
    if not named:
        named += config.accounts
        named += [account for member in config.staff for account in member.accounts]
    return list(dict.fromkeys(named)) or [""]


NOBODY = (
    "✗ 注意：没有配置 staff。要转人工、要跟进的客户，只会通知企业微信里这个客服账号的接待人员，"
    "应用对他们不可见的话谁也收不到；没有级别，也就没有转专家和改派。"
    "请在 config.yaml 写上 staff；没有人管的事用 concierge tickets list 查看"
)


def staff_notes(config: Config, now: float) -> Iterator[str]:
    """Nothing here is wrong: levels nobody has, people without shifts, years not known yet."""
    if not config.staff:
        return
    for account in accounts_of(config):
        yield from _levels(config, account)
    if config.server.public_url and not People(config.staff).reviewers:
        yield (
            "staff 里没有主管（level: leader），也没有人的 duties 有 operator："
            "同事在侧边栏交的知识没有人审核，也没有人收到通知"
        )
    shifts = {bool(member.shifts) for member in config.staff if member.capacity}
    if len(shifts) > 1:
        free = [one.name for one in config.staff if one.capacity and not one.shifts]
        yield f"没有写 shifts 的人一直算在岗，营业时间因此是全天：{'、'.join(free)}"
    if any(member.shifts for member in config.staff):
        yield from _years(config, now)


def _levels(config: Config, account: str) -> Iterator[str]:
    serving = [one for one in config.staff if one.capacity and one.serves(account)]
    levels = {one.level for one in serving}
    where = f"客服账号 {account} " if account else "staff 里"
    for level, instead in _INSTEAD.items():
        if level not in levels:
            then = (
                f"该由这一级接的会话都给{LEVEL_NAMES[instead]}"
                if instead in levels
                else "该由这一级接的会话分不出去"
            )
            yield f"{where}没有能接会话的{LEVEL_NAMES[level]}（{level}），{then}"


def _years(config: Config, now: float) -> Iterator[str]:
    soon = datetime.fromtimestamp(now, UTC) + _AHEAD
    if not WorkCalendar(config.calendar).covers(soon.date()):
        yield (
            f"还不知道 {soon.year} 年的放假安排，那一年只按星期几算：公布后升级 chinesecalendar，"
            "或写进 calendar 的 closed 和 workdays"
        )
