"""All that is counted of a campaign (R-3.5.6), as the terminal and the interface tell it."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bot.config import Config
from bot.store import Store
from handlers.referral import advice, breakdown, figures, grants, modes, store


async def campaign_figures(
    config: Config, facts: Store, campaign: str, now: float
) -> dict[str, Any] | None:
    """The figures as plain data, ``None`` when there is no such campaign."""
    known = await store.campaign(facts, campaign)
    if known is None:
        return None
    found = await figures.figures(facts, campaign, now)
    arms, cohorts = await breakdown.groups(facts, campaign, ZoneInfo(config.timezone))
    stays = await breakdown.stays(facts, campaign, (known.terms.start, known.terms.end), now)
    told: dict[str, Any] = {"campaign": campaign, "phase": known.phase}
    told |= msgspec.to_builtins(found, str_keys=True)
    for name, k in (("to_date", found.to_date), ("week", found.week)):
        told[name] |= {"k_gross": k.gross, "k_net": k.net, "k_classic": k.classic}
    given = found.virtual + found.physical
    rewards = known.campaign.rewards
    return told | {
        "cost_each": found.cost_each,
        "virtual_share": found.virtual / given if given else None,
        "virtual_share_wanted": breakdown.VIRTUAL_SHARE,
        "stock": {
            key: await grants.left_of(facts, known.campaign, key, now) for key in sorted(rewards)
        },
        "arms": [_group(one) for one in arms.groups],
        "arms_compared": msgspec.to_builtins(arms.compared),
        "cohorts": [_group(one) for one in cohorts],
        "modes": msgspec.to_builtins(await modes.modes(facts, known)),
        "stays": msgspec.to_builtins(stays),
        "advice": msgspec.to_builtins(await advice.open_advice(facts, campaign)),
    }


async def every_campaign(facts: Store) -> list[dict[str, Any]]:
    """Which campaigns there are."""
    return [
        {
            "campaign": one.campaign.id,
            "name": one.campaign.name,
            "phase": one.phase,
            "start": one.campaign.start,
            "end": one.campaign.end,
        }
        for one in await store.campaigns(facts)
    ]


def _group(one: breakdown.Group) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one)
    return told | {
        "k_gross": one.k_gross,
        "k_net": one.k_net,
        "cost_each": one.cost_each,
        "virtual_share": one.virtual_share,
    }
