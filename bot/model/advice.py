"""What is a chat model asked about a question, and what does it make of it?"""

import hashlib
from collections.abc import Iterable

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """One of the texts that a model may choose from."""

    id: str
    question: str
    answer: str


class AnswerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat model is asked.

    Args:
        passages: all it may rest on.
        recent: what the customer wrote shortly before, oldest first.
        who: what the bot calls itself here.
        tone: name of the manner in which it speaks, empty = the usual one.
    """

    question: str
    passages: tuple[Choice, ...]
    recent: tuple[str, ...] = ()
    who: str = ""
    tone: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat model made of a question, after it was checked.

    Args:
        chosen: the passage that answers, ``None`` = none does.
        used_ids: all passages that the answer rests on.
        basis: of the answers it was checked against (`basis_of`): they may be edited meanwhile.
        answer: what a customer may read instead of the passage, empty = the passage as it is.
        refused: why the model's own words may not be said, empty = they may, or it wrote none.
        prompt: version of its instructions.
        tokens: what it cost, 0 when that is not known.
    """

    chosen: str | None = None
    used_ids: tuple[str, ...] = ()
    basis: str = ""
    answer: str = ""
    refused: str = ""
    prompt: str = ""
    tokens: int = 0


class SummedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat model made of a conversation, after it was checked; for the staff alone.

    Args:
        wants: what the customer's matter is, empty = there is nothing that could be said.
        told: what the customer was told, empty = nothing.
        refused: why the model's words may not be shown, empty = they may.
        prompt: version of its instructions.
        tokens: what it cost, 0 when that is not known.
    """

    wants: str = ""
    told: str = ""
    refused: str = ""
    prompt: str = ""
    tokens: int = 0


def basis_of(answers: Iterable[str]) -> str:
    """A digest of the texts that an answer rests on."""
    return hashlib.sha256(msgspec.json.encode(list(answers))).hexdigest()[:16]
