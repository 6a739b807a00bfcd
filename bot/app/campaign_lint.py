"""May a campaign be run at all? Wording and mechanics that WeChat and the law forbid (R-3.5.7).

Pure. What it blocks is blocked until somebody of legal says otherwise, by name.
"""

import re
from dataclasses import dataclass

from bot.config import Campaign
from bot.policy.lexicon import Decision, Lexicon

SANCTION = (
    "诱导分享违反《微信外部链接内容管理规范》：轻则停止传播，重则永久封禁域名、IP 和账号；"
    "企业微信被投诉骚扰会限制加好友。"
)
"""What the operator reads when something blocks."""

ADDS_PER_HOUR = 40
"""Adds of a young account in an hour before it is restricted; passive ones are 60 a minute."""

_EXPECTED_K = 0.3

_WITHIN, _CLAUSE = r"[^。！？；\n]", r"[^，。！？；\n]"
_GOOD_THINGS = (
    r"(送|领|可得|即得|获得|能得|得\s*\d|返|赢|有奖|得奖|领奖|奖励|抽|免费|解锁|机会|资格|优惠|券|积分|红包"
    r"|概率|几率|中奖|礼品|礼包|拿)"
)
_SHARING = re.compile(
    rf"(转发|分享|扩散|群发|转一转|转给|发(到|至)?(朋友圈|{_CLAUSE}{{0,4}}群)|晒)"
    rf"{_WITHIN}{{0,16}}{_GOOD_THINGS}"
    rf"|(才能|才可|才会|方可|就能|即可|就送|可得|可领|必须|(?<!无)(?<!不)需要?)"
    rf"{_CLAUSE}{{0,6}}(转发|分享|集赞|点赞)"
    rf"|(转发|分享)后?(才|方|后)"
    rf"|朋友圈{_CLAUSE}{{0,10}}(截图|集|满|点赞)|(凭|截图){_CLAUSE}{{0,8}}(朋友圈|转发|分享|集赞)"
    rf"|(先|一键|关注并)(转发|分享)"
)
_HELPING = re.compile(
    rf"(帮|求|找|喊|让){_CLAUSE}{{0,6}}(砍|助力|加速|点赞|投票|要卡)|砍价|砍到|砍一刀"
    rf"|(助力|加速){_CLAUSE}{{0,4}}(满|成功|得|领|免单|包|券)"
    r"|集(齐|满|够)?\s*\d*\s*[个张]?(赞|卡|助力)|攒赞"
)
_CHAIN = re.compile(
    rf"不转(不是|死|后悔|就|倒霉)|转(给|发)\s*\d+\s*[个位]?(群|人|好友)|转满\s*\d"
    rf"|是.{{1,5}}就{_CLAUSE}{{0,4}}转|必须转|接力转"
)
_LEVELS = re.compile(
    rf"[二三两多]级(分销|返利|佣金|提成)|(下级|下线){_WITHIN}{{0,12}}(提成|佣金|奖励|返|收益)"
    rf"|团队{_CLAUSE}{{0,2}}(计酬|提成|佣金)|入门费|拉人头|躺赚|人头费|升级代理|层层{_CLAUSE}{{0,3}}(收益|返|奖)"
    rf"|(好友|下线)的(好友|下线){_WITHIN}{{0,10}}(佣金|奖励|返)"
)
_LUCK = re.compile(
    rf"(分享|转发|邀请|邀){_WITHIN}{{0,12}}(抽奖机会|抽奖次数|中奖(率|概率|几率)|概率|几率|多抽|加抽|再抽)"
    rf"|(点赞|转发|评论){_CLAUSE}{{0,8}}抽奖"
)
_CHECK_IN = re.compile(
    rf"(签到|打卡){_CLAUSE}{{0,10}}(分享|转发|朋友圈|晒)|(分享|转发){_CLAUSE}{{0,4}}(签到|打卡)"
)
_MONEY = re.compile(r"年化|日息|月息|稳赚|保本|零风险")
_DENIED = re.compile(r"(不(?!转)|无需|不用|不必|请勿|切勿|禁止|严禁|别)[^，。！？；\n]{0,12}$")

_PATTERNS = (
    ("sharing", _SHARING, "以分享、转发为条件给好处"),
    ("helping", _HELPING, "助力、砍价、集赞、加速"),
    ("chain", _CHAIN, "强迫、胁迫式转发"),
    ("levels", _LEVELS, "多级分销、拉人头"),
    ("luck", _LUCK, "分享换抽奖机会或更高中奖率"),
    ("check_in", _CHECK_IN, "打卡、签到要求分享"),
    ("money", _MONEY, "承诺收益"),
)
_WORD_GROUPS = (
    "绝对化用语",
    "医疗功效",
    "金融承诺",
    "刷单与好评",
    "诱导分享",
    "索要与私下交易",
    "辱骂",
)


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


def check(campaign: Campaign, lexicon: Lexicon) -> list[Finding]:
    """Everything that speaks against a campaign, the wording first."""
    texts = {"名称": campaign.name, "规则": campaign.rules, "告知": campaign.consent}
    texts |= {f"奖励 {key}": reward.name for key, reward in campaign.rewards.items()}
    found = [one for where, text in texts.items() for one in wording(text, lexicon, where)]
    return [*found, *_mechanics(campaign)]


def wording(text: str, lexicon: Lexicon, where: str = "文字") -> list[Finding]:
    """What a text says that must not be said of a campaign."""
    found = []
    for kind, pattern, why in _PATTERNS:
        for match in pattern.finditer(text):
            if not _DENIED.search(text[: match.start()]):
                found.append(Finding(where, kind, match.group(), why))
                break
    for one in lexicon.check(text).found:
        serious = one.decision in (Decision.REVIEW, Decision.BLOCK)
        if serious and one.kind in _WORD_GROUPS:
            found.append(Finding(where, "words", one.text, one.kind))
    return found


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
