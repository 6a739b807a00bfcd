"""Did every question of a crash test get its one right answer? Runs one trial and judges it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from simulator.judge import Verdict, judge
from simulator.records import QUEUED, Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.integration.crash.catalogue import Question, expected, questions
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product, started

OPTIONS = Options(
    callback_pause_s=0.3,
    max_page=40,
    # Each life fetches a token and pulls without a callback's: limits for a service that starts
    # once do not hold for one that dies every second.
    gettoken_per_minute=1000,
    tokenless_pulls_per_minute=1000,
    retry_not_ok=True,
    slow_ack_s=5.0,  # this machine may be busy; how fast acknowledgements are is for the bench
)

WELCOME_S = 15.0
"""Whoever is answered within this time could have been welcomed: the code lives 20 s."""

_WAIT_S = 90.0

STAFF = "zhangsan"
"""The member named in the product's configuration."""

Fault = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one trial does.

    Args:
        name: of its line in the table.
        messages: how many distinct texts are asked.
        step: where the product kills itself, of `steps.STEPS`.
        passes: at which pass of it, one for each life that ends so.
        faults: of `simulator.faults`, in force until the last message is asked and answered.
        random_kills: how often it is killed from outside at a moment that the seed decides.
        in_flight: how many questions may be open at once.
        handoffs: how many customers ask for a person in the end.
    """

    name: str
    messages: int = 200
    step: str = ""
    passes: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    random_kills: int = 0
    seed: int = 1
    in_flight: int = 24
    handoffs: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    plan: Plan
    verdict: Verdict
    kills: int
    lives: int
    accidents: int
    violations: list[str]
    leftovers: list[str]
    discourtesies: list[str]
    seconds: float
    ready_s: list[float]
    log: str = field(repr=False)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be; empty after a good trial."""
        verdict = self.verdict
        found = [
            f"{kind}: {one}"
            for kind in ("lost", "doubled", "out_of_order", "wrong")
            for one in getattr(verdict, kind)
        ]
        if verdict.answered != self.plan.messages:
            found.append(f"answered {verdict.answered} of {self.plan.messages}")
        wanted = len(self.plan.passes) + self.plan.random_kills
        if self.kills < wanted:
            found.append(f"{self.kills} kills of {wanted} happened")
        if self.plan.faults and not self.accidents:
            found.append("no fault struck")
        return found + self.violations + self.leftovers + self.discourtesies

    def check(self) -> None:
        """Fail with everything that is wrong.

        Raises:
            AssertionError: something is.
        """
        if problems := self.problems:
            shown = "\n".join(f"  · {one}" for one in problems[:20])
            raise AssertionError(f"{self.plan}\n{shown}\n--- log ---\n{self.log}")


async def run(plan: Plan, nursery: Nursery, folder: Path) -> Outcome:
    """Run one trial in an empty folder."""
    began = time.monotonic()
    async with staged(plan, nursery, folder) as (sim, product, watch):
        for fault in plan.faults:
            sim.fault(**fault)
        async with asyncio.TaskGroup() as together:
            together.create_task(_ask(plan, watch, product))
            together.create_task(_kill_now_and_then(plan, product))
        await watch.all_answered()
        await watch.ask_for_people(plan.handoffs)
        accidents = sim.world.faults.happened
        sim.clear_faults()
        await watch.all_settled()
        await product.ready()
        await product.stop()
        return Outcome(
            plan=plan,
            verdict=watch.verdict(),
            kills=product.kills,
            lives=product.lives,
            accidents=accidents,
            violations=[f"{one.kind}: {one.detail}" for one in sim.violations],
            leftovers=product.leftovers(),
            discourtesies=[*watch.welcomes_amiss(), *watch.handoffs_amiss(plan.handoffs)],
            seconds=time.monotonic() - began,
            ready_s=product.ready_s,
            log=product.log,
        )


