"""How does somebody see what could help a campaign, apply it, and see what it did (D80)?"""

import time
from collections.abc import Iterable
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app.referral import CONFIG, HAND, Edit, put_campaign
from bot.commands.consent import operator
from bot.commands.customers import note, when
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Store, Unit
from handlers.referral import advice, store
from handlers.referral.advice import Advice, Change
from handlers.referral.figures import KFigures

_KINDS = {
    "lower_first": "第一档的门槛减半",
    "two_sided": "给新人也加一份奖励",
    "prolong": "延长 7 天",
}


def print_advice(advised: Iterable[Advice], out: TextIO) -> None:
    """What could help, with what is to be expected of it."""
    for one in advised:
        print(f"建议 {one.id}：{_KINDS[one.kind]}。{_expected(one)}", file=out)
        print(f"  采用：concierge campaign apply {one.id}", file=out)
        print(f"  不用：concierge campaign dismiss {one.id}", file=out)


def _expected(one: Advice) -> str:
    told, expected = [], one.expected
    if expected.at_once:
        told.append(f"有 {expected.at_once} 位邀请人马上达成")
    if expected.cost:
        span = "" if one.kind == "lower_first" else "一周"
        told.append(f"{span}约多花 {expected.cost / 100:.0f} 元")
    if expected.ratio is None:
        told.append("以前没有这样改过，K 会变多少不知道")
    else:
        told.append(f"以前 {expected.precedents} 次这样改，K 变为原来的 {expected.ratio:.2f} 倍")
    return "，".join(told) + "。"


async def apply(config: Config, facts: Store, advice_id: str, out: TextIO) -> int:
    """Change the campaign as advised; who has reached something keeps it.

    Raises:
        Misconfigured: it is not open, or the campaign stands in config.yaml.
    """
    one = await _open(facts, advice_id)
    known = await store.campaign(facts, one.campaign)
    new = advice.changed(known.campaign, one.kind) if known else None
    if known is None or new is None:
        raise Misconfigured(f"活动已经改过，{advice_id} 不适用了")
    if known.origin == CONFIG:
        what = "；".join(
            f"{key} 改为 {after}" for key, _, after in advice.told_changes(known.campaign, new)
        )
        raise Misconfigured(f"{one.campaign} 写在 config.yaml 里，请在那里改：{what}")
    now = time.time()
    applied = advice.decided(one, "applied", operator(), now)
    edit = Edit(HAND, operator(), f"advice:{one.kind}", (applied,))
    await put_campaign(config, facts, new, edit, now)
    await note(facts, "campaign.advice_applied", one.campaign, now, result=one.kind)
    print(
        f"活动 {one.campaign}：{_KINDS[one.kind]}。一周后看 concierge campaign changes "
        f"{one.campaign}。",
        file=out,
    )
    return 0


async def dismiss(facts: Store, advice_id: str, out: TextIO) -> int:
    """Put a suggestion aside; nothing new is suggested for a day.

    Raises:
        Misconfigured: there is no such advice, or it was decided.
    """
    one, now = await _open(facts, advice_id), time.time()
    await facts.database.commit(Unit([advice.decided(one, "dismissed", operator(), now)]))
    await note(facts, "campaign.advice_dismissed", one.campaign, now, result=one.kind)
    print("记下了，不采用。", file=out)
    return 0


async def changes(config: Config, facts: Store, campaign: str, out: TextIO) -> int:
    """Every edit of a campaign, the newest first, with K of the week before and after."""
    found = await advice.changes(facts, campaign, now=time.time())
    for one in found:
        _print(one, ZoneInfo(config.timezone), out)
    if not found:
        print("还没有改过。", file=out)
    return 0


def _print(one: Change, zone: ZoneInfo, out: TextIO) -> None:
    why = f"（{one.why}）" if one.why else ""
    print(f"{when(one.at, zone)}  {one.by}{why}", file=out)
    for key, before, after in advice.told_changes(one.before, one.after):
        print(f"  {key}：{before} → {after}", file=out)
    effect = "" if one.ratio is None else f"，是原来的 {one.ratio:.2f} 倍"
    print(f"  K（前后各 7 天）：{_k(one.before_k)} → {_k(one.after_k)}{effect}", file=out)


def _k(k: KFigures) -> str:
    if k.gross is None:
        return "—"
    return f"{k.gross:.2f}" + ("" if k.says_something else f"（只有 {k.inviters} 位邀请人）")


async def _open(facts: Store, advice_id: str) -> Advice:
    one = await advice.advice(facts, advice_id)
    if one is None or one.standing != "open":
        raise Misconfigured(f"没有待定的建议 {advice_id}，concierge campaign stats 列出")
    return one
