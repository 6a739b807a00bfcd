"""What did customers say when they were asked how it was? Read from the table of ratings."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from handlers.satisfaction import store as satisfaction
from handlers.satisfaction.rules import NONE
from handlers.satisfaction.store import Rating

_DAY_S = 86_400
_WHY_NOT = {
    "off": "配置里关了",
    "silenced": "静音、拉黑或机器人不出声",
    "nobody_served": "要了人工但没有人接待",
    "no_code": "没有结束码",
    "code_too_late": "来不及用结束码",
    "not_solved": "机器人答的，客户没有说解决了",
    "busy": "客户在问别的，或人工在接待",
    "too_late": "客户已经离开",
    "no_room": "消息条数紧张",
    "asked_lately": "不久前刚请过",
    "code_unsent": "没能发出（结束码）",
    "message_unsent": "没能发出（消息）",
}


async def ratings(
    config: Config, days: int, out: TextIO, *, as_json: bool = False, now: float | None = None
) -> int:
    """Print what customers rated in the last days, newest first, and why others were not asked.

    Raises:
        Misconfigured: that is no number of days.
    """
    if days < 1:
        raise Misconfigured("--days 至少是 1")
    since = (time.time() if now is None else now) - days * _DAY_S
    store = open_store(config)
    try:
        found = await satisfaction.since(store, since)
        accounts = await store.accounts.all()
    finally:
        store.close()
    names = {account.open_kfid: account.name for account in accounts if account.name}
    if as_json:
        told = [_told(one, names) for one in found]
        print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
    else:
        _print(found, names, days, ZoneInfo(config.timezone), out)
    return 0


def _told(one: Rating, names: dict[str, str]) -> dict[str, Any]:
    """One row as JSON-able data."""
    where = one.conversation
    return {
        "case_id": one.case_id,
        "account": names.get(where.open_kfid, ""),
        "open_kfid": where.open_kfid,
        "external_userid": where.external_userid,
        "asked_at": one.asked_at,
        "asked_how": one.asked_how,
        "why_not": one.why_not,
        "score": one.score,
        "rated_at": one.rated_at,
        "reason": one.reason,
        "followed_up_at": one.followed_up_at,
    }


def _print(
    found: Sequence[Rating], names: dict[str, str], days: int, zone: ZoneInfo, out: TextIO
) -> None:
    if not found:
        print(f"最近 {days} 天没有结束的咨询。", file=out)
        return
    rated = [one for one in found if one.score is not None]
    for one in rated:
        _print_one(one, names, zone, out)
    asked = sum(one.asked_how != NONE for one in found)
    scores = [one.score for one in rated if one.score is not None]
    mean = f"，平均 {sum(scores) / len(scores):.1f} 分" if scores else ""
    print(
        f"最近 {days} 天结束 {len(found)} 次咨询，请了 {asked} 次，评了 {len(rated)} 次{mean}。",
        file=out,
    )
    why_not = Counter(one.why_not for one in found if one.asked_how == NONE)
    for reason, count in why_not.most_common():
        print(f"  · 没有请：{_WHY_NOT.get(reason, reason)}，{count} 次", file=out)


def _print_one(one: Rating, names: dict[str, str], zone: ZoneInfo, out: TextIO) -> None:
    when = datetime.fromtimestamp(one.rated_at or one.asked_at, zone).strftime("%Y-%m-%d %H:%M")
    open_kfid = one.conversation.open_kfid
    followed = "  已请专家跟进" if one.followed_up_at is not None else ""
    print(
        f"{one.score} 分  {when}  {one.case_id}  {names.get(open_kfid, open_kfid)}{followed}",
        file=out,
    )
    if one.reason:
        print("      原因：" + " ".join(one.reason.split()), file=out)
