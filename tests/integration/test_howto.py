"""Does a newcomer who follows the how-to arrive? Its files are written, checked and run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit import docs_pages
from tests.unit.docs_pages import ROOT, Block

PAGE = ROOT / "docs" / "how-to" / "add-a-behaviour.md"
_SUITE = ("__init__.py", "conftest.py", "builders.py", "talk.py", "postgres_server.py")


def _steps() -> list[list[Block]]:
    """The page's files in order; each test file ends a step."""
    steps: list[list[Block]] = [[]]
    for block in docs_pages.blocks(PAGE):
        if "/" in block.mark:
            steps[-1].append(block)
            if block.mark.startswith("tests/"):
                steps.append([])
    return [step for step in steps if step]


STEPS = _steps()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a newcomer has: the product and the fixtures of its tests."""
    for room in ("bot", "handlers", "knowledge", "prompts"):
        shutil.copytree(ROOT / room, tmp_path / room)  # compiled files too: they keep their times
    for name in ("pyproject.toml", "config.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("tests", "tests/unit", "tests/unit/handlers"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    for name in _SUITE:
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    return tmp_path


def run(clone: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("step", STEPS, ids=["as-shown", "with-a-timer", "with-a-card"])
def test_the_behaviour_of_the_how_to_works(step: list[Block], clone: Path) -> None:
    for block in step:
        (clone / block.mark).write_text(block.text, "utf-8")
    files = [block.mark for block in step]
    python = [file for file in files if file.endswith(".py")]
    run(clone, "ruff", "check", "--no-cache", *python)
    run(clone, "ruff", "format", "--no-cache", "--check", *python)
    run(clone, "pytest", "-q", "-p", "no:cacheprovider", files[-1])
    assert "birthday.wish" in run(clone, "bot", "routes")
