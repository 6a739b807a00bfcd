"""What can be promised of the answers, and what share of the questions could be answered?"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import build_library, gate_file
from bot.config import Config
from knowledge import Audience, Retriever
from knowledge.fitting import TARGETS, Case, Judged, cross_judged, fit, promised
from knowledge.gate import Gate, Variant
from knowledge.trial import collect, read_queries

_BASES: dict[Variant, str] = {
    "full": "字词、含义与答案",
    "questions": "字词与含义（条目没有答案）",
    "lexical": "只按字词",
}
_BARS = 30


async def train(
    config: Config, queries: Path, open_kfid: str, out: TextIO, *, to: Path | None = None
) -> int:
    """Fit the gate to this deployment's own labelled questions and keep it beside the database.

    Args:
        queries: labelled questions, as for `faq eval`.
        to: another file to write.

    Raises:
        BadSetError: the questions cannot be read.
        TooFewError: there are too few of them.
    """
    base, cases = await _cases(config, queries, open_kfid)
    gate = fit(cases, start=base.gate)
    file = to or gate_file(config)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(gate)) + b"\n")
    print(f"已按 {gate.fitted_on} 个问题训练，写入 {file}；重启服务后生效。", file=out)
    _print(cases, config.knowledge.target_error, out)
    return 0


async def report(config: Config, queries: Path, open_kfid: str, out: TextIO) -> int:
    """Print the risk-coverage curve of labelled questions under the gate in use."""
    base, cases = await _cases(config, queries, open_kfid)
    _print(cases, config.knowledge.target_error, out, base.gate)
    return 0


async def _cases(config: Config, queries: Path, open_kfid: str) -> tuple[Retriever, list[Case]]:
    cache = config.storage.sqlite_path.parent / "vectors" if config.storage.sqlite_path else None
    library = build_library(config, cache)
    base = library.of(open_kfid)
    try:
        labels = read_queries(queries, {entry.id for entry in base.entries})
        print(f"正在准备 {len(base.entries)} 条知识的向量……", file=sys.stderr)
        await base.warm()
        print(f"正在问 {len(labels)} 个问题……", file=sys.stderr)
        today = datetime.now(ZoneInfo(config.timezone)).date()
        audience = Audience(today=today, open_kfid=open_kfid)
        return base, await collect(base, labels, audience, "own")
    finally:
        library.close()


def _print(
    cases: Sequence[Case], target_error: float, out: TextIO, gate: Gate | None = None
) -> None:
    for variant, name in _BASES.items():
        mine = [case for case in cases if case.variant == variant]
        if not mine:
            continue
        print(f"\n{name}：{len(mine)} 个问题（逐字问到条目原话的不算在内）", file=out)
        judged = _judged(mine, variant, gate)
        for line in _dial(judged, variant, target_error, gate):
            print(line, file=out)
        print("  风险与覆盖（按把握从高到低回答时，答错的占多少）", file=out)
        for line in _curve(judged):
            print(line, file=out)


def _judged(cases: Sequence[Case], variant: Variant, gate: Gate | None) -> list[Judged]:
    if gate is None:
        return cross_judged(cases, variant)
    return [gate_judged(case, gate) for case in cases]
