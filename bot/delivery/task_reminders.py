"""When are members of staff reminded of their tasks, and when is a task given up (R-9.5, R-9.6)?

Everything is derived from the rows of `staff_tasks`: what a reminder changes in them and the card
that goes out are one commit, so that a restart, or a second process, reminds nobody twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.errors import Conflict
from bot.model import Effect, Lane, SendCard
from bot.model.cards import MOST_OPTIONS
from bot.model.effects import NotifyStaff
from bot.model.tasks import TaskState
from bot.policy.guard import Guard
from bot.policy.roster import Roster
from bot.ports import Clock
from bot.routing.guarding import told
from bot.routing.phrases import Phrases
from bot.routing.queues import own_queue
from bot.routing.task_cards import kind_named, task_card
from bot.store import Draft, KnownTask, Store, Unit
from bot.store.tasks import ENGINE, ended, told_of_end

log = structlog.get_logger(__name__)

BUNDLE_S = 1800.0
"""One reminder per member in so long; what has a deadline does not wait (R-9.5)."""

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class TaskReminders:
    """Reminds of what is due, once more of what is late, and ends what nobody wants any more.

    Args:
        wake_queue: told which queue of the outbox has something to send.
        wake_subject: told whose mailbox has something new.
    """

    store: Store
    phrases: Phrases
    roster: Roster
    guard: Guard
    clock: Clock
    wake_queue: Callable[[str, Lane], None]
    wake_subject: Callable[[str, Lane], None]

    async def look(self) -> int:
        """Do what has come due; returns how many tasks were touched."""
        now = self.clock.now()
        tasks = await self.store.tasks.coming_up(now, AT_ONCE)
        bundles: dict[str, list[KnownTask]] = {}
        for known in tasks:
            if now >= known.task.expires_at:
                await self._expire(known, now)
            elif known.task.is_deadline or known.state is TaskState.REMINDED:
                await self._remind([known], now, by_leader=_is_for_leader(known))
            else:
                bundles.setdefault(known.task.member, []).append(known)
        for member, some in bundles.items():
            await self._bundle(member, some, now)
        return len(tasks)

    async def _bundle(self, member: str, some: Sequence[KnownTask], now: float) -> None:
        last = await self.store.tasks.bundled_at(member)
        if last is None or now - last >= BUNDLE_S:
            await self._remind(some[:MOST_OPTIONS], now)
            some = some[MOST_OPTIONS:]
            last = now
        unit = Unit()
        for known in some:
            self.store.tasks.put_off(unit, known, last + BUNDLE_S)
        await self._commit(unit, [])

    async def _remind(
        self, some: Sequence[KnownTask], now: float, *, by_leader: bool = False
    ) -> None:
        unit = Unit()
        for known in some:
            self.store.tasks.reminded(unit, known, _next_after(known), now)
        effects = self._for_leaders(some[0], now) if by_leader else [self._card(some, now)]
        await self._commit(unit, [self._draft(one, now) for one in effects])

    async def _expire(self, known: KnownTask, now: float) -> None:
        unit, task = Unit(), known.task
        unit.statements.append(ended(task.id, TaskState.EXPIRED, ENGINE, now, expect=1))
        woken = ""
        if task.external_userid:
            arrival = told_of_end(known, TaskState.EXPIRED, ENGINE, now)
            await self.store.mailbox.deliver(unit, [arrival], now)
            woken = arrival.subject
        await self._commit(unit, [], woken)

    def _card(self, some: Sequence[KnownTask], now: float) -> Effect:
        first = some[0]
        card = task_card(self.phrases, some)
        return SendCard(
            userids=(first.task.member,),
            card=card,
            task_id=f"task_{first.task.id}_{first.nudged}_{int(now)}",
            fallback=self.phrases.say("tasks.as_text", title=card.title, text=card.text),
        )

    def _for_leaders(self, known: KnownTask, now: float) -> list[Effect]:
        task = known.task
        leaders = self.roster.leaders("", now)
        text = self.phrases.say(
            "tasks.leader",
            kind=kind_named(self.phrases, task.kind),
            name=self.roster.name_of(task.member),
            minutes=round((now - task.due_at) / 60),
            text=task.text,
        )
        return [NotifyStaff(userids=leaders, text=text)] if leaders else []

    def _draft(self, effect: Effect, now: float) -> Draft:
        queue, ttl = own_queue(effect, "corp", 0.0)
        return Draft(
            subject="corp",
            queue=queue,
            conversation=None,
            lane=Lane.HANDOFF,
            effect=told(self.guard, effect),
            expires_at=now + ttl,
            handled_by="tasks.remind",
        )

    async def _commit(self, unit: Unit, drafts: Sequence[Draft], subject: str = "") -> None:
        if not unit.statements:
            return
        await self.store.outbox.post(unit, drafts, self.clock.now())
        try:
            await self.store.database.commit(unit)
        except Conflict:  # somebody has done it meanwhile, or another look was quicker
            return
        for draft in drafts:
            self.wake_queue(draft.queue, draft.lane)
        if subject:
            self.wake_subject(subject, Lane.BACKGROUND)


def _is_for_leader(known: KnownTask) -> bool:
    """Whether this reminder is one that leaders get; the first one is the member's."""
    if known.state is TaskState.DUE or known.nudged >= len(known.task.nudges):
        return False
    return known.task.nudges[known.nudged].whom == "leader"


def _next_after(known: KnownTask) -> float:
    """When the task is looked at again once this reminder is sent."""
    task = known.task
    sent = known.nudged + (known.state is TaskState.REMINDED)
    left = task.nudges[sent:]
    return min(task.due_at + left[0].after_s, task.expires_at) if left else task.expires_at
