"""What has a person agreed to in this turn, and what were they asked?"""

from collections.abc import Sequence

from bot.model import MessageReceived
from bot.model.consents import ConsentDecision, Purpose, Standing
from bot.routing.collected import Notice
from bot.routing.telling import Telling

GIVEN, ENDED = "consent_given", "consent_ended"
"""Emitted after a decision; `data` holds `purpose`, and for the second `decision`."""


class Consenting(Telling):
    """The part of a `Turn` that writes down what a person agrees to."""

    def consent(
        self,
        purpose: Purpose,
        decision: Standing,
        *,
        notice_version: str = "",
        channel: str = "kf",
        evidence: str = "",
        by: str = "customer",
    ) -> None:
        """Write down what the person decided; it holds with this turn's commit.

        The other behaviours hear `consent_given`, or `consent_ended` when it was refused or
        withdrawn.

        Args:
            evidence: what shows it, by default the message that is being handled.
            by: who decided, or wrote it down.
        """
        if not evidence and isinstance(self.event, MessageReceived):
            evidence = self.event.msgid
        self.decisions.consents.append(
            ConsentDecision(
                purpose=purpose,
                decision=decision,
                notice_version=notice_version,
                channel=channel,
                evidence=evidence,
                by=by,
            )
        )
        name = GIVEN if decision is Standing.GIVEN else ENDED
        self.emit(name, purpose=purpose.value, decision=decision.value)

    def ask_consent(self, purposes: Sequence[Purpose], version: str) -> None:
        """Write down that this turn shows a notice; showing it is the caller's."""
        self.decisions.notices.append(Notice(tuple(purposes), version))
