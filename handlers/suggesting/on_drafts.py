"""What could a member say, in the words of the model (“AI 草稿”)?

Asked for by a page that somebody looks at, once for each message of the customer; nobody waits for
it. It rests on the knowledge and on what the customer wrote, and passes every check that an answer
of the model passes; what does not is not shown.
"""

from collections.abc import Iterable

import msgspec

from bot.model import Because, Choice, EffectDone, Emitted, Reply, Written, basis_of
from bot.policy.lexicon import Decision
from bot.routing import Turn
from bot.routing.suggesting import DRAFT, DRAFT_WANTED, Suggester
from bot.store import Statement, Store
from handlers.suggesting.router import router
from knowledge import FaqEntry
from knowledge.wording import wordings

DRAFTED = "suggesting.drafted"
FLOOR = 0.08
"""Confidence of the best entry below which there is nothing to rest on."""

PASSAGES, LINES, RECENT_S = 4, 6, 900.0


@router.on(Emitted, tag=DRAFT_WANTED)
async def wanted(turn: Turn, event: Emitted, facts: Store, suggester: Suggester) -> None:
    """A page shows a message that the model has not drafted an answer to; `data`: `msgid`."""
    if not turn.has_conversation or not turn.setting.may_ask_model:
        return
    msgid = str(event.data.get("msgid", ""))
    text = await facts.transcript.text_of(turn.conversation, msgid)
    if not text.strip() or turn.account.autonomy.mode == "off":
        return
    library = suggester.library.of(turn.conversation.open_kfid)
    matches = await library.search(text, turn.audience, PASSAGES)
    if not matches or matches[0].score < FLOOR:
        return
    choices = list(_choices(turn, (match.entry for match in matches)))
    if choices:
        lines = await facts.transcript.dialogue(turn.conversation, turn.now - RECENT_S, LINES)
        before = [line.text for line in lines if line.who == "customer" and line.text != text]
        turn.draft_reply(msgid, text, choices, recent=before, tag=DRAFTED)


@router.on(EffectDone, tag=DRAFTED)
async def drafted(turn: Turn, done: EffectDone, facts: Store, suggester: Suggester) -> None:
    """It is kept beside the other suggestions, if it still rests on what the knowledge says."""
    written = msgspec.convert(done.result, Written)
    verdict = suggester.guard.check(written.answer)
    if not written.answer or written.refused or verdict.decision is Decision.BLOCK:
        return
    library = suggester.library.of(turn.conversation.open_kfid)
    entries = [library.get(one) for one in written.used_ids]
    used = [one for one in entries if one is not None]
    if written.basis != basis_of(_read(one) for one in used):
        return  # an entry was edited while the model wrote
    detail = {
        "titles": [one.heading or one.question for one in used],
        "risks": sorted({one.kind for one in verdict.found}),
        "prompt": written.prompt,
    }
    because = Because(source=DRAFT, ref=written.used_ids[0], detail=detail)
    reply = Reply(text=verdict.text, because=because, written_by_model=True)
    sql, params = await facts.suggestions.prepared(
        turn.conversation, reply, msgid=str(done.result["msgid"]), now=turn.now
    )
    turn.decisions.records.append(Statement(sql, params))


def _choices(turn: Turn, entries: Iterable[FaqEntry]) -> Iterable[Choice]:
    """What may be spoken of here, as the model reads it."""
    for entry in entries:
        if turn.account.autonomy.for_category(entry.category) != "off" and (text := _read(entry)):
            yield Choice(entry.id, entry.question, text)


def _read(entry: FaqEntry) -> str:
    """As it can be said without values; empty where it cannot."""
    return next(iter(wordings(entry, {})), "")
