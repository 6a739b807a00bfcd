"""How much of what WeCom counted did reach us? Prints it day by day."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TextIO

from bot.app import open_store
from bot.config import Config
from bot.delivery.completeness import WECOM
from bot.policy.alarms import COMPLETE
from bot.store.completeness import DAY_S, MESSAGES, Complete


async def completeness(
    config: Config, days: int, out: TextIO, *, as_json: bool, now: float | None = None
) -> int:
    """Print what WeCom counted and what came, the newest day first."""
    at = time.time() if now is None else now
    store = open_store(config)
    try:
        found = await store.completeness.since(at - (days + 1) * DAY_S)
    finally:
        store.close()
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False), file=out)
        return 0
    for one in found:
        day = f"{datetime.fromtimestamp(one.day, WECOM):%Y-%m-%d}"
        what = f"客户的消息（{one.account}）" if one.source == MESSAGES else "新增好友"
        print(f"{day}  {what}：企业微信记 {one.reported:,}，收到 {one.received:,}", file=out)
    if not found:
        print("还没有企业微信的统计：它每天七点以后才有前一天的。", file=out)
        return 0
    print(_verdict(found), file=out)
    return 0


def _verdict(found: Sequence[Complete]) -> str:
    """More than was counted does not make up for what is missing."""
    reported = sum(one.reported for one in found)
    received = sum(min(one.received, one.reported) for one in found)
    if not reported:
        return "这些天企业微信没有记到什么。"
    share = received / reported
    told = "达到" if share >= COMPLETE else "没有达到"
    return f"收全 {share:.2%}，{told} {COMPLETE:.0%} 的目标。"
