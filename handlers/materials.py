"""What was sent from the shelf of materials, and what if the customer opens it (C29)?

A link that is opened is told only of customers who agree to be profiled: their timeline has it,
whoever sent it hears of it, now and then, and rules that tag may name the event.
"""

import msgspec

from bot.config import Config
from bot.model import Attachment, Because, Emitted, StaffAction
from bot.model.consents import Purpose, Standing
from bot.model.events import MATERIAL_OPENED
from bot.routing import Router, Stage, Turn
from bot.store import Sent, Store
from bot.store.links import OPENED, TOLD

router = Router("materials", stage=Stage.SESSION)

SEND = "materials.send"
_NAMES = ("remark", "name", "nickname")


@router.on(Emitted, tag=MATERIAL_OPENED)
async def opened(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """The customer has opened a link that he was sent, if he still agrees that it is noted."""
    sent = await facts.links.sent(str(event.data.get("token", "")))
    if sent is None or sent.external_userid != turn.external_userid:
        return
    standing = await facts.consents.standing(turn.external_userid, Purpose.PROFILING_TAGS)
    if standing is not Standing.GIVEN:
        return
    turn.record(OPENED, sent.token, turn.now, turn.external_userid, sent.material)
    told = config.opened_links
    again_at = (sent.told_at or 0.0) + 60 * told.again_after_min
    if told.tell_staff and turn.now >= again_at:
        await _tell(turn, facts, sent, str(event.data.get("title", sent.material)))


async def _tell(turn: Turn, facts: Store, sent: Sent, title: str) -> None:
    """Whoever sent it is told."""
    known = {one.name: one.value for one in await facts.profiles.of(turn.external_userid)}
    name = next((known[key] for key in _NAMES if known.get(key)), "")
    who = name or turn.phrases.say("materials.nameless")
    turn.notify([sent.userid], turn.phrases.say("materials.opened", name=who, title=title))
    turn.record(TOLD, turn.now, sent.token)


@router.action(SEND)
async def send(turn: Turn, action: StaffAction, facts: Store) -> None:
    """A member lets the bot send a material, while the session is the bot's.

    `data`: `material` (its id), `attachment` (with the customer's own link in it).
    """
    state = turn.facts.ownership.state if turn.has_conversation else None
    if state is None or not state.bot_may_send:
        turn.answer(action, turn.phrases.say("materials.not_the_bots"))
        return
    what = msgspec.convert(action.data["attachment"], Attachment)
    material = str(action.data["material"])
    because = Because(source="material", ref=material, detail={"by": action.userid})
    turn.reply("", attachments=[what], because=because)
    turn.decisions.records.append(facts.materials.used(material))
    turn.decisions.records.append(
        facts.links.reported(turn.external_userid, material, action.userid, turn.now)
    )
    turn.answer(action, turn.phrases.say("materials.handed"), done=True)
