"""Which questions of customers belong together, and is there a gap in the knowledge? Pure.

Questions that were not simply answered are put into groups by meaning and by characters. A group,
once named, keeps its name: it is that of its oldest question, new questions join the nearest
group, and of two groups that have grown together the older one's name stays.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.embeddings import Vectors
from knowledge.fold import Fold, exact_key, fold, lexical_key
from knowledge.lexical import grams

# Chosen on half of the authored sets (`python -m benchmarks.learning`): a group should hold the
# questions of one entry before it holds all of them.
JOIN = 0.47  # likeness from which a question joins a group
MERGE = 0.58  # likeness from which two groups are one
DENSE = 0.75  # the rest is characters
EXAMPLES = 3
GROWN = 3  # a rejected gap comes back when it has grown by this factor

_BUCKETS = 2048  # for hashed grams: a few collisions among thousands of pairs do no harm

Why = Literal["missed", "offered", "again", "unsolved", "people"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was not simply answered.

    Args:
        key: names it for good, without telling anything of it.
        at: Unix seconds.
        who: the customer, opaque.
        why: not found; offered as a menu; asked again after an answer; said to be unsolved;
            answered by people.
        entry: the entry that turned out to be the answer: the customer chose it in the menu, or a
            servicer said what it says. ``None`` = nobody knows.
        answer: what a servicer wrote.
        gap: the group it was put into before, empty = none yet.
    """

    key: str
    text: str
    at: float
    who: str
    why: Why
    entry: str | None = None
    answer: str = ""
    gap: str = ""

    @property
    def is_otherwise(self) -> bool:
        """Whether people answered it with what no entry says."""
        return self.entry is None and self.answer != ""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Questions that belong together.

    Args:
        asked: oldest first.
        examples: the most typical one, then those that differ most from what is listed.
    """

    id: str
    asked: tuple[Asked, ...]
    examples: tuple[str, ...]

    @property
    def customers(self) -> int:
        """How many different people asked."""
        return len({one.who for one in self.asked})

    @property
    def votes(self) -> Counter[str]:
        """Which entries turned out to be the answer; each customer counts once for each."""
        return Counter(entry for entry, _ in {(a.entry, a.who) for a in self.asked} if entry)

    @property
    def otherwise(self) -> int:
        """How many customers were told by people what no entry says."""
        return len({one.who for one in self.asked if one.is_otherwise})

    @property
    def answers(self) -> tuple[str, ...]:
        """What servicers wrote, newest first."""
        return tuple(dict.fromkeys(one.answer for one in reversed(self.asked) if one.answer))

    @property
    def reasons(self) -> Counter[str]:
        """How often each reason made a question part of it."""
        return Counter(one.why for one in self.asked)


def gap_id(key: str) -> str:
    """The name of a gap whose oldest question has this key."""
    return "g" + hashlib.blake2b(key.encode(), digest_size=4).hexdigest()


def joint_vectors(
    texts: Sequence[str],
    dense: Vectors | None,
    centre: Vectors | None,
    *,
    fold: Fold = fold,
) -> Vectors:
    """One vector of length 1 a text, whose product is the weighted likeness of meaning and form.

    Args:
        dense: the encoder's rows, ``None`` = characters alone.
        centre: what all texts of this trade have in common, taken off before comparing; ``None``
            = the mean of these rows.
        fold: with the deployment's own synonyms.
    """
    lexical = _hashed(texts, fold)
    if dense is None or not len(dense):
        return lexical
    common = dense.mean(axis=0) if centre is None else centre
    meaning = _normal(dense - common)
    return np.hstack([DENSE**0.5 * meaning, (1 - DENSE) ** 0.5 * lexical]).astype(np.float32)


def group(asked: Sequence[Asked], vectors: Vectors, *, fold: Fold = fold) -> list[Gap]:
    """Put every question into a group, the largest group first.

    Args:
        vectors: of `joint_vectors`, a row a question.
        fold: with the deployment's own synonyms.
    """
    groups = _Groups(vectors)
    order = sorted(range(len(asked)), key=lambda i: (asked[i].at, asked[i].key))
    for i in order:
        if asked[i].gap:
            groups.put(i, asked[i].gap)
    same: dict[str, str] = {}
    for i in order:
        text = exact_key(fold(asked[i].text))
        if asked[i].gap:
            same.setdefault(text, asked[i].gap)
            continue
        name = same.get(text) or groups.nearest(i) or gap_id(asked[i].key)
        groups.put(i, name)
        same.setdefault(text, name)
    oldest = {name: min(order.index(i) for i in rows) for name, rows in groups.rows.items()}
    groups.merge(oldest)
    gaps = []
    for name, rows in groups.rows.items():
        members = sorted(rows, key=lambda i: (asked[i].at, asked[i].key))
        examples = tuple(asked[i].text for i in _examples(members, asked, vectors, fold))
        gaps.append(Gap(id=name, asked=tuple(asked[i] for i in members), examples=examples))
    return sorted(gaps, key=lambda gap: (-len(gap.asked), gap.asked[0].at, gap.id))


class _Groups:
    """Rows by group, and the sum of each group's vectors."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.rows: dict[str, list[int]] = {}
        self._names: list[str] = []
        self._sums = np.zeros((64, vectors.shape[1] if len(vectors) else 0), np.float32)
        self._lengths = np.ones(64, np.float32)

    def put(self, row: int, name: str) -> None:
        if name not in self.rows:
            self.rows[name] = []
            self._names.append(name)
            if len(self._names) > len(self._sums):
                self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
                self._lengths = np.concatenate([self._lengths, np.ones_like(self._lengths)])
        at = self._names.index(name)
        self.rows[name].append(row)
        self._sums[at] += self._vectors[row]
        self._lengths[at] = np.linalg.norm(self._sums[at]) or 1.0

    def nearest(self, row: int) -> str | None:
        n = len(self._names)
        if not n:
            return None
        likeness = self._sums[:n] @ self._vectors[row] / self._lengths[:n]
        best = int(likeness.argmax())
        return self._names[best] if likeness[best] >= JOIN else None

    def merge(self, age: Mapping[str, int]) -> None:
        while True:
            n = len(self._names)
            centres = self._sums[:n] / self._lengths[:n, None]
            likeness = np.triu(centres @ centres.T, 1)
            if not likeness.size or likeness.max() < MERGE:
                return
            one, other = map(int, np.unravel_index(likeness.argmax(), likeness.shape))
            self._join(*sorted((one, other), key=lambda at: age[self._names[at]]))

    def _join(self, older: int, younger: int) -> None:
        self.rows[self._names[older]] += self.rows.pop(self._names[younger])
        self._sums[older] += self._sums[younger]
        self._lengths[older] = np.linalg.norm(self._sums[older]) or 1.0
        last = len(self._names) - 1
        self._sums[younger], self._lengths[younger] = self._sums[last], self._lengths[last]
        self._names[younger] = self._names[last]
        self._sums[last] = 0
        self._names.pop()


