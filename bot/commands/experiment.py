"""What do the experiments show so far?"""

import time
from typing import TextIO

import msgspec

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.measuring.experiments import Comparison, Outcome, Verdict, arm_of, judge, planned_people

_GOALS = {"wrote": "说了话", "bought": "付了款", "stayed": "没有删除我们"}
_VERDICTS = {
    Verdict.TOO_FEW: "样本不足，不下结论",
    Verdict.BAD_SPLIT: "分组的人数与份额不符，数字不可信，请先查原因",
    Verdict.NO_DIFFERENCE: "看不出差别",
    Verdict.BETTER: "更好",
    Verdict.WORSE: "更差",
}


def listed(config: Config, out: TextIO) -> int:
    """Print every experiment and how many people it needs."""
    if not config.experiments:
        print("没有试验；写在 config.yaml 的 experiments 里。", file=out)
    for name, one in config.experiments.items():
        planned = planned_people(one.baseline, one.lift, len(one.variants) - 1)
        variants = "、".join(f"{variant}×{weight}" for variant, weight in one.variants.items())
        state = f"已定为 {one.keep}" if one.keep else f"每个版本要 {planned} 人"
        print(f"{name}  {variants}，看 {one.window_days} 天内{_GOALS[one.goal]}，{state}", file=out)
    return 0


async def report(
    config: Config, name: str, out: TextIO, *, as_json: bool = False, now: float | None = None
) -> int:
    """Print one experiment's outcome so far.

    Raises:
        Misconfigured: there is no such experiment.
    """
    experiment = config.experiments.get(name)
    if experiment is None:
        raise Misconfigured(f"experiments 里没有 {name}")
    store = open_store(config)
    try:
        counts = await store.experiments.counts(
            name, experiment.goal, experiment.window_days, time.time() if now is None else now
        )
    finally:
        store.close()
    outcome = judge(
        name,
        experiment.goal,
        experiment.variants,
        [arm_of(one, *counts.get(one, (0, 0, 0))) for one in experiment.variants],
        planned_people(experiment.baseline, experiment.lift, len(experiment.variants) - 1),
    )
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(outcome)).decode(), file=out)
    else:
        _print(outcome, experiment.window_days, out)
    return 0


def _print(outcome: Outcome, window_days: int, out: TextIO) -> None:
    print(
        f"试验 {outcome.name}：{window_days} 天内{_GOALS[outcome.goal]}，"
        f"每个版本要 {outcome.planned} 人才下结论。",
        file=out,
    )
    for arm in outcome.arms:
        reached = arm.reached
        share = (
            f"{reached.share:.1%}（{reached.count}/{reached.of}，"
            f"区间 {reached.low:.1%}–{reached.high:.1%}）"
            if reached.share is not None
            else "还没有人满期"
        )
        waiting = f"，另有 {arm.waiting} 人未满期" if arm.waiting else ""
        print(f"  {arm.name}  {share}{waiting}", file=out)
    for one in outcome.comparisons:
        print(f"  {one.name} 比 {outcome.arms[0].name}：{_said(one)}", file=out)


def _said(one: Comparison) -> str:
    verdict = _VERDICTS[one.verdict]
    if one.difference is None:
        return verdict
    return (
        f"{verdict}（{one.difference * 100:+.1f} 个百分点，区间 {(one.low or 0) * 100:+.1f} 到 "
        f"{(one.high or 0) * 100:+.1f}，p = {one.p:.3f}）"
    )
