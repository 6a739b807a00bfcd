"""The files of the page: what others wrote is as it was published, and all of it is small."""

import hashlib
import re
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright._impl._driver import compute_driver_executable

from bot.web.sidebar.rendering import HERE, STATIC, Pages

MOST_BYTES = 80 * 1024
ROOT = Path(__file__).parents[4]


def test_what_others_wrote_is_as_it_was_published() -> None:
    table = (STATIC / "VENDORED.md").read_text("utf-8")
    written = dict(re.findall(r"\| `(\S+\.js)` .*`([0-9a-f]{64})` \|", table))
    found = {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in written}
    assert found == written
    ours = {"sidebar.js", "drafts.js"}
    assert {path.name for path in STATIC.glob("*.js")} == {*written, *ours}


def test_every_script_of_ours_can_be_read() -> None:
    """By Playwright's node: changes that merge without a conflict may name one thing twice."""
    node = compute_driver_executable()[0]
    pages = ROOT / "simulator" / "page"
    classic = {STATIC / "sidebar.js", STATIC / "drafts.js", pages / "host.js"}
    for script in sorted({*classic, *pages.glob("*.js")}):
        kind = [] if script in classic else ["--input-type=module"]
        read = subprocess.run(
            [node, "--check", *kind, "-"],
            input=script.read_bytes(),
            capture_output=True,
            check=False,
        )
        assert read.returncode == 0, f"{script.name}: {read.stderr.decode()}"


def test_the_demo_shows_the_same_clock_as_the_sidebar_wherever_the_browser_stands() -> None:
    source = (ROOT / "simulator" / "page" / "dom.js").read_text("utf-8")
    # 2026-11-30 18:05 UTC is the first of December, 02:05, in Shanghai
    ask = "const t = Date.UTC(2026, 10, 30, 18, 5), now = new Date(t + 3600e3);"
    ask += "console.log(clockTime(new Date(t)), chatTime(t - 86400e3, now), chatTime(t, now))"
    told = subprocess.run(
        [compute_driver_executable()[0], "--input-type=module", "-"],
        input=f"{source}\n{ask}".encode(),
        env={"TZ": "America/New_York"},
        capture_output=True,
        check=True,
    )
    assert told.stdout.decode().strip() == "02:05 昨天 02:05 02:05"


def test_the_page_is_small_and_asks_nobody_else() -> None:
    files = Pages(ZoneInfo("Asia/Shanghai")).files
    assert sum(len(packed) for _, packed, _ in files.values()) < MOST_BYTES
    for name in ("sidebar.js", "drafts.js", "sidebar.css", "htmx.js", "hx-sse.js"):
        assert b"https://" not in files[name][0].replace(b"https://htmx.org", b"")


TELLS = {
    "knowledge/decide",
    "tag",
    "remark",
    "teach",
    "draft",
    "replies/add",
    "replies/remove",
    "materials/send",
}
"""Where the server always says in words what came of it."""


def test_every_form_says_in_its_own_words_what_was_done() -> None:
    forms = [
        found
        for path in sorted((HERE / "templates").glob("*.html"))
        for found in re.findall(r'<form data-post="([^"]+)"([^>]*)>', path.read_text("utf-8"))
    ]
    assert {name for name, _ in forms} > TELLS
    silent = [name for name, rest in forms if name not in TELLS and "data-done=" not in rest]
    assert silent == []
    script = (STATIC / "sidebar.js").read_text("utf-8")
    for call in re.findall(r"\bact\((?!name)[^;]*;", script):
        assert "words." in call or "dataset.done" in call, call
