"""Which words of a deployment mean the same, and which must never be confused?

An operator edits both in `prompts/knowledge.yaml`: brands and synonyms, and groups of words
(products, actions, plans) of which a question and its answer must speak of the same one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from knowledge.fold import Folding, bare, even_out, literally

SHORTEST = 2  # characters; a single one is found inside too many others

_A_WORD = re.compile(r"[^\W_]")
_KEYS = ("synonyms", "terms")
_TEXT = "不为空的文字（像数字的要加引号）"


class WordFault(NamedTuple):
    """What a person has to mend in the file.

    Args:
        loc: keys and indexes that lead to it.
    """

    loc: tuple[str | int, ...]
    found: str
    expected: str


class Words:
    """The words of a deployment; never changed, and the same for all its entries.

    Args:
        synonyms: left is read as right, beside the shipped ones.
        terms: groups of words that exclude each other; no word is in two of them.
    """

    def __init__(
        self,
        synonyms: Mapping[str, str] | None = None,
        terms: Sequence[Collection[str]] = (),
    ) -> None:
        self.fold = Folding({even_out(old): even_out(new) for old, new in (synonyms or {}).items()})
        groups = [frozenset(bare(self.fold(word)) for word in group) for group in terms]
        self._group_of = {word: group for group in groups for word in group}
        self._patterns = [
            literally([self.fold(word) for word in sorted(group)]) for group in terms if group
        ]

    @property
    def groups(self) -> frozenset[frozenset[str]]:
        """The groups of terms, folded and without spaces."""
        return frozenset(self._group_of.values())

    def named(self, folded: str) -> frozenset[str]:
        """The terms that a folded text names; of each group a longer one hides those in it."""
        return frozenset(
            bare(found) for pattern in self._patterns for found in pattern.findall(folded)
        )

    def missing(
        self, asked: frozenset[str], told: frozenset[str], elsewhere: Collection[str]
    ) -> str:
        """A term that the question names, but not the entry, which should; else empty.

        An entry should when it names another term of the group, or when some entry names the
        one that was asked for.

        Args:
            asked: what the question names.
            told: what the entry names.
            elsewhere: what any entry names.
        """
        for term in sorted(asked - told):
            if term in elsewhere or not told.isdisjoint(self._group_of[term]):
                return term
        return ""


NO_WORDS = Words()


def read_words(raw: Mapping[str, Any]) -> tuple[Words, list[WordFault]]:
    """The words of a file, and what is wrong with the rest of it, which is left out."""
    faults = [
        WordFault((key,), "没有这个键", "只有 synonyms 与 terms") for key in raw if key not in _KEYS
    ]
    synonyms = _synonyms(raw.get("synonyms"), faults)
    terms = _terms(raw.get("terms"), Words(synonyms).fold, faults)
    return Words(synonyms, terms), faults


def _synonyms(raw: Any, faults: list[WordFault]) -> dict[str, str]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        faults.append(WordFault(("synonyms",), "不是一组键值", "说法: 读作"))
        return {}
    read_as: dict[str, str] = {}
    for said, meant in raw.items():
        loc = ("synonyms", said)
        if fault := _wrong(said, loc):
            faults.append(fault)
        elif not isinstance(meant, str) or not _A_WORD.search(meant):
            faults.append(WordFault(loc, "右边没有文字", _TEXT))
        elif bare(even_out(said)) in read_as:
            faults.append(WordFault(loc, "折叠后与上面的一个词相同", "每个词只写一次"))
        elif (new := even_out(meant)) == even_out(said):
            faults.append(WordFault(loc, "左右是同一个词", "读作另一个词"))
        else:
            read_as[bare(even_out(said))] = new
    for said in sorted(Folding(read_as).circles):
        faults.append(WordFault(("synonyms", said), "绕了一圈又读作自己", "最后读作一个固定的词"))
        del read_as[said]
    return read_as


def _terms(raw: Any, fold: Folding, faults: list[WordFault]) -> list[list[str]]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        faults.append(WordFault(("terms",), "不是列表", "每行一组：- [金卡, 黑卡]"))
        return []
    groups: list[list[str]] = []
    taken: dict[str, str] = {}
    for number, words in enumerate(raw):
        if not isinstance(words, list):
            faults.append(WordFault(("terms", number), "不是一组词", "如 [金卡, 黑卡]"))
            continue
        group: list[str] = []
        for at, word in enumerate(words):
            loc = ("terms", number, at)
            if fault := _wrong(word, loc):
                faults.append(fault)
            elif (key := bare(fold(word))) in taken:
                expected = "一个词只在一组里写一次（同义词、繁简算同一个）"
                faults.append(WordFault(loc, f"{word} 与前面的 {taken[key]} 相同", expected))
            else:
                taken[key] = word
                group.append(word)
        if len(words) < 2:
            faults.append(WordFault(("terms", number), f"只有 {len(words)} 个词", "至少两个词"))
        if len(group) > 1:
            groups.append(group)
    return groups


def _wrong(word: Any, loc: tuple[str | int, ...]) -> WordFault | None:
    if not isinstance(word, str) or not _A_WORD.search(word):
        return WordFault(loc, "没有文字", _TEXT)
    if len(bare(even_out(word))) < SHORTEST:
        return WordFault(loc, f"{word} 太短", f"至少 {SHORTEST} 个字")
    return None
