"""What does the product do with questions whose right entry is known?

A line of a file of labelled questions is ``{"qid", "query", "faq_id": id or null, "type"}``; the
types are ``in``, ``oos_near``, ``oos_far`` and ``oos``. `qid` and `type` may be left out.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from bot.errors import ConciergeError
from knowledge.entries import Audience, FaqEntry
from knowledge.evaluate import DEPTH, Labelled, Prediction
from knowledge.fitting import Case, case_of
from knowledge.loader import EntryProblem, load_entries
from knowledge.retriever import Retriever

_SHOWN = 10


class BadSetError(ConciergeError):
    """A set cannot be judged by; the problems say where."""

    def __init__(self, problems: Sequence[EntryProblem]) -> None:
        more = len(problems) - _SHOWN
        lines = [str(problem) for problem in problems[:_SHOWN]]
        super().__init__("\n".join([*lines, *([f"……还有 {more} 处"] if more > 0 else [])]))
        self.problems = problems


class Run(NamedTuple):
    """What came out, and how long each question took."""

    predictions: list[Prediction]
    seconds: list[float]


def read_set(folder: Path) -> tuple[list[FaqEntry], list[Labelled]]:
    """The ``faq.jsonl`` and ``queries.jsonl`` of a folder. Raises `BadSetError`."""
    entries = read_entries(folder / "faq.jsonl")
    return entries, read_queries(folder / "queries.jsonl", {entry.id for entry in entries})


def sets_in(folders: Iterable[Path]) -> list[Path]:
    """The folders that hold a set, whether they or their parent were named."""
    return [
        file.parent
        for folder in folders
        for file in sorted([*folder.glob("queries.jsonl"), *folder.glob("*/queries.jsonl")])
    ]


def read_entries(file: Path) -> list[FaqEntry]:
    """Entries of a file or folder; in JSONL an answer may be empty, as it is in sets of pairs.

    Raises:
        BadSetError: an entry cannot be read, or an id is used twice.
    """
    if file.suffix != ".jsonl":
        entries, problems = load_entries([file])
    else:
        entries, problems = [], []
        for number, line in _lines(file):
            try:
                entries.append(msgspec.json.decode(line, type=FaqEntry))
            except msgspec.MsgspecError as error:
                problems.append(EntryProblem(str(file), f"第 {number} 行", str(error), "一条知识"))
        problems += _repeated(file, [entry.id for entry in entries])
    if problems or not entries:
        raise BadSetError(problems or [EntryProblem(str(file), "", "是空的", "知识")])
    return entries


def read_queries(file: Path, known: Collection[str]) -> list[Labelled]:
    """Labelled questions of these entries.

    Raises:
        BadSetError: a line cannot be read, contradicts itself or names an unknown entry, or a
            qid is used twice.
    """
    labels: list[Labelled] = []
    problems: list[EntryProblem] = []
    for number, line in _lines(file):
        place = f"第 {number} 行"
        try:
            label = msgspec.json.decode(line, type=Labelled)
        except msgspec.MsgspecError as error:
            problems.append(EntryProblem(str(file), place, str(error), "一个标好答案的问题"))
            continue
        if label.faq_id is not None and label.faq_id not in known:
            problems.append(
                EntryProblem(str(file), place, f"没有 id {label.faq_id}", "已有条目的 id，或 null")
            )
        if (label.faq_id is None) == (label.kind == "in"):
            problems.append(
                EntryProblem(
                    str(file),
                    place,
                    f"type {label.kind} 与 faq_id {label.faq_id} 矛盾",
                    "in 有 id，其他为 null",
                )
            )
        labels.append(msgspec.structs.replace(label, qid=label.qid or str(number)))
    problems += _repeated(file, [label.qid for label in labels])
    if problems or not labels:
        raise BadSetError(problems or [EntryProblem(str(file), "", "是空的", "标好答案的问题")])
    return labels


async def predict(base: Retriever, labels: Iterable[Labelled], audience: Audience) -> Run:
    """Ask every question as a customer would.

    The decision and its time are those of `Retriever.ask`; what it would say or offer stands
    first, and the nearest others follow.
    """
    predictions, seconds = [], []
    for label in labels:
        began = time.perf_counter()
        verdict = await base.ask(label.query, audience)
        seconds.append(time.perf_counter() - began)
        nearest = await base.search(label.query, audience, DEPTH)
        scores: dict[str, float] = {}
        for match in (*verdict.matches, *nearest):
            scores.setdefault(match.entry.id, match.score)
        ids = tuple(scores)[:DEPTH]
        p = tuple(round(scores[name], 6) for name in ids)
        predictions.append(Prediction(label.qid, verdict.decision, ids, p))
    return Run(predictions, seconds)


async def collect(
    base: Retriever, labels: Iterable[Labelled], audience: Audience, group: str
) -> list[Case]:
    """What the gate would have to judge for each question: the candidates and their evidence.

    What an entry asks word for word is left out: it never comes before the gate.
    """
    cases = []
    for label in labels:
        if (await base.ask(label.query, audience)).how == "exact":
            continue
        found = await base.search(label.query, audience, DEPTH)
        if case := case_of(group, found, label.faq_id):
            cases.append(case)
    return cases


def latency_ms(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return float(p50), float(p95)


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetError([EntryProblem(str(file), "", str(error), "能读的 UTF-8 文件")]) from error
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _repeated(file: Path, names: Iterable[str]) -> list[EntryProblem]:
    twice = [name for name, times in Counter(names).items() if times > 1]
    return [EntryProblem(str(file), "", f"{name} 重复", "各不相同") for name in twice]
