"""Pay inviters, tell them, make their codes, and clean up when a campaign is over."""

from bot.model import Attachment, Because, EffectDone, EffectFailed, Emitted, TimerDue
from bot.model.tasks import TASK_ENDED, TaskState
from bot.routing import Turn
from bot.routing.facts import CUSTOMER
from bot.routing.writing import WINDOW_S, may_write
from bot.store import Store
from handlers.referral import addresses, crediting, grants, saying, store
from handlers.referral.crediting import record
from handlers.referral.grants import Grant, Paid
from handlers.referral.paying import BRING, FORGET, FORM, GIFT, MORE, SEND, Paying
from handlers.referral.router import router

WAY = "referral.way"
"""Tag of the effect that makes an inviter's code."""

CLOSE = "referral.close"
"""Timer of the inviter: campaign and grace are over, the code is deleted."""

OWED = "referral_owed"
"""Emitted when the customer writes while something is still to be said."""


@router.on(Emitted, tag=crediting.COUNTED)
async def counted(turn: Turn, event: Emitted, facts: Store) -> None:
    """One of the inviter's invitations began or ceased to be valid."""
    await _pay(turn, facts, str(event.data["campaign"]))


@router.on(TimerDue, tag=MORE)
async def another(turn: Turn, timer: TimerDue, facts: Store) -> None:
    """Another tier is reached."""
    await _pay(turn, facts, timer.key)


async def _pay(turn: Turn, facts: Store, campaign: str) -> None:
    who = await store.participant(facts, campaign, turn.external_userid)
    if who is None:
        return
    if grants.decides_already(turn.decisions.records):
        turn.schedule(MORE, 0.0, key=campaign)  # in a turn that sees what this one pays
        return
    paid = await Paying(turn, facts).inviter(who)
    if paid is not None:
        await tell(turn, facts, paid)


async def tell(turn: Turn, facts: Store, one: Grant) -> None:
    """Say what was reached where we may; else a member does, or it is said when he writes."""
    if await may_write(turn, facts):
        because = Because(source="referral", ref=one.id)
        turn.reply(saying.reached(turn.phrases, one), because=because, category="service")
        record(turn, [grants.told(one.id, turn.now)])
        return
    friends = await facts.contacts.friends_of(turn.external_userid)
    if friends and one.standing is Paid.GIVEN:
        await Paying(turn, facts).bring(one, friends[0].userid)


# ---------------------------------------------------------------------- what is still to be said


@router.observe()
async def wrote(turn: Turn, facts: Store) -> None:
    """The customer writes: what could not be said before can be said now."""
    if turn.message.origin == CUSTOMER and await _untold(facts, turn.external_userid):
        turn.emit(OWED)


@router.on(Emitted, tag=OWED)
async def owed(turn: Turn, facts: Store) -> None:
    """Say it, in one message."""
    found = await _untold(facts, turn.external_userid)
    if not found or not await may_write(turn, facts):
        return
    because = Because(source="referral", ref=found[0].id)
    text = "\n".join(saying.reached(turn.phrases, one) for one in found)
    turn.reply(text, because=because, category="service")
    record(turn, [grants.told(one.id, turn.now) for one in found])


@router.on(EffectFailed)
async def failed(turn: Turn, event: EffectFailed, facts: Store) -> None:
    """What was to be said did not reach the customer: it is owed again."""
    if event.effect != "SendMessage" or not turn.has_conversation:
        return
    customers = await facts.people.same_person(turn.external_userid)
    for one in await grants.grants_of(facts, customers):
        if one.told_at is None or one.told_at < turn.now - WINDOW_S:
            continue
        because = Because(source="referral", ref=one.id)
        said = await facts.outbox.said_since(turn.conversation, [because], one.told_at)
        if not said:
            record(turn, [grants.told(one.id, None)])


async def _untold(facts: Store, customer: str) -> list[Grant]:
    customers = await facts.people.same_person(customer)
    every = await grants.grants_of(facts, customers)
    return [one for one in every if one.told_at is None and one.standing in grants.TAKEN]


# ---------------------------------------------------------------------- codes


@router.on(EffectDone, tag=WAY)
async def way_made(turn: Turn, done: EffectDone, facts: Store) -> None:
    """The inviter's code is there: send the poster."""
    state = str(done.result.get("state", ""))
    way = await facts.personal_ways.get(state)
    if not await may_write(turn, facts):
        return
    if way.is_usable:
        poster = Attachment(kind="image", media=f"poster:{state}")
        because = Because(source="reply", ref="referral.poster")
        who = await store.by_state(facts, state)
        known = await store.campaign(facts, who.campaign) if who else None
        assert known is not None, "a code is made for a participant"
        text = saying.of_mode(turn.phrases, known.campaign, "poster")
        turn.reply(text, attachments=[poster], because=because, category="service")
    else:
        because = Because(source="reply", ref="referral.no_poster")
        turn.reply(turn.phrases.say("referral.no_poster"), because=because, category="service")


@router.on(TimerDue, tag=CLOSE)
async def close(turn: Turn, timer: TimerDue, facts: Store) -> None:
    """Campaign and grace are over; one that was prolonged meanwhile waits again."""
    who = await store.participant(facts, timer.key, turn.external_userid)
    known = await store.campaign(facts, timer.key)
    if who is None or known is None or who.closed_at is not None:
        return
    closes_at = known.terms.end + known.campaign.grace_days * 86_400.0
    if turn.now < closes_at:
        turn.schedule(CLOSE, closes_at - turn.now, key=timer.key)
        return
    turn.drop_way(who.state)
    record(turn, [store.closed(who, turn.now)])


# ---------------------------------------------------------------------- what members hand over


@router.on(Emitted, tag=TASK_ENDED)
async def handed_over(turn: Turn, event: Emitted) -> None:
    """A member has handed a gift over, or brought the news."""
    kind, ref = str(event.data["kind"]), str(event.data["ref"])
    if event.data["state"] not in (TaskState.SENT, TaskState.DONE_LATE):
        return
    if kind in (GIFT, SEND):
        record(turn, [grants.handed_over(ref, turn.now)])
        turn.cancel(FORM, key=ref)
        turn.schedule(FORGET, addresses.KEPT_S, key=ref)
    if kind in (GIFT, SEND, BRING):
        record(turn, [grants.told(ref, turn.now)])
