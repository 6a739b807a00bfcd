"""What does an event bring back to a message that waits?"""

import msgspec

from bot.model import Consult, Delegate, EffectDone, EffectFailed, Event, LookUp, Written
from bot.routing.collected import Advice, Finding


def awaited_in(event: Event) -> Advice | Finding | None:
    """What the model said, or what was found, if the event is the end of such an effect."""
    match event:
        case EffectDone(effect=Consult.__name__, result=told):
            pass
        case EffectFailed(effect=Consult.__name__, data=told):
            pass
        case EffectDone(effect=LookUp.__name__ | Delegate.__name__, result=told):
            return Finding(told["msgid"], told.get("found"), told.get("why_not", ""), event.tag)
        case EffectFailed(effect=LookUp.__name__ | Delegate.__name__, data=told):
            return Finding(told["msgid"], None, "failed", event.tag)
        case _:
            return None
    return Advice(told["msgid"], msgspec.convert(told, Written), event.tag)
