"""What do the customers and servicers of the played week do?

A life is a few visits of one customer. Servicers answer when a session is theirs, or do not; how
the visit goes on is the customer's plan.
"""

import asyncio
import itertools
import random
from dataclasses import dataclass

from benchmarks.week.book import SERVICERS_SAY, Meaning, phrases
from benchmarks.week.town import Town
from bot.model import (
    CardPressed,
    Conversation,
    MessageReceived,
    ServicerStatusChanged,
    ServiceState,
    SessionChanged,
)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
ACCOUNTS = ("wk_shop", "wk_club")
JUNIORS = tuple(f"junior{n}" for n in range(1, 7))
EXPERTS = ("expert1", "expert2", "expert3")
OPENS, CLOSES = 9, 21
"""Hours of every shift."""

VISITS: dict[str, float] = {
    "one_question": 48,
    "several_questions": 12,
    "pause_of_nearly_a_day": 3,
    "greeting_first": 4,
    "late_answer": 3,
    "missed_then_found": 4,
    "solved": 4,
    "served": 9,
    "missed_twice": 4,
    "complains": 3,
    "raised_in_client": 4,
    "raised_on_card": 3,
    "left_to_idleness": 2,
    "gives_up": 2,
    "nobody_answers": 1,
    "servicer_comes_by_himself": 1,
}
"""Kinds of visits, and how often each is made."""

RETURNS: dict[str, float] = {
    "never": 55,
    "says_thanks": 14,
    "at_24_00": 5,
    "at_47_59": 5,
    "at_48_00": 3,
    "at_48_01": 5,
    "some_day": 13,
}
"""When the customer comes again after a case has ended."""

_AFTER = {
    "at_24_00": 0.0,
    "at_47_59": 48 * HOUR - 60,
    "at_48_00": 48 * HOUR,
    "at_48_01": 48 * HOUR + 60,
}

_msgids = itertools.count(1)


