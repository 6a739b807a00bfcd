"""How do the real product and the simulator meet in one process, and when has all been said?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import Concierge, running
from bot.commands.serve import listen
from bot.config import Config
from bot.store import Store
from bot.web.callback import PATH
from simulator import server
from simulator.records import BOT, NEVER, NEW, Conversation, Message, Options
from simulator.scenery import shop
from simulator.server import Simulator
from simulator.syncing import position_in
from tests.card_router import Desk
from tests.contract.wrong.company import configuration

OPTIONS = Options(max_page=3, callback_pause_s=0.05, slow_ack_s=1.0, token_grace_s=0.1)
"""Small pages, so that a script of some dozen messages has many of them."""

_LOOK_S = 0.005
_LOOKS = 3


class Stuck(Exception):
    """The product does nothing more, and something is still missing"""


@dataclass
class Stage:
    """One simulator with one product, which can be stopped and started again.

    Args:
        patience_s: how long nothing may move before the script gives up.
        excused: msgids of customers' messages that may stay without an answer.
        recalled: msgids that were recalled before the product could see them.
        desk: a behaviour that sends cards to members.
    """

    sim: Simulator
    config: Config
    patience_s: float
    product: Concierge | None = None
    excused: set[str] = field(default_factory=set)
    recalled: set[str] = field(default_factory=set)
    desk: Desk = field(default_factory=Desk)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start the product on its database, as `concierge serve` does."""
        self.product = await self._running.enter_async_context(running(self.config))
        runner = await listen(self.product, "127.0.0.1", 0)
        self._running.push_async_callback(runner.cleanup)
        self.sim.callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"

    async def stop(self) -> None:
        """Stop it; callbacks go nowhere until it runs again."""
        self.sim.callback_url, self.product = None, None
        await self._running.aclose()

    async def customer(self) -> str:
        """Somebody new."""
        return await self.sim.customer()

    async def asks(self, open_kfid: str, customer: str, *texts: str) -> None:
        """One text after another, each when the one before is answered."""
        for text in texts:
            await self.sim.say(open_kfid, customer, text)
            await self.settles()

    async def taps(self, open_kfid: str, customer: str, item: int) -> None:
        """The customer taps an item of the menu seen last."""
        menus = [
            one.content["list"]
            for one in self.sim.conversation(open_kfid, customer).messages
            if one.msgtype == "msgmenu"
        ]
        if not menus:
            raise Stuck("no menu to tap")
        click = menus[-1][item]["click"]
        await self.sim.say(open_kfid, customer, click["content"], menu_id=click["id"])
        await self.settles()

    # ------------------------------------------------------------------ waiting

    async def settles(self) -> None:
        """Wait until everybody is answered and the product has nothing in hand.

        Raises:
            Stuck: nothing moves any more.
        """
        quiet = 0

        async def settled() -> bool:
            nonlocal quiet
            quiet = 0 if self.missing() or await self._is_busy() else quiet + 1
            return quiet >= _LOOKS

        await self.until(settled, lambda: f"{self.missing() or 'the product is busy'}")

    async def until(
        self, condition: Callable[[], Awaitable[bool]], description: Callable[[], str]
    ) -> None:
        """Wait for a condition as long as customers or the simulator still hear something.

        Raises:
            Stuck: nothing moves any more.
        """
        loop = asyncio.get_running_loop()
        moved_at, before = loop.time(), self._heard()
        while not await condition():
            if (now_heard := self._heard()) != before:
                moved_at, before = loop.time(), now_heard
            if loop.time() - moved_at > self.patience_s:
                raise Stuck(description())
            await asyncio.sleep(_LOOK_S)

    def missing(self) -> list[str]:
        """What customers still wait for."""
        open_codes = [
            f"welcome for {code.conversation.external_userid}"
            for code in self.sim.world.codes.values()
            if code.kind == "welcome" and code.used is None
        ]
        return open_codes + [str(one.content) for one in self.unanswered()]

    def unanswered(self) -> list[Message]:
        """Customers' messages without an answer, although the bot was in charge."""
        return [
            message
            for conversation in self.sim.world.conversations.values()
            for message in _after_last_answer(conversation)
            if message.state in (NEW, BOT) and not message.recalled
            if message.msgid not in self.excused
        ]

    async def _is_busy(self) -> bool:
        if self.product is None:
            return False
        engine = self.product.engine
        if self.sim.pending_callbacks or not await self._is_pulled(engine.store):
            return True
        if await engine.store.mailbox.waiting(engine.clock.now()):
            return True
        return bool(await engine.store.outbox.open_queues())

    async def _is_pulled(self, store: Store) -> bool:
        """Whether everything there is has been stored, as far as the product knows."""
        for open_kfid, account in self.sim.world.accounts.items():
            row = await store.accounts.get(open_kfid)
            known = position_in(row.cursor) if row and row.cursor else 0
            if known < account.journal.end:
                return False
        return True

    def _heard(self) -> tuple[int, ...]:
        world = self.sim.world
        said = sum(len(one.messages) for one in world.conversations.values())
        blamed = sum(world.violation_counts.values())
        return said, blamed, sum(len(inbox) for inbox in world.inboxes.values())


def _after_last_answer(conversation: Conversation) -> list[Message]:
    open_messages: list[Message] = []
    for message in reversed(conversation.messages):
        if message.sender == "bot" and message.failed is None:
            break
        if message.sender == "customer" and message.at > NEVER:
            open_messages.append(message)
    return open_messages


@asynccontextmanager
async def staged(folder: Path, *, poll_s: float, patience_s: float) -> AsyncIterator[Stage]:
    """A company, its customers and the product, which is not started yet."""
    world = shop(options=OPTIONS)
    async with server.running(world) as sim:
        config = configuration(folder, sim.url, world.credentials, poll_s)
        stage = Stage(sim, config, patience_s)
        try:
            yield stage
        finally:
            await stage.stop()
