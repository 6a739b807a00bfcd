"""Did the answer help? What the customer says about it, and what then."""

from bot.model import Because, MenuItem
from bot.routing import Turn
from bot.store import Past, Store
from handlers.faq.voice import CASE_S, SAID, TALK_S, item_of
from knowledge import Library

NEXT = 3


async def solved(turn: Turn, store: Store, entry_id: str | None) -> None:
    """Thank, and note that the answer helped.

    Args:
        entry_id: what was said, ``None`` = whatever was said last; declined if nothing was.
    """
    answered = await _answered(turn, store, entry_id)
    if answered is None and entry_id is None:
        return
    if answered is not None:
        turn.judge(answered.msgid, "solved")
        turn.emit("solved")
    because = Because(source="reply", ref="faq.thanks")
    turn.reply(turn.phrases.say("faq.thanks"), because=because)
    turn.settle("solved", because)


async def unsolved(turn: Turn, library: Library, store: Store, entry_id: str | None) -> None:
    """Note that the answer did not help; offer what comes next, or bring in a person.

    Args:
        entry_id: as for `solved`.
    """
    answered = await _answered(turn, store, entry_id)
    if answered is None and entry_id is None:
        return
    if answered is None or turn.outcome_before == "unsolved":
        _hand_over(turn)  # nothing to go on with, or the second time
        return
    turn.judge(answered.msgid, "unsolved")
    turn.emit("unsolved")
    asked = await store.transcript.text_of(turn.conversation, answered.msgid)
    base = library.of(turn.conversation.open_kfid)
    nearest = await base.search(asked, turn.audience, NEXT + 1) if asked else []
    others = [match.entry for match in nearest if match.entry.id != answered.ref][:NEXT]
    if not others:
        _hand_over(turn)
        return
    because = Because(source="reply", ref="faq.unsolved_offer")
    turn.reply(
        turn.phrases.say("faq.unsolved_offer"),
        menu=[*map(item_of, others), MenuItem("human", turn.phrases.say("escalation.menu_item"))],
        tail=turn.phrases.say("faq.unsolved_tail"),
        because=because,
    )
    turn.settle("unsolved", because)


def _hand_over(turn: Turn) -> None:
    turn.emit("escalate", reason="unsolved")
    turn.settle("unsolved")


async def _answered(turn: Turn, store: Store, entry_id: str | None) -> Past | None:
    """The message that the feedback speaks of."""
    within_s = CASE_S if entry_id else TALK_S
    for one in await store.transcript.past(turn.conversation, turn.now - within_s):
        if one.outcome == "answered" and one.source in SAID and entry_id in (None, one.ref):
            return one
    return None
