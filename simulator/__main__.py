"""`python -m simulator`: the stand-in as a process of its own."""

import argparse
import asyncio
import json
import signal
import sys

from simulator.credentials import Credentials, demo_credentials
from simulator.scenery import shop
from simulator.server import running


def main() -> None:
    """Run until SIGINT or SIGTERM; prints one JSON line with the address when ready."""
    options = _parser().parse_args()
    try:
        import uvloop  # noqa: PLC0415 - faster where there is one
    except ImportError:
        asyncio.run(_serve(options))
    else:
        uvloop.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    credentials = Credentials(
        corp_id=options.corp_id,
        agent_id=options.agent_id,
        secret=options.secret,
        token=options.token,
        aes_key=options.aes_key,
    )
    world = shop(accounts=options.accounts, credentials=credentials, seed=options.seed)
    async with running(
        world, callback_url=options.callback_url, host=options.host, port=options.port
    ) as simulator:
        sys.stdout.write(json.dumps({"url": simulator.url}) + "\n")
        sys.stdout.flush()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        await stopped.wait()


def _parser() -> argparse.ArgumentParser:
    demo = demo_credentials()
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--callback-url", default=None, help="callback URL of the product")
    parser.add_argument("--corp-id", default=demo.corp_id)
    parser.add_argument("--agent-id", type=int, default=demo.agent_id)
    parser.add_argument("--secret", default=demo.secret)
    parser.add_argument("--token", default=demo.token, help="callback token")
    parser.add_argument("--aes-key", default=demo.aes_key, help="callback EncodingAESKey")
    parser.add_argument("--accounts", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the accidents")
    return parser


if __name__ == "__main__":
    main()
