"""How are the versions of a campaign's rewards, its days and its retention told on a terminal?"""

from collections.abc import Iterable, Sequence
from typing import TextIO

from bot.config import Campaign
from bot.measuring.experiments import Verdict
from bot.measuring.statistics import Share
from handlers.referral.breakdown import Arms, Group, Stay
from handlers.referral.modes import Modes

_VERDICTS = {
    Verdict.TOO_FEW: "人数还不够，不下结论",
    Verdict.BAD_SPLIT: "分组不匀，数字不可信",
    Verdict.NO_DIFFERENCE: "看不出差别",
    Verdict.BETTER: "更好",
    Verdict.WORSE: "更差",
}
_DAYS_SHOWN = 14


def print_groups(arms: Arms, cohorts: Sequence[Group], stays: Iterable[Stay], out: TextIO) -> None:
    """Versions, then the newest days of joining, then who stayed."""
    if len(arms.groups) > 1:
        print("奖励的各个版本（base 是 tiers）：", file=out)
        for one in arms.groups:
            print(f"  {_told(one)}", file=out)
        for other in arms.compared:
            more = "" if other.difference is None else f"，相差 {other.difference:+.1%}"
            print(
                f"  {other.name} 比 {arms.groups[0].name}：{_VERDICTS[other.verdict]}{more}"
                f"（每个版本要 {arms.planned} 人）",
                file=out,
            )
    if cohorts:
        print(f"按参加的日子（最近 {_DAYS_SHOWN} 天）：", file=out)
    for one in cohorts[-_DAYS_SHOWN:]:
        print(f"  {_told(one)}", file=out)
    for stay in stays:
        if stay.invited.of or stay.others.of:
            print(
                f"{stay.days} 天后还是好友：邀请来的 {_share(stay.invited)}，"
                f"别处来的 {_share(stay.others)}",
                file=out,
            )


def print_modes(by_mode: Modes, campaign: Campaign, out: TextIO) -> None:
    """What members' codes, the group and the account brought; what nobody can know is said."""
    for one in by_mode.staff:
        print(
            f"员工码 {one.channel}：新来 {one.came}，还在 {one.stayed}，新人礼 {one.gifts}",
            file=out,
        )
    if by_mode.group is not None:
        print(f"进群 {by_mode.group}，其中算作邀请的 {by_mode.group_invited}", file=out)
    elif campaign.group is not None and not campaign.by_group:
        print("进群：没有写 channel，数不出来", file=out)
    if campaign.account is not None:
        said = by_mode.said_followed
        print(
            f"自己说关注了公众号的 {said}（企业微信看不到谁关注了，无法核实，不影响奖励）", file=out
        )


def _told(one: Group) -> str:
    each = "—" if one.cost_each is None else f"{one.cost_each / 100:.2f} 元"
    return (
        f"{one.name}：参加 {one.participants}，邀请过 {one.inviters}，记上 {one.credited}，"
        f"有效 {one.valid}；K 毛 {_k(one.k_gross)}，净 {_k(one.k_net)}；"
        f"带来人的 {_share(one.succeeded)}；虚拟 {one.virtual}，实物 {one.physical}；每位 {each}"
    )


def _share(of: Share) -> str:
    return "—" if of.share is None else f"{of.share:.1%}（{of.count}/{of.of}）"


def _k(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"
