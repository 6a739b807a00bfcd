"""Whom did we write to unasked, and whom not, and why? The figures of one budget (R-10.2, D53)."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import msgspec

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.measuring.statistics import share_of
from bot.model.outreach import Reach
from bot.policy.outreach import Refused
from bot.store.database import Row

_DAY_S = 86_400
LEAVE_ALARM = 0.05
"""Share of friends who leave in 30 days from which on it is no accident (R-10.2)."""

REACHES = {
    Reach.PLANNED: "计划中",
    Reach.BLOCKED: "没有发",
    Reach.CREATED: "任务已建，等同事发",
    Reach.CONFIRMED: "同事发了",
    Reach.DELIVERED: "企业微信已发出",
    Reach.IMPOSSIBLE: "发不了",
}
_WHY = {
    Refused.QUIET: "免打扰时段",
    Refused.COOL_DOWN: "连续几次促销没有理会，正在歇",
    Refused.DAY: "24 小时的次数用完",
    Refused.WEEK: "7 天的次数用完",
    Refused.MONTH: "30 天的次数用完",
    Refused.PROMO_SHARE: "促销占比到顶",
}


async def outreach(
    config: Config, days: int, out: TextIO, *, as_json: bool = False, now: float | None = None
) -> int:
    """Print what reached out in the last days and what was refused.

    Raises:
        Misconfigured: that is no number of days.
    """
    if days < 1:
        raise Misconfigured("--days 至少是 1")
    now = time.time() if now is None else now
    store = open_store(config)
    try:
        rows = await store.outreach.summary(now - days * _DAY_S)
        sends = await store.mass_sends.summary(now - days * _DAY_S)
        gone, friends = await store.outreach.left(now - 30 * _DAY_S)
    finally:
        store.close()
    made, promo, refused = Counter[str](), 0, Counter[tuple[str, str]]()
    for row in rows:
        if row["refused"]:
            refused[row["feature"], row["refused"]] += row["n"]
        else:
            made[row["feature"]] += row["n"]
            promo += row["n"] if row["promo"] else 0
    left = share_of(gone, friends)
    if as_json:
        told: dict[str, Any] = {
            "days": days,
            "made": dict(made),
            "promo": promo,
            "refused": [
                {"feature": feature, "why": why, "n": n} for (feature, why), n in refused.items()
            ],
            "mass_sends": [dict(row) for row in sends],
            "left_30_days": left,
            "leave_alarm": LEAVE_ALARM,
        }
        print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
        return 0
    for line in (*_touches(days, made, promo, refused), *_mass_sends(sends)):
        print(line, file=out)
    if left.share is not None:
        alarm = "，超过警戒线 5%，请减少打扰" if left.share > LEAVE_ALARM else ""
        print(
            f"30 天内删除我们的好友：{gone}/{friends}（{left.share:.1%}，"
            f"区间 {left.low:.1%}–{left.high:.1%}）{alarm}。",
            file=out,
        )
    return 0


def _touches(
    days: int, made: Counter[str], promo: int, refused: Counter[tuple[str, str]]
) -> Iterator[str]:
    """What reached out, and what was refused and why."""
    total = sum(made.values())
    if not made and not refused:
        yield f"最近 {days} 天没有触达过谁。"
    else:
        share = f"，促销占 {promo / total:.0%}" if total else ""
        yield f"最近 {days} 天触达 {total} 次{share}。"
    for feature, n in made.most_common():
        yield f"  {feature}  {n} 次"
    for (feature, why), n in refused.most_common():
        yield f"  · 没有发：{feature}，{_WHY.get(Refused(why), why)}，{n} 次"


def _mass_sends(rows: Sequence[Row]) -> Iterator[str]:
    """How far mass-send tasks are: how many of those that members were asked to send they did."""
    counts = Counter[Reach]()
    for row in rows:
        counts[Reach(row["state"])] += row["n"]
    if not counts:
        return
    told = "，".join(f"{text} {counts[one]}" for one, text in REACHES.items() if counts[one])
    yield f"群发任务 {counts.total()} 个：{told}。"
    for row in rows:
        if row["why"]:
            how_far = REACHES[Reach(row["state"])]
            yield f"  · {how_far}：{row['feature']}，{row['why']}，{row['n']} 个"