@asynccontextmanager
async def staged(
    plan: Plan, nursery: Nursery, folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Simulator, Product, "Watch"]]:
    """A WeCom, a product that runs, and the questions of the plan."""
    asked = questions(plan.messages, plan.seed, customers=max(8, plan.messages // 5))
    async with (
        running(shop(accounts=1, options=OPTIONS, seed=plan.seed)) as sim,
        started(nursery, folder, sim, plan.step, plan.passes, settings or {}) as product,
    ):
        yield sim, product, Watch(sim, product, asked)


class Watch:
    """Asks, and knows how far the answers are.

    Args:
        asked: all questions of the trial, in order.
    """

    def __init__(self, sim: Simulator, product: Product, asked: Sequence[Question]) -> None:
        self._sim, self._product, self._questions = sim, product, asked
        self._expected = expected(asked)
        self.asked = 0

    @property
    def left(self) -> Sequence[Question]:
        """What was not asked yet."""
        return self._questions[self.asked :]

    def verdict(self) -> Verdict:
        """What the judge says of the conversations so far."""
        return judge(self._sim.transcript(), self._expected)

    @property
    def answered(self) -> int:
        """How many questions have their answer."""
        return self.verdict().answered

    async def ask(self, count: int) -> None:
        """Let customers ask the next questions, behind one callback."""
        some = self.left[:count]
        await self._introduce(some)
        self.asked += len(some)
        await self._sim.bulk(PRESALE, [(one.customer, one.text) for one in some])

    async def _introduce(self, some: Sequence[Question]) -> None:
        """Every second customer opens the chat before writing, and is to be welcomed."""
        for one in some:
            if one.customer not in self._sim.world.customers:
                await self._sim.customer(external_userid=one.customer)
                if _enters(one.customer):
                    await self._sim.enter(PRESALE, one.customer)

    async def ask_for_people(self, count: int) -> None:
        """Let customers ask for a person, each when the one before is in WeCom's pool."""
        for customer in self.customers[:count]:
            await self._sim.say(PRESALE, customer, "转人工")
            await self.until(self._in_pool(customer), f"{customer} in the pool")

    @property
    def customers(self) -> list[str]:
        """Who asks, in a fixed order."""
        return sorted({one.customer for one in self._questions})

    def welcomes_amiss(self) -> list[str]:
        """Customers who were welcomed twice, or not although there was time to."""
        return [
            f"{customer}: {count} welcomes"
            for customer in self.customers
            if (count := self._said(customer, by_code="welcome")) > 1
            or (count == 0 and _enters(customer) and self._first_seen_after_s(customer) < WELCOME_S)
        ]

    def _first_seen_after_s(self, customer: str) -> float:
        """How long after opening the chat the customer first read something."""
        conversation = self._sim.conversation(PRESALE, customer)
        read = (one.at for one in conversation.messages if one.sender == "bot")
        return next(read, inf) - conversation.entered_at

    def handoffs_amiss(self, count: int) -> list[str]:
        """Requests for a person that staff or customer were told of more than once, or staff never.

        A customer may have been told nothing when the process died with the queue's code: it is
        given once, and without it nothing may be said to somebody who waits for a person.
        """
        told_staff = len(self._sim.inbox(STAFF))
        found = [] if told_staff == count else [f"staff told {told_staff} times of {count}"]
        return found + [
            f"{customer}: told {times} times"
            for customer in self.customers
            if (times := self._said(customer, by_code="queue")) > 1
        ]

    def _said(self, customer: str, *, by_code: str) -> int:
        """How many messages the bot sent on a code: a welcome before, the others in the pool."""
        in_pool = by_code == "queue"
        return sum(
            one.sender == "bot" and one.via == "event" and (one.state == QUEUED) == in_pool
            for one in self._sim.conversation(PRESALE, customer).messages
        )

    def _in_pool(self, customer: str) -> Callable[[], bool]:
        return lambda: self._sim.conversation(PRESALE, customer).state == QUEUED

    async def until(self, condition: Callable[[], object], description: str) -> None:
        """Wait for a condition; when it does not come true, say how things stand.

        Raises:
            AssertionError: with the verdict, the rows that are left and the end of the log.
        """
        try:
            await self._sim.wait_for(condition, description=description, timeout=_WAIT_S)
        except AssertionError as error:
            verdict = self.verdict()
            raise AssertionError(
                f"{error}\nasked {self.asked}, answered {verdict.answered}, lives"
                f" {self._product.lives}\nviolations {self._sim.violations[:5]}\nleft"
                f" {self._product.leftovers()[:10]}\nlost {verdict.lost[:5]}\n{self._product.log}"
            ) from None

    async def all_answered(self) -> None:
        """Wait until every question has its answer."""
        await self.until(
            lambda: self.answered == len(self._questions), f"{len(self._questions)} answers"
        )

    async def all_settled(self) -> None:
        """Wait until mailbox and outbox are empty."""
        await self.until(lambda: not self._product.leftovers(), "nothing left to do")


async def _ask(plan: Plan, watch: Watch, product: Product) -> None:
    """Trickle: bursts of one to four messages, never too many open, some in every life."""
    chance = random.Random(plan.seed)
    while watch.left:
        await watch.until(
            lambda: (
                watch.asked - watch.answered < plan.in_flight
                and watch.asked * (plan.random_kills + 1) <= plan.messages * (product.kills + 1)
            ),
            "room for more questions",
        )
        await watch.ask(chance.randint(1, 4))


async def _kill_now_and_then(plan: Plan, product: Product) -> None:
    """End lives from outside: most of them at work, some while they start."""
    chance = random.Random(plan.seed)
    for _ in range(plan.random_kills):
        if chance.random() < 0.85:
            await product.ready()
        await asyncio.sleep(chance.uniform(0.0, 0.5))  # the random moment itself
        await product.kill()


def _enters(customer: str) -> bool:
    return int(customer[-1]) % 2 == 0
