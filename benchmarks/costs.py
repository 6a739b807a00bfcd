"""What has a process used so far, with all that it started? As the kernel counts it (Linux)."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """Since the processes began.

    Args:
        cpu_s: processor time, all threads.
        written: bytes that went to a disk, or will.
    """

    cpu_s: float = 0.0
    written: int = 0

    def since(self, before: "Used") -> "Used":
        """What was used in between."""
        return Used(self.cpu_s - before.cpu_s, self.written - before.written)


def used_by(pids: Iterable[int]) -> Used:
    """What these processes and their children have used; what of them has ended is not counted."""
    cpu_s, written = 0.0, 0
    for pid in _with_children(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            counted = Path(f"/proc/{pid}/io").read_text()
        except OSError:
            continue
        cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS
        written += int(counted.split("\nwrite_bytes: ")[1].split()[0])
    return Used(cpu_s, written)


def _with_children(pids: Iterable[int]) -> set[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, left = set[int](), list(pids)
    while left:
        pid = left.pop()
        found.add(pid)
        left += parents.get(pid, [])
    return found
