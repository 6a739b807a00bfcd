"""Which words has an operator confirmed for this deployment, and what is wrong with the others?"""

from pathlib import Path

from bot.app.engine import PROMPTS
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import path_text, read_document
from bot.errors import Misconfigured
from knowledge import Words
from knowledge.words import read_words

KNOWLEDGE_WORDS = PROMPTS.parent / "knowledge.yaml"


def words_in(file: Path) -> tuple[Words, list[Problem]]:
    """The words of a file, without those that have a problem. A file that is not there has none."""
    if not file.exists():
        return Words(), []
    try:
        document = read_document(file)
    except ConfigErrors as error:
        return Words(), list(error.problems)
    words, faults = read_words(document.values)
    return words, [
        *document.problems,
        *(
            Problem(path_text(fault.loc), fault.found, fault.expected, document.where(fault.loc))
            for fault in faults
        ),
    ]


def build_words(file: Path = KNOWLEDGE_WORDS) -> Words:
    """The words of this deployment.

    Raises:
        Misconfigured: the file has a problem.
    """
    words, problems = words_in(file)
    if problems:
        raise Misconfigured("\n".join([f"{file}:", *(f"  · {problem}" for problem in problems)]))
    return words
