"""Versions, days, ways and advice read as sentences; what is not known is said so."""

import io

from bot.commands.campaign_advice import print_advice
from bot.commands.campaign_groups import print_groups, print_modes
from bot.config import Campaign
from bot.measuring.statistics import share_of
from handlers.referral.advice import Advice, Expected
from handlers.referral.breakdown import Group, Stay, _compared
from handlers.referral.modes import Modes, StaffCode
from tests.referrals import SPRING


def a_group(name: str, participants: int, succeeded: int) -> Group:
    share = share_of(succeeded, participants)
    return Group(name, participants, participants, succeeded, succeeded, 500, 3, 7, share)


def test_versions_are_compared_once_enough_take_part() -> None:
    out = io.StringIO()
    arms = _compared((a_group("base", 500, 50), a_group("goods", 500, 100)))
    stay = Stay(7, share_of(9, 10), share_of(0, 0))
    print_groups(arms, [a_group("2026-12-01", 4, 0)], [stay], out)
    told = out.getvalue()
    assert "goods 比 base：更好，相差 +10.0%（每个版本要 400 人）" in told
    assert "2026-12-01：参加 4，邀请过 4，记上 0，有效 0；K 毛 0.00，净 0.00" in told
    assert "7 天后还是好友：邀请来的 90.0%（9/10），别处来的 —" in told


def test_too_few_are_not_judged() -> None:
    out = io.StringIO()
    print_groups(_compared((a_group("base", 9, 1), a_group("goods", 9, 9))), [], [], out)
    assert "人数还不够，不下结论" in out.getvalue()


def test_what_nobody_can_know_is_said() -> None:
    out = io.StringIO()
    account = {"name": "花店", "url": "https://mp.weixin.qq.com/s/abc"}
    campaign = Campaign.model_validate(SPRING | {"account": account})
    print_modes(Modes(5, (StaffCode("li_code", 4, 3, 2),), None, 0, 2), campaign, out)
    assert out.getvalue() == (
        "员工码 li_code：新来 4，还在 3，新人礼 2\n"
        "自己说关注了公众号的 2（企业微信看不到谁关注了，无法核实，不影响奖励）\n"
    )


def test_advice_says_what_is_expected_and_what_is_unknown() -> None:
    out = io.StringIO()
    lower = Advice("v1", "spring", "lower_first", Expected(3, 6000, None, 0), 0.0, "open")
    two_sided = Advice("v2", "spring", "two_sided", Expected(0, 500, 1.4, 2), 0.0, "open")
    print_advice([lower, two_sided], out)
    told = out.getvalue()
    assert "有 3 位邀请人马上达成，约多花 60 元，以前没有这样改过，K 会变多少不知道。" in told
    assert "一周约多花 5 元，以前 2 次这样改，K 变为原来的 1.40 倍。" in told
