"""Campaigns that WeChat or the law forbid are not opened; harmless ones are."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.referral.wording import SETS, TEXTS, measure
from bot.app.campaign_lint import Linter, build_linter
from bot.app.campaign_wording import CAMPAIGN_WORDS, build_wording, sentences, wording_in
from bot.config import Campaign, Config
from bot.errors import Misconfigured
from tests.referrals import SPRING


@pytest.fixture
async def linter() -> Linter:
    """By words alone, as without an encoder."""
    return await build_linter(Config.model_validate({"embeddings": {"provider": "none"}}), None)


async def found(linter: Linter, **more: Any) -> list[tuple[str, bool]]:
    campaign = Campaign.model_validate(SPRING | {"cap": 100} | more)
    return [(one.kind, one.blocks) for one in await linter.check(campaign)]


async def test_forbidden_texts_are_told_from_harmless_ones_and_better_than_by_words(
    linter: Linter,
) -> None:
    told, words = await measure(linter)
    assert (told.bad, told.good) == (64, 64)
    assert min(told.precision, told.recall) >= 0.95
    assert (words.precision, words.recall) < (told.precision, told.recall)


@pytest.mark.deep
async def test_other_words_for_the_same_are_understood(tmp_path: Path) -> None:
    linter = await build_linter(Config(), tmp_path)
    for name in SETS:
        told, words = await measure(linter, TEXTS.with_stem(name))
        least = 0.8 if name == "texts_last" else 0.95  # what was seen; the aim is 0.95
        assert min(told.precision, told.recall) >= least, told
        assert words.recall < 0.5


async def test_a_harmless_campaign_passes(linter: Linter) -> None:
    assert await found(linter) == []


async def test_wording_blocks_wherever_it_stands(linter: Linter) -> None:
    assert ("sharing", True) in await found(linter, rules="转发到朋友圈即可领取")
    assert ("helping", True) in await found(linter, name="集赞有礼")
    assert ("words", True) in await found(linter, consent="全国第一的课程")
    reward = {"five": {"kind": "code", "name": "砍价资格", "pool": "five"}}
    assert ("helping", True) in await found(linter, rewards=SPRING["rewards"] | reward)


async def test_mechanics_are_warned_of(linter: Linter) -> None:
    assert await found(linter, cap=None) == [("budget", False)]
    tiers = [{"invites": 20, "reward": "five"}]
    assert ("threshold", False) in await found(linter, tiers=tiers)
    assert ("adds", False) in await found(linter, receivers=["zhangsan"], daily_cap=50)
    scarce = {"five": {"kind": "tag", "name": "会员", "tag": "会员：金卡", "stock": 1}}
    assert ("stock", False) in await found(linter, rewards=SPRING["rewards"] | scarce)


@pytest.mark.parametrize(
    "text",
    [
        "不得以任何形式诱导分享",
        "转发与否都不影响您领奖",
        "我们不会因为您没有转发就取消奖励",
        "凡要求转发截图的都不是我们，请举报",
        "奖励与是否转发朋友圈无关",
    ],
)
async def test_what_forbids_it_or_makes_no_difference_passes(linter: Linter, text: str) -> None:
    assert await linter.read(text) == []


@pytest.mark.parametrize("text", ["不转发的没有奖励", "没有分享的取消资格", "不转不是好妈妈"])
async def test_two_denials_are_a_condition(linter: Linter, text: str) -> None:
    assert [one.kind for one in await linter.read(text)]


async def test_a_denial_of_something_else_excuses_nothing(linter: Linter) -> None:
    assert await linter.read("不花一分钱，转发就送")
    assert await linter.read("本店严禁吸烟。转发朋友圈领券")


async def test_disguised_words_are_read(linter: Linter) -> None:
    assert await linter.read("轉發到盆友圈，領紅包")
    assert await linter.read("發 pyq 即送")


def test_sentences_are_judged_one_by_one() -> None:
    assert sentences("转发！领券。") == ["转发", "领券"]


def test_a_mistake_in_the_patterns_is_named(tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text("words: {}\nmechanisms: {}\n", "utf-8")
    assert wording_in(file)[0] is None
    with pytest.raises(Misconfigured, match="denials"):
        build_wording(file)
    shipped = CAMPAIGN_WORDS.read_text("utf-8")
    file.write_text(shipped.replace("'举报", "'(举报"), "utf-8")
    with pytest.raises(Misconfigured):
        build_wording(file)
