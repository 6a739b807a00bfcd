"""What did a turn do, on whose behalf, why and with what outcome? One row, if it did anything.

R-15.11 wants a row for every automated action; one for the whole turn costs a message one insert
in a commit that happens anyway. How each send ended is in the outbox, by the same `trace_id`.
"""

from collections.abc import Iterable, Sequence

from bot.model import CardPressed, MessageReceived, StaffAction
from bot.routing.collected import CodeReply, Decided, Said
from bot.routing.turn import Turn
from bot.store import AuditEntry, Letter, Store, Unit

_LONGEST = 200
"""Characters of a reason; a burst may have many."""


async def note_turn(
    store: Store, unit: Unit, turn: Turn, letters: Sequence[Letter], trace_id: str
) -> None:
    """Add the turn's row to the unit; a turn that only listened has none."""
    actions = _actions(turn)
    if not actions:
        return
    await store.vault.ready([turn.subject])
    entry = AuditEntry(
        at=turn.now,
        actor=" ".join(_actors(turn, letters)),
        action=" ".join(actions),
        subject=turn.subject,
        why=" ".join(_reasons(turn))[:_LONGEST],
        version=str(await store.contents.version()),
        inputs=store.vault.digest(turn.subject, _inputs(letters)),
        result=" ".join(_distinct(one.outcome for one in turn.decisions.handled.values())),
        trace_id=trace_id,
    )
    store.audit.note(unit, entry)


def _actions(turn: Turn) -> list[str]:
    decisions = turn.decisions
    kinds = [
        *("Reply" for _ in decisions.said),
        *("ReplyByCode" for _ in decisions.by_code),
        *(type(one.effect).__name__ for one in decisions.effects),
        *("Tag" for _ in decisions.tags),
    ]
    return _distinct(kinds)


def _actors(turn: Turn, letters: Sequence[Letter]) -> list[str]:
    decisions = turn.decisions
    decided: list[Said | CodeReply | Decided]
    decided = [*decisions.said, *decisions.by_code, *decisions.effects]
    people = (
        f"staff:{one.event.userid}"
        for one in letters
        if isinstance(one.event, StaffAction | CardPressed)
    )
    by_rules = ("tags" for one in decisions.tags if one.rule)
    return _distinct((*people, *(one.handled_by for one in decided), *by_rules))


def _reasons(turn: Turn) -> list[str]:
    replies: list[Said | CodeReply] = [*turn.decisions.said, *turn.decisions.by_code]
    reasons = (one.reply.because for one in replies)
    said = (f"{why.source}:{why.ref}" for why in reasons if why)
    tagged = (f"{one.source}:{one.rule}@{one.version}" for one in turn.decisions.tags)
    return _distinct((*said, *tagged))


def _inputs(letters: Sequence[Letter]) -> bytes:
    """What the turn was decided from; its digest tells nobody anything without the person's key."""
    messages = (one.event for one in letters if isinstance(one.event, MessageReceived))
    parts = [f"{one.msgid}\0{one.text}" for one in messages] or [str(one.id) for one in letters]
    return "\0".join(parts).encode("utf-8", "surrogatepass")


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
