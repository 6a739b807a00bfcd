"""How are measurements told: one table, on the terminal and in docs/benchmarks.md?"""

import os
import platform
import time
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

_HEAD = ("项目", "测得", "目标", "达到")


class Figure(NamedTuple):
    """One line of the table; `met` is ``None`` for what has no aim."""

    what: str
    found: str
    aim: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def terminal_table(figures: Sequence[Figure]) -> str:
    """Columns aligned for a terminal, where a Chinese character is two columns wide."""
    rows = [_HEAD, *map(_cells, figures)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )


def markdown_table(figures: Sequence[Figure]) -> str:
    """The same for the documentation."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *map(_cells, figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Machine:
    """What it was measured on, and how much others used of it meanwhile."""

    def __init__(self) -> None:
        self._began = _busy_s()
        self._began_ours = sum(os.times()[:4])
        self._began_at = time.monotonic()

    def line(self) -> str:
        """One line for the head of the table."""
        seconds = time.monotonic() - self._began_at
        ours = sum(os.times()[:4]) - self._began_ours
        cores = os.cpu_count() or 1
        others = max(0.0, _busy_s() - self._began - ours) / (seconds * cores)
        return (
            f"{datetime.now().astimezone():%Y-%m-%d %H:%M}，{cores} 核 {_processor()}，"
            f"{platform.system()} {platform.machine()}，Python {platform.python_version()}；"
            f"同时段其他程序占用处理器 {others:.0%}"
        )


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "✓", False: "✗"}[figure.met]
    return figure.what, figure.found, figure.aim, met


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _busy_s() -> float:
    """Processor seconds that all programs have used, stolen ones too."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
