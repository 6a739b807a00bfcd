"""How else would customers put the same question, and how often is what asked?

The authored sets word every question once. In a company's log the same few things are asked again
and again in slightly different words. `Wording` makes such words out of a question, by what people
do when they type or dictate: politeness, particles, synonyms, words left out or added, clauses
turned round, the name of what they bought, traditional characters, sounds confused, fingers
slipping. `Traffic` draws questions as they come in: few things often, most things seldom (Zipf).

The same seed gives the same questions. Nothing here was taken from anybody's log, and none of it
is used by the product: what the product evens out itself (`knowledge.fold`) it has to earn.
"""

import importlib.util
import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import rjieba

from knowledge.evaluate import Labelled, Type
from knowledge.fold import exact_key, fold

CHANGES = {1: 35, 2: 35, 3: 20, 4: 10}  # how many things differ, and how often of a hundred
ZIPF = 1.0  # the n-th most frequent thing is asked 1/n as often as the first
_TRIES = 40

_SAID = msgspec.yaml.decode(Path(__file__).with_suffix(".yaml").read_bytes(), type=dict[str, str])
_OPENINGS, _CLOSINGS, _PARTICLES, _FILLERS, _CONTEXTS, _NAMES, _POINTING, _LEFT_OUT, _SOUNDS = (
    _SAID[kind].split()
    for kind in (
        *("openings", "closings", "particles", "fillers", "contexts", "names", "pointing"),
        *("left_out", "sounds"),
    )
)
_SYNONYMS = [line.split() for line in _SAID["synonyms"].splitlines()]

