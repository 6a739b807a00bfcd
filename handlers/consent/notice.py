"""How is consent asked for? A short notice with a yes and a no for each purpose, none ticked."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import Consent
from bot.model import Because, MenuItem
from bot.model.cases import BOT
from bot.model.consents import Purpose, Standing
from bot.policy.consent import to_ask
from bot.routing import Turn
from bot.routing.asking import CONSULTING
from bot.routing.writing import may_write
from bot.store import Store

ASK = "consent.ask"
ASK_AFTER_S = 3.0
"""So long after the customer's message: after its answer, and never before it."""

SKIP_AFTER_S = 600.0

PREFIX = "consent:"
_DAY_S = 86_400.0
_SAID = {"yes": Standing.GIVEN, "no": Standing.REFUSED}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a tapped item of the notice says."""

    purpose: Purpose
    decision: Standing
    version: str


def choice_of(menu_id: str | None) -> Choice | None:
    """The choice that an item of a notice stands for."""
    parts = (menu_id or "").removeprefix(PREFIX).split(":", 2)
    if not (menu_id or "").startswith(PREFIX) or len(parts) != 3 or parts[1] not in _SAID:
        return None
    try:
        purpose = Purpose(parts[0])
    except ValueError:
        return None
    return Choice(purpose, _SAID[parts[1]], parts[2])


async def due(turn: Turn, store: Store, settings: Consent) -> list[Purpose]:
    """The purposes that this customer is to be asked about."""
    if not settings.ask:
        return []
    customer = turn.external_userid
    return to_ask(
        [Purpose(one) for one in settings.ask],
        settings.notice_version,
        await store.consents.standings(customer),
        await store.consents.asked(customer),
        now=turn.now,
        again_after_s=settings.ask_again_days * _DAY_S,
    )


async def plan(turn: Turn, store: Store, settings: Consent) -> None:
    """After this message's answer, ask what is still to be asked."""
    if await due(turn, store, settings):
        turn.schedule(ASK, ASK_AFTER_S, skip_after_s=SKIP_AFTER_S)


async def show(turn: Turn, store: Store, settings: Consent) -> bool:
    """Show the notice, where the bot speaks and nobody waits for an answer; else later.

    Returns:
        Whether it is shown now.
    """
    purposes = await due(turn, store, settings)
    if not purposes or not await _may_speak(turn, store):
        return False
    if await _is_answering(turn, store):
        turn.schedule(ASK, ASK_AFTER_S, skip_after_s=SKIP_AFTER_S)
        return False
    say, version = turn.phrases.say, settings.notice_version
    lines = [say("consent.notice"), *(f"· {say(f'consent.purpose_{one}')}" for one in purposes)]
    turn.reply(
        "\n".join(lines),
        menu=_items(turn, purposes, version),
        because=Because(source="reply", ref="consent.notice", detail={"version": version}),
        category="service",
    )
    turn.ask_consent(purposes, version)
    return True


def _items(turn: Turn, purposes: Sequence[Purpose], version: str) -> list[MenuItem]:
    return [
        MenuItem(f"{PREFIX}{one}:{said}:{version}", turn.phrases.say(f"consent.{said}_{one}"))
        for one in purposes
        for said in _SAID
    ]


async def _may_speak(turn: Turn, store: Store) -> bool:
    case = turn.cases.open
    if case is not None and case.status != BOT:  # nothing is asked for in people's name
        return False
    return await may_write(turn, store)


async def _is_answering(turn: Turn, store: Store) -> bool:
    outcomes = await store.transcript.last_outcomes(turn.conversation, 1)
    return bool(outcomes) and outcomes[0][0] == CONSULTING
