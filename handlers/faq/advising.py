"""What is a model asked about a question, and what of its advice is said?

What it writes was checked against the entries (`bot.llm`); failing that the entry is said as people
wrote it. It reads answers with the defaults of their values: it knows nothing of the customer.
"""

from collections.abc import Sequence

from bot.model import Because, Choice, Written, basis_of
from bot.routing import Turn
from bot.store import Store
from handlers.faq.voice import Voice
from knowledge import FaqEntry, Verdict
from knowledge.wording import enclosed, wordings

CONSULT_FLOOR = 0.08
"""Of the sample shop's questions whose best match scores less, nearly none has its entry found."""

RECENT_MESSAGES, RECENT_S = 3, 600.0
"""What the model is told of what the customer wrote before: so many, and so long ago at most."""


def choices_of(turn: Turn, verdict: Verdict) -> list[Choice]:
    """What the model may choose from: nothing that the bot may not speak of, or cannot say."""
    if not verdict.matches or verdict.matches[0].score < CONSULT_FLOOR:
        return []
    autonomy = turn.account.autonomy
    entries = [match.entry for match in verdict.matches]
    return [
        Choice(entry.id, entry.question, _read(entry))
        for entry in entries
        if autonomy.for_category(entry.category) != "off" and _read(entry)
    ]


async def recent(turn: Turn, store: Store) -> tuple[str, ...]:
    """What the customer wrote shortly before, oldest first."""
    since = turn.message.sent_at - RECENT_S
    return await store.transcript.texts_before(turn.message, since, RECENT_MESSAGES)


async def say_advised(voice: Voice, entry: FaqEntry, written: Written) -> None:
    """Say what the model wrote or chose, unless the customer got just that while it thought."""
    turn = voice.turn
    found = [voice.entry(entry_id) for entry_id in written.used_ids]
    used = [one for one in found if one]
    unchanged = basis_of(_read(one) for one in used) == written.basis
    in_own_words = bool(written.answer) and len(used) == len(found) and unchanged
    because = Because(source="model", ref=entry.id, detail=_evidence(written, in_own_words))
    reasons = [because, Because(source="faq", ref=entry.id)]
    if await voice.store.outbox.said_since(turn.conversation, reasons, turn.message.sent_at):
        turn.settle("answered", because)
    elif in_own_words:
        turn.reply(
            written.answer,
            attachments=list(dict.fromkeys(one for entry in used for one in enclosed(entry))),
            because=because,
            category=_strictest(turn, [one.category for one in used]),
            written_by_model=True,
        )
    else:
        await voice.say(entry, because, asks=True)


def refused_in(turn: Turn) -> dict[str, object]:
    """Why what the model wrote is not said, if it wrote something."""
    refused = turn.advice.written.refused if turn.advice else ""
    return {"refused": refused} if refused else {}


def _read(entry: FaqEntry) -> str:
    """The answer as the model reads it; empty where it cannot be said without values."""
    return next(iter(wordings(entry, {})), "")


def _evidence(written: Written, in_own_words: bool) -> dict[str, object]:
    evidence: dict[str, object] = {"how": "written" if in_own_words else "chosen"}
    if written.used_ids:
        evidence["used"] = list(written.used_ids)
    return evidence | {
        name: value
        for name, value in (("prompt", written.prompt), ("refused", written.refused))
        if value
    }


def _strictest(turn: Turn, categories: Sequence[str]) -> str:
    """Of an answer's categories one in which the bot does not speak by itself, if there is one."""
    modes = turn.account.autonomy
    return next((one for one in categories if modes.for_category(one) != "auto"), categories[0])
