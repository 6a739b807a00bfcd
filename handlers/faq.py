"""Answer questions from the knowledge base, or offer the nearest ones.

Where the gate is not sure enough, a model, if there is one, says whether the entries answer. What
it writes was checked against them (`bot.llm`); failing that the entry is said as people wrote it.
"""

from collections.abc import Sequence

from bot.model import Because, Choice, MenuItem, Written, basis_of
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.store import Store
from knowledge import Audience, Decision, FaqEntry, Library, Match, Verdict

router = Router("faq", stage=Stage.ANSWER)

CONSULT_FLOOR = 0.08
"""Of the sample shop's questions whose best match scores less, nearly none has its entry found."""

RECENT_MESSAGES, RECENT_S = 3, 600.0
"""What the model is told of what the customer wrote before: so many, and so long ago at most."""


@router.message(Tapped("faq:"))
async def tapped(turn: Turn, library: Library) -> None:
    """Answer the question behind a tapped menu item."""
    entry = _entry(turn, library, (turn.message.menu_id or "").removeprefix("faq:"))
    if entry is None:
        turn.reply(turn.phrases.say("faq.gone"), because=Because(source="reply", ref="faq.gone"))
        return
    say(turn, entry, library, Because(source="faq", ref=entry.id, detail={"how": "tapped"}))


@router.message(IsText())
async def answer(turn: Turn, library: Library, store: Store) -> None:
    """Answer what the gate lets out; else ask the model, offer three, or decline."""
    audience = _audience(turn)
    verdict = await library.of(audience.open_kfid).ask(turn.text, audience)
    if verdict.decision is Decision.ANSWER:
        best = verdict.matches[0]
        say(turn, best.entry, library, _because(best, verdict.how))
    elif turn.can_consult and (choices := _choices(turn, verdict)):
        turn.consult(turn.text, choices, recent=await _recent(turn, store))
    elif turn.advice and (entry := _entry(turn, library, turn.advice.written.chosen)):
        await _say_advised(turn, entry, turn.advice.written, library, store)
    elif verdict.decision is Decision.OFFER:
        _offer(turn, verdict)


def say(turn: Turn, entry: FaqEntry, library: Library, because: Because) -> None:
    """Say an entry's answer with its follow-up questions."""
    base = library.of(turn.conversation.open_kfid)
    follow_ups = [found for entry_id in entry.menu if (found := base.get(entry_id))]
    turn.reply(
        entry.answer,
        menu=[MenuItem(f"faq:{one.id}", one.question) for one in follow_ups],
        because=because,
        category=entry.category,
    )


async def _say_advised(
    turn: Turn, entry: FaqEntry, written: Written, library: Library, store: Store
) -> None:
    """Say what the model wrote or chose, unless the customer got just that while it thought."""
    found = [_entry(turn, library, entry_id) for entry_id in written.used_ids]
    used = [one for one in found if one]
    unchanged = basis_of(one.answer for one in used) == written.basis
    in_own_words = bool(written.answer) and len(used) == len(found) and unchanged
    because = Because(source="model", ref=entry.id, detail=_evidence(written, in_own_words))
    reasons = [because, Because(source="faq", ref=entry.id)]
    if await store.outbox.said_since(turn.conversation, reasons, turn.message.sent_at):
        turn.settle("answered", because)
    elif in_own_words:
        turn.reply(
            written.answer,
            because=because,
            category=_strictest(turn, [one.category for one in used]),
            written_by_model=True,
        )
    else:
        say(turn, entry, library, because)


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


async def _recent(turn: Turn, store: Store) -> tuple[str, ...]:
    since = turn.message.sent_at - RECENT_S
    return await store.transcript.texts_before(turn.message, since, RECENT_MESSAGES)


def _offer(turn: Turn, verdict: Verdict) -> None:
    best = verdict.matches[0]
    turn.reply(
        turn.phrases.say("faq.offer"),
        menu=[MenuItem(f"faq:{m.entry.id}", m.entry.question) for m in verdict.matches],
        tail=turn.phrases.say("faq.offer_tail"),
        because=_because(best, "offer", source="offer", refused=_refused(turn)),
        category=best.entry.category,
    )


def _choices(turn: Turn, verdict: Verdict) -> list[Choice]:
    """What the model may choose from: nothing that the bot may not speak of."""
    if not verdict.matches or verdict.matches[0].score < CONSULT_FLOOR:
        return []
    autonomy = turn.account.autonomy
    entries = [match.entry for match in verdict.matches]
    return [
        Choice(entry.id, entry.question, entry.answer)
        for entry in entries
        if autonomy.for_category(entry.category) != "off"
    ]


def _entry(turn: Turn, library: Library, entry_id: str | None) -> FaqEntry | None:
    """The entry, if there still is one that this customer may be told."""
    entry = library.of(turn.conversation.open_kfid).get(entry_id) if entry_id else None
    return entry if entry and entry.is_for(_audience(turn)) else None


def _audience(turn: Turn) -> Audience:
    return Audience(today=turn.today, open_kfid=turn.conversation.open_kfid)


def _refused(turn: Turn) -> str:
    """Why what the model wrote is not said, if it wrote something."""
    return turn.advice.written.refused if turn.advice else ""


def _because(match: Match, how: str, source: str = "faq", refused: str = "") -> Because:
    return Because(
        source=source,
        ref=match.entry.id,
        score=round(match.score, 4),
        detail={"how": how} | dict(match.why) | ({"refused": refused} if refused else {}),
    )
