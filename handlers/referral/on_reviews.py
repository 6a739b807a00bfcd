"""Let who leads decide about an invitation, on the page beside its inviter (R-3.5.5, PIPL 24)."""

from bot.config import Config
from bot.model import Conversation, StaffAction
from bot.policy.roles import People, Role
from bot.policy.roles import reviews as may_review
from bot.routing import Turn
from bot.routing.panels import Ask
from bot.routing.phrases import Phrases
from bot.store import AuditEntry, Store, Unit
from handlers.referral import crediting, reviews, store
from handlers.referral.crediting import record
from handlers.referral.on_appeals import REVIEWED
from handlers.referral.router import router
from handlers.referral.store import Invite, Participant

DECIDE = "referral.decide"
YES, NO = "yes", "no"


def ask(phrases: Phrases, roles: frozenset[Role], invite: str) -> Ask | None:
    """The question whether it counts, to whoever may decide."""
    if not may_review(roles):
        return None
    say = phrases.say
    choices = ((YES, say("referral.decide_yes")), (NO, say("referral.decide_no")))
    return Ask(DECIDE, invite, choices, say("referral.decide_why"))


@router.action(DECIDE)
async def decide(turn: Turn, action: StaffAction, facts: Store, config: Config) -> None:
    """`data`: `ref` (the invitation), `choice` (``yes`` or ``no``), `why`. Decided once: whoever
    comes second hears who was first; the command `concierge campaign` may decide anew.
    """
    say, data = turn.phrases.say, {key: str(one) for key, one in action.data.items()}
    one = await store.invite(facts, data.get("ref", ""))
    inviter = await store.by_state(facts, one.state) if one is not None else None
    if not may_review(People(config.staff).who(action.userid).roles):
        turn.answer(action, say("referral.decide_not_yours"))
    elif one is None or inviter is None or not await _is_of(turn, facts, inviter):
        turn.answer(action, say("referral.decide_gone"))
    elif not data.get("why", "").strip() or data.get("choice") not in (YES, NO):
        turn.answer(action, say("referral.decide_no_why"))
    elif one.id not in await reviews.open_ones(facts, one.state):
        turn.answer(action, say("referral.decide_already"))
    elif data["choice"] == YES and (obstacle := await reviews.obstacle(facts, one)):
        turn.answer(action, say(f"referral.decide_{obstacle}"))
    else:
        counts, why = data["choice"] == YES, data["why"].strip()
        _write(turn, facts, (one, inviter), (f"staff:{action.userid}", why), counts=counts)
        turn.answer(
            action, say("referral.decided_yes" if counts else "referral.decided_no"), done=True
        )


def _write(
    turn: Turn,
    facts: Store,
    found: tuple[Invite, Participant],
    told: tuple[str, str],
    *,
    counts: bool,
) -> None:
    """Both sides go on, and the audit says who decided; a repeat finds it decided."""
    one, inviter = found
    after = reviews.as_decided(one, counts=counts, by=told[0], now=turn.now)
    record(turn, reviews.decided(one, after, inviter.external_userid, told, turn.now))
    verdict = "campaign.accepted" if counts else "campaign.rejected"
    unit = Unit()
    facts.audit.note(unit, AuditEntry(turn.now, told[0], verdict, one.id, why=told[1]))
    record(turn, unit.statements)
    where = Conversation(inviter.open_kfid, inviter.external_userid)
    turn.emit(crediting.COUNTED, to=where, campaign=one.campaign)
    turn.emit(REVIEWED, to=where)
    if counts:
        turn.emit(reviews.ACCEPTED, to=Conversation("", one.external_userid), invite=one.id)


async def _is_of(turn: Turn, facts: Store, inviter: Participant) -> bool:
    """Whether it is the customer's whom the member was allowed to see."""
    customers = await facts.people.same_person(turn.external_userid)
    return inviter.external_userid in customers
