"""Which files lie beside a database and belong to it, and how are they copied for good?"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

BESIDE = ("media", "lexicon", "gate.json")
"""What was sent to us, lists that were imported, the gate that was fitted. Vectors are made again;
exports name their place."""


def beside(folder: Path) -> Iterator[Path]:
    """Every such file of a folder; none that is still being written."""
    for name in BESIDE:
        for file in sorted([folder / name, *(folder / name).rglob("*")]):
            if file.is_file() and file.suffix != ".part":
                yield file


def copy_beside(source: Path, target: Path) -> int:
    """Copy them to another folder; returns how many there are."""
    count = 0
    if source.resolve() == target.resolve():
        return count
    for file in beside(source):
        with contextlib.suppress(FileNotFoundError):  # its customer was erased meanwhile
            copy_file(file, target / file.relative_to(source))
            count += 1
    return count


def copy_file(source: Path, to: Path) -> None:
    """Copy a file that only its owner may read; it is whole when it has its name."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = to.with_name(f"{to.name}.part")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    sync(part)
    part.replace(to)
    sync(to.parent)


def sync(path: Path) -> None:
    """Wait until the disk has it."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
