"""What of a turn's decisions may be said as it is, changed, or not at all? (R-15.9, R-2.5)

Customers hear nothing that is to be looked at first, or blocked. Members of staff are told
everything, with what is masked masked.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import structlog
from msgspec import structs

from bot.model import (
    Attachment,
    Because,
    Card,
    Effect,
    MenuItem,
    NotifyStaff,
    Reply,
    SendCard,
    UpdateCard,
)
from bot.model.tags import TagChange
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision, Found
from bot.routing.collected import CodeReply, Said
from bot.routing.turn import Turn
from bot.store import AuditEntry

log = structlog.get_logger(__name__)

SERVICE = "service"
"""Category of what must be said whoever answers: hand-over, waiting, limits."""

_Item = TypeVar("_Item", MenuItem, Attachment)


class Judged(NamedTuple):
    """A reply as it may be said.

    Args:
        reply: masked, and without items and attachments that may not be shown.
    """

    decision: Decision
    reply: Reply
    found: tuple[Found, ...]

    @property
    def may_be_said(self) -> bool:
        """Whether nobody has to look at it first."""
        return self.decision in (Decision.ALLOW, Decision.MASK)

    @property
    def because(self) -> Because:
        """Why it was kept back, with what it would have been."""
        was = self.reply.because
        kinds = list(dict.fromkeys(one.kind for one in self.found))
        detail = {"decision": self.decision.value, "kinds": kinds}
        if was:
            detail |= {"source": was.source, "ref": was.ref}
        return Because(source="lexicon", ref=",".join(kinds), detail=detail)


def judged(guard: Guard, reply: Reply) -> Judged:
    """Judge everything a customer would read of a reply."""
    text, tail = guard.check(reply.text), guard.check(reply.tail)
    strictest = max(text.decision, tail.decision, key=lambda one: one.strictness)
    attachments = tuple(shown(guard, reply.attachments))
    if not reply.text and reply.attachments and not attachments:
        strictest = Decision.BLOCK
    said = structs.replace(
        reply,
        text=text.text,
        tail=tail.text,
        menu=tuple(_shown(guard, reply.menu, ("content",))),
        survey=tuple(_shown(guard, reply.survey, ("content",))),
        attachments=attachments,
    )
    return Judged(strictest, said, (*text.found, *tail.found))


def told(guard: Guard, effect: Effect) -> Effect:
    """What members of staff read of an effect; others are as they were."""
    match effect:
        case NotifyStaff():
            return structs.replace(effect, text=guard.masked(effect.text))
        case SendCard():
            fallback = guard.masked(effect.fallback)
            return structs.replace(effect, card=_card(guard, effect.card), fallback=fallback)
        case UpdateCard():
            card = _card(guard, effect.card) if effect.card else None
            name = guard.masked(effect.replace_name)
            return structs.replace(effect, card=card, replace_name=name)
        case _:
            return effect


def taggable(guard: Guard, changes: Sequence[TagChange]) -> list[TagChange]:
    """The changes without sensitive tags that nobody was asked about by themselves."""
    for one in changes:
        if one.add and not guard.may_tag(one.name):
            log.warning("tag.sensitive", tag=one.name, rule=one.rule)
    return [one for one in changes if not one.add or guard.may_tag(one.name)]


def withheld(one: Said | CodeReply, judgement: Judged, subject: str, now: float) -> AuditEntry:
    """The row that says what was kept back, and why."""
    kinds = judgement.because.ref
    return AuditEntry(
        at=now,
        actor=one.handled_by or "engine",
        action="Withheld",
        subject=subject,
        why=f"lexicon:{kinds}",
        result=judgement.decision.value,
    )


def shown(guard: Guard, attachments: Iterable[Attachment]) -> Iterator[Attachment]:
    """The attachments whose texts may be read, masked."""
    yield from _shown(guard, attachments, ("title", "desc"))


def _shown(guard: Guard, items: Iterable[_Item], fields: tuple[str, ...]) -> Iterator[_Item]:
    """The items whose texts may be read, masked."""
    for item in items:
        verdicts = {name: guard.check(getattr(item, name)) for name in fields}
        if all(one.decision in (Decision.ALLOW, Decision.MASK) for one in verdicts.values()):
            yield structs.replace(item, **{name: one.text for name, one in verdicts.items()})


def _card(guard: Guard, card: Card) -> Card:
    say = guard.masked
    return structs.replace(
        card,
        title=say(card.title),
        desc=say(card.desc),
        source=say(card.source),
        quote=say(card.quote),
        text=say(card.text),
        lines=tuple((say(name), say(value)) for name, value in card.lines),
        buttons=tuple(structs.replace(one, text=say(one.text)) for one in card.buttons),
    )


def mode_of(turn: Turn, category: str) -> str:
    """What the bot may do: what it says about the service itself is not up for suggestion."""
    autonomy = turn.account.autonomy
    if category == SERVICE:
        return "off" if autonomy.mode == "off" else "auto"
    return autonomy.for_category(category)
