"""What does a member write about a customer whom he has as a friend (填写备注)?"""

from bot.model import EditRemark, EffectDone, EffectFailed, StaffAction
from bot.model.people import Attribute
from bot.model.remarks import Remark
from bot.routing import Router, Stage, Turn
from bot.store import Store, Unit

router = Router("remarks", stage=Stage.SESSION)

EDIT, EDITED = "remarks.edit", "remarks.edited"


@router.action(EDIT)
async def edit(turn: Turn, action: StaffAction, facts: Store) -> None:
    """`data`: `remark`, `description`, `mobiles` (all three replace), `seen` (`Remark.digest`)."""
    mobiles = tuple(str(one) for one in action.data.get("mobiles", ()))
    texts = [str(action.data.get(name, "")) for name in ("remark", "description")]
    wanted = Remark(texts[0], texts[1], mobiles)
    relation = await facts.contacts.relation(action.userid, turn.external_userid)
    if relation is None or not relation.is_friend:
        turn.answer(action, turn.phrases.say("remarks.no_friends"))
        return
    if wanted.problem:
        turn.answer(action, turn.phrases.say(f"remarks.{wanted.problem}"))
        return
    effect = EditRemark(
        userid=action.userid,
        external_userid=turn.external_userid,
        wanted=wanted,
        seen=str(action.data.get("seen", "")),
    )
    turn.edit_remark(effect, tag=EDITED)
    turn.answer(action, turn.phrases.say("remarks.on_its_way"), done=True)


@router.on(EffectDone, tag=EDITED)
async def edited(turn: Turn, done: EffectDone, facts: Store) -> None:
    """What he calls the customer is what we call him; whatever was not written, he hears."""
    userid, outcome = str(done.result.get("userid", "")), str(done.result.get("outcome", ""))
    if outcome != "written":
        turn.notify([userid], turn.phrases.say(f"remarks.{outcome}"))
        return
    unit = Unit()
    name = Attribute(
        external_userid=turn.external_userid,
        name="remark",
        value=str(done.result.get("remark", "")),
        source="contact",
        by=userid,
        at=turn.now,
    )
    await facts.profiles.set(unit, name)
    turn.decisions.records += unit.statements


@router.on(EffectFailed)
async def failed(turn: Turn, event: EffectFailed) -> None:
    """WeCom did not take it."""
    if event.tag == EDITED and (userid := str(event.data.get("userid", ""))):
        turn.notify([userid], turn.phrases.say("remarks.refused", errcode=event.errcode or "-"))
