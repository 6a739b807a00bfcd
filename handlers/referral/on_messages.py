"""Let customers take part, and tell them how far they are, when they ask."""

import secrets

from bot.config import Campaign
from bot.measuring.experiments import variant_of
from bot.model import Attachment, Because
from bot.routing import Says, Tapped, Turn
from bot.routing.experimenting import Experimenting
from bot.store import Store, Unit
from handlers.referral import grants, saying, store
from handlers.referral.audience import may_join
from handlers.referral.crediting import record
from handlers.referral.modes import FOLLOWED, declared
from handlers.referral.on_inviters import CLOSE, WAY
from handlers.referral.router import router
from handlers.referral.rules import Phase
from handlers.referral.store import Known, Participant

PREFIX = "referral:"


@router.message(Says("referral.join"))
async def wants_to_invite(turn: Turn, facts: Store, trying: Experimenting) -> None:
    """Take part, or get the poster once more; where nothing runs, others answer."""
    found = await store.running(facts, turn.now)
    for known in found:
        who = await store.participant(facts, known.campaign.id, turn.external_userid)
        if who is not None or await may_join(turn, facts, known.campaign):
            await _invite(turn, facts, known, trying)
            return
    if found:
        _say(turn, "not_meant", turn.phrases.say("referral.not_meant"))


@router.message(Says("referral.progress"))
async def asks_how_far(turn: Turn, facts: Store) -> None:
    """How far the customer is."""
    await _answer(turn, facts, "progress", "")


@router.message(Says("referral.rewards"))
async def asks_for_rewards(turn: Turn, facts: Store) -> None:
    """What the customer has got."""
    await _answer(turn, facts, "rewards", "")


@router.message(Says("referral.rules"))
async def asks_for_rules(turn: Turn, facts: Store) -> None:
    """What counts, and what is left."""
    await _answer(turn, facts, "rules", "")


@router.message(Tapped(PREFIX))
async def tapped(turn: Turn, facts: Store, trying: Experimenting) -> None:
    """One of the menu under our answers."""
    what, _, campaign = (turn.message.menu_id or "").removeprefix(PREFIX).partition(":")
    if what == "poster":
        known, _ = await _about(turn, facts, campaign)
        if known is not None:
            await _invite(turn, facts, known, trying)
    else:
        await _answer(turn, facts, what, campaign)
    if turn.decisions.weight == 0:
        _say(turn, "over", turn.phrases.say("referral.over"))


async def _answer(turn: Turn, facts: Store, what: str, campaign: str) -> None:
    """Answer about one campaign, by default about that in which the customer takes part."""
    known, who = await _about(turn, facts, campaign)
    if known is None:
        return
    if what == "rules":
        arm = who.arm if who else ""
        _say(turn, what, await saying.explained(turn, facts, known.campaign, arm), known)
    elif what == "rewards":
        customers = await facts.people.same_person(turn.external_userid)
        some = await grants.grants_of(facts, customers)
        record(turn, [grants.told(one.id, turn.now) for one in some if one.code])
        _say(turn, what, saying.listed(turn.phrases, some), known)
    elif what == FOLLOWED:
        record(turn, [declared(known.campaign.id, turn.external_userid, what, turn.now)])
        _say(turn, what, turn.phrases.say("referral.followed"), known)
    elif what == "progress" and who is not None:
        _say(turn, what, await saying.progress(turn, facts, who, known), known)
    elif what == "progress":
        _say(turn, "not_yet", turn.phrases.say("referral.not_yet"), known)


async def _about(
    turn: Turn, facts: Store, campaign: str
) -> tuple[Known | None, Participant | None]:
    if campaign:
        known = await store.campaign(facts, campaign)
        who = await store.participant(facts, campaign, turn.external_userid)
        return known, who
    every = [one for one in await store.campaigns(facts) if one.phase is not Phase.DRAFT]
    for known in reversed(every):
        if who := await store.participant(facts, known.campaign.id, turn.external_userid):
            return known, who
    open_now = [one for one in every if one.terms.runs_at(turn.now)]
    return (open_now[0] if open_now else None), None


async def _invite(turn: Turn, facts: Store, known: Known, trying: Experimenting) -> None:
    """Make the customer a participant, and give him his poster."""
    campaign, say = known.campaign, turn.phrases.say
    if not known.terms.runs_at(turn.now):
        _say(turn, "over", say("referral.over"), known)
        return
    customers = frozenset(await facts.people.same_person(turn.external_userid))
    if await store.is_barred(facts, customers):
        _say(turn, "barred", say("referral.barred"))
        return
    who = await store.participant(facts, campaign.id, turn.external_userid)
    if who is None and not await may_join(turn, facts, campaign):
        _say(turn, "not_meant", say("referral.not_meant"))
        return
    head = "" if who else (campaign.consent or saying.of_mode(turn.phrases, campaign, "consent"))
    who = who or await _join(turn, facts, known, trying)
    record(turn, store.acted(who, turn.now))
    way = await facts.personal_ways.get(who.state)
    if way.is_usable:
        poster = Attachment(kind="image", media=f"poster:{who.state}")
        because = Because(source="reply", ref="referral.poster")
        turn.reply(
            saying.of_mode(turn.phrases, campaign, "poster"),
            attachments=[poster],
            because=because,
        )
        return
    remark = say("referral.remark", campaign=campaign.id)
    members = () if campaign.by_group else campaign.receivers
    turn.make_way(who.state, members, chats=campaign.chats, remark=remark, tag=WAY)
    rules = await saying.explained(turn, facts, campaign, who.arm)
    text = "\n".join(one for one in (say("referral.joined"), rules, head) if one)
    _say(turn, "joined", text, known)


async def _join(turn: Turn, facts: Store, known: Known, trying: Experimenting) -> Participant:
    campaign, customer = known.campaign, turn.external_userid
    state = f"r_{secrets.token_hex(10)}"
    arm = await _arm(turn, campaign, trying)
    where = turn.conversation
    who = Participant(*(campaign.id, customer, state, where.open_kfid, arm, turn.now, None, None))
    claim = Unit()  # before WeCom hears of it
    facts.channels.claim(claim, state, store.KIND, state, turn.now)
    record(turn, [*claim.statements, store.joined(who)])
    closes_at = known.terms.end + campaign.grace_days * 86_400.0
    turn.schedule(CLOSE, closes_at - turn.now, key=campaign.id)
    return who


async def _arm(turn: Turn, campaign: Campaign, trying: Experimenting) -> str:
    """Which rewards he sees: as the experiment decides, else evenly; the same for ever."""
    if campaign.experiment in trying.running:
        variant = await trying.variant(turn, campaign.experiment)
    else:
        even = dict.fromkeys(("", *sorted(campaign.arms)), 1)
        variant = variant_of(f"referral:{campaign.id}", even, turn.external_userid)
    return variant if variant in campaign.arms else ""


def _say(turn: Turn, what: str, text: str, known: Known | None = None) -> None:
    because = Because(source="reply", ref=f"referral.{what}")
    menu = saying.menu(turn.phrases, known.campaign) if known else ()
    turn.reply(text, menu=menu, because=because)
