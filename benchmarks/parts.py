"""What is measured? One function a subject; each starts the product anew and returns its lines."""

import asyncio
import json
import statistics
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks import callbacks, texts
from benchmarks.callbacks import Acks, burst
from benchmarks.conversations import Outcome, ask_all, ask_paced, drain_backlog
from benchmarks.figures import Figure, percentile
from benchmarks.hanging import hanging_model
from benchmarks.stage import ACCOUNT, ROOT, Stage, staged

CALLBACKS = 20_000
CUSTOMERS = 200
ROUNDS = 5
BACKLOG = 3_000
LONG_RUN, LONG_RUN_FROM = 10_000, 2_000
LONG_RUN_CUSTOMERS = 1_000
LONG_RUN_PER_SECOND = 120
"""Below the product's own limit of 8,000 calls a minute (limits.yaml)."""

Part = Callable[[Path], Awaitable[list[Figure]]]


async def acks(folder: Path) -> list[Figure]:
    """Callbacks a second."""
    lines = []
    for name, made in (("消息提示", callbacks.hints), ("事件（各存一行）", callbacks.events)):
        async with staged(folder, "acks") as stage:
            requests = made(stage.simulator.world, stage.callback_url, CALLBACKS)
            cpu_s = stage.cpu_s()
            found = await burst(stage, requests)
            lines += _ack_lines(f"回调：{name}", found, stage.cpu_s() - cpu_s)
    return lines


def _ack_lines(name: str, found: Acks, cpu_s: float) -> list[Figure]:
    rate = found.acknowledged / found.seconds
    p50, p99 = (1000 * percentile(found.latencies, share) for share in (0.5, 0.99))
    cost = 1000 * cpu_s / max(found.acknowledged, 1)
    return [
        Figure(
            f"{name}，{callbacks.CONNECTIONS} 个连接，落盘后应答",
            f"{rate:,.0f} 个/秒（每个用处理器 {cost:.2f} ms；拒绝 {found.refused}）",
            "≥ 2,000 个/秒",
            rate >= 2_000 and not found.refused,
        ),
        Figure(
            f"{name}，应答时间", f"p50 {p50:.0f} ms，p99 {p99:.0f} ms", "p99 < 100 ms", p99 < 100
        ),
    ]


async def answers(folder: Path) -> list[Figure]:
    """200 customers, 50 at a time, each with a question of their own."""
    lines = []
    asked = texts.paraphrased(CUSTOMERS)
    async with staged(folder, "answers") as stage:
        exact = [await ask_all(stage, texts.exact(CUSTOMERS)) for _ in range(ROUNDS)]
        lines += _fast_lines("知识库原句", exact)
        bound = await encoder_bound(asked)
        embedded = await ask_all(stage, asked)
        bound = (bound + await encoder_bound(asked)) / 2
        lines += _embedded_lines(embedded, bound)
        repeated = [await ask_all(stage, asked) for _ in range(ROUNDS)]
        lines += _fast_lines("别人问过的句子", repeated)
    return lines


def _fast_lines(name: str, rounds: Sequence[Outcome]) -> list[Figure]:
    rates = [outcome.per_second for outcome in rounds]
    rate = statistics.median(rates)
    return [
        Figure(
            f"问答：{name}，{CUSTOMERS} 位客户各问一句，50 位同时在等，{len(rounds)} 轮的中位",
            f"{rate:.0f} 条/秒（{min(rates):.0f}–{max(rates):.0f}）",
            "≥ 400 条/秒",
            rate >= 400,
        ),
        *_quality(name, rounds),
    ]


def _embedded_lines(outcome: Outcome, bound: float) -> list[Figure]:
    share = outcome.per_second / bound
    return [
        Figure(
            f"问答：句句都要算向量，{CUSTOMERS} 位客户，50 位同时在等",
            f"{outcome.per_second:.0f} 条/秒，是编码器单独运行（{bound:.0f} 条/秒）的 {share:.0%}",
            "≥ 60 %",
            share >= 0.6,
        ),
        *_quality("句句都要算向量", [outcome]),
    ]


def _quality(name: str, rounds: Sequence[Outcome]) -> list[Figure]:
    latencies = [latency for outcome in rounds for latency in outcome.latencies]
    p50, p95 = percentile(latencies, 0.5), percentile(latencies, 0.95)
    answered, lost, doubled, wrong = (
        sum(getattr(outcome, field) for outcome in rounds)
        for field in ("answered", "lost", "doubled", "wrong")
    )
    cost = 1000 * sum(outcome.cpu_s for outcome in rounds) / max(answered, 1)
    return [
        Figure(
            f"　　{name}：回复时间",
            f"p50 {p50 * 1000:.0f} ms，p95 {p95 * 1000:.0f} ms（每条用处理器 {cost:.1f} ms）",
            "p95 < 1 s",
            p95 < 1,
        ),
        Figure(
            f"　　{name}：答对 / 丢失 / 重复 / 答错",
            f"{answered} / {lost} / {doubled} / {wrong}",
            f"{CUSTOMERS * len(rounds)} / 0 / 0 / 0",
            answered == CUSTOMERS * len(rounds) and not (lost or doubled or wrong),
        ),
    ]


