"""How is the script played: by customers who write, servicers who take, answer and end?"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.chaos.script import (
    EXCHANGED,
    SOLD_OUT,
    Act,
    Part,
    Script,
    friend_of,
)
from benchmarks.chaos.stands import SEATS, Stand
from simulator.judge import message_text
from simulator.records import HUMAN, QUEUED, Conversation
from simulator.scenery import PRESALE
from simulator.server import Simulator
from tests.witness import Witness

TAKER = "lisi"
"""Takes from the pool; the product gives him nothing."""

GIVEN = "zhangsan"
"""The one whom the product may give sessions."""

_STAFF_EVERY_S = 0.25
_PATIENCE_S = 120.0
"""A customer whose answer takes longer may be lost; the others go on."""


class Watched(Witness):
    """Remembers when each session came to people, too."""

    def __init__(self, sim: Simulator) -> None:
        self.came: dict[str, list[float]] = {}
        super().__init__(sim, {GIVEN: SEATS})

    def _seen(self, conversation: Conversation, state: int, **how: object) -> None:
        super()._seen(conversation, state, **how)
        if state in (QUEUED, HUMAN):
            self.came.setdefault(conversation.external_userid, []).append(time.time())

    def came_to_people(self, customer: str, since: float) -> bool:
        """Whether the session was with people at some time since then."""
        return any(at >= since for at in self.came.get(customer, ()))

    def told_untruths(self) -> list[str]:
        """What was said that was not so, said in a person's session, or given to a full desk."""
        return [*self._untrue(), *self._overfull()]


@dataclass(slots=True)
class Waiting:
    """A message that asks for an answer."""

    part: Part
    wanted: tuple[str, ...]
    index: int
    at: float
    with_people: bool
    since: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Crowd:
    """Everybody outside of the product.

    Args:
        rate: messages a second, at most.
        in_flight: how many answers may be open before the next message waits.
    """

    sim: Simulator
    stand: Stand
    script: Script
    watched: Watched
    seed: int
    rate: float
    in_flight: int
    written: int = 0
    adds: int = 0
    taps: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    given_up: list[Waiting] = field(default_factory=list)

    async def play(self) -> None:
        """Every act of the script, no faster than the product answers."""
        staff = asyncio.create_task(self._staff_works())
        began = time.monotonic()
        try:
            for part, act in self._acts():
                await self._act(part, act)
                due = began + self.written / self.rate
                while time.monotonic() < due or self._is_full():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            staff.cancel()

    def _acts(self) -> Iterator[tuple[Part, Act]]:
        return self.script.order(self.seed)

    def _is_full(self) -> bool:
        self.look()
        return len(self.waiting) >= self.in_flight

    def look(self) -> int:
        """Strike off what has its answer, or is with people; returns how much is open."""
        left, now = [], time.monotonic()
        for one in self.waiting:
            if self._is_answered(one):
                continue
            if now - one.since > _PATIENCE_S:
                self.given_up.append(one)
            else:
                left.append(one)
        self.waiting = left
        return len(left)

    def _is_answered(self, one: Waiting) -> bool:
        if one.with_people or self.watched.came_to_people(one.part.customer, one.at):
            return True
        messages = self.sim.conversation(PRESALE, one.part.customer).messages[one.index :]
        return any(
            message.sender == "bot"
            and any(words in message_text(message.view()) for words in one.wanted)
            for message in messages
        )

    async def _act(self, part: Part, act: Act) -> None:
        sim, customer = self.sim, part.customer
        if customer not in sim.world.customers:
            await self._introduce(part)
        if act.kind == "add":
            sim.friends.add(act.text, customer)
            self.adds += 1
        elif act.kind == "enter":
            await sim.enter(PRESALE, customer)
        elif act.kind == "tap":
            self._wait(part, (EXCHANGED, SOLD_OUT))
            await sim.say(PRESALE, customer, "确认兑换", menu_id=part.menu_id)
            self.taps += 1
        else:
            if act.kind == "ask":
                self._wait(part, (act.mark,))
            await sim.say(PRESALE, customer, act.text)
        self.written += act.is_message

    async def _introduce(self, part: Part) -> None:
        await self.sim.customer(external_userid=part.customer)
        if part.has("invite"):
            await self.sim.customer(external_userid=friend_of(part))

    def _wait(self, part: Part, wanted: tuple[str, ...]) -> None:
        session = self.sim.conversation(PRESALE, part.customer)
        self.waiting.append(
            Waiting(
                part,
                wanted,
                len(session.messages),
                time.time(),
                session.state in (QUEUED, HUMAN),
            )
        )

    # ------------------------------------------------------------------ people at desks

    async def _staff_works(self) -> None:
        chance, greeted = random.Random(self.seed), set[tuple[str, int]]()
        while True:
            await asyncio.sleep(_STAFF_EVERY_S)
            await self.staff_looks(chance, greeted)

    async def staff_looks(self, chance: random.Random, greeted: set[tuple[str, int]]) -> None:
        """Each session with people moves on by a step, or not."""
        for session in list(self.sim.world.conversations.values()):
            customer, servicer = session.external_userid, session.servicer or TAKER
            if session.state == QUEUED and chance.random() < 0.1:
                await self.sim.staff_take(TAKER, PRESALE, customer)
            elif session.state == HUMAN and chance.random() < 0.3:
                key = (customer, len(self.watched.came.get(customer, ())))
                if key in greeted:
                    await self.sim.staff_end(servicer, PRESALE, customer)
                else:
                    greeted.add(key)
                    await self.sim.staff_say(servicer, PRESALE, customer, "您好，请讲")

    def scan_codes(self, states: dict[str, str]) -> int:
        """Friends scan the codes that inviters have; returns how many there are now.

        Args:
            states: of each inviter's code, by customer.
        """
        for part in self.script.parts:
            friend, state = friend_of(part), states.get(part.customer)
            if state and not self.sim.friends.followers(friend):
                self.sim.world.ways.scan(state, friend)
        return len(states)
