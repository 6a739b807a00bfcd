"""Which welcomes are in force, and what is wrong with the others?

Reads the files that `welcome.sources` names.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from bot.app.approving import states_of, unreleased
from bot.app.definitions import definitions_in, refuse
from bot.app.welcome_file import WelcomeFile
from bot.config import Config, Problem
from bot.config.yaml_file import Document
from bot.delivery.pictures import Pictures
from bot.delivery.welcoming import WelcomeFiles
from bot.model import Attachment
from bot.policy.guard import Guard
from bot.ports import Clock
from bot.store import Approval
from handlers.welcome.choosing import WelcomeText
from handlers.welcome.in_force import Welcomes

log = structlog.get_logger(__name__)


def build_welcomes(config: Config, guard: Guard, decided: Sequence[Approval] = ()) -> Welcomes:
    """The welcomes of this deployment.

    Args:
        decided: what people have released and withdrawn.

    Raises:
        Misconfigured: a file has a problem.
    """
    found, problems = welcomes_in(config.welcome.sources)
    refuse("welcome.sources", problems)
    held = unreleased(found, states_of(decided), config.safety.approval)
    for name in sorted(held):
        log.warning("welcome.not_released", welcome=name)
    welcomes = Welcomes(found, guard)
    welcomes.hold(held)
    return welcomes


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
