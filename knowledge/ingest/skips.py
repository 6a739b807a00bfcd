"""What was not taken from a file, and why? And how large may a file be?"""

import msgspec

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_FILES = 5_000
MAX_TEXT_BYTES = 10 * 1024 * 1024


class Skip(msgspec.Struct, frozen=True):
    """A place that gave no entry.

    Args:
        file: its name as the operator knows it.
        place: row or line, for people; empty = the whole file.
    """

    file: str
    place: str
    why: str

    def __str__(self) -> str:
        where = f"{self.file} {self.place}" if self.place else self.file
        return f"{where}：{self.why}"


class UnreadableFile(Exception):
    """This file gives nothing at all; the text says why."""
