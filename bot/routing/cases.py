"""Which case does a turn belong to, and what does it do to it?

The engine opens cases, closes those that nobody goes on with, and notes when people answer; all
else is decided by behaviours, through `CaseBook.step`.
"""

from collections.abc import Callable
from typing import Any

from bot.model import Case, Conversation, MessageReceived, Step
from bot.model.cases import (
    GAP_S,
    SERVING,
    WANTED,
    advance,
    customer_wrote,
    servicer_wrote,
)
from bot.routing.facts import CUSTOMER
from bot.store import CaseChange, case_id

LevelOf = Callable[[str], int]
"""Level of a servicer by userid: 2 = junior, 3 = expert."""


class CaseBook:
    """The case of one conversation during one turn.

    Args:
        case: the open one, as it is stored.
        now: Unix seconds of the turn.
        level_of: level of a servicer.
    """

    def __init__(self, case: Case | None, now: float, level_of: LevelOf) -> None:
        self._now, self._level_of = now, level_of
        self._done: list[CaseChange] = []
        self._before, self._case = case, case
        self._steps: list[Step] = []
        self._just_opened = False

    @property
    def open(self) -> Case | None:
        """The case that is going on."""
        return self._case if self._case is not None and not self._case.is_over else None

    @property
    def newest(self) -> Case | None:
        """The case that is going on, or that this turn has closed."""
        return self._case

    @property
    def left_behind(self) -> Case | None:
        """The case that a message has closed, by coming after a day (R-11.6)."""
        return self._done[-1].before if self._done else None

    @property
    def changes(self) -> tuple[CaseChange, ...]:
        """What is to be committed."""
        return (*self._done, *self._pending())

    def step(self, name: str, *, at: float | None = None, **what: Any) -> Case | None:
        """Something happens to the open case; without one nothing does.

        Args:
            name: see `Step`.
            at: when it happened, by default now.
            what: level, servicer, reason, data, note.
        """
        case = self.open
        if case is None:
            return None
        if "servicer" in what:
            what["servicer"] = what["servicer"].lower()
        step = Step(name=name, at=self._now if at is None else at, **what)
        self._steps.append(step)
        self._case = advance(case, step)
        return self._case

    def hear(self, message: MessageReceived) -> None:
        """A message belongs to a case: the one that is open, or a new one if a customer wrote it.

        A message that WeCom brings late belongs to the case that is open now.
        """
        self._just_opened = False
        if message.origin == CUSTOMER:
            self._customer_wrote(message)
        elif self.open is not None:
            self._servicer_wrote(self.open, message)

    def begin(self, conversation: Conversation) -> Case:
        """The open case; where no message could open one, it begins now."""
        return self.open or self._opened(conversation, f"begun {self._now}", self._now)

    def withdraw(self) -> None:
        """What was just heard opens no case: thanks, a goodbye, a rating of the one before."""
        if self._just_opened and len(self._steps) == 1:
            self._just_opened = False
            self._before = self._case = None
            self._steps = []

    def close_if_left(self) -> bool:
        """Close the open case if nobody went on with it for a day; whether it is closed now."""
        case = self.open
        if case is None or self._now - case.active_at < GAP_S:
            return False
        self.step("closed", at=case.active_at + GAP_S, reason="gap")
        return True

    def _customer_wrote(self, message: MessageReceived) -> None:
        case = self.open
        if case is not None and message.sent_at - case.active_at >= GAP_S:
            self.step("closed", at=case.active_at + GAP_S, reason="gap")
            case = None
        if case is None:
            case = self._opened(message.conversation, message.msgid, message.sent_at)
        self._case = customer_wrote(case, message.sent_at)

    def _opened(self, conversation: Conversation, first: str, at: float) -> Case:
        self._done += self._pending()
        case = Case(
            id=case_id(conversation, first), conversation=conversation, opened_at=at, active_at=at
        )
        self._before, self._steps = case, []
        self._case = case
        self._just_opened = True
        opened = self.step("opened", at=at)
        assert opened is not None
        return opened

    def _servicer_wrote(self, case: Case, message: MessageReceived) -> None:
        servicer = (message.servicer_userid or "").lower()
        level = self._level_of(servicer)
        served = case.answered_at is not None
        goes_on = served and case.status in (SERVING, WANTED)  # wanted: he has given it on
        another = case.status == SERVING and case.servicer != servicer
        if not goes_on or another or case.served_level < level:
            self.step("answered", at=message.sent_at, servicer=servicer, level=level)
        assert self._case is not None
        self._case = servicer_wrote(self._case, message.sent_at)

    def _pending(self) -> list[CaseChange]:
        if self._before is None or self._case is None:
            return []
        if self._case == self._before and self._before.version >= 0:
            return []
        return [CaseChange(self._before, self._case, tuple(self._steps))]
