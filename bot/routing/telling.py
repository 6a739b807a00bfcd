"""Whom else does a turn tell: members of staff, other behaviours, other customers' mailboxes?"""

from collections.abc import Sequence
from typing import Any

import msgspec

from bot.errors import ConciergeError
from bot.model import (
    Card,
    Conversation,
    DropWay,
    EditRemark,
    Effect,
    Emitted,
    Event,
    Lane,
    MakeWay,
    NotifyStaff,
    ReadGroup,
    SendCard,
    SendWelcome,
    StaffAction,
    TakeCode,
    UpdateCard,
)
from bot.model.consents import Purpose
from bot.routing.collected import Decided, Decisions
from bot.store import ANSWER, ConversationFacts, Statement

MAX_EMIT_DEPTH = 5
"""How many emissions may follow from one event."""


class EmittedTooDeep(ConciergeError):
    """Handlers emit events to each other without end"""


class Telling:
    """The part of a `Turn` that reaches others than its own customer."""

    decisions: Decisions
    event: Event | None
    handler: str
    now: float
    _facts: ConversationFacts | None

    def notify(self, userids: Sequence[str], text: str) -> None:
        """Send an app message to members; the same one twice in a turn is one."""
        effect = NotifyStaff(userids=tuple(userids), text=text)
        if userids and all(one.effect != effect for one in self.decisions.effects):
            self._decide(effect, Lane.HANDOFF, "")

    def answer(self, action: StaffAction, text: str, *, done: bool = False) -> None:
        """Tell a member what came of what he did: on the page where he waits, else by app message.

        Args:
            done: whether it was done as he wanted.
        """
        if not action.on_page:
            self.notify([action.userid], text)
            return
        values = (action.client_id, action.external_userid, action.userid, self.now)
        self.decisions.records.append(Statement(ANSWER, (*values, int(done), text)))

    def notify_servicers(self, open_kfid: str, text: str) -> None:
        """Send an app message to whoever WeCom lists as a servicer of an account.

        For where the configuration names nobody, so that somebody may learn of it.
        """
        effect = NotifyStaff(userids=(), text=text, open_kfid=open_kfid)
        if all(one.effect != effect for one in self.decisions.effects):
            self._decide(effect, Lane.HANDOFF, "")

    def send_card(
        self, userids: Sequence[str], card: Card, *, task_id: str, fallback: str, tag: str = ""
    ) -> None:
        """Send a card with buttons to members; what is pressed returns as `CardPressed`.

        Args:
            task_id: names the card for ever: WeCom refuses the same one twice. At most 128 bytes
                of ``[0-9a-zA-Z_@-]``.
            fallback: the text that goes out when WeCom refuses the card.
            tag: with one, what came of it returns as `EffectDone` (see `SendCard`).

        Raises:
            ValueError: the card has no button, or `task_id` is none.
        """
        effect = SendCard(userids=tuple(userids), card=card, task_id=task_id, fallback=fallback)
        if userids:
            self._decide(effect, Lane.HANDOFF, tag)

    def update_card(
        self,
        response_code: str,
        card: Card | None = None,
        *,
        replace_name: str = "",
        userids: Sequence[str] = (),
        task_id: str = "",
        tag: str = "",
    ) -> None:
        """Change a card that was sent; without a code there is nothing that could be changed.

        Args:
            response_code: works once; from `SendCard`'s result or a press.
            card: what it becomes, ``None`` = only its buttons change.
            replace_name: greys the buttons out with this text.
            userids: whose copies change, empty = everybody's.
            task_id: of the card; changes of one card keep their order.

        Raises:
            ValueError: neither buttons nor a text that replaces them.
        """
        effect = UpdateCard(
            response_code=response_code,
            card=card,
            replace_name=replace_name,
            userids=tuple(userids),
            task_id=task_id,
        )
        if response_code:
            self._decide(effect, Lane.HANDOFF, tag)

    def make_way(
        self,
        state: str,
        users: Sequence[str],
        *,
        chats: Sequence[str] = (),
        remark: str = "",
        tag: str = "",
    ) -> None:
        """Make a contact way of a single customer; what came of it returns as `EffectDone`.

        Args:
            state: claim it (`Channels.claim`) in the same turn.
            users: members that it leads to.
            chats: groups that it leads into instead, at most 5.
        """
        effect = MakeWay(state=state, users=tuple(users), remark=remark, chats=tuple(chats))
        self._decide(effect, Lane.REPLY, tag)

    def edit_remark(self, effect: EditRemark, *, tag: str) -> None:
        """Write what a member notes about a customer; what came of it returns with this tag."""
        self._decide(effect, Lane.HANDOFF, tag)

    def drop_way(self, state: str) -> None:
        """Delete the contact way of a single customer: its QR code is dead from then on."""
        self._decide(DropWay(state=state), Lane.BACKGROUND, "")

    def welcome(self, effect: SendWelcome, *, expires_at: float, tag: str) -> None:
        """Greet a newcomer in a member's name, before anything else; of several of a turn the
        first stands (R-2.2).

        Args:
            expires_at: Unix seconds after which the code is not tried.
            tag: with which `EffectFailed` comes back; what is sent is in `store.welcomes`.
        """
        effects = self.decisions.effects
        if not any(isinstance(one.effect, SendWelcome) for one in effects):
            decided = Decided(effect, Lane.URGENT, tag, self.handler, expires_at=expires_at)
            effects.append(decided)

    def take_code(self, campaign: str, external_userid: str, *, tag: str) -> None:
        """Make a redeem code this customer's; which, comes back as `EffectDone` with this tag."""
        effect = TakeCode(campaign=campaign, external_userid=external_userid)
        self._decide(effect, Lane.BACKGROUND, tag)

    def read_group(
        self, chat_id: str, *, at: float, joined: int, tag: str, since: float | None = None
    ) -> None:
        """Ask whose a customer group is; it comes back as `EffectDone` with this tag.

        Args:
            since: customers who joined since then come back too, with the codes they scanned.
        """
        effect = ReadGroup(chat_id=chat_id, at=at, joined=joined, since=since)
        self._decide(effect, Lane.HANDOFF, tag)

    def emit(self, name: str, *, to: Conversation | None = None, **data: Any) -> None:
        """Tell the other behaviours something, in a turn of its own.

        Args:
            to: whose conversation it is about, by default the turn's; another customer's mailbox
                gets it in this turn's commit. Without an account it is about the customer alone.

        Raises:
            EmittedTooDeep: emissions answer each other without end.
        """
        where = to or (self._facts.conversation if self._facts else Conversation("", ""))
        ids = msgspec.structs.asdict(where)
        emitted = Emitted(name=name, data=data, depth=self._depth(name), **ids)
        self.decisions.emitted.append(emitted)

    def forward(self, action: StaffAction) -> None:
        """Put what a member did into the mailbox of the customer it is about.

        Raises:
            EmittedTooDeep: emissions answer each other without end.
        """
        forwarded = msgspec.structs.replace(action, depth=self._depth(action.name))
        self.decisions.emitted.append(forwarded)

    def _depth(self, name: str) -> int:
        event = self.event
        depth = event.depth + 1 if isinstance(event, Emitted | StaffAction) else 1
        if depth > MAX_EMIT_DEPTH:
            raise EmittedTooDeep(f"{name} would be emission {depth}")
        return depth

    def _decide(self, effect: Effect, lane: Lane, tag: str, purpose: Purpose | None = None) -> None:
        self.decisions.effects.append(Decided(effect, lane, tag, self.handler, purpose))
