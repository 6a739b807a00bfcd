"""To what has a customer agreed, and how does a member of staff write down what they said?"""

import getpass
import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Conversation, Emitted, Lane
from bot.model.consents import ConsentDecision, Purpose, Standing
from bot.routing.consenting import ENDED, GIVEN
from bot.store import Arrival, Store, Unit
from bot.store.consent_ending import decide_all

PURPOSES = {
    Purpose.PROFILING_TAGS: "打标签、做画像",
    Purpose.MARKETING: "营销消息",
    Purpose.ARCHIVE_ANALYSIS: "分析会话存档",
    Purpose.LOCATION: "位置",
    Purpose.MINOR: "未成年人信息",
    Purpose.SENSITIVE: "其他敏感信息",
}
DECISIONS = {
    "asked": "问过",
    Standing.UNKNOWN: "没有表示",
    Standing.GIVEN: "同意",
    Standing.REFUSED: "拒绝",
    Standing.WITHDRAWN: "撤回",
}


def operator() -> str:
    """Who runs a command, for the record."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a user without a name
        return "command:unknown"


async def show(config: Config, customer: str, out: TextIO) -> int:
    """Print how a customer stands to every purpose, and how it came about."""
    zone = ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        standings = await store.consents.standings(customer)
        history = await store.consents.history(customer)
    finally:
        store.close()
    for purpose, meaning in PURPOSES.items():
        standing = DECISIONS[standings.get(purpose, Standing.UNKNOWN)]
        print(f"{purpose.value:<17} {standing}（{meaning}）", file=out)
    for row, evidence in history:
        when = datetime.fromtimestamp(row["at"], zone).strftime("%Y-%m-%d %H:%M:%S")
        version = f"  告知 {row['notice_version']}" if row["notice_version"] else ""
        what = f"{when}  {row['purpose']}  {DECISIONS[row['decision']]}  {row['channel']}"
        print(f"  {what}  {row['by']}{version}  {evidence}".rstrip(), file=out)
    return 0


async def decide(
    config: Config,
    customer: str,
    purpose: str,
    decision: Standing,
    out: TextIO,
    *,
    evidence: str,
    now: float | None = None,
) -> int:
    """Write down what a customer said to a member of staff; it holds at once.

    Raises:
        Misconfigured: nothing shows it, or nobody knows the customer.
    """
    if not evidence.strip():
        raise Misconfigured("--evidence 写明依据，例如“2026-11-20 电话里同意”")
    at = time.time() if now is None else now
    store = open_store(config)
    try:
        if not await known(store, customer):
            raise Misconfigured(f"没有这位客户：{customer}")
        unit, of = Unit(), Purpose(purpose)
        decided = ConsentDecision(
            purpose=of,
            decision=decision,
            channel="command",
            evidence=evidence.strip(),
            by=operator(),
        )
        await decide_all(store, unit, customer, [decided], at)
        await store.mailbox.deliver(unit, [heard(customer, of, decision, at)], at)
        await store.database.commit(unit)
    finally:
        store.close()
    print(f"已记下：{PURPOSES[of]} {DECISIONS[decision]}。马上生效。", file=out)
    return 0


async def known(store: Store, customer: str) -> bool:
    """Whether anything was ever heard of this customer."""
    return bool(
        await store.database.fetch("SELECT 1 FROM customers WHERE external_userid = ?", customer)
    )


def heard(customer: str, purpose: Purpose, decision: Standing, at: float) -> Arrival:
    """What lets the behaviours know, in the customer's mailbox."""
    event = Emitted(
        name=GIVEN if decision is Standing.GIVEN else ENDED,
        data={"purpose": purpose.value, "decision": decision.value},
        external_userid=customer,
    )
    return Arrival(Conversation("", customer).subject, event, Lane.BACKGROUND, sent_at=at)
