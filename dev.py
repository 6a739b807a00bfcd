#!/usr/bin/env python3
"""Which commands does a developer need? This file installs and runs all of them.

``python3 dev.py`` lists them. The first run makes ``.venv`` from a lock file with hashes; later
ones see by a stamp that nothing changed. Standard library only, and it parses on old Pythons too,
so that they can be told what is missing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "concierge-stamp.json"
RUN, DEV = "requirements.lock", "requirements-dev.lock"

UV = "uv==0.13.9"
UV_HASHES = (
    "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",  # Linux x86_64
    "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",  # Linux aarch64
    "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",  # Linux aarch64, 2.28
    "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",  # Alpine x86_64
    "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",  # macOS x86_64
    "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",  # macOS arm64
)

COMMANDS = {
    "demo": "在浏览器里试用：模拟的企业微信 + 本产品 + 示例知识（参数原样传下去）",
    "test": "全部检查与测试；--deep 再加崩溃与混沌测试；带 pytest 参数时只跑 pytest",
    "bench": "测量吞吐、延迟与内存，打印成表",
    "format": "按规范整理代码",
}
CHECKS = (
    ("格式 ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("规范 ruff check", ("-m", "ruff", "check", ".")),
    (
        "依赖方向 import-linter",
        ("-c", "from importlinter.cli import lint_imports_command as c; c()"),
    ),
    ("类型 mypy", ("-m", "mypy")),
)


class Stop(Exception):
    """A person must do something first."""


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is run by whatever python3 there is
        print(f"需要 Python 3.11 或更新（现在是 {platform.python_version()}）。", file=sys.stderr)
        print("Debian/Ubuntu: sudo apt install python3.11 python3.11-venv", file=sys.stderr)
        return 2
    if not argv or argv[0] not in COMMANDS:
        return _list_commands(argv)
    run: Callable[[list[str]], int] = globals()[f"command_{argv[0]}"]
    try:
        return run(argv[1:])
    except Stop as stop:
        print(f"\n✗ {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def command_demo(args: list[str]) -> int:
    """Start the simulator and the product on sample knowledge."""
    install(RUN)
    return _become(["-m", "bot", "demo", *args])


def command_bench(args: list[str]) -> int:
    """Measure."""
    install(DEV)
    return _become(["-m", "benchmarks", *args])


def command_format(args: list[str]) -> int:
    """Tidy the code."""
    install(DEV)
    paths = args or ["."]
    fixed = _run([_python(), "-m", "ruff", "check", "--fix", *paths])
    return _run([_python(), "-m", "ruff", "format", *paths]) or fixed


def command_test(args: list[str]) -> int:
    """Check everything; static checks run beside the tests at a low priority."""
    install(DEV)
    deep = "--deep" in args
    wanted = [arg for arg in args if arg != "--deep"]
    marks = "not benchmark" if deep else "not deep and not benchmark"
    pytest = [_python(), "-m", "pytest", "-m", marks, *(["--color=no"] if _plain() else [])]
    if wanted:
        return _run([*pytest, *wanted])
    began = time.monotonic()
    checks = [_Check(name, [_python(), *command]) for name, command in CHECKS]
    try:
        tests_began = time.monotonic()
        side_by_side = ["-q", "-n", "2", "--dist", "worksteal"]
        code = _run([*pytest, *side_by_side])
        results = [("测试 pytest", code, time.monotonic() - tests_began)]
        if deep:
            tests_began = time.monotonic()
            # what is deep kills processes over a file, or plays examples for hours: on SQLite alone
            once_more = ["-m", "not deep and not benchmark", "--postgres"]
            code = _run([*pytest, *side_by_side, *once_more])
            results.append(("PostgreSQL 上的行为", code, time.monotonic() - tests_began))
        results = [check.result() for check in checks] + results
    finally:
        for check in checks:
            check.stop()
    return _summary(results, time.monotonic() - began)


class _Check:
    """A static check that runs beside the tests; its output is shown only when it fails."""

    def __init__(self, name: str, command: list[str]) -> None:
        self._name, self._began = name, time.monotonic()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        nice = ["nice", "-n", "5"] if shutil.which("nice") else []
        self._process = subprocess.Popen(
            nice + command, cwd=ROOT, env=_environment(), stdout=self._output, stderr=self._output
        )
        self._seconds = 0.0
        self._watch = threading.Thread(target=self._time, daemon=True)
        self._watch.start()

    def result(self) -> tuple[str, int, float]:
        """Wait for the end; print what it said if it failed."""
        self._watch.join()
        if self._process.returncode:
            self._output.seek(0)
            print(f"\n── {self._name} ──\n{self._output.read().decode(errors='replace').rstrip()}")
        return self._name, self._process.returncode, self._seconds

    def _time(self) -> None:
        self._process.wait()
        self._seconds = time.monotonic() - self._began

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._output.close()


def _summary(results: list[tuple[str, int, float]], total: float) -> int:
    print()
    for name, code, seconds in results:
        print(f"{'✗' if code else '✓'} {name:<24} {seconds:6.1f} s")
    failed = [name for name, code, _ in results if code]
    print(f"{'✗ 未通过：' + '、'.join(failed) if failed else '✓ 全部通过'}，共 {total:.0f} s")
    return 1 if failed else 0


def install(lock: str) -> None:
    """Make `.venv` hold what a lock file says, unless its stamp says that it does."""
    wanted = _fingerprint(lock)
    stamp = _stamp()
    if stamp.get(lock) == wanted and _works():
        return
    began = time.monotonic()
    size = 900 if lock == DEV else 700
    print(f"准备环境 .venv（{lock}；首次要下载，装好占约 {size} MB；之后跳过）")
    try:
        _make_venv(stamp)
        STAMP.unlink(missing_ok=True)  # an interrupted install must not look complete
        _install_packages(lock)
        locks = [lock] if lock == RUN else [RUN, DEV]  # the development lock contains the other
        kept = {name: _fingerprint(name) for name in locks}
        STAMP.write_text(json.dumps({"python": platform.python_version(), **kept}, indent=1))
    except OSError as error:
        raise Stop(f"写不了 {error.filename or VENV}：{error.strerror}") from error
    print(f"环境就绪，共 {time.monotonic() - began:.1f} s")


def _make_venv(stamp: dict[str, str]) -> None:
    same_python = stamp.get("python", platform.python_version()) == platform.python_version()
    if _works() and same_python:
        return
    if VENV.exists() or VENV.is_symlink():
        _step("移除不可用的 .venv", lambda: _remove(VENV))
    if importlib.util.find_spec("venv") is None:
        raise Stop(_missing_venv())
    command = [sys.executable, "-m", "venv", "--without-pip", str(VENV)]
    _step("创建 .venv", lambda: _quietly(command, "创建 .venv 失败"))


def _install_packages(lock: str) -> None:
    arguments = ["--require-hashes", "-r", str(ROOT / lock)]
    if uv := _uv():
        command = [*uv, "pip", "install", "--python", _python(), *arguments]
        try:
            _step("用 uv 安装依赖", lambda: _quietly(command, "uv 安装失败", _uv_environment()))
            return
        except Stop as stop:
            print(f"  {stop}\n  改用 pip")
    _ensure_pip()
    command = [_python(), "-m", "pip", "install", "--no-compile", "-q", *arguments]
    advice = "安装依赖失败：请检查网络；可用 PIP_INDEX_URL 指定镜像"
    _step("用 pip 安装依赖（约 1–2 分钟）", lambda: _quietly(command, advice))


def _uv() -> list[str] | None:
    """The command of uv: the one on PATH, or a pinned one in `.venv`; None without either."""
    on_path = shutil.which("uv")
    if on_path and _succeeds([on_path, "--version"]):
        return [on_path]
    inside = [_python(), "-m", "uv"]
    if _succeeds([*inside, "--version"]):
        return inside
    _ensure_pip()
    with tempfile.TemporaryDirectory() as folder:
        pin = Path(folder) / "uv.txt"
        pin.write_text(UV + "".join(f" --hash=sha256:{digest}" for digest in UV_HASHES) + "\n")
        command = [_python(), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(pin)]
        try:
            _step("取得 uv", lambda: _quietly(command, "没有取到 uv"))
        except Stop:
            print("  没有取到 uv，改用 pip")
            return None
    return inside


def _ensure_pip() -> None:
    if _succeeds([_python(), "-m", "pip", "--version"]):
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise Stop(_missing_venv())
    command = [_python(), "-m", "ensurepip", "--upgrade", "--default-pip"]
    _step("准备 pip", lambda: _quietly(command, "准备 pip 失败"))


def _missing_venv() -> str:
    return "这个 Python 不带 venv/ensurepip。Debian/Ubuntu 请先：sudo apt install python3-venv"


def _uv_environment() -> dict[str, str]:
    """A mirror that a person gave to pip is meant for uv too, which reads no settings of pip."""
    environment = _environment()
    if not {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & environment.keys():
        mirror = environment.get("PIP_INDEX_URL") or _pip_mirror()
        if mirror:
            environment["UV_DEFAULT_INDEX"] = mirror
    return environment


def _pip_mirror() -> str:
    for python in (_python(), sys.executable):
        command = [python, "-m", "pip", "config", "get", "global.index-url"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    return ""


def _fingerprint(lock: str) -> str:
    digest = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    return f"{digest} {platform.python_version()} {platform.machine()} {VENV.resolve()}"


def _stamp() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _works() -> bool:
    return Path(_python()).exists() and _succeeds([_python(), "-I", "-S", "-c", ""])


def _python() -> str:
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _plain() -> bool:
    return bool(os.environ.get("CI")) or not sys.stdout.isatty()


def _environment() -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment.pop("VIRTUAL_ENV", None)
    if _plain():
        environment["NO_COLOR"] = "1"
        environment.pop("FORCE_COLOR", None)
    return environment


def _become(arguments: list[str]) -> int:
    """Replace this process, so that signals reach the command itself."""
    command = [_python(), *arguments]
    if os.name == "nt":
        return _run(command)
    sys.stdout.flush()
    os.chdir(ROOT)
    return os.execve(command[0], command, _environment())


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _quietly(command: list[str], failure: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=env or _environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Stop("\n    ".join([failure, *lines[-8:]]))


def _step(title: str, work: Callable[[], None]) -> None:
    print(f"  {title} … ", end="", flush=True)
    began = time.monotonic()
    try:
        work()
    except Stop:
        print(f"失败 {time.monotonic() - began:.1f} s")
        raise
    print(f"{time.monotonic() - began:.1f} s")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _list_commands(argv: list[str]) -> int:
    if argv and argv[0] not in ("help", "-h", "--help"):
        print(f"没有 {argv[0]} 这个命令。\n", file=sys.stderr)
    print("python3 dev.py <命令>\n")
    for name, text in COMMANDS.items():
        print(f"  {name:<8} {text}")
    return 0 if not argv or argv[0] in ("help", "-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
