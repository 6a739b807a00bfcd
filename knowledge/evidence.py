"""What speaks for and against an entry as the answer to a question?"""

import math
import re
from collections.abc import Collection, Sequence

import msgspec

from knowledge.entries import FaqEntry
from knowledge.fold import lexical_key, numbers_in, tidy
from knowledge.lexical import LexicalIndex
from knowledge.words import NO_WORDS, Words

# Words that turn a question into another one when only one side has them.
CONTRASTS = tuple(
    re.compile(pattern)
    for pattern in (
        "不|没|别|无|未",
        "取消|不要了",
        "改",
        "换",
        "退",
        "注销",
        "合并",
        "补",
        "催|加急|加快",
        "丢|少发|漏发|少了",
        "坏|破|碎|裂|损",
    )
)
# Negations that negate nothing: 能不能, 有没有, 差不多, 不好意思, 无理由 …
_HARMLESS = re.compile(r"(.)[不没]\1|差不多|不好意思|不错|不过|无理由|没事|要不|不?知道")
_NAME = re.compile(r"[a-z][a-z0-9+\-]{1,}")  # brands, models, plans: latin in Chinese text
_SHORT = 4  # characters; below, a question is hardly one
_SMALL = 40  # entries; nothing was fitted on fewer, and of few one is always the nearest


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for and against one entry; every field is a number, most from 0 to 1.

    Args:
        dense: calibrated cosine of its best question's vector.
        dense_answer: the same of its question and answer read as one passage.
        lexical: TF-IDF cosine of its best question.
        answer: TF-IDF cosine of its answer.
        coverage: share of the question's telling grams found anywhere in the entry.
        covered: share of the telling grams of its best question found in the customer's.
        margin: its rank minus the best other entry's.
        crowd: how near the next few entries come to the best, 1 = all alike.
        agreement: share of the rankings (question, passage, characters) that put it first.
        number_mismatch: the question names a number that the entry does not.
        contrast_mismatch: one of the two negates, cancels, changes …, the other does not.
        term_mismatch: each names a different one of terms that exclude each other, or the
            question names something in latin letters that the entry does not.
        short: the question has hardly any characters.
        long: how much longer than an ordinary question, in e-folds.
        base: logarithm of the number of entries: more of them come near by chance.
        heard: likeness in meaning times likeness in form to what was heard of the entry, where
            that negates, cancels, changes … as the question does.
        read: what who read the question together with the entry thinks of it, 0 = nobody did.
        read_lead: the same minus that of the best other entry that was read.
    """

    dense: float = 0.0
    dense_answer: float = 0.0
    lexical: float = 0.0
    answer: float = 0.0
    coverage: float = 0.0
    covered: float = 0.0
    margin: float = 0.0
    crowd: float = 0.0
    agreement: float = 0.0
    number_mismatch: float = 0.0
    contrast_mismatch: float = 0.0
    term_mismatch: float = 0.0
    short: float = 0.0
    long: float = 0.0
    base: float = 0.0
    heard: float = 0.0
    read: float = 0.0
    read_lead: float = 0.0


FEATURES = Evidence.__struct_fields__


class Question(msgspec.Struct, frozen=True):
    """A customer's text in the forms that are compared."""

    text: str
    folded: str
    key: str

    @classmethod
    def of(cls, text: str, words: Words = NO_WORDS) -> "Question":
        """Fold once, compare often."""
        folded = words.fold(text)
        return cls(tidy(text), folded, lexical_key(folded))


class Texts(msgspec.Struct, frozen=True):
    """An entry's texts as they are compared.

    Args:
        heard: the contrasts of each phrasing that was heard.
        terms: what it names of the deployment's terms that exclude each other.
        keys: one line for each question, then the answer.
    """

    questions: tuple[str, ...]
    contrasts: frozenset[frozenset[int]]
    numbers: frozenset[str]
    names: frozenset[str]
    terms: frozenset[str]
    heard: frozenset[frozenset[int]]
    folded: str
    keys: str

    @classmethod
    def of(cls, entry: FaqEntry, words: Words = NO_WORDS) -> "Texts":
        """Fold once, compare often."""
        # Not what was heard: whatever one asks, one of many loose phrasings covers it.
        folded = [words.fold(text) for text in (*entry.own, entry.answer)]
        joined = "\n".join(folded)
        keys = tuple(map(lexical_key, folded))
        return cls(
            questions=keys[:-1],
            contrasts=frozenset(map(contrasts_in, folded[:-1])),
            numbers=numbers_in(joined),
            names=frozenset(_NAME.findall(joined)),
            terms=words.named(joined),
            heard=frozenset(contrasts_in(words.fold(text)) for text in entry.heard),
            folded=joined,
            keys="\n".join(keys),
        )


class Asked:
    """A question as entries are held against it.

    Args:
        index: what decides how telling a character is.
        entries: how many there are in all.
        named: the terms that any entry names.
    """

    def __init__(
        self,
        question: Question,
        index: LexicalIndex,
        entries: int,
        *,
        words: Words = NO_WORDS,
        named: Collection[str] = (),
    ) -> None:
        self._key = question.key
        self._grams = index.telling(question.key)
        self._total = sum(self._grams.values()) or 1.0
        self._index = index
        self._contrasts = contrasts_in(question.folded)
        self._numbers = numbers_in(question.folded)
        self._names = frozenset(_NAME.findall(question.folded))
        self._words, self._elsewhere = words, named
        self._terms = words.named(question.folded)
        length = len(question.key)
        self.short = float(length < _SHORT)
        self.long = max(0.0, math.log(length / 20)) if length else 0.0
        self.base = math.log(max(entries, _SMALL))

    def coverage(self, texts: Texts) -> float:
        """Share of the question's telling grams found anywhere in the entry."""
        found = sum(weight for gram, weight in self._grams.items() if gram in texts.keys)
        return found / self._total

    def covered(self, texts: Texts) -> float:
        """Share of the telling grams of an entry's question found in this one; the best counts."""
        return max(map(self._covered, texts.questions), default=0.0)

    def number_mismatch(self, texts: Texts) -> float:
        """1 when the question names a number that the entry does not."""
        return float(not self._numbers <= texts.numbers)

    def contrast_mismatch(self, texts: Texts) -> float:
        """1 when no phrasing of the entry has just the question's contrasts."""
        return float(self._contrasts not in texts.contrasts)

    def may_be(self, texts: Texts) -> bool:
        """Whether a phrasing that was heard has just the question's contrasts."""
        return self._contrasts in texts.heard

    def term_missing(self, texts: Texts) -> str:
        """The deployment's term that the question names and the entry should, but does not."""
        return self._words.missing(self._terms, texts.terms, self._elsewhere)

    def term_mismatch(self, texts: Texts) -> float:
        """1 when the question names something that the entry does not."""
        return float(not self._names <= texts.names or self.term_missing(texts) != "")

    def _covered(self, key: str) -> float:
        telling = self._index.telling(key)
        total = sum(telling.values())
        found = sum(weight for gram, weight in telling.items() if gram in self._key)
        return found / total if total else 0.0


def contrasts_in(folded: str) -> frozenset[int]:
    """Which contrasts a folded text holds."""
    text = _HARMLESS.sub("", folded)
    return frozenset(i for i, word in enumerate(CONTRASTS) if word.search(text))


def share_first(places: Sequence[Sequence[float]], i: int) -> float:
    """Of several rankings, the share in which candidate i comes first."""
    return sum(scores[i] >= max(scores) > 0 for scores in places) / len(places)
