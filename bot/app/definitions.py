"""Which definitions do files and folders hold, each id once, and what is wrong with the others?

Welcomes and flows are such definitions; what one is made of knows its own reader.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from bot.config import ConfigErrors, Problem
from bot.config.yaml_file import Document, read_document
from bot.errors import Misconfigured


class Named(Protocol):
    """A definition."""

    @property
    def id(self) -> str:
        """Its name among its like."""


Definition = TypeVar("Definition", bound=Named)
Read = Callable[[Document, Path], tuple[Iterator[Definition], list[Problem]]]
"""Reads a document, of the file that it is: definitions, and problems that grow meanwhile."""


def files_in(sources: Sequence[Path]) -> list[Path]:
    """The files that these sources are; a folder that is not there yet holds none."""
    files: list[Path] = []
    for source in sources:
        if source.suffix:
            files.append(source)
        else:
            files += sorted((*source.rglob("*.yaml"), *source.rglob("*.yml")))
    return list(dict.fromkeys(files))


def definitions_in(
    sources: Sequence[Path], section: str, what: str, read: "Read[Definition]"
) -> tuple[list[Definition], list[Problem]]:
    """The definitions of these sources without what has a problem, and the problems.

    Args:
        section: key under which they stand in a file.
        what: one of them is called, in Chinese.
    """
    found: dict[str, Definition] = {}
    problems: list[Problem] = []
    for file in files_in(sources):
        try:
            document = read_document(file)
        except ConfigErrors as error:
            problems += error.problems
            continue
        definitions, wrong = read(document, file)
        for one in definitions:
            if one.id in found:
                known = f"已有同名的{what}"
                problems.append(Problem(f"{section} {one.id}", known, "不重复的 id", file.name))
            found.setdefault(one.id, one)
        problems += wrong
    return list(found.values()), problems


def refuse(setting: str, problems: Sequence[object]) -> None:
    """Stop start-up when there are problems.

    Raises:
        Misconfigured: with all of them.
    """
    if problems:
        raise Misconfigured("\n".join([f"{setting}:", *(f"  · {one}" for one in problems)]))
