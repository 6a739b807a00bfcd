"""The files of the page: what others wrote is as it was published, and all of it is small."""

import hashlib
import re
import shutil
import subprocess
from zoneinfo import ZoneInfo

import pytest

from bot.web.sidebar.rendering import STATIC, Pages

NODE = shutil.which("node")
MOST_BYTES = 80 * 1024


def test_what_others_wrote_is_as_it_was_published() -> None:
    table = (STATIC / "VENDORED.md").read_text("utf-8")
    written = dict(re.findall(r"\| `(\S+\.js)` .*`([0-9a-f]{64})` \|", table))
    found = {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in written}
    assert found == written
    ours = {"sidebar.js"}
    assert {path.name for path in STATIC.glob("*.js")} == {*written, *ours}


@pytest.mark.skipif(NODE is None, reason="needs node to read the script")
def test_our_script_is_one_that_browsers_can_read() -> None:
    """Two changes that merge without a conflict may still name the same thing twice."""
    assert NODE is not None
    read = subprocess.run(
        [NODE, "--check", str(STATIC / "sidebar.js")], capture_output=True, check=False
    )
    assert read.returncode == 0, read.stderr.decode()


def test_the_page_is_small_and_asks_nobody_else() -> None:
    files = Pages(ZoneInfo("Asia/Shanghai")).files
    assert sum(len(packed) for _, packed, _ in files.values()) < MOST_BYTES
    for name in ("sidebar.js", "sidebar.css", "htmx.js", "hx-sse.js"):
        assert b"https://" not in files[name][0].replace(b"https://htmx.org", b"")