_CLAUSES = re.compile(r"[，,。；;！!？?\s]+")
_END = re.compile(r"[？?。！!~…\s]+$")
_LAST_PARTICLE = re.compile(rf"(?:{'|'.join(sorted(_PARTICLES, key=len, reverse=True))})$")
_NUMERALS = dict(zip("一二两三四五六七八九十", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_COUNTED = re.compile(
    rf"(?<![{''.join(_NUMERALS)}百千万第])([{''.join(_NUMERALS)}])(?=[天年个次件块元月号岁斤折遍种])"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")

Change = Callable[[str, random.Random], str]


class Wording:
    """Puts questions differently.

    Args:
        dice: decides everything.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def other(self, text: str) -> str:
        """The question as somebody else might put it; now and then just the same."""
        times = self._dice.choices(list(CHANGES), list(CHANGES.values()))[0]
        kinds = list(HOW)
        for _ in range(times):
            kind = self._dice.choices(kinds, [HOW[one] for one in kinds])[0]
            text = kind(text, self._dice) or text
        return text

    def fresh(self, text: str, known: set[str]) -> str | None:
        """The question in words whose `exact_key` is not among these, if some are found."""
        for _ in range(_TRIES):
            other = self.other(text)
            if exact_key(fold(other)) not in known:
                return other
        return None


class Intent(NamedTuple):
    """Something customers want, in the ways they were first heard to ask for it."""

    entry: str | None
    kind: Type
    texts: tuple[str, ...]


class Halves(NamedTuple):
    """A set's intents, each with half of its wordings: disjoint."""

    heard: list[Intent]
    unheard: list[Intent]


def halves(labels: Sequence[Labelled], dice: random.Random) -> Halves:
    """Split every entry's questions in two; what no entry answers is an intent a question.

    The larger half, where they are not equal, is heard. An intent that was authored once only is
    heard or unheard, not both.
    """
    groups: dict[tuple[str, Type], list[str]] = {}
    for label in labels:
        groups.setdefault((label.faq_id or label.query, label.kind), []).append(label.query)
    found = Halves([], [])
    for (name, kind), texts in groups.items():
        entry = name if kind == "in" else None
        dice.shuffle(texts)
        middle = len(texts) // 2 + (len(texts) % 2 if len(texts) > 1 else dice.randint(0, 1))
        for some, half in ((texts[:middle], found.heard), (texts[middle:], found.unheard)):
            if some:
                half.append(Intent(entry, kind, tuple(some)))
    return found


class Traffic:
    """Questions as they come in.

    Args:
        intents: what is asked for.
        ranks: how often, by the entry or the (only) text of an intent: 1 = most often.
        dice: decides everything.
    """

    def __init__(
        self, intents: Sequence[Intent], ranks: dict[str, int], dice: random.Random
    ) -> None:
        self._dice, self._wording = dice, Wording(dice)
        self._intents = list(intents)
        self._often = _often(self._intents, ranks)

    def next(self, known: set[str] | None = None) -> tuple[Intent, str]:
        """An intent and how a customer puts it.

        Args:
            known: `exact_key` of texts that it must not be; ``None`` = whatever it is.
        """
        while True:
            intent = self._dice.choices(self._intents, self._often)[0]
            text = self._dice.choice(intent.texts)
            if known is None:
                return intent, self._wording.other(text)
            if other := self._wording.fresh(text, known):
                return intent, other


def ranked(intents: Sequence[Intent], dice: random.Random) -> dict[str, int]:
    """Which intents are asked for often: a rank of each within its kind, by chance."""
    names: dict[Type, list[str]] = {}
    for intent in intents:
        names.setdefault(intent.kind, []).append(_name(intent))
    ranks: dict[str, int] = {}
    for some in names.values():
        distinct = sorted(set(some))
        dice.shuffle(distinct)
        ranks |= {name: rank for rank, name in enumerate(distinct, 1)}
    return ranks


def _often(intents: Sequence[Intent], ranks: dict[str, int]) -> list[float]:
    """Zipf within a kind; the kinds are as frequent together as they are in the set."""
    often = [ranks[_name(intent)] ** -ZIPF for intent in intents]
    total: dict[Type, float] = {}
    texts: dict[Type, int] = {}
    for intent, weight in zip(intents, often, strict=True):
        total[intent.kind] = total.get(intent.kind, 0) + weight
        texts[intent.kind] = texts.get(intent.kind, 0) + len(intent.texts)
    return [w * texts[i.kind] / total[i.kind] for i, w in zip(intents, often, strict=True)]


def _name(intent: Intent) -> str:
    return intent.entry or intent.texts[0]


# ---------------------------------------------------------------------- what people do


def politely(text: str, dice: random.Random) -> str:
    """With a greeting or thanks, or without the one that was there."""
    for opening in sorted(_OPENINGS, key=len, reverse=True):
        if text.startswith(opening):
            return text.removeprefix(opening)
    if dice.random() < 0.7:
        return dice.choice(_OPENINGS) + text
    return _END.sub("", text) + dice.choice(_CLOSINGS)


def with_particle(text: str, dice: random.Random) -> str:
    """Another particle at the end, or none."""
    bare = _LAST_PARTICLE.sub("", _END.sub("", text))
    return bare + dice.choice(["", "", *_PARTICLES])


def with_synonym(text: str, dice: random.Random) -> str:
    """One word in place of another that means the same."""
    found = [(word, group) for group in _SYNONYMS for word in group if word in text]
    if not found:
        return text
    word, group = dice.choice(found)
    return text.replace(word, dice.choice([other for other in group if other != word]), 1)


def shorter(text: str, dice: random.Random) -> str:
    """Without a word that can be spared."""
    found = [word for word in _LEFT_OUT if word in text]
    return text.replace(dice.choice(found), "", 1) if found else text


def hesitating(text: str, dice: random.Random) -> str:
    """With a word that says nothing, before one of the clauses."""
    starts = [0, *(found.end() for found in _CLAUSES.finditer(text) if found.end() < len(text))]
    at = dice.choice(starts)
    return text[:at] + dice.choice(_FILLERS) + text[at:]


def turned_round(text: str, dice: random.Random) -> str:
    """The clauses in another order; of a single one, the beginning at the end."""
    clauses = [clause for clause in _CLAUSES.split(text) if clause]
    if len(clauses) > 1:
        dice.shuffle(clauses)
        return "，".join(clauses)
    words = list(rjieba.cut(clauses[0])) if clauses else []
    if len(words) < 4:
        return text
    at = dice.randint(1, min(3, len(words) - 2))
    return "".join(words[at:]) + "".join(words[:at])


def with_context(text: str, dice: random.Random) -> str:
    """With something told before or after that changes nothing."""
    told = dice.choice(_CONTEXTS)
    return f"{told}，{text}" if dice.random() < 0.7 else f"{_END.sub('', text)}，{told}"


def naming(text: str, dice: random.Random) -> str:
    """With the name of what was bought."""
    name = dice.choice(_NAMES)
    for word in _POINTING:
        if word in text:
            return text.replace(word, name, 1)
    return dice.choice((f"{name}{text}", f"我的{name}，{text}", f"{_END.sub('', text)}，{name}"))


def by_sound(text: str, dice: random.Random) -> str:
    """A character or two that sound like the right ones, and as dictated, no punctuation."""
    for _ in range(dice.choice((1, 1, 2))):
        found = [(at, group) for at, c in enumerate(text) for group in _SOUNDS if c in group]
        if found:
            at, group = dice.choice(found)
            other = dice.choice([c for c in group if c != text[at]])
            text = text[:at] + other + text[at + 1 :]
    return _CLAUSES.sub("", text) if dice.random() < 0.5 else text


def slipping(text: str, dice: random.Random) -> str:
    """Two characters turned round, one missing, or one twice."""
    places = [at for at in range(len(text) - 1) if _HAN.match(text[at])]
    if len(places) < 5:
        return text
    at = dice.choice(places)
    one, two = text[at], text[at + 1]
    instead = dice.choice((two + one, two, one + one + two))
    return text[:at] + instead + text[at + 2 :]


def traditional(text: str, _dice: random.Random) -> str:
    """In traditional characters."""
    return text.translate(_traditional())


def punctuated(text: str, dice: random.Random) -> str:
    """With other punctuation, or none."""
    between = dice.choice((" ", "", "，", "。"))
    clauses = [clause for clause in _CLAUSES.split(text) if clause]
    return between.join(clauses) + dice.choice(("", "？", "??", "?", "~", "。。。", "！"))


def in_digits(text: str, _dice: random.Random) -> str:
    """Small numbers in digits."""
    return _COUNTED.sub(lambda found: str(_NUMERALS[found[1]]), text)


HOW: dict[Change, int] = {
    with_synonym: 24,
    politely: 14,
    with_particle: 12,
    shorter: 12,
    turned_round: 8,
    by_sound: 8,
    hesitating: 6,
    with_context: 5,
    naming: 4,
    slipping: 4,
    punctuated: 4,
    traditional: 3,
    in_digits: 2,
}
"""What people do, and how often it is that, of about a hundred changes."""


@cache
def _traditional() -> dict[int, str]:
    """The table of zhconv, read as `knowledge.fold` reads the other one."""
    spec = importlib.util.find_spec("zhconv")
    folders = spec.submodule_search_locations if spec else None
    assert folders, "zhconv is missing"
    path = Path(folders[0]) / "zhcdict.json"
    table = json.loads(path.read_bytes())["zh2Hant"]
    return {ord(old): new for old, new in table.items() if len(old) == 1 and len(new) == 1}
