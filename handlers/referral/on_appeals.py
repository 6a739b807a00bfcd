"""Say why invitations do not count, and have a person look where a rule of risk said so."""

from bot.model import Because, Emitted
from bot.model.tasks import StaffTask, task_id
from bot.routing import Says, Turn
from bot.routing.assigning import ask_staff
from bot.routing.facts import CUSTOMER
from bot.routing.writing import may_write
from bot.store import Store
from handlers.referral import reviews, store
from handlers.referral.crediting import record
from handlers.referral.router import router
from handlers.referral.store import Known, Participant

REVIEWED = "referral_reviewed"
"""Emitted to an inviter: a person has decided about one of his invitations."""

APPEAL = "referral_appeal"
"""Kind of the task by which a member is asked to look."""

_WITHIN_S = 15 * 86_400.0
"""Within so long an appeal is answered (R-15.3)."""


@router.message(Says("referral.appeal"))
async def appeals(turn: Turn, facts: Store) -> None:
    """Why some do not count; whoever takes part in nothing hears what others know."""
    found = await _latest(turn, facts)
    if found is None:
        return
    known, who = found
    say, waits = turn.phrases.say, await reviews.waits_since(facts, who.state)
    refused = reviews.refused_by(await store.through(facts, who.state))
    lines = [say("referral.all_count") if not refused else say("referral.why_head")]
    lines += [say(f"referral.why_{reason}", n=n) for reason, n in refused.items()]
    open_ones = len(await reviews.open_ones(facts, who.state))
    if waits is not None:
        lines.append(say("referral.appeal_waits"))
    elif open_ones:
        record(turn, [reviews.appealed(who.state, who.external_userid, turn.now)])
        await _ask(turn, facts, known, who, open_ones)
        lines.append(say("referral.appeal_taken", n=open_ones))
    elif refused:
        lines.append(say("referral.appeal_facts"))
    because = Because(source="reply", ref="referral.appeal")
    turn.reply("\n".join(lines), because=because)


@router.on(Emitted, tag=REVIEWED)
async def decided(turn: Turn, facts: Store) -> None:
    """Tell what a person decided, in one message; whom we may not write to, when he writes."""
    found = await reviews.untold(facts, turn.external_userid)
    if not found or not await may_write(turn, facts):
        return
    yes = sum(one.counts for one in found)
    text = turn.phrases.say("referral.reviewed", yes=yes, no=len(found) - yes)
    because = Because(source="referral", ref=found[0].invite)
    turn.reply(text, because=because, category="service")
    record(turn, [reviews.told(one, turn.now) for one in found])


@router.observe()
async def wrote(turn: Turn, facts: Store) -> None:
    """The customer writes: what was decided can be said now."""
    if turn.message.origin == CUSTOMER and await reviews.untold(facts, turn.external_userid):
        turn.emit(REVIEWED)


async def _latest(turn: Turn, facts: Store) -> tuple[Known, Participant] | None:
    """The last campaign in which the customer takes part."""
    for known in reversed(await store.campaigns(facts)):
        if who := await store.participant(facts, known.campaign.id, turn.external_userid):
            return known, who
    return None


async def _ask(turn: Turn, facts: Store, known: Known, who: Participant, n: int) -> None:
    campaign = known.campaign.id
    task = StaffTask(
        id=task_id(APPEAL, who.state, f"{turn.now:.0f}"),
        kind=APPEAL,
        member=known.campaign.receivers[0],
        text=turn.phrases.say("referral.task_appeal", n=n, campaign=campaign),
        reason=f"referral:{campaign}:appeal",
        due_at=turn.now,
        on_time_s=2 * 86_400.0,
        expires_at=turn.now + _WITHIN_S,
        external_userid=who.external_userid,
        ref=who.state,
    )
    await ask_staff(turn, facts, task)
