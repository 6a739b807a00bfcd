"""How can somebody without a WeCom account try the product? A simulator as a process, and us."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.app import running
from bot.app.material_file import read_materials, take_materials
from bot.app.service import Concierge
from bot.commands.serve import listen
from bot.config import Config, Duty, Level, StaffMember, keygen, load_config
from bot.errors import Misconfigured
from bot.telemetry import configure_logging

ROOT = Path(__file__).resolve().parent.parent.parent

MATERIALS = ROOT / "docs" / "examples" / "materials" / "shop.yaml"

_START_WITHIN_S = 20
_STAFF: tuple[tuple[str, str, Level, tuple[Duty, ...]], ...] = (
    ("zhangsan", "张敏", "junior", ()),
    ("lisi", "李航", "expert", ()),
    ("wangwu", "王倩", "junior", ("operator",)),
)
"""王倩 serves as the others do, and approves what they write for the knowledge."""


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
        async with _simulator(port) as url:
            config = _demo_config(config_path, folder, url)
            async with running(config, vectors=ROOT / ".concierge" / "vectors") as concierge:
                await _lay_ready(concierge)
                runner = await listen(concierge, "127.0.0.1", 0, rehearsal=url)
                await _connect(url, f"http://127.0.0.1:{runner.addresses[0][1]}")
                print(f"演示已就绪：{url}\n按 Ctrl+C 结束。", flush=True)
                if open_browser:
                    await asyncio.to_thread(webbrowser.open, url)
                await stopping.wait()
                await runner.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _lay_ready(concierge: Concierge) -> None:
    """The sample materials, for the sidebar."""
    found, _ = read_materials(MATERIALS)
    await take_materials(concierge.engine.store, found, "demo", concierge.engine.clock.now())


_IDENTITY = {
    "CORP_ID": "wwdemo00000000cafe",
    "AGENT_ID": "1000002",
    "SECRET": "demo-secret-of-no-company",
    "CALLBACK_TOKEN": "DemoCallbackToken01",
    "CALLBACK_AES_KEY": "Q29uY2llcmdlRGVtb0tleUZvclNpbXVsYXRvcjAwMDA",
}
"""The six values of a company that does not exist; the sixth, the key, is made anew each time."""


def _demo_config(config_path: Path, folder: Path, api_base: str) -> Config:
    """The operator's configuration, pointed at the simulator and at a throw-away database."""
    environ = {
        **{f"CONCIERGE_WECOM__{key}": value for key, value in _IDENTITY.items()},
        "CONCIERGE_WECOM__API_BASE": api_base,
        "CONCIERGE_WECOM__KF_ACCOUNTS": "",
        "CONCIERGE_STORAGE__URL": f"sqlite:///{folder}/concierge.db",
        "CONCIERGE_SECURITY__ENCRYPTION_KEY": keygen(),
        "CONCIERGE_SAFETY__APPROVAL": "flagged",  # nobody has approved anything in it
        "CONCIERGE_TAGGING__PROJECT": "true",
        "CONCIERGE_LOGGING__LEVEL": os.environ.get("CONCIERGE_LOGGING__LEVEL", "warning"),
    }
    kept = {key: value for key, value in os.environ.items() if key.startswith("CONCIERGE_LLM")}
    config = load_config(config_path, environ | kept)
    configure_logging(config.logging.level, config.logging.format)
    staff = tuple(
        StaffMember(userid=userid, name=name, level=level, duties=duties)
        for userid, name, level, duties in _STAFF
    )
    here = config.server.model_copy(update={"public_url": None})  # nobody else reaches a demo
    return config.model_copy(update={"staff": config.staff or staff, "server": here})


@asynccontextmanager
async def _simulator(port: int) -> AsyncIterator[str]:
    """The simulator as a process of its own; yields its address."""
    identity = _IDENTITY
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--port", str(port)),
        *("--corp-id", identity["CORP_ID"], "--agent-id", identity["AGENT_ID"]),
        *("--secret", identity["SECRET"], "--token", identity["CALLBACK_TOKEN"]),
        *("--aes-key", identity["CALLBACK_AES_KEY"]),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_WITHIN_S):
            line = await process.stdout.readline()
        if not line:
            raise Misconfigured(f"the simulator did not start; is port {port} taken?")
        yield str(json.loads(line)["url"])
    except TimeoutError as error:
        raise Misconfigured("the simulator did not start in time") from error
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _connect(simulator: str, product: str) -> None:
    """Tell the simulator where callbacks go and where the sidebar is, as a console page would."""
    pages = {"callback": "/wecom/callback", "sidebar": "/sidebar"}
    async with aiohttp.ClientSession() as session:
        for what, path in pages.items():
            told = {"url": f"{product}{path}"}
            async with session.post(f"{simulator}/sim/{what}", json=told) as response:
                response.raise_for_status()
