"""What is a handler given, and what may it decide?

A turn is the next due events of one conversation and all that is decided because of them. Handlers
collect; nothing happens before the one commit.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from bot.config import AccountSettings, StaffMember
from bot.model import (
    Attachment,
    Because,
    Conversation,
    EndSession,
    HandOff,
    KeepMedia,
    Lane,
    MenuItem,
    MessageReceived,
    Reply,
    Seat,
    TimerDue,
)
from bot.model.consents import Purpose
from bot.model.outreach import Outreach
from bot.policy.roster import Roster
from bot.routing.asking import Asking
from bot.routing.cases import CaseBook
from bot.routing.collected import (
    Advice,
    CodeReply,
    Decisions,
    Finding,
    Said,
    TimerChange,
)
from bot.routing.consenting import Consenting
from bot.routing.phrases import Phrases
from bot.routing.setting import Setting
from bot.routing.tagging import TurnTags
from bot.store import ConversationFacts, Handled, Statement
from knowledge.entries import Audience


class Turn(Consenting, TurnTags, Asking):
    """One conversation's turn (or, without a conversation, that of another subject).

    Args:
        subject: whose mailbox it is.
        now: Unix seconds; a turn has one time.
        facts: what is known of the conversation, kept current as events are applied.
        account: the kf account's profile, `None` without a conversation.
        cases: the conversation's case during this turn.
        tags: what is on the customer.
        recent_outcomes: of the customer's last messages, and when sent, newest first.
        setting: what holds for every conversation.
        account_name: the kf account's name as WeCom tells it.
        has_question: whether a text of this turn is more than a greeting or half a sentence.
    """

    def __init__(
        self,
        subject: str,
        now: float,
        *,
        facts: ConversationFacts | None,
        account: AccountSettings | None,
        setting: Setting,
        account_name: str = "",
        has_question: bool = False,
        recent_outcomes: Sequence[tuple[str, float]] = (),
        cases: CaseBook | None = None,
        tags: frozenset[str] = frozenset(),
    ) -> None:
        self.subject, self.now, self.tags = subject, now, tags
        where = facts.conversation.open_kfid if facts is not None else subject
        self.setting, self.account_name = setting, account_name or where
        self.has_question = has_question
        self._facts, self._account = facts, account
        self._recent_outcomes = list(recent_outcomes)
        self.cases = cases or CaseBook(None, now, lambda _servicer: 2)
        self.decisions = Decisions()
        self.event = None
        self.advice: Advice | None = None
        self.finding: Finding | None = None
        self.handler = ""
        self.settled: Handled | None = None

    # ------------------------------------------------------------------ what is known

    @property
    def facts(self) -> ConversationFacts:
        """What is known of the conversation now."""
        assert self._facts is not None, f"{self.subject} is no conversation"
        return self._facts

    @facts.setter
    def facts(self, facts: ConversationFacts) -> None:
        self._facts = facts

    @property
    def has_conversation(self) -> bool:
        """Whether this turn belongs to a customer at a kf account."""
        return self._facts is not None

    @property
    def conversation(self) -> Conversation:
        """Customer and kf account."""
        return self.facts.conversation

    @property
    def account(self) -> AccountSettings:
        """The kf account's persona, opening hours, autonomy; its name is `account_name`."""
        assert self._account is not None, f"{self.subject} is no conversation"
        return self._account

    @property
    def phrases(self) -> Phrases:
        """Texts that operators edit."""
        return self.setting.phrases

    @property
    def staff(self) -> tuple[StaffMember, ...]:
        """People named in the configuration."""
        return self.setting.staff

    @property
    def roster(self) -> Roster:
        """Who of them is on duty, and may be given a conversation."""
        return self.setting.roster

    @property
    def who(self) -> str:
        """What the bot calls itself at this account: company and persona."""
        persona = self.account.persona or self.phrases.say("engine.persona")
        return f"{self.setting.company}{persona}"

    @property
    def audience(self) -> Audience:
        """Who asks, as far as it decides what may be said."""
        facts = self.facts
        return Audience(
            today=self.today,
            open_kfid=facts.conversation.open_kfid,
            channel=facts.channel,
            tags=self.tags,
        )

    @property
    def today(self) -> date:
        """The date in the company's zone."""
        return self.local_time(self.now).date()

    def local_time(self, moment: float) -> datetime:
        """A Unix time in the company's zone."""
        return datetime.fromtimestamp(moment, self.setting.zone)

    @property
    def can_consult(self) -> bool:
        """Whether a model may be asked, and has not been about this message yet."""
        return self.setting.may_ask_model and self.advice is None

    @property
    def awaited(self) -> Advice | Finding | None:
        """What the message has waited for, when it is taken further."""
        return self.advice or self.finding

    @property
    def wants_handoff(self) -> bool:
        """Whether this turn asks for a person already."""
        return any(isinstance(one.effect, HandOff) for one in self.decisions.effects)

    @property
    def message(self) -> MessageReceived:
        """The message that is being handled."""
        assert isinstance(self.event, MessageReceived)
        return self.event

    @property
    def text(self) -> str:
        """What the customer wrote, without surrounding space."""
        return self.message.text.strip()

    @property
    def misses_in_a_row(self) -> int:
        """How many messages of this case found no answer before this one, without an answer
        between (R-11.2).
        """
        case = self.cases.open
        count, since = 0, case.opened_at if case else self.now
        for outcome in self._outcomes_before(since):
            if outcome == "missed":
                count += 1
            elif outcome in ("answered", "handed_off", "suggested"):
                break
        return count

    @property
    def is_first(self) -> bool:
        """Whether the customer wrote nothing in this conversation before this turn."""
        return not self._recent_outcomes

    @property
    def outcome_before(self) -> str:
        """What became of the customer's message before this one."""
        return next(self._outcomes_before(), "")

    def outcome_within(self, seconds: float) -> str:
        """What became of the customer's message before this one, if it was sent so lately."""
        return next(self._outcomes_before(self.message.sent_at - seconds), "")

    def _outcomes_before(self, since: float = 0.0) -> Iterator[str]:
        yield from (handled.outcome for handled in reversed(self.decisions.handled.values()))
        yield from (outcome for outcome, sent_at in self._recent_outcomes if sent_at >= since)

    # ------------------------------------------------------------------ what is decided

    def reply(
        self,
        text: str,
        *,
        menu: Sequence[MenuItem] = (),
        tail: str = "",
        survey: Sequence[MenuItem] = (),
        attachments: Sequence[Attachment] = (),
        because: Because | None = None,
        category: str = "",
        written_by_model: bool = False,
        purpose: Purpose | None = None,
        outreach: Outreach | None = None,
    ) -> None:
        """Say something to the customer; the replies of a turn are merged and metered.

        In a turn without a conversation there is nobody to say it to, and it is dropped; so it is
        when the customer has not agreed to its purpose.
        """
        reply = Reply(
            text=text,
            menu=tuple(menu),
            tail=tail,
            survey=tuple(survey),
            attachments=tuple(attachments),
            because=because,
            category=category,
            written_by_model=written_by_model,
            purpose=purpose,
            outreach=outreach,
        )
        message = self.event if isinstance(self.event, MessageReceived) else None
        awaited = self.awaited
        quoted = awaited is not None and awaited.msgid != self.facts.window_msgid
        self.decisions.said.append(Said(reply, message, self.handler, quoted))

    def reach_out(self, outreach: Outreach, by: str) -> None:
        """Count a touch that no effect carries; ask `Reaching` before.

        Args:
            by: id of the task for staff that does; once that came to nothing it does not count.
        """
        assert outreach in self.decisions.allowed, "ask before reaching out"
        self.decisions.reached.append((outreach, by))

    def reply_by_code(
        self,
        code: str,
        reply: Reply,
        *,
        expires_at: float,
        in_state: int | None = None,
    ) -> None:
        """Say something that a welcome, queue or end code permits; of several welcomes the one
        that may be said first stands (R-2.2).
        """
        self.decisions.by_code.append(CodeReply(code, reply, expires_at, self.handler, in_state))

    def hand_off(
        self,
        reason: str,
        *,
        tag: str,
        case_id: str = "",
        seats: Sequence[Seat] = (),
        away_from: str = "",
        tries: int = 0,
    ) -> None:
        """Bring the conversation to people; the outcome returns as `EffectDone` with this tag.

        Args:
            seats: who may take it, in this order; without one it goes to the pool.
            away_from: who has it and is to lose it.
            tries: comes back with the outcome.
        """
        effect = HandOff(
            reason=reason, case_id=case_id, seats=tuple(seats), away_from=away_from, tries=tries
        )
        self._decide(effect, Lane.HANDOFF, tag)

    def end_session(self, *, tag: str = "", quiet_since: float | None = None) -> None:
        """End the session that a servicer has; its end code returns as `EffectDone` (`EndSession`).

        Nothing happens while no servicer has it: only that end is documented (wecom-api §3.5).

        Args:
            quiet_since: only if nobody has written in the case since then.
        """
        assert self.has_conversation, f"{self.subject} is no conversation"
        self._decide(EndSession(quiet_since=quiet_since), Lane.HANDOFF, tag)

    def check_session(self) -> None:
        """Ask WeCom who has the session, and end nothing; what a case does not know, it hears."""
        self.end_session(quiet_since=0.0)  # somebody has written since then

    def keep_media(self, media_id: str, msgtype: str) -> None:
        """Download a medium before WeCom forgets it (3 days)."""
        effect = KeepMedia(media_id=media_id, msgid=self.message.msgid, msgtype=msgtype)
        self._decide(effect, Lane.BACKGROUND, "")

    def schedule(
        self,
        name: str,
        after_s: float,
        *,
        key: str = "",
        data: dict[str, Any] | None = None,
        skip_after_s: float | None = None,
    ) -> None:
        """Set a timer of this conversation; one pending under the same name and key is replaced.

        The last word counts: `schedule` and `cancel` of one turn happen in the order of the calls.
        """
        timer = self._timer(name, key, data=data or {}, skip_after_s=skip_after_s)
        self.decisions.timers.append(TimerChange(timer, self.now + after_s))

    def cancel(self, name: str, *, key: str = "") -> None:
        """Withdraw a pending timer of this conversation."""
        self.decisions.timers.append(TimerChange(self._timer(name, key), None))

    def _timer(self, name: str, key: str, **more: Any) -> TimerDue:
        where = self.conversation if self.has_conversation else Conversation("", "")
        ids = msgspec.structs.asdict(where)
        return TimerDue(name=name, key=key, **ids, **more)

    def record(self, sql: str, *params: Any, expect: int | None = None) -> None:
        """Write to a table of this behaviour, in the turn's commit."""
        self.decisions.records.append(Statement(sql, params, expect))

    def judge(self, msgid: str, feedback: str) -> None:
        """Note what showed later about the answer to an earlier message.

        Args:
            feedback: ``solved``, ``unsolved`` or ``asked_again``.
        """
        self.decisions.judged[msgid] = feedback

    def settle(self, outcome: str, because: Because | None = None) -> None:
        """Own the message and say what became of it, with or without a reply."""
        self.settled = Handled(outcome, self.handler, because)
