"""How does what a member does on a page become a turn of the customer, and what came of it?

The page's own id of the action is the key of its mailbox row: sent twice, it is done once. The
request waits for its turn a moment; after that the page is told by its stream.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.model import Emitted, Lane, StaffAction
from bot.ports import Clock
from bot.routing.live import Live
from bot.store import Arrival, StaffAnswer, Store, Unit
from bot.telemetry import new_trace_id

WAIT_S = 1.0
CLIENT_ID = re.compile(r"[A-Za-z0-9_\-]{8,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Acting:
    """Puts actions of members into mailboxes.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    live: Live
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def act(self, action: StaffAction) -> StaffAnswer | None:
        """Do it, and wait a moment for what came of it.

        Returns:
            ``None`` = it is not known yet: `result` tells later.
        """
        subject, now = _subject(action.external_userid), self.clock.now()
        arrival = Arrival(
            subject, action, Lane.HANDOFF, key_of(action), now, trace_id=new_trace_id()
        )
        unit = Unit()
        await self.store.mailbox.deliver(unit, [arrival], now)
        with self.live.listen(subject) as changed:
            # shielded: a page that is closed meanwhile must not leave it half done
            await asyncio.shield(self.store.database.commit(unit))
            self.woken(subject, Lane.HANDOFF)
            try:
                async with asyncio.timeout(WAIT_S):
                    while (found := await self.result(action)) is None:
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                return None
            return found

    async def tell(self, event: Emitted, key: str) -> None:
        """Tell a customer's mailbox something, once ever; nobody waits for what comes of it."""
        if await self.store.mailbox.knows(key):
            return
        subject, now, unit = _subject(event.external_userid), self.clock.now(), Unit()
        arrival = Arrival(subject, event, Lane.BACKGROUND, key, now, trace_id=new_trace_id())
        await self.store.mailbox.deliver(unit, [arrival], now)
        await self.store.database.commit(unit)
        self.woken(subject, Lane.BACKGROUND)

    async def result(self, action: StaffAction) -> StaffAnswer | None:
        """What came of an action by now; only whoever did it is told."""
        who = (action.external_userid, action.client_id, action.userid)
        if answer := await self.store.staff_answers.of(*who):
            return answer
        handled = await self.store.staff_answers.is_handled(key_of(action))
        return StaffAnswer(True, "") if handled else None


def key_of(action: StaffAction) -> str:
    """The key of its mailbox row, the same as of an action that a turn forwards."""
    who = action.userid.lower()
    return f"action:{_subject(action.external_userid)}:{who}/{action.client_id}"


def _subject(external_userid: str) -> str:
    return f"customer:{external_userid}"
