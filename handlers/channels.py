"""Give whoever comes by a channel code its tags, and what they chose on its landing page."""

from bot.model import CustomerAdded, SessionEntered
from bot.model.consents import Purpose, Standing
from bot.routing import Router, Stage, Turn
from bot.store import ARRIVED, Store

router = Router("channels", stage=Stage.GUARD)

LINK_OPENED = "link_opened"


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, store: Store) -> None:
    """The state is that of a contact way, or of one tap on a landing page."""
    await tag(turn, store, event.state)
    await arrive(turn, store, event.state)


@router.on(SessionEntered)
async def entered(turn: Turn, event: SessionEntered, store: Store) -> None:
    """The scene is that of a kf link, its parameter one tap on a landing page."""
    await tag(turn, store, event.scene)
    visit = await store.visits.get(event.scene_param) if event.scene_param else None
    if visit is not None and visit.channel == event.scene:  # anybody may write into a parameter
        await arrive(turn, store, event.scene_param)


async def tag(turn: Turn, store: Store, code: str) -> None:
    """Tag the customer of the turn; whether it may be put on is decided where every tag is."""
    found = await store.channels.channel_of(code) if code else None
    if found is None or found.channel is None:
        return
    for name in found.channel.tags:
        turn.tag(name, rule=f"channel:{found.id}")


async def arrive(turn: Turn, store: Store, token: str) -> None:
    """Take over what was chosen on the landing page, once, from whoever has just tapped there."""
    visit = await store.visits.get(token) if token else None
    if visit is None or not visit.is_fresh(turn.now):
        return
    turn.record(ARRIVED, token, turn.external_userid, turn.now, expect=1)
    for purpose, ticked in visit.choices.items():
        if ticked:  # what was left alone was not refused
            turn.consent(
                Purpose(purpose),
                Standing.GIVEN,
                notice_version=visit.notice_version,
                channel="landing",
                evidence=f"landing visit {token}",
            )
    turn.emit(
        LINK_OPENED,
        channel=visit.channel,
        utm_source=visit.came.utm_source,
        utm_medium=visit.came.utm_medium,
        utm_campaign=visit.came.utm_campaign,
    )
