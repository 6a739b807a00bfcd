"""What can be promised of the answers, and what share of the questions could be answered?"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import build_gate, build_library, gate_file, preview, vectors_folder
from bot.config import Config
from knowledge import Audience
from knowledge.entries import Variant
from knowledge.fitting import (
    TARGETS,
    Case,
    Judged,
    can_be_fitted,
    cross_judged,
    fit,
    gate_judged,
    judged_as,
    promised,
)
from knowledge.gate import Gate
from knowledge.retriever import Retriever
from knowledge.trial import collect, read_queries

_BASES: dict[Variant, str] = {
    "full": "按字词、含义和答案",
    "questions": "按字词和含义（条目没有答案）",
    "lexical": "只按字词",
    "full+read": "按字词、含义、答案和通读",
    "questions+read": "按字词、含义（条目没有答案）和通读",
}
_STEPS = 10


async def train(
    config: Config, queries: Path, open_kfid: str, out: TextIO, *, to: Path | None = None
) -> int:
    """Fit the gate to labelled questions of this deployment and keep it beside the database.

    Args:
        queries: labelled questions, as for `faq eval`.
        to: another file to write.

    Raises:
        BadSetError: the questions cannot be read.
        TooFewError: there are too few of them.
        Misconfigured: there is no place to keep it.
    """
    file = to or gate_file(config)
    cases, base = await _cases(config, queries, open_kfid)
    gate = fit(cases, start=build_gate(config), encoder=base.encoder, reader=base.reader)
    file.parent.mkdir(parents=True, exist_ok=True)
    _print(cases, config.knowledge.target_error, out, gate, fitted=True)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(gate)) + b"\n")
    fresh.replace(file)
    print(f"\n已按 {gate.fitted_on} 个问题重定，写入 {file}；重启服务后生效。", file=out)
    print("想回到出厂的门槛，删掉这个文件再重启。", file=out)
    return 0


async def report(config: Config, queries: Path, open_kfid: str, out: TextIO) -> int:
    """Print what the gate in use would do with labelled questions, by the error accepted.

    Raises:
        BadSetError: the questions cannot be read.
    """
    cases, _ = await _cases(config, queries, open_kfid)
    _print(cases, config.knowledge.target_error, out, build_gate(config))
    return 0


async def _cases(config: Config, queries: Path, open_kfid: str) -> tuple[list[Case], Retriever]:
    async with preview(config) as contents:
        library = await build_library(config, contents, vectors_folder(config))
    base = library.of(open_kfid)
    try:
        labels = read_queries(queries, {entry.id for entry in base.entries})
        print(f"正在准备 {len(base.entries)} 条知识的向量……", file=sys.stderr)
        await base.warm()
        print(f"正在问 {len(labels)} 个问题……", file=sys.stderr)
        today = datetime.now(ZoneInfo(config.timezone)).date()
        audience = Audience(today=today, open_kfid=open_kfid)
        return await collect(base, labels, audience, "own"), base
    finally:
        library.close()


def _print(
    cases: Sequence[Case], target: float, out: TextIO, gate: Gate, *, fitted: bool = False
) -> None:
    """Print the dial and the curve of every kind of evidence.

    Args:
        fitted: the gate was fitted to these cases; each is then judged by a fit without it.
    """
    for variant, name in _BASES.items():
        mine = [case for case in cases if case.variant == variant]
        if not mine:
            continue
        print(f"{name}判断的 {len(mine)} 个问题（逐字问到条目原话的不算在内）", file=out)
        if fitted and can_be_fitted(mine):
            judged = cross_judged(mine, variant)
        else:
            judged = [gate_judged(case, gate) for case in mine]
        as_if = judged_as(variant, mine[0].reader, gate)
        bands = {p: gate.thresholds(as_if, p / 100).answer for p in TARGETS}
        lines = [*_dial(judged, bands, target), "  把握最大的先答，答到这个份额时错了多少："]
        print("\n".join([*lines, *_curve(judged)]), file=out)


def _dial(judged: Sequence[Judged], bands: dict[int, float], target: float) -> list[str]:
    lines = ["  允许答错   门槛    系统能直接回答        其中答错   可以承诺（95% 把握）"]
    for percent, at in bands.items():
        answered, wrong, error = promised(judged, at)
        share = answered / len(judged)
        here = "  ← 现在的设定" if abs(percent / 100 - target) < 1e-9 else ""
        promise = f"错误不超过 {error:.1%}" if answered else "说不上"
        lines.append(
            f"  {percent:>4} %   {at:.3f}   {share:6.1%}（{answered}/{len(judged)}）"
            f"   {wrong:>4}      {promise}{here}"
        )
    return lines


def _curve(judged: Sequence[Judged]) -> list[str]:
    order = sorted(judged, key=lambda one: -one.p)
    lines = []
    for step in range(1, _STEPS + 1):
        part = order[: max(1, len(order) * step // _STEPS)]
        wrong = sum(not one.right for one in part) / len(part)
        lines.append(f"    {step / _STEPS:4.0%}  答错 {wrong:5.1%}  {'▇' * round(wrong * 40)}")
    return lines
