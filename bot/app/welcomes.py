"""Which welcomes are in force, and what is wrong with the others?

Reads the files that `welcome.sources` names.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.app.definitions import definitions_in, refuse
from bot.app.welcome_file import WelcomeFile
from bot.config import Config, Problem
from bot.config.yaml_file import Document
from bot.delivery.pictures import Pictures
from bot.delivery.welcoming import WelcomeFiles
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
    refuse("welcome.sources", problems)
    return Welcomes(found, guard)


def welcomes_in(sources: Sequence[Path]) -> tuple[list[WelcomeText], list[Problem]]:
    """The welcomes of these files and folders without what has a problem, and the problems."""
    return definitions_in(sources, "welcomes", "欢迎语", _read)


def welcome_files(welcomes: Welcomes, pictures: Pictures, clock: Clock) -> WelcomeFiles:
    """What keeps the files of these welcomes at WeCom."""

    def wanted() -> Iterator[Attachment]:
        for one in welcomes.texts:
            yield from one.attachments

    return WelcomeFiles(pictures, wanted, clock)


def _read(document: Document, file: Path) -> tuple[Iterator[WelcomeText], list[Problem]]:
    reading = WelcomeFile(document, file.parent)
    return reading.welcomes(), reading.problems
