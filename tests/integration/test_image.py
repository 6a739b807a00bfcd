"""Does what the image holds start, answer its health check, and leave its own files alone?

No image is built: what the Dockerfile copies is copied into a folder, and its commands run there
with this machine's Python.
"""

import asyncio
import json
import os
import shutil
import socket
import sys
from pathlib import Path

from bot.config import keygen
from tests.unit.docs_pages import ROOT
from tests.unit.test_deploy import instructions, of

_CONFIG = """
company: {name: 云栖优选}
wecom: {corp_id: ww1, agent_id: 1000002, secret: s, callback_token: t, api_base: "http://127.0.0.1:9"}
embeddings: {provider: none}
staff: [{userid: zhangsan, name: 张敏, level: junior}]
"""


def everything(folder: Path) -> dict[str, float]:
    return {str(one): one.stat().st_mtime for one in sorted(folder.rglob("*")) if one.is_file()}


async def test_the_image_s_commands_run(tmp_path: Path) -> None:
    image, data = tmp_path / "image", tmp_path / "data"
    image.mkdir()
    data.mkdir()
    for rest in of("COPY"):
        if not rest.startswith("--from"):
            source, target = rest.split()
            copies = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copies(ROOT / source, image / (source if target == "./" else target))
    config = tmp_path / "config.yaml"
    config.write_text(_CONFIG, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    names = dict(word.split("=", 1) for rest in of("ENV") for word in rest.split())
    environment = {key: value.replace("/data", str(data)) for key, value in names.items()} | {
        "PATH": os.environ["PATH"],
        "CONCIERGE_SERVER__PORT": port,
        "CONCIERGE_SERVER__HOST": "127.0.0.1",
        "CONCIERGE_WECOM__CALLBACK_AES_KEY": "a" * 43,
        "CONCIERGE_SECURITY__ENCRYPTION_KEY": keygen(),
        "HOME": str(data),
    }
    [entry], [command] = of("ENTRYPOINT"), of("CMD")
    words = [
        word.replace("/etc/concierge/config.yaml", str(config))
        for word in (*json.loads(entry)[1:], *json.loads(command))
    ]
    [health] = [
        json.loads(rest[rest.index("[") :])
        for word, rest in instructions()
        if word == "HEALTHCHECK"
    ]
    before = everything(image)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=image, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            while await _code(health[1:], environment):
                assert process.returncode is None, (await process.communicate())[1].decode()
                await asyncio.sleep(0.2)
    finally:
        process.terminate()
        told = (await process.communicate())[1].decode()
    assert process.returncode == 0, told
    assert everything(image) == before, "the root may be read-only"
    assert (data / "concierge.db").is_file()


async def _code(words: list[str], environment: dict[str, str]) -> int:
    done = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    return await done.wait()
