"""What does a message ask: several things, more of what was spoken of, or the same again?"""

from bot.model import Because
from handlers.faq.voice import Spoken, Voice, item_of
from knowledge import Decision, FaqEntry, Verdict
from knowledge.context import answer_to, rewrite
from knowledge.split import split

NEAREST = 2
"""Choices for each part of a message that is not answered."""


def may_be_said(verdict: Verdict) -> bool:
    """Whether the best entry may be said as it stands: a passage of a document is only offered."""
    return verdict.decision is Decision.ANSWER and verdict.matches[0].entry.kind != "passage"


async def in_context(voice: Voice, plain: Verdict) -> Verdict:
    """The verdict on the message, with the subject of what was said before if it lacks one."""
    if plain.decision is Decision.ANSWER:
        return plain
    said = await voice.last_said()
    fold = voice.base.words.fold
    followup = rewrite(voice.turn.text, said[0], fold) if said else None
    if said is None or followup is None:
        return plain
    verdicts = [await voice.base.ask(text, voice.turn.audience) for text in followup.texts]
    return answer_to(followup, said[0], verdicts, plain, fold) or plain


async def note_asked_again(voice: Voice, verdict: Verdict) -> None:
    """The same asked again within minutes: the answer before did not help."""
    said = await voice.last_said()
    if said is None or said[1] is None or said[0].id != verdict.matches[0].entry.id:
        return
    voice.turn.judge(said[1].msgid, "asked_again")


async def answered_in_parts(voice: Voice) -> bool:
    """Answer several questions in one message together; the open ones are named, not dropped.

    Returns:
        Whether at least one of them was answered, and another was, too, or is left open; or
        whether the message waits for values that the answers name.
    """
    turn = voice.turn
    parts = split(turn.text)
    answered: dict[str, tuple[str, FaqEntry, Spoken]] = {}
    left: list[tuple[str, Verdict]] = []
    verdicts = [await voice.base.ask(part, turn.audience) for part in parts]
    sayable = [one.matches[0].entry for one in verdicts if may_be_said(one)]
    if len(parts) > 1 and await voice.must_wait(sayable):
        return True
    for part, verdict in zip(parts, verdicts, strict=True):
        spoken = await voice.words(verdict.matches[0].entry) if may_be_said(verdict) else None
        if spoken is None:
            left.append((part, verdict))
        elif verdict.matches[0].entry.id not in answered:
            entry = verdict.matches[0].entry
            answered[entry.id] = (part, entry, spoken)
    if not answered or len(answered) + len(left) < 2:
        return False
    entries = [entry for _, entry, _ in answered.values()]
    if any(turn.account.autonomy.for_category(one.category) != "auto" for one in entries):
        return False  # what may be said, proposed or not is decided for a whole reply
    blocks = [
        turn.phrases.say("faq.part", question=part, answer=spoken.text)
        for part, _, spoken in answered.values()
    ]
    turn.reply(
        "\n\n".join([*blocks, *(_left_open(voice, *one) for one in left)]),
        menu=[
            item_of(one) for _, verdict in left for one in _nearest(verdict) if one not in entries
        ],
        attachments=[one for _, _, spoken in answered.values() for one in spoken.attachments],
        because=_because(entries, len(left)),
        category=entries[0].category,
    )
    return True


def _because(entries: list[FaqEntry], left: int) -> Because:
    ids = [entry.id for entry in entries]
    return Because(source="faq", ref=ids[-1], detail={"how": "parts", "ids": ids, "left": left})


def _left_open(voice: Voice, part: str, verdict: Verdict) -> str:
    key = "faq.part_offered" if _nearest(verdict) else "faq.part_missed"
    return voice.turn.phrases.say(key, question=part)


def _nearest(verdict: Verdict) -> list[FaqEntry]:
    if verdict.decision is Decision.DECLINE:
        return []
    return [match.entry for match in verdict.matches[:NEAREST]]