def _examples(
    rows: Sequence[int], asked: Sequence[Asked], vectors: Vectors, fold: Fold
) -> list[int]:
    distinct: dict[str, int] = {}
    for row in rows:
        distinct.setdefault(exact_key(fold(asked[row].text)), row)
    left = list(distinct.values())
    centre = vectors[list(rows)].mean(axis=0)
    chosen = [max(left, key=lambda row: float(vectors[row] @ centre))]
    left.remove(chosen[0])
    while left and len(chosen) < EXAMPLES:
        known = vectors[chosen]
        chosen.append(min(left, key=lambda row: float((known @ vectors[row]).max())))
        left.remove(chosen[-1])
    return chosen


def _hashed(texts: Sequence[str], fold: Fold) -> Vectors:
    counts = [Counter(grams(lexical_key(fold(text)))) for text in texts]
    found_in: Counter[str] = Counter(gram for count in counts for gram in count)
    rows = np.zeros((len(texts), _BUCKETS), np.float32)
    for row, count in zip(rows, counts, strict=True):
        for gram, times in count.items():
            idf = np.log((1 + len(texts)) / (1 + found_in[gram])) + 1
            row[zlib.crc32(gram.encode()) % _BUCKETS] += times * idf
    return _normal(rows)


def _normal(rows: NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths, lengths, 1), np.float32)
