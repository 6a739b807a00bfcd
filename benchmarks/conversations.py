"""How fast are customers answered, and is every answer right, once?"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from benchmarks.stage import ACCOUNT, REPLIES, Stage
from benchmarks.texts import Question
from bot.routing import Phrases
from simulator.judge import Transcript, Verdict, judge

IN_FLIGHT = 50
PATIENCE_S = 60.0
"""A question without an answer by then is lost."""

_SEND = "/cgi-bin/kf/send_msg"
_numbers = itertools.count(1)

Asked = Mapping[str, Sequence[Question]]
"""Questions by customer."""


class Outcome(NamedTuple):
    """What came of a run of questions.

    Args:
        wrong: messages of the bot that hold no answer to what was asked.
        seconds: from the first question to the last answer.
        latencies: from a question to the answer that WeCom has accepted.
        cpu_s: processor time of the product.
    """

    answered: int
    lost: int
    doubled: int
    wrong: int
    seconds: float
    latencies: list[float]
    cpu_s: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


async def ask_all(
    stage: Stage, questions: Sequence[Question], *, in_flight: int = IN_FLIGHT
) -> Outcome:
    """One new customer a question, so many of them waiting for their answer at a time."""
    asked = _new_customers(stage, questions)
    queue, cpu_s = iter(asked.items()), stage.cpu_s()
    async with _replies(stage) as replies:

        async def ask_on() -> None:
            for external_userid, (question,) in queue:
                reply = replies.expect(external_userid)
                await stage.simulator.say(ACCOUNT, external_userid, question.text)
                await asyncio.wait([reply], timeout=PATIENCE_S)

        await asyncio.gather(*(ask_on() for _ in range(in_flight)))
    return _outcome(stage, asked, stage.cpu_s() - cpu_s)


async def ask_steadily(
    stage: Stage, questions: Sequence[Question], *, per_second: float
) -> Outcome:
    """One new customer a question, at a steady rate, whoever else still waits."""
    asked = _new_customers(stage, questions)
    began, cpu_s = time.perf_counter(), stage.cpu_s()
    async with _replies(stage) as replies:
        waiting = []
        for said, (external_userid, (question,)) in enumerate(asked.items()):
            await asyncio.sleep(max(0.0, began + said / per_second - time.perf_counter()))
            waiting.append(replies.expect(external_userid))
            await stage.simulator.say(ACCOUNT, external_userid, question.text)
        await asyncio.wait(waiting, timeout=PATIENCE_S)
    return _outcome(stage, asked, stage.cpu_s() - cpu_s)


async def drain_backlog(stage: Stage, questions: Sequence[Question]) -> Outcome:
    """One new customer a question, all of them behind one callback."""
    asked, cpu_s = _new_customers(stage, questions), stage.cpu_s()
    lines = [(external_userid, question.text) for external_userid, (question,) in asked.items()]
    await stage.simulator.bulk(ACCOUNT, lines)
    deadline = time.perf_counter() + PATIENCE_S * 3
    while _judged(stage, asked).lost and time.perf_counter() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(1)
    return _outcome(stage, asked, stage.cpu_s() - cpu_s)


async def ask_paced(stage: Stage, asked: Asked, *, per_second: float) -> None:
    """Every customer's questions, one customer after another, at a steady rate."""
    began, said = time.perf_counter(), 0
    sent = stage.simulator.calls.get(_SEND, 0)
    for round_ in itertools.zip_longest(*asked.values()):
        for external_userid, question in zip(asked, round_, strict=True):
            await stage.simulator.say(ACCOUNT, external_userid, question.text)
            said += 1
            await asyncio.sleep(began + said / per_second - time.perf_counter())
    await _until_sent(stage, sent + said)


def _new_customers(stage: Stage, questions: Sequence[Question]) -> dict[str, list[Question]]:
    """A customer who has never written for every question."""
    asked = {f"wmBench{next(_numbers):08d}": [question] for question in questions}
    for external_userid in asked:
        stage.simulator.world.add_customer(external_userid=external_userid)
    return asked


async def _until_sent(stage: Stage, messages: int) -> None:
    """Wait until the bot has tried to send so many, or for as long as there is patience."""
    deadline = time.perf_counter() + PATIENCE_S * 3
    while stage.simulator.calls.get(_SEND, 0) < messages and time.perf_counter() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def _outcome(stage: Stage, asked: Asked, cpu_s: float) -> Outcome:
    verdict = _judged(stage, asked)
    said_at, latencies, ends = [], [], []
    for messages in _transcript(stage, asked).values():
        last_at = {message["from"]: message["at"] for message in messages}
        said_at.append(last_at["customer"])
        if "bot" in last_at:
            latencies.append(last_at["bot"] - last_at["customer"])
            ends.append(last_at["bot"])
    return Outcome(
        verdict.answered,
        len(verdict.lost),
        len(verdict.doubled),
        len(verdict.wrong),
        max(ends, default=0.0) - min(said_at),
        latencies,
        cpu_s,
    )


def _judged(stage: Stage, asked: Asked) -> Verdict:
    """Whoever waits for a minute is told so, once: that is no answer and no fault."""
    expected = {question.text: question.answer for some in asked.values() for question in some}
    notice = Phrases.load(REPLIES).say("engine.waiting")
    return judge(_transcript(stage, asked), expected, also_allowed=[notice])


def _transcript(stage: Stage, asked: Asked) -> Transcript:
    everything = stage.simulator.transcript().items()
    return {key: messages for key, messages in everything if key[1] in asked}


class _Replies:
    """Wakes who waits for the bot's next message to a customer."""

    def __init__(self, changes: "asyncio.Queue[dict[str, Any] | None]") -> None:
        self._changes = changes
        self._waiting: dict[str, asyncio.Future[None]] = {}

    def expect(self, external_userid: str) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[external_userid] = future
        return future

    async def watch(self) -> None:
        while change := await self._changes.get():
            if change["type"] == "message" and change["from"] == "bot":
                future = self._waiting.pop(change["external_userid"], None)
                if future is not None and not future.done():
                    future.set_result(None)


@asynccontextmanager
async def _replies(stage: Stage) -> AsyncIterator[_Replies]:
    with stage.simulator.world.feed.listen() as changes:
        replies = _Replies(changes)
        watch = asyncio.create_task(replies.watch())
        try:
            yield replies
        finally:
            watch.cancel()
