"""What would today's rules make of what was written before? Shown first, then done if wanted."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.commands.consent import operator
from bot.commands.customers import note, opened
from bot.commands.tags_bulk import print_outcomes
from bot.commands.tags_explain import LACKS, rules_of
from bot.config import Config
from bot.errors import Misconfigured
from bot.llm.masking import Masker
from bot.model.consents import Purpose, Standing
from bot.model.tags import TagChange, group_of
from bot.store import Store, TagRuns
from handlers.tagging.again import (
    KEPT_EVENTS,
    Happened,
    difference,
    given_by,
    happened_again,
    meant_again,
)
from handlers.tagging.in_force import TagRules

_DAY_S = 86_400.0
_CUSTOMERS_AT_ONCE = 200
_MESSAGES = 1000
"""Of one customer, the newest."""

EXAMPLES = 3


@dataclass(slots=True)
class Plan:
    """What would change.

    Args:
        customers: who wrote, or became a friend, in the time that is looked at.
        without_consent: how many of the additions fail for that, by rule.
        examples: masked, by rule and whether something is added.
    """

    customers: int = 0
    changes: list[tuple[str, TagChange]] = field(default_factory=list)
    without_consent: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, bool], list[str]] = field(default_factory=lambda: defaultdict(list))


async def apply(
    config: Config,
    days: int,
    out: TextIO,
    *,
    dry_run: bool = False,
    yes: bool = False,
    now: float | None = None,
) -> int:
    """Run the rules over what customers wrote in the last days; `tags undo` takes it back.

    Raises:
        Misconfigured: that is no number of days, or a rule has a problem.
    """
    if days < 1:
        raise Misconfigured("--days 至少是 1")
    at = time.time() if now is None else now
    rules = await rules_of(config, learn=False)
    async with opened(config) as store:
        plan = await _plan(config, store, rules, at - days * _DAY_S, at)
        _print(plan, days, rules, out)
        if dry_run or not plan.changes:
            return 0
        if not yes and not _said_yes(out):
            print("没有写入。", file=out)
            return 1
        runs = TagRuns(store)
        asked = {"days": days, "rules": rules.book.version}
        run = await runs.begin("apply", asked, by=operator(), at=at)
        changes = [(customer, _in_run(change, run)) for customer, change in plan.changes]
        outcomes = await runs.change(changes, at)
        await runs.finish(run, at)
        await note(store, "tags.apply", run, at, why=f"{days} days", result=str(len(changes)))
    print(f"{run}：", file=out)
    print_outcomes(outcomes, out)
    print(f"撤销：concierge tags undo {run}", file=out)
    return 0


async def _plan(config: Config, store: Store, rules: TagRules, since: float, now: float) -> Plan:
    plan, zone = Plan(), ZoneInfo(config.timezone)

    def local_time(moment: float) -> datetime:
        return datetime.fromtimestamp(moment, zone)

    async for customer in _who_came(store, since):
        plan.customers += 1
        messages = await store.transcript.written_by(customer, since, _MESSAGES)
        rows = await store.database.fetch(
            "SELECT open_kfid, channel FROM conversations WHERE external_userid = ?", customer
        )
        channels = {row["open_kfid"]: row["channel"] for row in rows}
        given = {
            **happened_again(await _happened(store, customer, since), rules.book, local_time),
            **await meant_again(messages, rules, local_time),
            **given_by(messages, rules.book, local_time, channels),
        }
        present = await store.tags.of(customer, now)
        found = difference(given, present, messages, config.tagging)
        standings = await store.consents.standings(customer) if found.added else {}
        for rule, _, msgid, text, source in found.added:
            change = TagChange(
                name=rule.tag,
                add=True,
                at=now,
                source=source,
                rule=rule.id,
                version=rule.version,
                msgid=msgid,
            )
            purpose = Purpose(config.tagging.group(group_of(rule.tag)).purpose)
            given_to = standings.get(purpose) is Standing.GIVEN
            permitted = purpose is Purpose.SERVICE or given_to
            _note(plan, customer, change, text, permitted=permitted)
        for one, message in found.removed:
            change = TagChange(
                name=one.name,
                add=False,
                at=now,
                rule=one.rule,
                version=rules.book.version,
                msgid=one.msgid,
            )
            _note(plan, customer, change, message.text, permitted=True)
    return plan


async def _happened(store: Store, customer: str, since: float) -> list[Happened]:
    """What is still known to have happened to a customer."""
    added = await store.database.fetch(
        "SELECT userid, state, at FROM relation_events WHERE external_userid = ?"
        " AND kind = 'added' AND at >= ? ORDER BY at",
        *(customer, since),
    )
    entered = await store.database.fetch(
        "SELECT scene, last_at FROM entrances WHERE external_userid = ? AND last_at >= ?"
        " ORDER BY last_at",
        *(customer, since),
    )
    return [
        *(
            Happened("customer_added", {"userid": r["userid"], "state": r["state"]}, r["at"])
            for r in added
        ),
        *(Happened("session_entered", {"scene": r["scene"]}, r["last_at"]) for r in entered),
    ]


async def _who_came(store: Store, since: float) -> AsyncIterator[str]:
    after = ""
    while rows := await store.database.fetch(
        "SELECT external_userid FROM conversations WHERE customer_wrote_at >= ?1"
        " AND external_userid > ?2 UNION SELECT external_userid FROM relation_events"
        " WHERE kind = 'added' AND at >= ?1 AND external_userid > ?2 ORDER BY 1 LIMIT ?3",
        *(since, after, _CUSTOMERS_AT_ONCE),
    ):
        for row in rows:
            yield row["external_userid"]
        after = rows[-1]["external_userid"]


def _note(plan: Plan, customer: str, change: TagChange, text: str, *, permitted: bool) -> None:
    if not permitted:
        plan.without_consent[change.rule] += 1
        return
    plan.changes.append((customer, change))
    examples = plan.examples[change.rule, change.add]
    if len(examples) < EXAMPLES:
        shown = " ".join(Masker().mask(text).text.split())
        examples.append(shown if len(shown) <= 60 else f"{shown[:60]}…")


def _print(plan: Plan, days: int, rules: TagRules, out: TextIO) -> None:
    counts: Counter[tuple[str, str, bool]] = Counter(
        (change.rule, change.name, change.add) for _, change in plan.changes
    )
    print(f"最近 {days} 天有 {plan.customers} 位客户写过话，或加了好友。", file=out)
    for (rule, name, add), count in counts.most_common():
        print(f"  {'+' if add else '-'}{count:<6} {name}  {rule}", file=out)
        for example in plan.examples[rule, add]:
            print(f"           “{example}”", file=out)
    if not counts:
        print("  没有要改的。", file=out)
    if total := sum(plan.without_consent.values()):
        print(f"  另有 {total} 处规则符合、客户没有同意过，不打。", file=out)
    if rules.book.by_meaning and (lacks := LACKS.get(rules.meaning.lacks)):
        print(f"按意思的规则没有重看：{lacks}。", file=out)
    named = {event.name for rule in rules.book.on_events for event in rule.events}
    if forgotten := sorted(named - KEPT_EVENTS):
        print(f"这些事件没有留下记录，按它们的规则重看不了：{'、'.join(forgotten)}。", file=out)
    print("按意思、按事件打过的只补不去。", file=out)


def _said_yes(out: TextIO) -> bool:
    if not sys.stdin.isatty():
        print("要写入请加 --yes。", file=out)
        return False
    print("写入这些改动吗？[y/N] ", end="", file=out, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _in_run(change: TagChange, run: str) -> TagChange:
    return replace(change, run=run)
