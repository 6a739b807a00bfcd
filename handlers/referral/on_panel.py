"""Show members how far a customer is with inviting, and who brought him (R-12.3)."""

from collections.abc import Sequence

from bot.routing.panels import About, Panel, PanelLine
from bot.store import Store
from handlers.referral import grants, on_reviews, reviews, rules, saying, store
from handlers.referral.grants import Paid
from handlers.referral.router import router
from handlers.referral.rules import Standing
from handlers.referral.store import Invite, Known, Participant

_MOST_HELD = 20
_PAID = {
    Paid.QUEUED: "referral.panel_queued",
    Paid.OWED: "referral.panel_owed",
    Paid.GIVEN: "referral.panel_given",
    Paid.WITHDRAWN: "referral.panel_withdrawn",
    Paid.NONE: "referral.panel_none",
}
_STANDS = {
    Standing.PENDING: "referral.panel_pending",
    Standing.REVIEW: "referral.panel_review",
    Standing.VALID: "referral.panel_valid",
    Standing.REVOKED: "referral.panel_revoked",
}


@router.panel("referral")
async def panel(about: About, facts: Store) -> Panel | None:
    """Each campaign he takes part in, what waits for a person, what he got, and how the friends he
    brought stand.
    """
    campaigns = await store.campaigns(facts)
    if not campaigns:
        return None
    lines, friends, brief = list[PanelLine](), list[PanelLine](), ""
    for known in campaigns:
        who = await store.participant(facts, known.campaign.id, about.external_userid)
        if who is not None:
            progress = await _progress(about, facts, who, known)
            brief = brief or progress.value
            lines.append(progress)
            open_ones = await reviews.open_ones(facts, who.state)
            found = await store.through(facts, who.state)
            lines += [_held(about, one) for one in found if one.id in open_ones][:_MOST_HELD]
            friends += _friends(about, [one for one in found if one.id not in open_ones])
    customers = await facts.people.same_person(about.external_userid)
    lines += await _got(about, facts, customers)
    lines += await _brought_by(about, facts, customers)
    return Panel(tuple(lines), brief, tuple(friends))


async def _progress(about: About, facts: Store, who: Participant, known: Known) -> PanelLine:
    say, counts = about.phrases.say, await store.counts(facts, who.state)
    valid, open_ = counts[Standing.VALID], counts[Standing.PENDING] + counts[Standing.REVIEW]
    ahead = rules.missing(known.campaign.tiers_of(who.arm), valid)
    hint = say("referral.all_reached")
    if ahead is not None:
        tier, missing = ahead
        hint = say("referral.missing", n=missing, name=known.campaign.rewards[tier.reward].name)
    value = say("referral.panel_progress", valid=valid, pending=open_)
    return PanelLine(known.campaign.name, value, hint)


def _held(about: About, one: Invite) -> PanelLine:
    """One about which a person may decide, with what speaks against it."""
    say = about.phrases.say
    value = say("referral.panel_held" if one.standing is Standing.REVIEW else "referral.panel_out")
    friend = say("referral.panel_friend", name=saying.masked(one.external_userid))
    ask = on_reviews.ask(about.phrases, about.roles, one.id)
    return PanelLine(friend, value, saying.against(about.phrases, one), one.at, ask)


def _friends(about: About, found: Sequence[Invite]) -> list[PanelLine]:
    return [
        PanelLine(
            saying.masked(one.external_userid),
            about.phrases.say(_STANDS[one.standing]),
            saying.because(about.phrases, one),
            one.at,
        )
        for one in reversed(found)
        if one.standing in _STANDS
    ]


async def _got(about: About, facts: Store, customers: list[str]) -> list[PanelLine]:
    say = about.phrases.say
    return [
        PanelLine(
            say("referral.panel_reward"),
            one.definition.name,
            say(_PAID[one.standing]),
            one.reached_at,
        )
        for one in await grants.grants_of(facts, customers)
    ]


async def _brought_by(about: About, facts: Store, customers: list[str]) -> list[PanelLine]:
    """Whose code he came by, if that counted."""
    found = []
    for one in await store.invites_of(facts, customers):
        inviter = await store.by_state(facts, one.state)
        if inviter is not None and one.is_credited:
            name = saying.masked(inviter.external_userid)
            label = about.phrases.say("referral.panel_brought")
            found.append(PanelLine(label, name, about.phrases.say(_STANDS[one.standing]), one.at))
    return found