async def backlog(folder: Path) -> list[Figure]:
    """3,000 customers behind one callback."""
    async with staged(folder, "backlog") as stage:
        exact = await drain_backlog(stage, texts.exact(BACKLOG))
    asked = texts.paraphrased(BACKLOG)
    async with staged(folder, "backlog") as stage:
        bound = await encoder_bound(asked[:300])
        embedded = await drain_backlog(stage, asked)
        bound = (bound + await encoder_bound(asked[-300:])) / 2
    allowed = BACKLOG / bound * 1.2
    return [
        _backlog_line("知识库原句", exact, 15.0, "< 15 s"),
        _backlog_line(
            "句句都要算向量",
            embedded,
            allowed,
            f"< {allowed:.0f} s（编码器单独 {bound:.0f} 条/秒，加 20 %）",
        ),
    ]


def _backlog_line(name: str, outcome: Outcome, allowed_s: float, aim: str) -> Figure:
    wrong = outcome.lost + outcome.doubled + outcome.wrong
    return Figure(
        f"积压：一个回调后面 {BACKLOG:,} 条，{name}",
        f"{outcome.seconds:.1f} s（答对 {outcome.answered}，丢失、重复、答错共 {wrong}）",
        aim,
        outcome.seconds < allowed_s and not wrong and outcome.answered == BACKLOG,
    )


async def footprint(folder: Path) -> list[Figure]:
    """Time to ready, and memory over a long run in which one question in ten is embedded."""
    ready = []
    for _ in range(3):
        async with staged(folder, "ready") as stage:
            ready.append(stage.ready_s)
    early, late = LONG_RUN_FROM // LONG_RUN_CUSTOMERS, LONG_RUN // LONG_RUN_CUSTOMERS
    questions = _mixed(LONG_RUN)
    async with staged(folder, "memory") as stage:
        customers = [await stage.simulator.customer() for _ in range(LONG_RUN_CUSTOMERS)]
        asked = {one: questions[at::LONG_RUN_CUSTOMERS] for at, one in enumerate(customers)}
        sizes = [stage.rss_mb()]
        for begin, end in ((0, early), (early, late)):
            some = {customer: part[begin:end] for customer, part in asked.items()}
            await ask_paced(stage, some, per_second=LONG_RUN_PER_SECOND)
            sizes.append(stage.rss_mb())
    started, after_early, after_late = sizes
    growth = after_late - after_early
    ready_s = statistics.median(ready)
    return [
        Figure("启动：到 /readyz 返回 200，3 次的中位", f"{ready_s:.1f} s", "< 3 s", ready_s < 3),
        Figure(
            f"内存（RSS）：不用模型，{LONG_RUN:,} 条消息之后",
            f"{after_late:.0f} MB（启动后 {started:.0f} MB）",
            "< 350 MB",
            after_late < 350,
        ),
        Figure(
            f"内存：从第 {LONG_RUN_FROM:,} 条到第 {LONG_RUN:,} 条的增长",
            f"{growth:+.1f} MB",
            "不增长（±5 MB）",
            growth < 5,
        ),
    ]


def _mixed(count: int) -> list[texts.Question]:
    embedded = iter(texts.paraphrased(count // 10))
    exact = iter(texts.exact(count))
    return [next(embedded if number % 10 == 9 else exact) for number in range(count)]


async def hanging(folder: Path) -> list[Figure]:
    """The same acknowledgements and answers, without a model and with one that never answers."""
    without = await _beside_a_model(folder, {})
    async with hanging_model() as model:
        with_model = await _beside_a_model(folder, model.environ)
        asked = model.requests
    (quick, bare), (quick_too, beside) = without, with_model
    p99, p99_too = (1000 * percentile(one.latencies, 0.99) for one in (quick, quick_too))
    p95, p95_too = (1000 * percentile(one.latencies, 0.95) for one in (bare, beside))
    return [
        Figure(
            f"模型挂起 30 s（被问到 {asked} 次）：应答时间 p99",
            f"{p99_too:.0f} ms（无模型 {p99:.0f} ms）",
            "< 100 ms",
            p99_too < 100,
        ),
        Figure(
            "模型挂起 30 s：知识库回答",
            f"{beside.per_second:.0f} 条/秒，p95 {p95_too:.0f} ms"
            f"（无模型 {bare.per_second:.0f} 条/秒，{p95:.0f} ms），答对 {beside.answered}",
            "不受影响（≥ 无模型的 80 %）",
            beside.per_second >= 0.8 * bare.per_second and beside.is_clean,
        ),
    ]


async def _beside_a_model(folder: Path, environ: dict[str, str]) -> tuple[Acks, Outcome]:
    """Questions that knowledge cannot decide keep the model busy meanwhile."""
    async with staged(folder, "model", environ) as stage:
        await _keep_the_model_busy(stage)
        requests = callbacks.hints(stage.simulator.world, stage.callback_url, CALLBACKS // 4)
        quick = await burst(stage, requests)
        outcomes = [await ask_all(stage, texts.exact(CUSTOMERS)) for _ in range(3)]
    return quick, sorted(outcomes, key=lambda outcome: outcome.per_second)[1]


async def _keep_the_model_busy(stage: Stage) -> None:
    lines = [(await stage.simulator.customer(), text) for text in texts.vague()]
    await stage.simulator.bulk(ACCOUNT, lines)
    await stage.calm()


async def encoder_bound(asked: Sequence[texts.Question]) -> float:
    """Texts a second that the encoder alone manages, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.encoder"), cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    printed, _ = await process.communicate(json.dumps([one.text for one in asked]).encode())
    bound = json.loads(printed)
    if bound is None:
        raise SystemExit("没有内置编码器：这个平台上测不了需要向量的部分")
    return float(bound)


PARTS: dict[str, Part] = {
    "acks": acks,
    "answers": answers,
    "backlog": backlog,
    "footprint": footprint,
    "hanging": hanging,
}
