"""How does a life of the product begin without a second of imports?

One process imports the product and forks itself for every life. A child shares nothing with the
one before but the code: database, sockets, keys and tokens are opened anew.
"""

import asyncio
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from bot.cli import main
from tests.integration.crash.steps import STEPS

ROOT = Path(__file__).resolve().parents[3]


class Nursery:
    """The forking process; one life at a time. Close it in the end.

    Args:
        module: what runs as the forking process; it calls `serve_orders`.
    """

    def __init__(self, module: str = __name__) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    async def begin(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        bomb: tuple[str, int] | None,
    ) -> int:
        """Begin a life of ``concierge ARGUMENTS``; returns its pid.

        Args:
            bomb: a step, and the pass of it at which the life ends.
        """
        order = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "log": str(log),
            "bomb": bomb,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(await self._line())

    async def ended(self) -> int:
        """Wait for the end of the life; returns its exit code, negative for a signal."""
        return int(await self._line())

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return await asyncio.to_thread(self._process.stdout.readline)


def serve_orders(live: Callable[[list[str]], int]) -> None:
    """Fork a life for each order that comes in.

    Args:
        live: what a life does with its arguments; returns the exit code.
    """
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(order, live)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _live(order: Mapping[str, Any], live: Callable[[list[str]], int]) -> NoReturn:
    """The child: never comes back."""
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, log, log)):
            os.dup2(file, number)
        os.environ.update(order["environment"])
        if order["bomb"]:
            step, fatal_pass = order["bomb"]
            STEPS[step].arm(fatal_pass)
        code = live(order["arguments"])
    except BaseException:  # a forked child must not run on as if it were the nursery
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve_orders(main)
