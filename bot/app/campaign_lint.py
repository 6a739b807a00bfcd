"""May a campaign be run at all? Wording and mechanics that WeChat and the law forbid (R-3.5.7).

Words of the law (`prompts/lexicon.yaml`), mechanisms (`prompts/campaign.yaml`), and what sentences
mean (`prompts/campaign_examples.yaml`). What it blocks is blocked until somebody of legal says
otherwise, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.app.campaign_wording import CAMPAIGN_WORDS, Wording, build_wording, sentences
from bot.app.engine import build_embedder
from bot.app.escalation_meaning import examples_in
from bot.app.lexicon import build_lexicon
from bot.config import Campaign, Config
from bot.errors import Misconfigured
from bot.policy.lexicon import Decision, Lexicon
from knowledge.fold import tidy
from knowledge.meaning import Examples, Meaning, Sides

SANCTION = (
    "诱导分享违反《微信外部链接内容管理规范》：轻则停止传播，重则永久封禁域名、IP 和账号；"
    "企业微信被投诉骚扰会限制加好友。"
)
"""What the operator reads when something blocks."""

ADDS_PER_HOUR = 40
"""Adds of a young account in an hour before it is restricted; passive ones are 60 a minute."""

_EXPECTED_K = 0.3

CAMPAIGN_EXAMPLES = CAMPAIGN_WORDS.with_name("campaign_examples.yaml")

SURE = 0.6
"""From this probability on a sentence means something forbidden; chosen on benchmarks/referral."""

SURE_WITHOUT_TRACE = 0.9
"""The same where no word of a mechanism stands in it."""

_KEPT = "campaign.npz"
_FORBIDDEN = "forbidden"
_WORD_GROUPS = (
    "绝对化用语",
    "医疗功效",
    "金融承诺",
    "刷单与好评",
    "诱导分享",
    "索要与私下交易",
    "辱骂",
)
_MAY_BE_NAMED = ("诱导分享", "刷单与好评", "金融承诺")
"""What a sentence that forbids it names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a campaign.

    Args:
        where: which of its texts, or ``活动``.
        kind: of what it is.
        blocks: it is not opened like this.
    """

    where: str
    kind: str
    what: str
    why: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Linter:
    """Judges campaigns.

    Args:
        meaning: of one class, ``forbidden``; where it knows nothing, words decide alone.
        kinds: of which mechanism each example is.
    """

    wording: Wording
    lexicon: Lexicon
    meaning: Meaning
    kinds: Mapping[str, str]

    async def check(self, campaign: Campaign) -> list[Finding]:
        """Everything that speaks against a campaign, the wording first."""
        texts = {"名称": campaign.name, "规则": campaign.rules, "告知": campaign.consent}
        texts |= {f"奖励 {key}": reward.name for key, reward in campaign.rewards.items()}
        found = [one for where, text in texts.items() for one in await self.read(text, where)]
        return [*found, *_mechanics(campaign)]

    async def read(self, text: str, where: str = "文字") -> list[Finding]:
        """What a text says that must not be said of a campaign."""
        found: list[Finding] = []
        for sentence in sentences(text):
            of_words = self._by_words(sentence, where)
            found += of_words or await self._by_meaning(sentence, where)
        return found

    def _by_words(self, sentence: str, where: str) -> list[Finding]:
        wording = self.wording
        found = [Finding(where, *one) for one in wording.mechanisms(sentence)]
        named = _MAY_BE_NAMED if wording.is_excused(sentence) else ()
        for one in self.lexicon.check(sentence).found:
            is_serious = one.decision in (Decision.REVIEW, Decision.BLOCK)
            if is_serious and one.kind in _WORD_GROUPS and one.kind not in named:
                found.append(Finding(where, "words", one.text, one.kind))
        return found

    async def _by_meaning(self, sentence: str, where: str) -> list[Finding]:
        if not self.wording.may_mean(sentence):
            return []
        sure = (await self.meaning.of(sentence)).get(_FORBIDDEN, 0.0)
        if sure < (SURE if self.wording.has_trace(sentence) else SURE_WITHOUT_TRACE):
            return []
        near = [one.text for one in await self.meaning.like(sentence, 5) if one.classes]
        kind = self.kinds.get(near[0], "meaning") if near else "meaning"
        why = f"意思像“{near[0]}”" if near else "意思像不许的说法"
        return [Finding(where, kind, sentence, why)]


async def build_linter(config: Config, folder: Path | None) -> Linter:
    """What judges campaigns in this deployment; the first time it learns for some seconds.

    Args:
        folder: where vectors and what was learned are kept, ``None`` = nowhere.

    Raises:
        Misconfigured: the words or the examples have a problem.
    """
    examples, problems = examples_in(CAMPAIGN_EXAMPLES, CAMPAIGN_EXAMPLES)
    if problems:
        lines = (f"  · {problem}" for problem in problems)
        raise Misconfigured("\n".join([f"{CAMPAIGN_EXAMPLES}:", *lines]))
    sides = examples.classes.values()
    forbidden = Sides(
        [text for one in sides for text in one.yes], [text for one in sides for text in one.no]
    )
    meaning = Meaning(
        Examples({_FORBIDDEN: forbidden}, examples.ordinary),
        build_embedder(config, folder),
        kept=_KEPT,
        deadline_s=None,
    )
    await meaning.learn(folder)
    kinds = {tidy(text): kind for kind, one in examples.classes.items() for text in one.yes}
    return Linter(build_wording(), build_lexicon(config), meaning, kinds)


def _mechanics(campaign: Campaign) -> list[Finding]:
    found = []
    for tiers in (campaign.tiers, *campaign.arms.values()):
        if tiers[0].invites > 10:
            why = "第一档太高，很少有人够得到"
            found.append(Finding("活动", "threshold", f"{tiers[0].invites} 位", why, blocks=False))
    for key, reward in campaign.rewards.items():
        tier = next((one for one in campaign.tiers if one.reward == key), None)
        if tier and reward.stock is not None and campaign.cap is not None:
            wanted = round(campaign.cap * _EXPECTED_K / tier.invites)
            if reward.stock < wanted:
                what = f"{reward.name} {reward.stock} 份，按 K={_EXPECTED_K} 约要 {wanted} 份"
                found.append(Finding("活动", "stock", what, "可能很快发完", blocks=False))
    if campaign.cap is None and campaign.budget is None:
        why = "没有 cap 也没有 budget，花多少没有上限"
        found.append(Finding("活动", "budget", "不设上限", why, blocks=False))
    if len(campaign.receivers) * ADDS_PER_HOUR < campaign.daily_cap:
        what = f"{len(campaign.receivers)} 位成员"
        why = f"一位邀请人一小时就可能超过每位成员 {ADDS_PER_HOUR} 个添加"
        found.append(Finding("活动", "adds", what, why, blocks=False))
    return found
