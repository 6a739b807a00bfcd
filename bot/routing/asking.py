"""What does a turn ask of models and of the company's systems? Each answer returns as an event."""

from collections.abc import Sequence
from typing import Protocol

from bot.config import AccountSettings
from bot.model import (
    Case,
    Choice,
    Consult,
    Delegate,
    DraftReply,
    Effect,
    Lane,
    LookUp,
    MessageReceived,
    RunErrand,
    SumUp,
)
from bot.routing.collected import Decisions
from bot.routing.setting import Setting

CONSULTING = "consulting"
"""Outcome of a message that waits for the model, or for what is looked up."""


class _Asks(Protocol):
    """What the asking part needs of the turn it is a part of."""

    handler: str
    decisions: Decisions
    setting: Setting

    @property
    def message(self) -> MessageReceived: ...

    @property
    def account(self) -> AccountSettings: ...

    @property
    def who(self) -> str: ...

    def _decide(self, effect: Effect, lane: Lane, tag: str) -> None: ...

    def settle(self, outcome: str) -> None: ...


class Asking:
    """The part of a `Turn` that waits for others, or has others do something."""

    def consult(
        self: _Asks, question: str, choices: Sequence[Choice], *, recent: Sequence[str] = ()
    ) -> None:
        """Let the model answer the message from the choices; until then the message waits.

        Whatever the model does, the message then goes on from this handler, with `advice` set.

        Args:
            recent: what the customer wrote shortly before, oldest first.
        """
        effect = Consult(
            msgid=self.message.msgid,
            question=question,
            choices=tuple(choices),
            recent=tuple(recent),
            who=self.who,
            tone=self.account.tone or "",
        )
        self._decide(effect, Lane.MODEL, self.handler)
        self.settle(CONSULTING)

    def draft_reply(
        self: _Asks,
        msgid: str,
        question: str,
        choices: Sequence[Choice],
        *,
        recent: Sequence[str] = (),
        tag: str,
    ) -> None:
        """Let the model draft what a member could answer; nobody waits, and nobody is sent it.

        Args:
            msgid: the message that would be answered.
            recent: what the customer wrote shortly before, oldest first.
            tag: with which `EffectDone` returns (see `DraftReply`).
        """
        effect = DraftReply(
            msgid=msgid,
            question=question,
            choices=tuple(choices),
            recent=tuple(recent),
            who=self.who,
            tone=self.account.tone or "",
        )
        self._decide(effect, Lane.MODEL, tag)

    def look_up(self: _Asks, name: str, *, names: Sequence[str] = ()) -> None:
        """Ask one of the company's systems about this customer; until then the message waits.

        Whatever comes of it, the message then goes on from this handler, with `finding` set.

        Args:
            names: the values that are wanted, where it is `VALUES`; they are read as `Values`.
        """
        effect = LookUp(msgid=self.message.msgid, name=name, names=tuple(names))
        self._decide(effect, Lane.MODEL, self.handler)
        self.settle(CONSULTING)

    def delegate(self: _Asks, question: str, *, recent: Sequence[str] = ()) -> None:
        """Let the model find out with the company's tools; until then the message waits.

        Whatever comes of it, the message then goes on from this handler, with `finding` set.
        """
        effect = Delegate(
            msgid=self.message.msgid, question=question, recent=tuple(recent), who=self.who
        )
        self._decide(effect, Lane.MODEL, self.handler)
        self.settle(CONSULTING)

    def sum_up(self: _Asks, case: Case, *, tag: str) -> None:
        """Let the model sum a case up for the staff, if there is one; nobody waits for it.

        What is said at an account where the bot is off does not leave the house.

        Args:
            tag: with which `EffectDone` returns (see `SumUp`); without a model nothing does.
        """
        if (
            self.setting.sums_up
            and not self.setting.load.heavy
            and self.account.autonomy.mode != "off"
        ):
            self._decide(SumUp(case_id=case.id, since=case.opened_at), Lane.MODEL, tag)

    def run_errand(
        self: _Asks, errand_id: str, tool: str, arguments: dict[str, str | int], *, try_for_s: float
    ) -> None:
        """Change something in one of the company's systems: this message has confirmed it.

        What came of it returns as `EffectDone` or `EffectFailed`, tagged with the behaviour's name.
        """
        effect = RunErrand(
            errand_id=errand_id,
            msgid=self.message.msgid,
            tool=tool,
            arguments=arguments,
            try_for_s=try_for_s,
        )
        self._decide(effect, Lane.MODEL, self.handler.partition(".")[0])

    def runs_errand(self: _Asks, errand_id: str) -> bool:
        """Whether this turn has it done already."""
        return any(_is_errand(one.effect, errand_id) for one in self.decisions.effects)

    def withdraw_errand(self: _Asks, errand_id: str) -> None:
        """The customer has changed their mind within the same turn."""
        effects = self.decisions.effects
        effects[:] = [one for one in effects if not _is_errand(one.effect, errand_id)]


def _is_errand(effect: Effect, errand_id: str) -> bool:
    return isinstance(effect, RunErrand) and effect.errand_id == errand_id
