"""Show members what a customer has of us: points, coupons and codes (R-12.3)."""

from bot.routing import Router, Stage
from bot.routing.panels import About, Panel, PanelLine
from bot.store import Store
from bot.store.coupons import Coupon, Redeemed
from bot.store.points import lots

router = Router("benefits", stage=Stage.CAMPAIGN)

SHOWN = 3
_KNOWN_BY = 4
"""Characters by which a code is known without being one that can be used."""

_STANDS = {
    Redeemed.DONE: "benefits.usable",
    Redeemed.ALREADY: "benefits.used",
    Redeemed.EXPIRED: "benefits.expired",
}


@router.panel("benefits")
async def panel(about: About, store: Store) -> Panel:
    """Points that are left, and codes with what became of them."""
    say, customer = about.phrases.say, about.external_userid
    lines = []
    postings = await store.points.of(customer)
    points = await store.points.balance(customer)
    if postings:
        lines.append(PanelLine(say("benefits.points"), say("benefits.points_left", points=points)))
    lines += [
        PanelLine(say("benefits.points_end"), say("benefits.points_left", points=one.left), at=end)
        for one in lots(postings)
        if (end := one.expires_at) is not None
    ][:1]
    lines += [_coupon(about, one) for one in await store.coupons.of(customer)]
    for one in await store.benefits.of(customer):
        state = say("benefits.on_its_way") if one.given_at is None else say("benefits.sent")
        state = state if one.redeemed_at is None else say("benefits.used")
        label, at = say("benefits.code"), one.redeemed_at or one.given_at
        lines.append(PanelLine(label, f"{one.campaign} {hidden(one.code)}", state, at))
    brief = say("benefits.points_left", points=points) if postings else ""
    return Panel(tuple(lines[:SHOWN]), brief, tuple(lines[SHOWN:]))


def _coupon(about: About, one: Coupon) -> PanelLine:
    say, stands = about.phrases.say, one.standing(about.now)
    at = one.redeemed_at if one.redeemed_at is not None else one.expires_at
    hint = say(_STANDS[stands]) if stands in _STANDS else ""
    until = say("benefits.until") if stands is Redeemed.DONE and at is not None else ""
    return PanelLine(
        say("benefits.coupon"), f"{one.name or one.pool} {hidden(one.code)}", f"{hint}{until}", at
    )


def hidden(code: str) -> str:
    """A code that a customer can be asked about and nobody else can use."""
    return "…" + code[-min(_KNOWN_BY, len(code) // 2) :] if len(code) > 1 else "…"
