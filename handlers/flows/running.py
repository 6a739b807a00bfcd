"""How does a flow go on: what is said when, to whom, and what if it may not be said?

Each step comes due in a turn of the customer's own mailbox; what it finds in the rows decides, so
that a timer that is told twice, or of an earlier definition, does nothing.
"""

from dataclasses import dataclass

import structlog

from bot.model import Because, Conversation, MenuItem
from bot.model.outreach import Outreach, Priority, Reach
from bot.routing import Turn
from bot.routing.experimenting import Experimenting
from bot.routing.outreach import Reaching
from bot.routing.writing import could_write, friend_of, may_advertise, may_write, with_people
from bot.store import Store
from handlers.flows import store
from handlers.flows.flow import (
    GAP_S,
    LATE_S,
    MASS_SEND,
    Evidence,
    Flow,
    Situation,
    Step,
    Wait,
    due_at,
    first_step,
    holds,
    reminder_at,
    said_to_friend,
    step_after,
)
from handlers.flows.friends import FEATURE, Touch, mass_send, staff_task
from handlers.flows.in_force import Flows
from handlers.flows.store import Run, StepRow

log = structlog.get_logger(__name__)

STEP, EXPIRE, TOUCH = "flows.step", "flows.expire", "flow_touch"
"""Timers of a run, and the emission that brings a step into the conversation."""

REWARD = "flows.reward"
PREFIX = "flow:"
"""Of the menu item by which a customer says that a step is done."""

PAUSE_S = 3600.0
"""So long a step waits while people have the conversation (R-9.3)."""

NO_CONSENT, NO_WAY = "no_consent", "no_way"


@dataclass(frozen=True, slots=True)
class Guide:
    """What takes customers through the flows that are in force; handlers ask for it."""

    facts: Store
    flows: Flows
    reaching: Reaching
    trying: Experimenting

    def of(self, turn: Turn) -> "Runner":
        """For the customer of this turn."""
        return Runner(turn, self.facts, self.flows, self.reaching, self.trying)


