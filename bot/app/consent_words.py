"""Which words tell what customers want done with their data, and what is wrong with the others?

Reads `prompts/consent.yaml`, which is written as `prompts/escalation.yaml` is.
"""

from functools import lru_cache
from pathlib import Path

from bot.app.escalation_meaning import ESCALATION_EXAMPLES, examples_in
from bot.app.escalation_words import ESCALATION_WORDS, rules_in
from bot.config import Consent, Escalation
from bot.config.problems import Problem
from bot.errors import Misconfigured
from bot.ports import Embedder
from handlers.consent.rules import Wish, WishClass, Wishes
from handlers.consent.understanding import Understanding
from knowledge.meaning import Examples, Meaning

CONSENT_WORDS = ESCALATION_WORDS.with_name("consent.yaml")
CONSENT_EXAMPLES = ESCALATION_WORDS.with_name("consent_examples.yaml")

KEPT = "consent.npz"
"""What was learned from the examples, beside the vectors."""


def build_understanding(settings: Consent, embedder: Embedder | None) -> Understanding:
    """What tells wishes by words and, once it has learned, by meaning.

    Raises:
        Misconfigured: the words or the examples have a problem.
    """
    files = (CONSENT_WORDS, CONSENT_EXAMPLES, ESCALATION_WORDS, ESCALATION_EXAMPLES)
    examples = _examples(tuple(one.stat().st_mtime_ns for one in files if one.exists()))
    meaning = Meaning(examples, embedder, is_wanted=settings.meaning, kept=KEPT)
    return Understanding(build_wishes(), meaning)


@lru_cache(maxsize=2)
def _examples(_changed_at: tuple[int, ...]) -> Examples:
    examples, problems = examples_in(CONSENT_EXAMPLES, CONSENT_WORDS)
    if problems:
        lines = (f"  · {problem}" for problem in problems)
        raise Misconfigured("\n".join([f"{CONSENT_EXAMPLES}:", *lines]))
    others = examples_in(ESCALATION_EXAMPLES)[0].ordinary
    return Examples(examples.classes, (*examples.ordinary, *others))


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
