"""What do the oracle's cases add up to? The figures of docs/measuring-721.md, computed anew."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.week.oracle import DAY, Story

KINDS = ("L1", "L2", "L3", "unserved", "reopened")
TARGETS = {"L1": 0.7, "L2": 0.2, "L3": 0.1}
Hours = Callable[[float, float], float]


def figures(
    stories: Sequence[Story],
    since: float,
    until: float,
    now: float,
    *,
    levels: Mapping[str, int],
    hours: Hours,
    minimum: int,
) -> dict[str, Any]:
    """Every figure, shaped as the product's JSON."""
    told = [s for s in stories if s.closed_at is not None and since <= s.closed_at < until]
    kinds = {id(story): story.kind(levels) for story in told}
    n = len(told)
    count = Counter(kinds.values())
    resolved = [story for story in told if _is_resolved(story, kinds[id(story)])]
    waiting = [s for s in told if s.waits_from is not None]
    wanted = [s for s in told if s.wanted_first]
    any_waits = [(s.waits_from or 0.0, s.first_answer_at) for s in waiting]
    human_waits = [(s.wanted_at or 0.0, s.first_human_at or math.inf) for s in wanted]
    return {
        "n": n,
        "settling": sum(
            kinds[id(s)] == "L1" and now - (s.closed_at or 0.0) < 2 * DAY for s in told
        ),
        "classes": [_class(kind, count[kind], n, minimum) for kind in KINDS],
        "reopen_rate": share(count["reopened"], count["reopened"] + count["L1"]),
        "substitution": share(sum(kinds[id(s)] == "L1" for s in resolved), n),
        "frt_any": _waits([end - begin for begin, end in any_waits]),
        "frt_any_hours": _waits([_open_hours(hours, *wait) for wait in any_waits]),
        "frt_human": _waits([end - begin for begin, end in human_waits]),
        "frt_human_hours": _waits([_open_hours(hours, *wait) for wait in human_waits]),
        "work": _work(told, levels),
        "resolution": share(len(resolved), n),
        "satisfaction": _satisfaction(told),
        "accounts": _parts("open_kfid", told, kinds, lambda story: story.who[0], by_size=False),
        "reasons": _parts("reason", told, kinds, lambda story: story.reason, by_size=True),
    }


def share(count: int, of: int) -> dict[str, Any]:
    """A share with Wilson's interval: where the found share lies 1.96 standard errors away."""
    if not of:
        return {"count": count, "of": of, "share": None, "low": None, "high": None}
    z2, p = 1.959964**2, count / of
    # roots of (of + z2) x² - (2 of p + z2) x + of p² = 0
    a, b, c = of + z2, -(2 * of * p + z2), of * p * p
    root = math.sqrt(b * b - 4 * a * c)
    return {
        "count": count,
        "of": of,
        "share": p,
        "low": (-b - root) / (2 * a),
        "high": (-b + root) / (2 * a),
    }


def _class(kind: str, count: int, n: int, minimum: int) -> dict[str, Any]:
    target, verdict = TARGETS.get(kind), ""
    if target is not None:
        away = abs(count - target * n)
        verdict = "too_few" if n < minimum else "met" if away <= 0.05 * n + 1e-6 else "off"
    return {"kind": kind, "share": share(count, n), "target": target, "verdict": verdict}


def _is_resolved(story: Story, kind: str) -> bool:
    if kind == "unserved" or story.score in (1, 2):
        return False
    return story.solved or not story.came_back


def _open_hours(hours: Hours, begin: float, end: float) -> float:
    return end if math.isinf(end) else hours(begin, end)


def _waits(values: list[float]) -> dict[str, Any]:
    values.sort()
    return {
        "n": len(values),
        "never": sum(math.isinf(value) for value in values),
        "p50": _quantile(values, 50),
        "p90": _quantile(values, 90),
        "quick": share(sum(value <= 30 for value in values), len(values)),
    }


def _quantile(values: list[float], percent: int) -> float | None:
    if not values:
        return None
    value = values[-(-percent * len(values) // 100) - 1]
    return None if math.isinf(value) else value


def _work(told: Sequence[Story], levels: Mapping[str, int]) -> list[dict[str, Any]]:
    spent = {2: 0.0, 3: 0.0}
    for story in told:
        for level, seconds in story.worked(levels).items():
            spent[level] += seconds
    whole = sum(spent.values())
    return [
        {"level": level, "minutes": seconds / 60, "share": seconds / whole if whole else None}
        for level, seconds in spent.items()
    ]


def _satisfaction(told: Sequence[Story]) -> dict[str, Any]:
    invited = sum(story.invited_at is not None for story in told)
    scores = [story.score for story in told if story.score is not None]
    return {
        "invited": invited,
        "rated": len(scores),
        "mean": sum(scores) / len(scores) if scores else None,
        "top2": share(sum(score >= 4 for score in scores), len(scores)),
        "response": share(len(scores), invited),
        "follow_ups": sum(score <= 2 for score in scores),
    }


def _parts(
    name: str,
    told: Sequence[Story],
    kinds: Mapping[int, str],
    key: Callable[[Story], str],
    *,
    by_size: bool,
) -> list[dict[str, Any]]:
    found: dict[str, Counter[str]] = {}
    for story in told:
        if part := key(story):
            found.setdefault(part, Counter())[kinds[id(story)]] += 1
    parts = [
        {name: part, "n": count.total(), "kinds": {kind: count[kind] for kind in KINDS}}
        for part, count in sorted(found.items())
    ]
    return sorted(parts, key=lambda part: -part["n"]) if by_size else parts
