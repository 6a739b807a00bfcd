"""What is wrong with a configuration, said so that an operator can put it right?"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import Misconfigured


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Args:
        path: the key's path, e.g. ``wecom.agent_id`` or ``staff[2].level``; empty for a whole file.
        found: what stands there; never the value of a secret.
        expected: what should stand there.
        where: the file and line, or the environment variable, that it came from.
    """

    path: str
    found: str
    expected: str
    where: str = ""

    def __str__(self) -> str:
        """One line: path, what was found, what is expected, where."""
        text = f"{self.found}；应为：{self.expected}"
        if self.path:
            text = f"{self.path}：{text}"
        return f"{text}（{self.where}）" if self.where else text


class ConfigErrors(Misconfigured):
    """The configuration has problems.

    Args:
        problems: all of them.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
