"""Campaigns that WeChat or the law forbid are not opened; harmless ones are."""

from typing import Any

from benchmarks.referral.wording import measure
from bot.app import campaign_lint as lint
from bot.app.lexicon import build_lexicon
from bot.config import Campaign, Config
from tests.referrals import SPRING


def found(**more: Any) -> list[tuple[str, bool]]:
    campaign = Campaign.model_validate(SPRING | {"cap": 100} | more)
    return [(one.kind, one.blocks) for one in lint.check(campaign, build_lexicon(Config()))]


def test_forbidden_texts_are_told_from_harmless_ones_and_better_than_by_words() -> None:
    linter, words = measure()
    assert (linter.bad, linter.good) == (64, 64)
    assert min(linter.precision, linter.recall) >= 0.95
    assert (words.precision, words.recall) < (linter.precision, linter.recall)


def test_a_harmless_campaign_passes() -> None:
    assert found() == []


def test_wording_blocks_wherever_it_stands() -> None:
    assert ("sharing", True) in found(rules="转发到朋友圈即可领取")
    assert ("helping", True) in found(name="集赞有礼")
    assert ("words", True) in found(consent="全国第一的课程")
    reward = {"five": {"kind": "code", "name": "砍价资格", "pool": "five"}}
    assert ("helping", True) in found(rewards=SPRING["rewards"] | reward)


def test_mechanics_are_warned_of() -> None:
    assert found(cap=None) == [("budget", False)]
    tiers = [{"invites": 20, "reward": "five"}]
    assert ("threshold", False) in found(tiers=tiers)
    assert ("adds", False) in found(receivers=["zhangsan"], daily_cap=50)
    scarce = {"five": {"kind": "tag", "name": "会员", "tag": "会员：金卡", "stock": 1}}
    assert ("stock", False) in found(rewards=SPRING["rewards"] | scarce)
