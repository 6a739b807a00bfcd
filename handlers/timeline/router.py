"""Show members what happened to a customer, newest first, each with its reason (R-12.3)."""

from bot.routing import Router, Stage
from bot.routing.panels import About, Panel
from bot.store import Store
from handlers.timeline.telling import Teller
from knowledge import Library

router = Router("timeline", stage=Stage.ANSWER)

A_PAGE = 15


@router.panel("timeline", on_demand=True)
async def panel(about: About, store: Store, library: Library) -> Panel:
    """One page of it; what was written only where it belongs to this conversation."""
    found = await store.timeline.page(about.external_userid, limit=A_PAGE, after=about.after)

    def question_of(open_kfid: str, entry_id: str) -> str:
        entry = library.of(open_kfid).get(entry_id)
        return entry.question if entry else ""

    teller = Teller(about, question_of)
    rest = found[-1].place if len(found) == A_PAGE else ""
    return Panel(tuple(teller.line(one) for one in found), next=rest)
