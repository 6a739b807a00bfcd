"""How does a test talk to the bot? A customer in a real engine, with a clock that a test moves."""

import re
from collections.abc import Sequence
from typing import Any

from bot.app import Engine
from bot.commands.dialogue import Dialogue, PlayedCard, shown
from bot.delivery.intake import subject_of
from bot.model import Conversation, Event, Lane, MessageReceived
from bot.model.cases import GAP_S
from bot.model.consents import Purpose, Standing
from bot.store import Arrival, Unit
from tests.builders import FRIDAY_MORNING

SILENCE = "（不出声）"
_LINE = re.compile(r"(客户|点选|机器人|同事)：(.*)")


class PlayedClock:
    """Stands still until a test moves it."""

    def __init__(self, now: float = FRIDAY_MORNING) -> None:
        self._now = now

    def now(self) -> float:
        """Unix seconds as played."""
        return self._now

    def reach(self, moment: float) -> None:
        """Move forward, never back."""
        self._now = max(self._now, moment)


class Chat:
    """One customer and the bot.

    Drive it with `says`, `taps`, `sends`, `recalls`, `waits`, `plays`; play the desk with
    `take_over` and `end`, and WeCom with `wecom` (`state`, `receiving`, `failures`). After each
    step read `replies`, `menus`, `handled_by`, `outcome` and `staff_messages`: they hold what
    came of that step alone, while `cards` keeps all and `tags` says what is on the customer now.
    Timers and retries that are due are done after every step.
    """

    def __init__(self, engine: Engine, conversation: Conversation, clock: PlayedClock) -> None:
        self.engine, self.store, self.clock = engine, engine.store, clock
        self.conversation = conversation
        self.dialogue = Dialogue(engine, conversation, self._pass_time)
        self.wecom, self.staff = self.dialogue.kf, self.dialogue.staff
        self.replies: list[str] = []
        self.menus: list[list[str]] = []
        self.staff_messages: list[str] = []
        self.handled_by, self.outcome = "", ""
        self._tappable: dict[str, str] = {}
        self._soon: list[MessageReceived] = []

    # ------------------------------------------------------------------ the customer

    async def enters(self) -> None:
        """The customer opens the chat."""
        self._forget()
        await self.dialogue.enter()
        self._look()

    async def says(self, text: str, *, and_soon: str | None = None) -> str:
        """The customer writes; returns the msgid.

        Args:
            and_soon: what follows a second later, while a fragment waits for its rest.
        """
        if and_soon is not None:
            self._soon = [self.text(and_soon)]
        return await self.receives(self.text(text))

    async def says_at_once(self, *texts: str) -> None:
        """Several messages arrive together."""
        await self.receives(*(self.text(text) for text in texts))

    async def taps(self, content: str) -> None:
        """The customer taps an item of a menu that was shown."""
        await self.sends("text", {"content": content, "menu_id": self._tappable[content]})

    async def sends(self, msgtype: str, content: dict[str, Any]) -> str:
        """The customer sends any type of message; returns the msgid."""
        return await self.receives(self.dialogue.message(msgtype, content))

    async def receives(self, *events: Event) -> str:
        """Any events arrive together; returns the msgid of the last message among them."""
        self._forget()
        await self.dialogue.happen(*events)
        messages = [event for event in events if isinstance(event, MessageReceived)]
        await self._read_outcome(messages)
        self._look()
        return messages[-1].msgid if messages else ""

    async def decides_on(self, *events: Event) -> list[str]:
        """Events are handled and the turn is committed, but nothing is sent yet.

        Returns the other subjects whose mailboxes have something new.
        """
        self._forget()
        unit, now = Unit(), self.clock.now()
        arrivals = [Arrival(subject_of(event), event, Lane.REPLY, sent_at=now) for event in events]
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        woken: dict[str, Lane] = {}
        await self.engine.dispatcher.drain(
            self.conversation.subject, lambda _queue, _lane: None, woken.__setitem__
        )
        return list(woken)

    def text(self, text: str) -> MessageReceived:
        """A message of this customer that has not arrived yet."""
        return self.dialogue.message("text", {"content": text})

    # ------------------------------------------------------------------ the desk

    async def take_over(self, userid: str = "zhangsan") -> None:
        """A servicer takes the conversation."""
        self._forget()
        await self.dialogue.take_over(userid)
        self._look()

    async def end(self) -> None:
        """The servicer ends the session."""
        self._forget()
        await self.dialogue.end()
        self._look()

    async def colleague_writes(self, text: str) -> None:
        """A servicer writes to the customer."""
        await self.receives(self.dialogue.message("text", {"content": text}, origin=5))

    async def presses(
        self, key: str, *, userid: str = "zhangsan", task_id: str = "", chosen: str = ""
    ) -> None:
        """A member presses a button of a card, by default of the newest.

        Args:
            chosen: in the card's list, empty = the first option.
        """
        self._forget()
        await self.dialogue.press(userid, key, task_id or self.cards[-1].task_id, chosen)
        self._look()

    async def tells_app(self, text: str, *, userid: str = "zhangsan") -> None:
        """A member writes to the app itself."""
        self._forget()
        await self.dialogue.tell_app(userid, text)
        self._look()

    async def agrees(self, purpose: Purpose = Purpose.PROFILING_TAGS) -> None:
        """The customer has consented to a purpose, by default to being tagged."""
        await self.decides(purpose, Standing.GIVEN)

    async def decides(self, purpose: Purpose, decision: Standing) -> None:
        """The customer's decision about a purpose is written down."""
        unit = Unit()
        await self.store.consents.decide(
            unit,
            self.conversation.external_userid,
            purpose,
            decision,
            notice_version="1",
            channel="kf",
            evidence="",
            at=self.clock.now(),
        )
        await self.store.database.commit(unit)

    @property
    def tags(self) -> set[str]:
        """The tags that are on the customer now."""
        rows = self.store.database.read_sync(
            "SELECT name FROM customer_tags WHERE external_userid = ?"
            " AND (expires_at IS NULL OR expires_at > ?)",
            *(self.conversation.external_userid, self.clock.now()),
        )
        return {row["name"] for row in rows}

    @property
    def cards(self) -> list[PlayedCard]:
        """Every card that members got so far, as it looks now."""
        return self.staff.cards

    # ------------------------------------------------------------------ time

    async def waits(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Time passes; whatever comes due on the way is done at its moment."""
        self._forget()
        until = self.clock.now() + hours * 3600 + minutes * 60 + seconds
        await self.dialogue.catch_up()
        while (moment := await self._next_moment()) <= until:
            self.clock.reach(moment)
            await self.dialogue.catch_up()
        self.clock.reach(until)
        self._look()

    async def _next_moment(self) -> float:
        rows = await self.store.database.fetch(
            "SELECT MIN(at) AS at FROM (SELECT MAX(due_at, retry_at) AS at FROM mailbox"
            " WHERE done_at IS NULL AND parked_at IS NULL UNION ALL"
            " SELECT next_at FROM outbox WHERE state IN ('pending', 'claimed') UNION ALL"
            " SELECT next_at FROM staff_tasks WHERE next_at IS NOT NULL UNION ALL"
            " SELECT active_at + ? FROM cases WHERE closed_at IS NULL) WHERE at > ?",
            *(GAP_S, self.clock.now()),
        )
        return float("inf") if rows[0]["at"] is None else float(rows[0]["at"])

    async def _pass_time(self, until: float) -> None:
        soon, self._soon = self._soon, []
        if not soon:
            self.clock.reach(until)
            return
        self.clock.reach(self.clock.now() + 1.0)
        unit, now = Unit(), self.clock.now()
        arrivals = [Arrival(subject_of(event), event, Lane.REPLY, sent_at=now) for event in soon]
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)

    # ------------------------------------------------------------------ stories

    async def plays(self, story: str) -> None:
        """Play a story and compare what the bot says, line by line.

        ``客户：`` writes (consecutive lines arrive at once) and ``点选：`` taps a menu item;
        ``机器人：`` is what is expected, ``（不出声）`` being silence; ``同事：`` is 接入 or 结束.
        """
        steps = _steps(story)
        for index, (actors, lines) in enumerate(steps):
            if actors == "机器人":
                expected = [] if lines == [SILENCE] else lines
                assert self.replies == expected, f"step {index}: {lines}"
            else:
                await self._play(actors, lines)

    async def _play(self, actor: str, lines: Sequence[str]) -> None:
        if actor == "客户":
            await self.says_at_once(*lines)
        for line in lines:
            if actor == "点选":
                await self.taps(line)
            elif actor == "同事":
                await (self.take_over() if line == "接入" else self.end())

    # ------------------------------------------------------------------ looking

    def _forget(self) -> None:
        self.wecom.sent.clear()
        self.staff.sent.clear()
        self.replies, self.menus, self.staff_messages = [], [], []
        self.handled_by = self.outcome = ""

    def _look(self) -> None:
        for payload in self.wecom.sent:
            text, items = shown(payload)
            self.replies.append(text)
            if items:
                self.menus.append([content for _, content in items])
                self._tappable = {content: menu_id for menu_id, content in items}
        self.staff_messages = [text for _, text in self.staff.sent]

    async def _read_outcome(self, messages: Sequence[MessageReceived]) -> None:
        if not messages:
            return
        row = await self.store.database.fetch_one(
            "SELECT handled_by, outcome FROM messages WHERE msgid = ?", messages[-1].msgid
        )
        if row is not None:
            self.handled_by, self.outcome = row["handled_by"], row["outcome"]


def _steps(story: str) -> list[tuple[str, list[str]]]:
    steps: list[tuple[str, list[str]]] = []
    for line in (line.strip() for line in story.strip().splitlines()):
        if (found := _LINE.match(line)) is None:
            steps[-1][1][-1] += "\n" + line  # what somebody says goes on
        elif steps and steps[-1][0] == found[1]:
            steps[-1][1].append(found[2].strip())
        else:
            steps.append((found[1], [found[2].strip()]))
    return steps
