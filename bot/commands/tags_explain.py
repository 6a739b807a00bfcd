"""Which tags would a message give, by which rules, and what speaks against the others?"""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.app import build_embedder, build_tag_rules, vectors_folder
from bot.commands.customers import known_customer, opened
from bot.config import Config
from bot.model.consents import Standing
from bot.model.tags import group_of
from bot.store import Store
from handlers.tagging.circumstances import Around
from handlers.tagging.in_force import TagRules
from handlers.tagging.looking import Looked, Near, Place, look
from handlers.tagging.meant import meant_by
from handlers.tagging.rules import TagRule

MOODS = {
    "wants": "想要",
    "asks": "在问",
    "has": "有了或过去的",
    "refuses": "不要",
    "says": "说到",
    "others": "别人的事",
    "quoted": "转述的话",
}
_WHY = {
    "none": "有排除的词",
    "every": "要同时有的词没有齐",
    "msgtype": "消息类型不符",
    "menu": "菜单项不符",
    "channel": "渠道不符",
    "time": "时间不符",
}
_PURPOSES = {
    "profiling_tags": "打标签",
    "minor": "未成年人信息",
    "marketing": "营销",
    "archive_analysis": "分析会话存档",
    "location": "位置",
    "sensitive": "敏感信息",
}
LACKS = {
    "encoder": "没有编码器，只看说法",
    "examples learned": "例句还没有学，只看说法；服务启动后会学好，现在就学：加 --learn",
}
_DAY_S = 86_400.0


async def explain(
    config: Config,
    text: str,
    out: TextIO,
    *,
    customer: str = "",
    learn: bool = False,
    as_json: bool = False,
) -> int:
    """Print what the rules make of one message.

    Args:
        customer: of whom consent, what people took off and groups are looked at too.
        learn: learn the examples now if that was not done before.

    Raises:
        Misconfigured: a rule has a problem, or nobody knows the customer.
    """
    rules = await rules_of(config, learn=learn)
    around = Around(datetime.now(ZoneInfo(config.timezone)))
    looked = look(text, rules.book, around)
    meant = await meant_by(text, looked, rules, around)
    met = [hit.rule for hit in looked.hits] + [one for one in meant if one.tag not in looked.tags]
    outcomes = await _outcomes(config, customer, met) if customer else {}
    if as_json:
        shown = _as_json(looked, meant, outcomes)
        print(json.dumps(shown, ensure_ascii=False, indent=2), file=out)
        return 0
    print(f"读作：{looked.read}", file=out)
    for line in _told(looked, meant, outcomes, config):
        print(line, file=out)
    if lacks := LACKS.get(rules.meaning.lacks):
        print(f"（{lacks}）", file=out)
    return 0


async def rules_of(config: Config, *, learn: bool) -> TagRules:
    """The rules of this deployment, with what was learned of their examples.

    Args:
        learn: learn them now if that was not done before.

    Raises:
        Misconfigured: a rule has a problem.
    """
    folder = vectors_folder(config)
    rules = build_tag_rules(config.tagging, None)
    if rules.book.by_meaning:
        rules = build_tag_rules(config.tagging, build_embedder(config, folder))
        if learn:
            await rules.meaning.learn(folder)
        elif folder:
            await rules.meaning.recall(folder)
    return rules


async def _outcomes(config: Config, customer: str, met: list[TagRule]) -> dict[str, str]:
    """What would come of each tag for this customer: empty = it would be put on."""
    now = time.time()
    async with opened(config) as store:
        await known_customer(store, customer)
        standings = await store.consents.standings(customer)
        given = {str(one) for one, standing in standings.items() if standing is Standing.GIVEN}
        on = {one.name: one for one in await store.tags.of(customer, now)}
        found = {}
        for rule in met:
            group = config.tagging.group(group_of(rule.tag))
            if group.purpose not in ("service", *given):
                purpose = _PURPOSES.get(group.purpose, group.purpose)
                found[rule.tag] = f"不会打：客户没有同意“{purpose}”"
            elif rule.tag in on:
                found[rule.tag] = "已经有了"
            elif held := await _held(store, config, customer, rule.tag, now):
                found[rule.tag] = held
            else:
                others = [n for n in on if group.exclusive and group_of(n) == group.name]
                found[rule.tag] = f"会打上，替换 {'、'.join(others)}" if others else "会打上"
    return found


async def _held(store: Store, config: Config, customer: str, tag: str, now: float) -> str:
    days = config.tagging.sticky_days
    row = await store.database.fetch_one(
        "SELECT removed_at FROM tag_holds WHERE external_userid = ? AND name = ?"
        " AND removed_at > ?",
        *(customer, tag, now - days * _DAY_S),
    )
    return f"不会打：人去掉过，{days} 天内规则不再打上" if row else ""


def _told(
    looked: Looked, meant: list[TagRule], outcomes: Mapping[str, str], config: Config
) -> Iterator[str]:
    if not looked.hits and not meant:
        yield "不打标签"
    for hit in looked.hits:
        yield f"✓ {hit.rule.tag}{_more(hit.rule)}　{_consent(hit.rule, outcomes, config)}"
        yield f"    规则 {hit.rule.id}（{hit.rule.version}，{hit.rule.title}）"
        for place in hit.evidence:
            yield f"    “{place.said}”：{_mood(place)}"
    for rule in meant:
        yield f"✓ {rule.tag}　{_consent(rule, outcomes, config)}"
        yield f"    规则 {rule.id}（{rule.version}，{rule.title}）：意思像它的例句"
    for near in looked.near:
        yield f"✗ {near.rule.tag}　规则 {near.rule.id}：{_against(near)}"


def _more(rule: TagRule) -> str:
    return f"（{rule.within_s / _DAY_S:g} 天内满 {rule.hits} 次才打）" if rule.hits > 1 else ""


def _consent(rule: TagRule, outcomes: Mapping[str, str], config: Config) -> str:
    if rule.tag in outcomes:
        return outcomes[rule.tag]
    purpose = config.tagging.group(group_of(rule.tag)).purpose
    if purpose == "service":
        return "不必另外同意"
    return f"客户同意过“{_PURPOSES.get(purpose, purpose)}”才打"


def _mood(place: Place) -> str:
    shown = MOODS.get(place.mood, place.mood)
    return f"{shown}（{place.way}：“{place.cue}”）" if place.cue else shown


def _against(near: Near) -> str:
    if near.why == "mood":
        wanted = "、".join(MOODS[one] for one in MOODS if one in near.rule.moods)
        return f"“{near.place.said}”是{_mood(near.place)}，要的是{wanted}"
    if near.place.said:
        return f"{_WHY.get(near.why, near.why)}：“{near.place.said}”"
    return _WHY.get(near.why, near.why)


def _as_json(looked: Looked, meant: list[TagRule], outcomes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "read": looked.read,
        "hits": [
            {
                "tag": hit.rule.tag,
                "rule": hit.rule.id,
                "version": hit.rule.version,
                "evidence": [place._asdict() for place in hit.evidence],
            }
            for hit in looked.hits
        ],
        "meant": [{"tag": r.tag, "rule": r.id, "version": r.version} for r in meant],
        "near": [
            {"tag": n.rule.tag, "rule": n.rule.id, "why": n.why, **n.place._asdict()}
            for n in looked.near
        ],
        "outcomes": dict(outcomes),
    }
