"""What does an event bring back to a message that waits?"""

from bot.model import Consult, EffectDone, EffectFailed, Event, LookUp
from bot.routing.collected import Advice, Finding


def awaited_in(event: Event) -> Advice | Finding | None:
    """What the model said, or what was found, if the event is the end of such an effect."""
    match event:
        case EffectDone(effect=Consult.__name__, result=told):
            return Advice(told["msgid"], told.get("chosen"), event.tag)
        case EffectFailed(effect=Consult.__name__, data=told):
            return Advice(told["msgid"], None, event.tag)
        case EffectDone(effect=LookUp.__name__, result=told):
            return Finding(told["msgid"], told.get("found"), told.get("why_not", ""), event.tag)
        case EffectFailed(effect=LookUp.__name__, data=told):
            return Finding(told["msgid"], None, "failed", event.tag)
        case _:
            return None
