"""How can somebody without a WeCom account try the product? A simulator as a process, and us."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import running
from bot.commands.serve import listen
from bot.config import Config, keygen, load_config
from bot.errors import Misconfigured
from bot.telemetry import configure_logging

ROOT = Path(__file__).resolve().parent.parent.parent

_START_WITHIN_S = 20
_STAFF = (("zhangsan", "张敏", "junior"), ("lisi", "李航", "junior"), ("wangwu", "王倩", "expert"))


async def demo(config_path: Path, port: int, *, open_browser: bool) -> int:
    """Run simulator and product together until Ctrl+C.

    Raises:
        Misconfigured: the simulator is not installed here, or does not start.
    """
    if not (ROOT / "simulator" / "__main__.py").exists():
        raise Misconfigured("demo needs the repository: its simulator is no part of the package")
    folder = Path(tempfile.mkdtemp(prefix="concierge-demo-"))
    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    try:
        async with _simulator(port) as (url, identity):
            config = _demo_config(config_path, folder, url, identity)
            async with running(config, vectors=ROOT / ".concierge" / "vectors") as concierge:
                runner = await listen(concierge, "127.0.0.1", 0)
                address = runner.addresses[0]
                await _connect(url, f"http://127.0.0.1:{address[1]}/wecom/callback")
                print(f"演示已就绪：{url}\n按 Ctrl+C 结束。", flush=True)
                if open_browser:
                    await asyncio.to_thread(webbrowser.open, url)
                await stopping.wait()
                await runner.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0