@dataclass(frozen=True, slots=True)
class Runner:
    """Takes the customer of one turn through his flows."""

    turn: Turn
    facts: Store
    flows: Flows
    reaching: Reaching
    trying: Experimenting

    # ------------------------------------------------------------------ beginning

    async def begin(self, event: str, *, userid: str = "", state: str = "") -> None:
        """Let every flow begin that an event starts, for whom it is meant."""
        turn, facts = self.turn, self.facts
        customer = turn.external_userid
        customers = await facts.people.same_person(customer)
        came = (await facts.channels.channel_of(state)).id if state else ""
        kinds: set[str] = set()
        for flow in self.flows.starting_on(event):
            if flow.kind in kinds or await store.has_had(facts, flow.kind, customers):
                continue
            started = Run(
                id=store.run_id(flow.kind, customer),
                kind=flow.kind,
                flow=flow.id,
                external_userid=customer,
                userid=userid.lower(),
                open_kfid=turn.conversation.open_kfid if turn.has_conversation else "",
                channel=came,
                version=flow.version,
                started_at=turn.now,
                expires_at=turn.now + flow.expires_s,
            )
            first = first_step(flow)
            if first is None or not holds(flow.when, await self.situation(started)):
                continue
            kinds.add(flow.kind)
            store.begin(turn, flow, started)
            turn.schedule(EXPIRE, flow.expires_s, key=started.id, data={"run": started.id})
            await self.plan(started, first)

    async def plan(
        self, run: Run, step: Step, *, since: float | None = None, wanted: float | None = None
    ) -> None:
        """Let a step come due, with room between it and those of other flows (R-9.4).

        Args:
            since: when its wait began, by default now.
            wanted: when it is to come due, by default after its wait.
        """
        since = self.turn.now if since is None else since
        if wanted is None:
            wanted = due_at(step.wait, self.turn.local_time(since)).timestamp()
        due = await store.busy_until(self.facts, run.external_userid, run.id, wanted, GAP_S)
        store.plan(self.turn, run, step, since, due)
        self.alarm(run, step.id, due)

    def alarm(self, run: Run, step_id: str, at: float) -> None:
        """Look at a step again then; an earlier alarm of this run is replaced."""
        data = {"run": run.id, "step": step_id}
        self.turn.schedule(STEP, max(0.0, at - self.turn.now), key=run.id, data=data)

    async def situation(self, run: Run) -> Situation:
        """What conditions are asked of, now."""
        counts = await self.facts.profiles.counts(run.external_userid)
        return Situation(
            moment=self.turn.local_time(self.turn.now),
            tags=self.turn.tags,
            channel=run.channel,
            wrote=counts.wrote_at > run.started_at,
            ordered=counts.orders > 0,
        )

    # ------------------------------------------------------------------ a step comes due

    async def come_due(self, run_id: str, step_id: str) -> None:
        """Say what is due, remind of it, skip it, or put it off."""
        run = await store.run(self.facts, run_id)
        if run is None or not run.is_running or run.step != step_id:
            return
        flow = self.flows.get(run.flow)
        if flow is None:
            store.end_run(self.turn, run, store.CANCELLED, "flow taken out")
            return
        rows = await store.steps_of(self.facts, run.id)
        row = next((one for one in rows if one.step == step_id and one.outcome is None), None)
        if row is None:
            return
        situation = await self.situation(run)
        step = flow.step(step_id)
        if self.turn.now >= run.expires_at:
            store.end_run(self.turn, run, store.EXPIRED)
        elif not holds(flow.when, situation):
            store.end_run(self.turn, run, store.CANCELLED, "no longer meant")
        elif step is None:
            await self._skip(flow, run, row, "step taken out")
        elif row.asked_at is None:
            await self._first(flow, run, row, step, situation)
        else:
            await self._again(flow, run, row, step, situation)

    async def _first(
        self, flow: Flow, run: Run, row: StepRow, step: Step, situation: Situation
    ) -> None:
        now = self.turn.now
        begun = self.turn.local_time(row.begun_at)
        due = max(due_at(step.wait, begun).timestamp(), min(row.due_at, now))
        if due > now + 1.0:  # the definition was changed: it is not due yet
            store.plan(self.turn, run, step, row.begun_at, due)
            self.alarm(run, step.id, due)
            return
        if now - row.due_at > LATE_S:
            await self._skip(flow, run, row, "late")
        elif not holds(step.when, situation):
            await self._skip(flow, run, row, "not meant")
        elif self._is_met(step, situation) or (
            await self._reach(flow, run, row, step) and step.evidence is Evidence.NONE
        ):
            await self.done(flow, run, row, step)

    async def _again(
        self, flow: Flow, run: Run, row: StepRow, step: Step, situation: Situation
    ) -> None:
        if step.evidence is Evidence.NONE or self._is_met(step, situation):
            await self.done(flow, run, row, step)
            return
        assert row.asked_at is not None
        at = reminder_at(step, row.asked_at, row.reminded)
        if at is None:
            return
        if at > self.turn.now + 1.0:
            self.alarm(run, step.id, at)
        else:
            await self._reach(flow, run, row, step, again=True)

    def _is_met(self, step: Step, situation: Situation) -> bool:
        """Whether what the step asks for is so already."""
        if step.evidence is Evidence.ORDER:
            return situation.ordered
        return step.evidence is Evidence.WROTE and situation.wrote

    async def _over(self, run: Run, step_id: str) -> set[str]:
        rows = await store.steps_of(self.facts, run.id)
        return {one.step for one in rows if one.outcome is not None} | {step_id}

    # ------------------------------------------------------------------ reaching somebody

    async def _reach(
        self, flow: Flow, run: Run, row: StepRow, step: Step, *, again: bool = False
    ) -> bool:
        """Say it, or ask a member to; returns whether that was decided."""
        turn, facts, customer = self.turn, self.facts, run.external_userid
        where = Conversation(run.open_kfid, customer) if run.open_kfid else None
        if flow.is_marketing and not await may_advertise(facts, customer):
            store.touched(turn, row, Reach.BLOCKED, why=NO_CONSENT)
            return False
        if where and await with_people(facts, await facts.conversations.facts(where)):
            self.alarm(run, step.id, turn.now + PAUSE_S)
            store.touched(turn, row, Reach.BLOCKED, why="with people")
            return False
        if where and not turn.has_conversation and await could_write(facts, where, turn.now):
            turn.emit(TOUCH, to=where, run=run.id, step=step.id)
            return False
        writes = await may_write(turn, facts)
        member = "" if writes else await friend_of(facts, customer, run.userid)
        if not writes and not member:
            store.touched(turn, row, Reach.BLOCKED, why=NO_WAY)
            return False
        wanted = Outreach(
            feature=FEATURE,
            ref=f"{flow.id}/{step.id}",
            reason=f"flow:{flow.id}/{step.id}",
            promo=flow.is_promo,
            priority=Priority.SOP if flow.is_marketing else Priority.SERVICE,
        )
        if (refusal := await self.reaching.refusal(turn, wanted)) is not None:
            store.touched(turn, row, Reach.BLOCKED, why=refusal.why)
            if refusal.until < run.expires_at:
                if row.asked_at is None:  # a step put off is not late by that
                    store.put_off(turn, row, refusal.until)
                self.alarm(run, step.id, refusal.until)
            return False
        await self._touch(Touch(flow, run, row, step, wanted, again), member)
        return True

    async def _touch(self, touch: Touch, member: str) -> None:
        turn, step, row = self.turn, touch.step, touch.row
        text, reach = await self._text(step, again=touch.again), Reach.PLANNED
        says = said_to_friend(step, text) if member and await self._may_mass_send(step) else ""
        if says:
            await mass_send(turn, self.facts, touch, member, says)
        elif member:
            await staff_task(turn, self.facts, touch, member, text)
            reach = Reach.CREATED
        else:
            self._write(touch, text)
        store.touched(turn, row, reach, touch.flow.version, again=touch.again)
        if step.evidence is not Evidence.NONE:
            reminded = (*row.reminded, turn.now) if touch.again else row.reminded
            at = reminder_at(step, row.asked_at or turn.now, reminded)
            if at is not None:
                self.alarm(touch.run, step.id, at)

    def _write(self, touch: Touch, text: str) -> None:
        button = touch.step.button
        self.turn.reply(
            text,
            menu=[MenuItem(f"{PREFIX}{touch.ref}", button)] if button else [],
            category="service",
            because=Because(source="flow", ref=touch.wanted.ref),
            purpose=touch.purpose,
            outreach=touch.wanted,
        )

    async def _may_mass_send(self, step: Step) -> bool:
        """Whether it is to be one, and WeCom lets us make them."""
        if (step.way or self.flows.way) != MASS_SEND:
            return False
        return bool((await self.facts.contact_sync.state()).permitted)

    async def _text(self, step: Step, *, again: bool) -> str:
        if again and step.remind_text:
            return step.remind_text
        if not step.experiment:
            return step.text
        variant = await self.trying.variant(self.turn, step.experiment)
        return step.variants.get(variant, step.text)

    # ------------------------------------------------------------------ going on

    async def done(
        self, flow: Flow, run: Run, row: StepRow, step: Step, *, thank: bool = False
    ) -> None:
        """A step is done; what comes after it is planned."""
        store.end_step(self.turn, row, store.STEP_DONE, step.evidence)
        if step.evidence is not Evidence.NONE:  # whatever still asks for it
            store.drop_sends(self.turn, run, f"{run.id}/{step.id}", "step_done")
        over = await self._over(run, step.id)
        if not thank:
            await self._advance(flow, run, step.id, over)
        elif not await self._advance(flow, run, step.id, over, answering=step.done_text):
            because = Because(source="flow", ref=f"{flow.id}/{step.id}")
            if step.done_text:
                self.turn.reply(step.done_text, category="service", because=because)

    async def _skip(self, flow: Flow, run: Run, row: StepRow, why: str) -> None:
        log.info("flow.step_skipped", flow=flow.id, step=row.step, why=why)
        store.end_step(self.turn, row, store.SKIPPED, None, why)
        await self._advance(flow, run, row.step, await self._over(run, row.step))

    async def _advance(
        self, flow: Flow, run: Run, step_id: str, done: set[str], *, answering: str | None = None
    ) -> bool:
        """Plan what comes after a step; returns whether that was said at once.

        What follows at once on a customer's own act is an answer to it, and takes nothing from the
        budget.

        Args:
            answering: said before it, ``None`` = the customer did nothing just now.
        """
        situation = await self.situation(run)
        following = step_after(flow, step_id, done, situation)
        if following is None:
            store.end_run(self.turn, run, store.DONE)
            self.turn.cancel(EXPIRE, key=run.id)
            self.turn.emit("flow_done", flow=flow.id, kind=flow.kind)
            if flow.reward:
                self.turn.take_code(flow.reward, run.external_userid, tag=REWARD)
        elif answering is None or following.wait != Wait() or not holds(following.when, situation):
            await self.plan(run, following)
        else:
            await self._say_at_once(flow, run, following, answering)
            return True
        return False

    async def _say_at_once(self, flow: Flow, run: Run, step: Step, before: str) -> None:
        turn = self.turn
        store.plan(turn, run, step, turn.now, turn.now)
        store.said_at_once(turn, run, step, flow.version)
        menu = [MenuItem(f"{PREFIX}{run.id}/{step.id}", step.button)] if step.button else []
        because = Because(source="flow", ref=f"{flow.id}/{step.id}")
        text = "\n\n".join(part for part in (before, await self._text(step, again=False)) if part)
        turn.reply(text, menu=menu, category="service", because=because)
        if step.evidence is Evidence.NONE:
            self.alarm(run, step.id, turn.now)
        elif (at := reminder_at(step, turn.now, ())) is not None:
            self.alarm(run, step.id, at)
