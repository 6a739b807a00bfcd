"""How does the service run until it is told to stop?"""

import asyncio
import signal

import structlog
from aiohttp import web

from bot.app import Concierge, Role, running, web_app
from bot.commands.pace import quick_loop
from bot.config import Config, ConfigErrors, require
from bot.delivery.lanes import SystemClock
from bot.errors import Misconfigured

log = structlog.get_logger(__name__)

_CLOSE_WITHIN_S = 1.0


async def serve(config: Config, role: Role, clock: SystemClock | None = None) -> int:
    """Serve until SIGTERM or SIGINT; what is in hand is finished within 10 s.

    Args:
        role: what of the service this process does.
        clock: what time it is, by default the machine's.

    Raises:
        ConfigErrors: one of the six values is missing.
        Misconfigured: a part refuses to start.
    """
    if missing := require(config, for_="serve"):
        raise ConfigErrors(missing)
    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    with quick_loop() as settle:
        async with running(config, role, clock=clock) as concierge:
            runner = await listen(concierge, config.server.host, config.server.port)
            where = {"host": config.server.host, "port": config.server.port}
            log.info("serve.started", role=role.value, **where)
            settling = asyncio.create_task(settle(concierge.warming))
            await stopping.wait()
            log.info("serve.stopping")
            settling.cancel()
            await runner.cleanup()
    return 0


async def listen(
    concierge: Concierge, host: str, port: int, *, rehearsal: str = ""
) -> web.AppRunner:
    """Open the port; the caller cleans the runner up.

    Args:
        rehearsal: address of a simulator at which members sign in; only a demo has one.

    Raises:
        Misconfigured: the port is taken, or the address is not ours.
    """
    app = web_app(concierge, rehearsal=rehearsal)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_WITHIN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        await runner.cleanup()
        raise Misconfigured(f"server.host, server.port: {host}:{port}: {error.strerror}") from error
    return runner
