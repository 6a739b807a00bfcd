"""`dev.py` installs once, skips when nothing changed, and says what is missing."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with dev.py and two locks of nothing, so that an install needs no network."""
    shutil.copy(ROOT / "dev.py", tmp_path / "dev.py")
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    (tmp_path / "requirements-dev.lock").write_text("# nothing, twice\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "concierge-stamp.json")
    monkeypatch.setattr(dev, "_uv", lambda: None)
    monkeypatch.setattr(dev, "_ensure_pip", lambda: None)
    monkeypatch.setattr(dev, "_install_packages", lambda lock: print(f"installed {lock}"))
    return tmp_path


def installed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines = capsys.readouterr().out.splitlines()
    return [line.removeprefix("installed ") for line in lines if line.startswith("installed ")]


def run_dev(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        check=False,
    )


def test_called_bare_it_lists_its_commands() -> None:
    done = run_dev()
    assert done.returncode == 0
    for command in ("demo", "test", "bench", "format"):
        assert f"  {command} " in done.stdout


def test_an_unknown_command_is_refused_with_the_list() -> None:
    done = run_dev("tset")
    assert done.returncode == 2
    assert "tset" in done.stderr
    assert "test" in done.stdout


def test_it_speaks_where_the_terminal_knows_no_chinese() -> None:
    assert run_dev(PYTHONIOENCODING="ascii", PYTHONUTF8="0").returncode == 0


def test_an_old_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert dev.main(["demo"]) == 2
    assert "3.11" in capsys.readouterr().err


def test_the_second_run_installs_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev.install(dev.RUN)
    dev.install(dev.RUN)
    assert installed(capsys) == [dev.RUN]


def test_a_changed_lock_is_installed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dev.install(dev.RUN)
    (checkout / dev.RUN).write_text("# something else\n")
    dev.install(dev.RUN)
    assert installed(capsys) == [dev.RUN, dev.RUN]


def test_the_development_lock_serves_the_demo_too(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev.install(dev.DEV)
    dev.install(dev.RUN)
    assert installed(capsys) == [dev.DEV]


def test_an_interrupted_install_is_not_taken_for_a_whole_one(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.install(dev.RUN)
    (checkout / dev.RUN).write_text("# changed\n")

    def interrupted(lock: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dev, "_install_packages", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dev.install(dev.RUN)
    assert not dev.STAMP.exists()


@pytest.mark.parametrize("broken", ["interpreter", "link", "file"])
def test_a_broken_environment_is_made_again(
    checkout: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    dev.install(dev.RUN)
    if broken == "interpreter":
        Path(dev._python()).unlink()
    else:
        shutil.rmtree(dev.VENV)
        if broken == "link":
            dev.VENV.symlink_to(checkout / "nowhere")
        else:
            dev.VENV.write_text("not a folder")
    dev.install(dev.RUN)

    assert installed(capsys) == [dev.RUN, dev.RUN]
    assert dev._works()


def test_an_environment_of_another_python_is_made_again(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev.install(dev.RUN)
    (dev.VENV / "left-over").touch()
    stamp = json.loads(dev.STAMP.read_text())
    dev.STAMP.write_text(json.dumps({**stamp, "python": "3.10.0", dev.RUN: "old"}))
    dev.install(dev.RUN)

    assert installed(capsys) == [dev.RUN, dev.RUN]
    assert not (dev.VENV / "left-over").exists()


def test_a_python_without_venv_is_told_the_system_package(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert dev.main(["demo"]) == 1
    assert "apt install python3-venv" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(stamp: dict[str, str]) -> None:
        raise PermissionError(13, "Permission denied", str(dev.VENV))

    monkeypatch.setattr(dev, "_make_venv", refuses)
    assert dev.main(["demo"]) == 1
    assert str(dev.VENV) in capsys.readouterr().err


def test_a_failing_check_fails_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev._summary([("格式", 0, 0.1), ("类型", 0, 3.0)], 3.1) == 0
    assert "✓ 全部通过" in capsys.readouterr().out
    assert dev._summary([("格式", 0, 0.1), ("类型", 1, 3.0)], 3.1) == 1
    assert "✗ 未通过：类型" in capsys.readouterr().out


def test_the_pinned_uv_carries_hashes() -> None:
    assert all(len(digest) == 64 for digest in dev.UV_HASHES)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().splitlines()[-1] == "exec python3 dev.py test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_each_line_of_a_lock_is_a_pin_a_hash_or_a_comment(lock: str) -> None:
    """What a merge left behind makes uv refuse the file, and pip takes two minutes longer."""
    line = re.compile(
        r"[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|\s*#.*|"
    )
    wrong = [text for text in (ROOT / lock).read_text().splitlines() if not line.fullmatch(text)]
    assert wrong == []
