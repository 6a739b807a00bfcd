"""Follow what happens in WeCom to friends and to the library of tags."""

from bot.model import CorpTagChanged, CustomerAdded, CustomerEdited
from bot.routing import Router, Stage, Turn

router = Router("contacts", stage=Stage.SESSION)

ORDER_ONLY = "shuffle"


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded) -> None:
    """Whatever is known of somebody who was a stranger so far is brought to WeCom now."""
    turn.project_tags(event.external_userid)


@router.on(CustomerEdited)
async def edited(turn: Turn, event: CustomerEdited) -> None:
    """A member may have changed tags: what people decide goes first."""
    turn.project_tags(event.external_userid, read=True)


@router.on(CorpTagChanged)
async def library_changed(turn: Turn, event: CorpTagChanged) -> None:
    """Somebody changed the library; tags of rule groups are not ours to see (wecom-api §4.7)."""
    if event.change != ORDER_ONLY and not event.strategy_id:
        turn.read_corp_tags()
