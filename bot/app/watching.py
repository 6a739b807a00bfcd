"""What watches over the service, and whom does it tell?"""

from collections.abc import Callable

from bot.app.engine import Engine, build_roster
from bot.delivery.watching import Recent, Watch
from bot.model import Lane
from bot.wecom.tokens import AccessTokens


def build_watch(engine: Engine, tokens: AccessTokens, woken: Callable[[str, Lane], None]) -> Watch:
    """What raises alarms.

    Args:
        woken: told which queue of the outbox has something to send.
    """
    return Watch(
        store=engine.store,
        metrics=engine.metrics,
        phrases=engine.phrases,
        clock=engine.clock,
        limits=engine.config.alarms,
        operators=build_roster(engine.config).operators,
        refusals=(tokens.refused,),
        woken=woken,
        disk=engine.config.storage.files,
        recent=Recent(engine.metrics),
    )
