"""By which channel did customers come, as the events of a turn tell it?

What is written down is the state or scene itself: what it means is looked up when it is counted, so
a channel that is described later has its customers too.
"""

from bot.model import CustomerAdded, Event, SessionEntered
from bot.store import ENTERED, Store, Unit


def note_arrival(store: Store, unit: Unit, event: Event, now: float) -> None:
    """Add what an event tells of the customer's first and last channel (R-3.4).

    A friendship without a state is a first touch too, by nobody's channel. A chat that is opened
    without a scene is none: whoever knows us opens it again and again.
    """
    match event:
        case CustomerAdded():
            store.profiles.touch(unit, event.external_userid, event.state, event.at or now)
        case SessionEntered():
            at, customer = event.sent_at or now, event.external_userid
            unit.add(ENTERED, customer, event.open_kfid, event.scene, at)
            if event.scene:
                store.profiles.touch(unit, customer, event.scene, at)
        case _:
            pass
