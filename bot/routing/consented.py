"""What may a turn not do without consent, and how is what was decided written down?

Whatever is decided for a purpose passes two gates: here, at the turn's commit, and again in the
statement with which the sender claims the row.
"""

import structlog

from bot.model import MessageReceived
from bot.model.consents import Purpose, Standing
from bot.policy.consent import permits
from bot.routing.turn import Turn
from bot.store import Store, Unit
from bot.store.consent_ending import decide_all

log = structlog.get_logger(__name__)


async def record_consents(store: Store, unit: Unit, turn: Turn) -> list[str]:
    """Add to the unit what the turn asked, what was decided, and what ends with it.

    Returns:
        The queues of the outbox that may have something to send.
    """
    customer = turn.external_userid
    if not customer:
        return []
    evidence = turn.event.msgid if isinstance(turn.event, MessageReceived) else ""
    for notice in turn.decisions.notices:
        await store.consents.ask(
            unit,
            customer,
            notice.purposes,
            notice_version=notice.version,
            channel="kf",
            evidence=evidence,
            at=turn.now,
        )
    return await decide_all(store, unit, customer, turn.decisions.consents, turn.now)


async def drop_unconsented(store: Store, turn: Turn) -> None:
    """Forget what the customer's consents do not allow, this turn's decisions included."""
    decisions = turn.decisions
    wanted = {one.reply.purpose for one in decisions.said}
    wanted |= {one.reply.purpose for one in decisions.by_code}
    wanted |= {one.purpose for one in decisions.effects}
    closed = {one for one in wanted if one and not await _is_open(store, turn, one)}
    if not closed:
        return
    decisions.said = [one for one in decisions.said if one.reply.purpose not in closed]
    decisions.by_code = [one for one in decisions.by_code if one.reply.purpose not in closed]
    decisions.effects = [one for one in decisions.effects if one.purpose not in closed]
    for purpose in closed:
        log.info("turn.not_consented", purpose=purpose)


async def _is_open(store: Store, turn: Turn, purpose: Purpose) -> bool:
    for decided in reversed(turn.decisions.consents):
        if decided.purpose is purpose:
            return permits(purpose, decided.decision)
    if not turn.external_userid:
        return permits(purpose, Standing.UNKNOWN)
    return permits(purpose, await store.consents.standing(turn.external_userid, purpose))
