"""Does this message need a person, and why? What the rules decide, put into words."""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

from bot.app import build_embedder, build_meaning, build_rules, vectors_folder
from bot.config import MISSED, Config, Escalation
from handlers.escalation.meant import SURE, agreed, is_readable
from handlers.escalation.rules import WEAK, Deadline, Near, Rules, Wanted, decide, weigh
from knowledge.meaning import Like, Meaning

_LEVELS = {2: "一线同事（L2）", 3: "专家（L3）"}
_DEADLINES = {
    "first_response": "首次人工回复",
    "start": "启动处理",
    "report": "初步报告",
    "plan": "整改方案",
}
_MISSED = "连续没有找到答案"
_WEAK = "只有一个弱的迹象，也没有强调"
_MOST_NEAR = 5
_LIKELY = 0.05  # a class less probable is not worth a line
_LIKE = 3  # examples
_LACKS = {
    "off": "没有开（escalation.meaning: false），只看说法",
    "encoder": "没有编码器，只看说法",
    "examples learned": "例句还没有学，只看说法；服务启动后约三分钟学好，现在就学：加 --learn",
}
_SPANS = ((86_400, "天"), (3600, "小时"), (60, "分钟"), (1, "秒"))


class _Meant(NamedTuple):
    """What a message means: class → probability, the examples nearest, and why not."""

    probabilities: Mapping[str, float]
    like: Sequence[Like]
    lacks: str


def explain(
    config: Config,
    text: str,
    out: TextIO,
    *,
    misses: int,
    tags: Collection[str],
    learn: bool,
    as_json: bool,
) -> int:
    """Print the decision on one message.

    Args:
        learn: learn the examples now if that was not done before.

    Raises:
        Misconfigured: the words or the examples have a problem.
    """
    rules = build_rules(config.escalation)
    meant = asyncio.run(_meant(config, text, learn=learn))
    weighed = weigh(text, rules)
    understood = agreed(weighed, meant.probabilities, text, rules)
    wanted = decide(understood, rules, misses=misses, tags=tags)
    if as_json:
        shown = {
            "wanted": _wanted(wanted),
            "near": [one._asdict() for one in weighed.near],
            "meant": {name: round(p, 4) for name, p in _likely(meant)},
            "like": [one._asdict() for one in meant.like],
            "meaning_lacks": meant.lacks,
        }
        print(json.dumps(shown, ensure_ascii=False, indent=2), file=out)
        return 0
    names = _names(rules)
    is_said = wanted is not None and wanted.reason in weighed.hits
    print("\n".join(_told(wanted, names, is_said) if wanted else ["不转人工"]), file=out)
    for near in weighed.near[:_MOST_NEAR]:
        print(f"  差一点：{_near(near, names)}", file=out)
    print("\n".join(_understood(meant, names)), file=out)
    return 0


async def _meant(config: Config, text: str, *, learn: bool) -> _Meant:
    folder = vectors_folder(config)
    embedder = build_embedder(config, folder) if config.escalation.meaning else None
    meaning: Meaning = build_meaning(config.escalation, embedder)
    if learn:
        await meaning.learn(folder)
    elif folder:
        await meaning.recall(folder)
    if meaning.lacks or not is_readable(text):
        return _Meant({}, (), meaning.lacks)
    return _Meant(await meaning.of(text), await meaning.like(text, _LIKE), "")


def _likely(meant: _Meant) -> list[tuple[str, float]]:
    found = sorted(meant.probabilities.items(), key=lambda one: -one[1])
    return [(name, p) for name, p in found if p >= _LIKELY]


def _understood(meant: _Meant, names: dict[str, str]) -> Iterator[str]:
    if meant.lacks:
        yield f"  按意思：{_LACKS[meant.lacks]}"
        return
    likely = "，".join(f"{names[name]} {p:.2f}" for name, p in _likely(meant))
    yield f"  按意思：{likely or '哪一类都不像'}（{SURE:g} 起算）"
    for one in meant.like:
        of = "、".join(names[name] for name in one.classes) or "不转"
        yield f"    像例句：“{one.text}”（{of}）"


def classes(settings: Escalation, out: TextIO, *, as_json: bool) -> int:
    """Print every class with its level and deadlines, graver first.

    Raises:
        Misconfigured: the words have a problem.
    """
    rules = build_rules(settings)
    names = _names(rules)
    order = sorted(rules.standings, key=lambda one: (-rules.standings[one].priority, one))
    if as_json:
        rows = [{"class": one, "name": names[one], **_standing(rules, one)} for one in order]
        print(json.dumps(rows, ensure_ascii=False, indent=2), file=out)
        return 0
    for one in order:
        standing = rules.standings[one]
        state = _LEVELS[standing.level] if standing.enabled else "不看（enabled: false）"
        parts = [f"{one}（{names[one]}）", state, f"先后 {standing.priority}"]
        if standing.enabled and standing.deadlines:
            parts.append(_deadlines(standing.deadlines))
        if standing.skill:
            parts.append(f"技能 {standing.skill}")
        print(" · ".join(parts), file=out)
    return 0


def _told(wanted: Wanted, names: dict[str, str], is_said: bool) -> Iterator[str]:
    yield f"转人工：{names[wanted.reason]}（{wanted.reason}）"
    core = "，核心客户排在最前" if wanted.core else ""
    yield f"  找谁：{_LEVELS[wanted.level]}{core}；先后 {wanted.priority}"
    if wanted.evidence:
        by = "" if is_said else "（按意思）"
        yield f"  因为：{'、'.join(f'“{said}”' for said in wanted.evidence)}{by}"
    if wanted.deadlines:
        yield f"  时限：{_deadlines(wanted.deadlines)}"
    if wanted.skill:
        yield f"  技能：{wanted.skill}"
    if wanted.also:
        yield f"  同时：{'、'.join(f'{names[one]}（{one}）' for one in wanted.also)}"


def _near(near: Near, names: dict[str, str]) -> str:
    against = _WEAK if near.against == WEAK else f"语气是“{near.against}”，不算"
    return f"{names[near.reason]}，“{near.evidence}”：{against}"


def _wanted(wanted: Wanted | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    return {
        "reason": wanted.reason,
        "level": wanted.level,
        "evidence": wanted.evidence,
        "priority": wanted.priority,
        "deadlines": dict(wanted.deadlines),
        "skill": wanted.skill,
        "care": wanted.care,
        "also": wanted.also,
        "core": wanted.core,
    }


def _standing(rules: Rules, name: str) -> dict[str, Any]:
    standing = rules.standings[name]
    return {
        "enabled": standing.enabled,
        "level": standing.level,
        "priority": standing.priority,
        "deadlines": dict(standing.deadlines),
        "skill": standing.skill,
    }


def _names(rules: Rules) -> dict[str, str]:
    return {MISSED: _MISSED, **{one.id: one.name for one in rules.classes}}


def _deadlines(deadlines: tuple[Deadline, ...]) -> str:
    return "，".join(f"{_DEADLINES[one.name]} {_span(one.seconds)}" for one in deadlines)


def _span(seconds: int) -> str:
    """The longest unit that fits: 2 小时, 90 分钟."""
    unit, word = next((unit, word) for unit, word in _SPANS if seconds % unit == 0)
    return f"{seconds // unit} {word}"
