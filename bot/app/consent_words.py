"""Which words tell what customers want done with their data, and what is wrong with the others?

Reads `prompts/consent.yaml`, which is written as `prompts/escalation.yaml` is.
"""

from functools import lru_cache
from pathlib import Path

from bot.app.escalation_words import ESCALATION_WORDS, rules_in
from bot.config import Escalation
from bot.config.problems import Problem
from bot.errors import Misconfigured
from handlers.consent.rules import Wish, WishClass, Wishes

CONSENT_WORDS = ESCALATION_WORDS.with_name("consent.yaml")


def build_wishes(file: Path = CONSENT_WORDS) -> Wishes:
    """What tells wishes in this deployment.

    Raises:
        Misconfigured: the words have a problem.
    """
    return _built(file, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=4)
def _built(file: Path, _changed_at: int) -> Wishes:
    wishes, problems = wishes_in(file)
    if problems:
        raise Misconfigured("\n".join([f"{file}:", *(f"  · {problem}" for problem in problems)]))
    return wishes


def wishes_in(file: Path) -> tuple[Wishes, list[Problem]]:
    """The wishes of a file, without what has a problem, and the problems."""
    rules, problems = rules_in(file, Escalation())
    known = {wish.value for wish in Wish}
    found = {one.id for one in rules.classes}
    if found != known:
        wrong = "、".join(sorted(found ^ known))
        problems.append(Problem("classes", f"{wrong} 缺了或多了", f"正好是 {'、'.join(known)}"))
    classes = [
        WishClass(Wish(one.id), one.says, one.alone, one.never, one.unless)
        for one in rules.classes
        if one.id in known
    ]
    return Wishes(classes, rules.manner), problems
