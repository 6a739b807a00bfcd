"""Ask where a physical reward is to be sent, and tell a member; who says nothing is called."""

from bot.model import Because, MenuItem, TimerDue
from bot.routing import IsText, Tapped, Turn
from bot.store import Store
from handlers.referral import addresses, grants, weighing
from handlers.referral.addresses import Address, Given
from handlers.referral.crediting import record
from handlers.referral.grants import Grant, Paid
from handlers.referral.paying import FORGET, FORM, Paying
from handlers.referral.router import router

PREFIX = "referral_address:"
_RIGHT, _WRONG = "yes:", "no:"

OPEN_S = 30 * 86_400.0
"""So long after a gift was reached what looks like an address is taken for the one to send to."""


@router.message(IsText())
async def address_said(turn: Turn, facts: Store) -> None:
    """What may be an address, from somebody to whom something is to be sent."""
    if not addresses.looks_like_one(turn.text):
        return
    one = await _to_be_sent(turn, facts)
    if one is None:
        return
    said = addresses.read(turn.text)
    before = await addresses.given(facts, one.id)
    if before is not None:
        said = _joined(before.address, said)
    record(turn, [await addresses.put(facts, one.external_userid, one.id, said, turn.now)])
    say = turn.phrases.say
    if said.lacks:
        lacking = "、".join(say(f"referral.address_{part}") for part in said.lacks)
        _say(turn, "address_lacks", say("referral.address_lacks", what=lacking))
        return
    text = say("referral.address_ask", **_shown(said))
    items = (
        MenuItem(f"{PREFIX}{_RIGHT}{one.id}", say("referral.item_address_right")),
        MenuItem(f"{PREFIX}{_WRONG}{one.id}", say("referral.item_address_wrong")),
    )
    _say(turn, "address_ask", text, items)


@router.message(Tapped(PREFIX))
async def address_judged(turn: Turn, facts: Store) -> None:
    """The customer says whether what was read is right; only his own grants are touched."""
    answer, _, grant_id = (turn.message.menu_id or "").removeprefix(PREFIX).partition(":")
    one = await _own(turn, facts, grant_id)
    found = await addresses.given(facts, grant_id) if one else None
    if one is None or found is None:
        _say(turn, "address_again", turn.phrases.say("referral.address_again"))
    elif f"{answer}:" == _WRONG:
        record(turn, [addresses.forgotten(grant_id)])
        _say(turn, "address_again", turn.phrases.say("referral.address_again"))
    elif found.address.lacks:
        _say(turn, "address_again", turn.phrases.say("referral.address_again"))
    else:
        await _confirm(turn, facts, one, found)


async def _confirm(turn: Turn, facts: Store, one: Grant, found: Given) -> None:
    if not found.is_confirmed:
        record(turn, [addresses.confirmed(one.id, turn.now)])
        record(turn, await weighing.receipts(facts, one.external_userid, found.address, turn.now))
        turn.cancel(FORM, key=one.id)
        await Paying(turn, facts).send(one, _shown(found.address))
    text = turn.phrases.say("referral.address_noted", name=one.definition.name)
    _say(turn, "address_noted", text)


@router.on(TimerDue, tag=FORM)
async def nothing_said(turn: Turn, timer: TimerDue, facts: Store) -> None:
    """The customer gave no address in time: a member asks for it."""
    one = await _own(turn, facts, timer.key)
    found = await addresses.given(facts, timer.key)
    if one is not None and (found is None or not found.is_confirmed):
        await Paying(turn, facts).call(one)


@router.on(TimerDue, tag=FORGET)
async def sent_long_ago(turn: Turn, timer: TimerDue) -> None:
    """It was sent, and nothing came back."""
    record(turn, [addresses.forgotten(timer.key)])


async def _to_be_sent(turn: Turn, facts: Store) -> Grant | None:
    """The oldest gift that waits for an address."""
    for one in await _gifts(turn, facts):
        found = await addresses.given(facts, one.id)
        is_open = turn.now - one.reached_at < OPEN_S
        if is_open and (found is None or not found.is_confirmed):
            return one
    return None


async def _own(turn: Turn, facts: Store, grant_id: str) -> Grant | None:
    return next((one for one in await _gifts(turn, facts) if one.id == grant_id), None)


async def _gifts(turn: Turn, facts: Store) -> list[Grant]:
    customers = await facts.people.same_person(turn.external_userid)
    every = await grants.grants_of(facts, customers)
    owed = [one for one in every if one.standing is Paid.OWED and not one.definition.is_virtual]
    return sorted(owed, key=lambda one: one.reached_at)


def _joined(before: Address, now: Address) -> Address:
    """What was said in two messages."""
    return Address(*(getattr(now, key) or getattr(before, key) for key in before.__struct_fields__))


def _shown(one: Address) -> dict[str, str]:
    return {"who": one.name, "phone": one.phone, "address": one.address}


def _say(turn: Turn, what: str, text: str, menu: tuple[MenuItem, ...] = ()) -> None:
    turn.reply(text, menu=menu, because=Because(source="reply", ref=f"referral.{what}"))
