"""Which welcomes are in force, and what is wrong with the others?

Reads the files that `welcome.sources` names.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.app.tag_rules import files_in
from bot.app.welcome_file import WelcomeFile
from bot.config import Config, ConfigErrors, Problem
from bot.config.yaml_file import read_document
from bot.delivery.pictures import Pictures
from bot.delivery.welcoming import WelcomeFiles
from bot.errors import Misconfigured
from bot.model import Attachment
from bot.policy.guard import Guard
from bot.ports import Clock
from handlers.welcome.choosing import WelcomeText
from handlers.welcome.in_force import Welcomes


def build_welcomes(config: Config, guard: Guard) -> Welcomes:
    """The welcomes of this deployment.

    Raises:
        Misconfigured: a file has a problem.
    """
    found, problems = welcomes_in(config.welcome.sources)
    if problems:
        raise Misconfigured("\n".join(["welcome.sources:", *(f"  · {one}" for one in problems)]))
    return Welcomes(found, guard)


def welcomes_in(sources: Sequence[Path]) -> tuple[list[WelcomeText], list[Problem]]:
    """The welcomes of these files and folders without what has a problem, and the problems."""
    found: dict[str, WelcomeText] = {}
    problems: list[Problem] = []
    for file in files_in(sources):
        try:
            document = read_document(file)
        except ConfigErrors as error:
            problems += error.problems
            continue
        reading = WelcomeFile(document, file.parent)
        for one in reading.welcomes():
            if one.id in found:
                path = f"welcomes {one.id}"
                problems.append(Problem(path, "已有同名的欢迎语", "不重复的 id", file.name))
            found.setdefault(one.id, one)
        problems += reading.problems
    return list(found.values()), problems


def welcome_files(welcomes: Welcomes, pictures: Pictures, clock: Clock) -> WelcomeFiles:
    """What keeps the files of these welcomes at WeCom."""

    def wanted() -> Iterator[Attachment]:
        for one in welcomes.texts:
            yield from one.attachments

    return WelcomeFiles(pictures, wanted, clock)
