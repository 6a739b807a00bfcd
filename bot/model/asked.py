"""What is an effect, and which of them ask a model or one of the company's systems?"""

from enum import StrEnum

import msgspec

from bot.model.advice import AnswerRequest, Choice


class Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One thing a turn decided; how a repeat is harmless stands in each docstring."""


class _ToAnswer(Effect, frozen=True, kw_only=True):
    """What the chat model is to answer.

    Args:
        msgid: the message that is answered.
        choices: the passages; the other fields are those of `AnswerRequest`.
    """

    msgid: str
    question: str
    choices: tuple[Choice, ...]
    recent: tuple[str, ...] = ()
    who: str = ""
    tone: str = ""

    @property
    def request(self) -> AnswerRequest:
        """What the model is asked."""
        return AnswerRequest(
            question=self.question,
            passages=self.choices,
            recent=self.recent,
            who=self.who,
            tone=self.tone,
        )


class Consult(_ToAnswer, frozen=True, kw_only=True):
    """Ask the chat model to answer a message, which waits for it. Repeat: harmless, it only costs
    money.
    """


class DraftReply(_ToAnswer, frozen=True, kw_only=True):
    """Ask the chat model what a member could answer. Repeat: harmless, it only costs money.

    Nobody waits for it. Result: ``msgid``, and the fields of `Written`.
    """


class LookUp(Effect, frozen=True, kw_only=True):
    """Ask one of the company's systems about this customer. Repeat: harmless, it only reads.

    Args:
        msgid: the message that waits for what is found.
        name: which look-up.
        names: which values, where it is `VALUES`.
    """

    msgid: str
    name: str
    names: tuple[str, ...] = ()


class Delegate(Effect, frozen=True, kw_only=True):
    """Let the model find out by itself what a message asks. Repeat: harmless, it only reads.

    Args:
        msgid: the message that waits for it.
        recent: what the customer wrote shortly before, oldest first.
        who: what the bot calls itself here.
    """

    msgid: str
    question: str
    recent: tuple[str, ...] = ()
    who: str = ""


class SumUp(Effect, frozen=True, kw_only=True):
    """Ask the chat model what a case is about. Repeat: harmless, it only costs money.

    Nobody waits for it. Result: ``case_id``, and ``wants`` and ``told`` as in `SummedUp`.

    Args:
        since: Unix seconds; of what was said before, nothing is read.
    """

    case_id: str
    since: float


class RunErrand(Effect, frozen=True, kw_only=True):
    """Change something in one of the company's systems, as the customer confirmed. Repeat: `key`,
    sent along; and only where that system is declared to know it again.

    Result: ``errand_id``, ``outcome`` (`ErrandOutcome`).

    Args:
        errand_id: the key.
        msgid: the message in which the customer confirmed.
        tool: which request is made.
        try_for_s: after so long it is not tried (again).
    """

    errand_id: str
    msgid: str
    tool: str
    arguments: dict[str, str | int]
    try_for_s: float


class ErrandOutcome(StrEnum):
    """What came of an errand, as far as anybody can know."""

    DONE = "done"
    REFUSED = "refused"
    NOT_MADE = "not_made"
    UNKNOWN = "unknown"


Awaited = Consult | LookUp | Delegate
"""What a message waits for; each names it as `msgid`."""
