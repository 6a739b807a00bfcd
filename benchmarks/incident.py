"""Three thousand customers write at once while the model hangs: who is answered, who is told?

``python -m benchmarks.incident``: of the questions that the knowledge answers, at least 95 % must
be answered rightly within a minute (D54); whoever is not must have heard an honest word by then,
and nobody may be told what is wrong. Ends with 1 when that is not so.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import texts
from benchmarks.figures import Figure, Machine, percentile, terminal_table
from benchmarks.hanging import hanging_model
from benchmarks.stage import ACCOUNT, REPLIES, ROOT, Stage, staged
from bot.routing import Phrases
from simulator.judge import message_text

WITHIN_S = 60.0
AIM = 0.95
SETTLE_S = 150.0
"""What comes later than this is not waited for."""


async def measure(count: int, vague_every: int) -> tuple[list[Figure], bool]:
    """Let everybody write; returns the figures, and whether all is as it must be.

    Args:
        vague_every: each so manieth question is one that only a model could decide.
    """
    (ROOT / ".concierge").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".concierge") as folder:
        async with (
            hanging_model() as model,
            staged(Path(folder), "incident", model.environ) as stage,
        ):
            await stage.calm()  # it has been running for a while when the seed falls
            asked, cpu_s = _questions(stage, count, vague_every), stage.cpu_s()
            began = time.perf_counter()
            await stage.simulator.bulk(ACCOUNT, [(who, text) for who, (text, _) in asked.items()])
            while time.perf_counter() - began < SETTLE_S and _silent(stage, asked):  # noqa: ASYNC110
                await asyncio.sleep(1)
            used = 1000 * (stage.cpu_s() - cpu_s) / count
            figures, is_good = _figures(stage, asked, model.requests)
            return [*figures, Figure("处理器时间，每条", f"{used:.1f} ms")], is_good


Asked = Mapping[str, tuple[str, str]]
"""What each customer wrote, and the code of its answer; empty = nobody but a model could say."""


def _questions(stage: Stage, count: int, vague_every: int) -> Asked:
    vague = itertools.cycle(texts.vague())
    asked: dict[str, tuple[str, str]] = {}
    for number, question in enumerate(texts.paraphrased(count)):
        who = f"wmSeed{number:06d}"
        stage.simulator.world.add_customer(external_userid=who)
        is_vague = number % vague_every == 0
        asked[who] = (next(vague), "") if is_vague else (question.text, question.answer)
    return asked


def _said(stage: Stage, asked: Asked) -> dict[str, list[tuple[float, str]]]:
    """What each customer read, and how long after his question."""
    found: dict[str, list[tuple[float, str]]] = {}
    for (_, who), messages in stage.simulator.transcript().items():
        if who in asked:
            wrote = next(one["at"] for one in messages if one["from"] == "customer")
            found[who] = [
                (one["at"] - wrote, message_text(one))
                for one in messages
                if one["from"] != "customer"
            ]
    return found


def _silent(stage: Stage, asked: Asked) -> int:
    said = _said(stage, asked)
    return sum(
        not any(code in text for _, text in said[who]) if code else len(said[who]) < 1
        for who, (_, code) in asked.items()
    )


def _figures(stage: Stage, asked: Asked, requests: int) -> tuple[list[Figure], bool]:
    said, came, waits = _said(stage, asked), Counter[str](), []
    notice = Phrases.load(REPLIES).say("engine.waiting")
    for who, (_, code) in asked.items():
        kind, at = _judged(said[who], code, notice)
        came[kind] += 1
        waits += [at] if kind == "right" else []
    known = sum(bool(code) for _, code in asked.values())
    share = came["right"] / known if known else 0.0
    blamed = Counter(one.kind for one in stage.simulator.violations)
    figures = [
        Figure("同时来的问题（其中要模型才答得了的）", f"{len(asked)}（{len(asked) - known}）"),
        Figure("大模型挂起时被问到", f"{requests} 次"),
        Figure("答得了的，一分钟内答对", f"{share:.1%}", f"≥ {AIM:.0%}", share >= AIM),
        _waits(waits),
        Figure("一分钟内没有答，但如实告诉了", str(came["told"])),
        Figure("一分钟之后才有话说", str(came["late"]), "0", not came["late"]),
        Figure("答错", str(came["wrong"]), "0", not came["wrong"]),
        Figure("企业微信认为做错的", str(dict(blamed) or "无"), "无", not blamed),
    ]
    return figures, all(one.met is not False for one in figures)


def _judged(said: Sequence[tuple[float, str]], code: str, notice: str) -> tuple[str, float]:
    """What a customer got within the minute: the right answer, a word, something wrong, nothing."""
    soon = [(at, text) for at, text in said if at <= WITHIN_S + 5.0]  # the notice is due at 60 s
    right = [at for at, text in soon if code and code in text and at <= WITHIN_S]
    if right:
        return "right", right[0]
    if any("编号 A" in text and not _is_choice(text) for _, text in soon if notice not in text):
        return ("wrong", 0.0) if code else ("told", 0.0)
    return ("told", 0.0) if soon else ("late", 0.0)


def _is_choice(text: str) -> bool:
    return text.count("\n") > 1


def _waits(waits: Sequence[float]) -> Figure:
    p50, p95 = (percentile(waits, share) for share in (0.5, 0.95))
    return Figure(
        "从发话到答对 p50 / p95 / 最长", f"{p50:.1f} / {p95:.1f} / {max(waits, default=0):.1f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incident", description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--vague-every", type=int, default=10)
    given: Any = parser.parse_args()
    figures, is_good = asyncio.run(measure(given.count, given.vague_every))
    print(f"{Machine().line()}\n\n{terminal_table(figures)}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
