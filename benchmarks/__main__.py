"""How fast is the product, and how much memory does it take? Prints one table.

python3 dev.py bench              everything; the table is kept in docs/benchmarks.md
python3 dev.py bench acks …       some parts, printed only
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, Machine, markdown_table, terminal_table
from benchmarks.parts import PARTS
from benchmarks.stage import ROOT

KEPT_IN = ROOT / "docs" / "benchmarks.md"
COMMAND = "python3 dev.py bench"
_PAGE = """# 性能

由 `{command}` 测得并写入：{machine}。

产品是单独的进程（`concierge serve`，一个 SQLite 文件，`synchronous=FULL`，日志级别 info），
模拟的企业微信和客户在另一个进程里，两者共用同一台机器的全部核心。
知识库 288 条；每位客户的答案按文字核对。

{table}
"""


async def measure(names: list[str]) -> list[Figure]:
    """Run the parts one after another in a folder on the repository's disk."""
    home = ROOT / ".concierge"
    home.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=home))
    figures = []
    try:
        for name in names:
            began = time.perf_counter()
            print(f"测量 {name} … ", end="", flush=True)
            figures += await PARTS[name](folder)
            print(f"{time.perf_counter() - began:.0f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="测量吞吐、延迟与内存")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="默认全部")
    wanted = parser.parse_args().parts
    machine = Machine()
    figures = _run(wanted or list(PARTS))
    print(f"\n{machine.line()}\n\n{terminal_table(figures)}")
    if not wanted:
        KEPT_IN.parent.mkdir(exist_ok=True)
        table = markdown_table(figures)
        page = _PAGE.format(command=COMMAND, machine=machine.line(), table=table)
        KEPT_IN.write_text(page, "utf-8")
        print(f"\n已写入 {KEPT_IN.relative_to(ROOT)}")


def _run(names: list[str]) -> list[Figure]:
    os.environ["NO_COLOR"] = "1"  # the product's log is read for what it says
    try:
        import uvloop  # noqa: PLC0415 (faster where there is one)
    except ImportError:
        return asyncio.run(measure(names))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(names))


if __name__ == "__main__":
    main()