@dataclass(slots=True)
class Customer:
    """One customer at one account, with the wish to make some visits."""

    town: Town
    conversation: Conversation
    rng: random.Random
    wrote_at: float = 0.0
    visits: int = 0
    _given: "asyncio.Future[None] | None" = None
    ended_at: float | None = None

    async def life(self, begins: float, ends: float) -> None:
        """Visit after visit, none begun after the end."""
        await self.town.until(begins)
        while self.town.clock.now() < ends:
            ended_at = await self._visit()
            closed_at = self.wrote_at + DAY if ended_at is None else ended_at
            how = _one_of(RETURNS, self.rng)
            if how == "says_thanks" and ended_at is not None:
                await self.town.until(closed_at + self.rng.uniform(60, 3 * HOUR))
                await self._say(Meaning.FAREWELL)
            if how in ("never", "says_thanks"):
                return
            pause = _AFTER.get(how, self.rng.uniform(2 * HOUR, 60 * HOUR))
            if how == "at_24_00" and ended_at is not None:
                pause = self.rng.uniform(60, HOUR)
            await self.town.until(closed_at + pause)

    async def _visit(self) -> float | None:
        """Make one; when its session was ended, None = it was left."""
        self.ended_at = None
        self.visits += 1
        await getattr(self, f"_{_one_of(VISITS, self.rng)}")()
        return self.ended_at

    # ------------------------------------------------------------------ visits

    async def _one_question(self) -> None:
        await self._say(Meaning.KNOWN)

    async def _several_questions(self) -> None:
        for _ in range(self.rng.randint(2, 4)):
            await self._say(Meaning.KNOWN)
            await self._pause(20, 2 * HOUR)
        await self._say(Meaning.KNOWN)

    async def _pause_of_nearly_a_day(self) -> None:
        await self._say(Meaning.KNOWN)
        await self.town.until(self.wrote_at + DAY - 60)
        await self._say(Meaning.KNOWN)

    async def _greeting_first(self) -> None:
        await self._say(Meaning.GREETING)
        await self._pause(5, 60)
        await self._say(Meaning.KNOWN)

    async def _late_answer(self) -> None:
        """WeCom brings the message some seconds after it was sent."""
        await self._say(Meaning.KNOWN, brought_after=self.rng.uniform(1, 50))

    async def _missed_then_found(self) -> None:
        await self._say(Meaning.UNKNOWN)
        await self._pause(10, 5 * MINUTE)
        await self._say(Meaning.KNOWN)

    async def _solved(self) -> None:
        await self._say(Meaning.KNOWN)
        await self._pause(20, 5 * MINUTE)
        await self._say(Meaning.SOLVED)
        await self._pause(5, 60)
        await self._rate(0.6)

    async def _served(self) -> None:
        await self._say(Meaning.PERSON)
        if await self._talk():
            await self._end_in_client()

    async def _missed_twice(self) -> None:
        await self._say(Meaning.UNKNOWN)
        await self._pause(10, 3 * MINUTE)
        await self._say(Meaning.UNKNOWN)
        if await self._talk():
            await self._end_in_client()

    async def _complains(self) -> None:
        await self._say(Meaning.COMPLAINT)
        if await self._talk():
            await self._end_in_client()

    async def _raised_in_client(self) -> None:
        await self._say(Meaning.PERSON)
        if not await self._talk():
            return
        old, new = self.servicer, self.rng.choice(EXPERTS)
        if new != old:
            self.town.kf.move(self.conversation, ServiceState.HUMAN, new)
            await self._session(2, old=old, new=new)
        await self._pause(5, 4 * MINUTE)
        await self._servicer_says()
        await self._end_in_client()

    async def _raised_on_card(self) -> None:
        await self._say(Meaning.PERSON)
        if not await self._talk():
            return
        await self._press("raise")
        await self._pause(5, 100)
        await self._servicer_says()
        await self._press("end")
        if not self.servicer:
            self.ended_at = self.town.clock.now()
            await self._rate(0.5)

    async def _left_to_idleness(self) -> None:
        await self._say(Meaning.PERSON)
        if await self._talk():
            await self.town.until(self.wrote_at + 31 * MINUTE)
            if not self.servicer:
                self.ended_at = self.wrote_at + 30 * MINUTE

    async def _gives_up(self) -> None:
        await self._say(Meaning.PERSON)
        await self._pause(5, 100)
        await self._say(Meaning.GIVES_UP)
        if self.rng.random() < 0.5:
            await self._pause(10, HOUR)
            await self._say(Meaning.KNOWN)

    async def _nobody_answers(self) -> None:
        await self._say(Meaning.PERSON)
        await self._pause(30, 20 * MINUTE)
        if self.rng.random() < 0.5:
            await self._say(Meaning.TALK)

    async def _servicer_comes_by_himself(self) -> None:
        await self._say(Meaning.KNOWN)
        await self._pause(30, 10 * MINUTE)
        who = self.rng.choice(JUNIORS)
        self.town.kf.move(self.conversation, ServiceState.HUMAN, who)
        await self._session(1, new=who)
        await self._pause(5, MINUTE)
        await self._servicer_says()
        await self._end_in_client()

    # ------------------------------------------------------------------ pieces of visits

    @property
    def servicer(self) -> str:
        """Who has the session now, empty = nobody."""
        return self.town.kf.owner(self.conversation)

    def session_moved(self) -> None:
        """WeCom has moved this customer's session."""
        if self._given is not None and self.servicer:
            self.town.wake_at(self.town.clock.now(), self._given)

    async def _talk(self) -> bool:
        """A servicer answers, some words follow; whether there was one at all."""
        if not await self._is_given(within=20 * HOUR):
            return False
        await self._pause(2, 230)
        if not self.servicer:
            return False
        await self._servicer_says()
        for _ in range(self.rng.randint(0, 3)):
            await self._pause(10, 8 * MINUTE)
            await self._say(Meaning.TALK)
            await self._pause(5, 7 * MINUTE)
            await self._servicer_says()
        return bool(self.servicer)

    async def _is_given(self, within: float) -> bool:
        if not self.servicer:
            self._given = asyncio.get_running_loop().create_future()
            self.town.wake_at(self.town.clock.now() + within, self._given)
            await self.town.wait(self._given)
            self._given = None
        return bool(self.servicer)

    async def _pause(self, least: float, most: float) -> None:
        await self.town.until(self.town.clock.now() + self.rng.uniform(least, most))

    async def _say(self, meaning: Meaning, *, brought_after: float = 0.0) -> None:
        await self._write(self.rng.choice(phrases(meaning)), brought_after=brought_after)

    async def _write(self, text: str, menu_id: str = "", *, brought_after: float = 0.0) -> None:
        now = self.town.clock.now()
        menu = (menu_id,) if menu_id else ()
        self.town.kf.customer_wrote(self.conversation, text, menu)
        self.wrote_at = now
        content = {"content": text} | ({"menu_id": menu_id} if menu_id else {})
        message = self._message(3, content)
        if brought_after:
            await self.town.until(now + brought_after)
        await self.town.happen(message)

    async def _servicer_says(self) -> None:
        who = self.servicer
        if not who:
            return
        text = self.rng.choice(SERVICERS_SAY)
        self.town.kf.servicer_wrote(self.conversation, who, text)
        self.wrote_at = self.town.clock.now()
        await self.town.happen(self._message(5, {"content": text}, who))

    async def _end_in_client(self) -> None:
        await self._pause(5, 3 * MINUTE)
        if not (who := self.servicer):
            return
        code = self.town.kf.move(self.conversation, ServiceState.ENDED)
        self.ended_at = self.town.clock.now()
        await self._session(3, old=who, code=code)
        await self._rate(0.5)

    async def _rate(self, share: float) -> None:
        """Tap an invitation to rate, if there is one; some change their mind."""
        menu = self.town.kf.menus.get(self.conversation, ())
        if not menu or not menu[0].startswith("csat:") or self.rng.random() > share:
            return
        for _ in range(1 + (self.rng.random() < 0.2)):
            await self._pause(3, 120)
            await self._write("评分", self.rng.choice((*menu, menu[0], menu[0])))
        self.town.kf.menus.pop(self.conversation, None)

    async def _press(self, key: str) -> None:
        """A servicer presses a button of the newest card of this case."""
        if not (who := self.servicer):
            return
        case = await self.town.engine.store.cases.open_of(self.conversation)
        name = f"case_{case.id}" if case else "?"
        cards = [one for one in self.town.staff.cards if one.task_id.startswith(name)]
        if not cards:
            return
        task_id = cards[-1].task_id
        _, code = self.town.staff.pressed(task_id)
        self.town.kf.pressed(self.conversation, who)
        await self.town.happen(
            CardPressed(
                userid=who,
                key=key,
                task_id=task_id,
                response_code=code,
                selected={"why": ("solved",)},
            )
        )

    async def _session(
        self, change_type: int, *, old: str = "", new: str = "", code: str = ""
    ) -> None:
        await self.town.happen(
            SessionChanged(
                open_kfid=self.conversation.open_kfid,
                external_userid=self.conversation.external_userid,
                sent_at=self.town.clock.now(),
                change_type=change_type,
                old_servicer_userid=old or None,
                new_servicer_userid=new or None,
                msg_code=code or None,
            )
        )

    def _message(self, origin: int, content: dict[str, str], servicer: str = "") -> MessageReceived:
        return MessageReceived(
            open_kfid=self.conversation.open_kfid,
            external_userid=self.conversation.external_userid,
            sent_at=self.town.clock.now(),
            msgid=f"m{next(_msgids)}",
            origin=origin,
            msgtype="text",
            content=content,
            servicer_userid=servicer or None,
        )


async def shifts(town: Town, midnight: float, days: int) -> None:
    """Servicers begin and stop receiving with their shifts."""
    for day in range(days):
        for hour, status in ((OPENS, 1), (CLOSES, 2)):
            await town.until(midnight + day * DAY + hour * HOUR)
            for account in ACCOUNTS:
                for who in (*JUNIORS, *EXPERTS):
                    await town.happen(
                        ServicerStatusChanged(
                            open_kfid=account,
                            servicer_userid=who,
                            status=status,
                            sent_at=town.clock.now(),
                        )
                    )


def _one_of(weights: dict[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
