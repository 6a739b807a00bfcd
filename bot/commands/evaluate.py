"""How well does the knowledge answer questions whose right entry is known?"""

import sys
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import (
    build_embedder,
    build_library,
    build_reading,
    build_retriever,
    preview,
    vectors_folder,
)
from bot.config import Config
from knowledge import Audience, Retriever
from knowledge.evaluate import Confusion, Group, Report, Share, judge
from knowledge.trial import Run, latency_ms, predict, read_entries, read_queries

_TYPES = {
    "in": "有答案",
    "oos_near": "没有答案，同行业",
    "oos_far": "没有答案，不相干",
    "oos": "没有答案",
}


async def evaluate(
    config: Config,
    queries: Path,
    out: TextIO,
    *,
    faq: Path | None = None,
    open_kfid: str = "",
    as_json: bool = False,
    predictions: Path | None = None,
) -> int:
    """Ask every labelled question, compare and print.

    Args:
        queries: labelled questions, one JSON object a line.
        faq: the entries, ``None`` = the knowledge of this deployment.
        open_kfid: whose knowledge, and what may be said there.
        predictions: where what was found is written, one JSON object a line.

    Raises:
        BadSetError: one of the files cannot be judged by.
    """
    base = await _base(config, faq, open_kfid)
    try:
        labels = read_queries(queries, {entry.id for entry in base.entries})
        print(f"正在准备 {len(base.entries)} 条知识的向量……", file=sys.stderr)
        await base.warm()
        print(f"正在问 {len(labels)} 个问题……", file=sys.stderr)
        today = datetime.now(ZoneInfo(config.timezone)).date()
        run = await predict(base, labels, Audience(today=today, open_kfid=open_kfid))
        report = judge(labels, run.predictions, {e.id: e.category for e in base.entries})
        if predictions:
            _write(predictions, run)
        if as_json:
            print(_json(report, run, base), file=out)
        else:
            _print(report, base, out)
            p50, p95 = latency_ms(run.seconds)
            print(f"\n每问用时：p50 {p50:.1f} 毫秒，p95 {p95:.1f} 毫秒", file=out)
    finally:
        base.close()
    return 0


async def _base(config: Config, faq: Path | None, open_kfid: str) -> Retriever:
    cache = vectors_folder(config)
    if faq is None:
        async with preview(config) as contents:
            return (await build_library(config, contents, cache)).of(open_kfid)
    embedder, reading = build_embedder(config, cache), build_reading(config)
    return build_retriever(config, read_entries(faq), embedder, cache, reading)


def _json(report: Report, run: Run, base: Retriever) -> str:
    p50, p95 = latency_ms(run.seconds)
    whole = {
        "entries": len(base.entries),
        "meaning": base.vectors_ready,
        **msgspec.to_builtins(report),
        "latency_ms": {"p50": round(p50, 2), "p95": round(p95, 2)},
    }
    return msgspec.json.format(msgspec.json.encode(whole)).decode()


def _write(file: Path, run: Run) -> None:
    lines = [msgspec.json.encode(one) + b"\n" for one in run.predictions]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(lines))


def _print(report: Report, base: Retriever, out: TextIO) -> None:
    how = "字词与含义" if base.vectors_ready else "只按字词"
    outside = report.queries - report.in_scope
    lines = [
        f"{len(base.entries)} 条知识（{how}），{report.queries} 个问题："
        f"{report.in_scope} 个有答案，{outside} 个没有",
        "",
        "排序（只算有答案的问题）",
        f"  R@1 {_share(report.recall_at_1)}  R@3 {_share(report.recall_at_3)}  "
        f"MRR@10 {_share(report.mrr_at_10)}",
        "",
        "把握（按第一条的概率）",
        f"  AUROC 有答案对同行业 {_share(report.auroc_near)}，对不相干 "
        f"{_share(report.auroc_far)}；第一条就对的对其余全部 {_share(report.auroc_right)}",
        f"  事后选最好的门槛：精确率 90% 时能答 {report.coverage_at_90:.1%}，"
        f"95% 时能答 {report.coverage_at_95:.1%}",
        f"  AURC {report.aurc:.3f}（越低越好）",
        "",
        *_gate_lines(report),
        "",
        "各类问题",
        *(_group_line(group, _TYPES.get(group.name, group.name)) for group in report.types),
    ]
    if report.categories:
        lines += ["", "各类别（有答案的问题）"]
        lines += [_group_line(group, group.name) for group in report.categories]
    if report.confusions:
        lines += ["", "最常见的混淆（先列真的答出去的）"]
        lines += [_confusion_line(one, base) for one in report.confusions]
    print("\n".join(lines), file=out)


def _gate_lines(report: Report) -> list[str]:
    gate = report.gate
    wrong = "，".join(
        f"{_TYPES[name]} {share.count}/{share.of}"
        for name, share in gate.out_of_scope_answered.items()
    )
    return [
        "实际的决定",
        f"  直接答：{_of(gate.answered)}；其中答对 {_of(gate.precision)}"
        f"（95% 区间 {gate.precision.low:.1%}–{gate.precision.high:.1%}）",
        f"  给选项：{_of(gate.offered)}",
        f"  有答案的问题里，答对或选项里有对的：{_of(gate.helped)}",
        *([f"  没有答案却答了：{wrong}"] if wrong else []),
    ]


def _group_line(group: Group, name: str) -> str:
    ranked = "" if group.recall_at_1 is None else f"  R@1 {group.recall_at_1:.3f}"
    return (
        f"  {name}：{group.queries} 问{ranked}  直接答 {group.answered}（对 {group.right}）"
        f"  答对或选项里有对的 {group.helped}"
    )


def _confusion_line(one: Confusion, base: Retriever) -> str:
    right = _title(base, one.instead_of) if one.instead_of else "（没有答案）"
    said = f"{one.count} 次，真的答出去 {one.answered} 次"
    return f"  问“{one.example}”该是 {right}，却是 {_title(base, one.given)}（{said}，{one.p:.2f}）"


def _title(base: Retriever, entry_id: str) -> str:
    entry = base.get(entry_id)
    return f"[{entry_id}] {entry.question}" if entry else f"[{entry_id}]"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _of(share: Share) -> str:
    whole = f"{share.count}/{share.of}"
    return whole if share.share is None else f"{whole} = {share.share:.1%}"
