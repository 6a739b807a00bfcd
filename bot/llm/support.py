"""Do the words of an answer, beside its facts, say what the passages say?

Pure. Three cheap looks that need no model: words that neither a passage nor a question uses, what a
passage denies and the answer does not (or the other way round), and a "only" that nobody said. What
they miss: words that all stand in the passages, put together in another way.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_CLAUSE = re.compile(r"[。！？；;!?\n，,：:]")
_HAN = re.compile(r"[一-鿿]+")
_NEGATION = re.compile(
    r"(?:不(?!仅|但|同|锈|论|管|好意|过(?!期)|满|足|超)|无(?!理由|人机|糖)|没(?!关系)|未(?!成年)"
    r"|(?<![特分区])(?<![级性类])(?<![个差])别(?![的人处])|勿|忌|避免|禁止|谢绝|严禁|非(?!常))"
    r"(?:能|可以|可|支持|允许|接受|提供|建议|需要|需|须|用|要|会|得|是|予|含有|含|属于|在|必|法|有"
    r"|使用|再|都|也|您|自行|立刻|马上|并|直接|被)*"
)
_EXCEPT = "除外"
_EXCEPTED = re.compile(rf"([一-鿿]{{2,4}}){_EXCEPT}")
_NO_HEAD = frozenset(["的", "了", "话", "哦", "吗", "呢", "时", "后", "前", "就"])
"""Signs that do not belong to what is denied."""

_ONLY = re.compile(r"只(?:能|限|允许|送|接受|可(?!是))|仅(?:限|能|支持)")
_LIMITED = re.compile(r"[只仅才限不]|除外")

MOST_UNHEARD = 2.0
"""So much of an answer may be in words that nobody used: less than one word of two signs."""

_LONE = 0.5
"""What a lone sign counts: mostly a variant of what was said."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """What a clause says.

    Args:
        denied: the pairs of signs that a negation stands before.
        is_open: whether what it denies, or excepts, stands in another clause.
    """

    text: str
    pairs: frozenset[str]
    denied: frozenset[str]
    is_open: bool = False

    @classmethod
    def read(cls, text: str) -> "_Clause":
        denied = {text[found.end() : found.end() + 2] for found in _NEGATION.finditer(text)}
        heads = {one for one in denied if len(one) == 2 and not set(one) & _NO_HEAD}
        excepted = (_pairs(found[1]) for found in _EXCEPTED.finditer(text))
        is_open = _EXCEPT in text or "" in denied
        return cls(text, _pairs(text), frozenset(heads).union(*excepted), is_open)

    @property
    def denies(self) -> bool:
        """Whether anything is denied in it."""
        return _EXCEPT in self.text or _NEGATION.search(self.text) is not None


class Vocabulary:
    """Says which words of an answer were heard before.

    Args:
        plain: words and signs that need no support: courtesy, grammar, time and number.
    """

    def __init__(self, plain: Iterable[str]) -> None:
        listed = sorted(filter(None, plain), key=len, reverse=True)
        self._signs = frozenset(word for word in listed if len(word) == 1)
        words = [re.escape(word) for word in listed if len(word) > 1]
        self._words = re.compile("|".join(words) or r"(?!)")

    def unheard(self, said: str, known: Iterable[str]) -> float:
        """How much of an answer is in words that neither passages nor questions use."""
        signs = self._signs.union(*known)
        spared = self._words.sub(" ", said)
        runs = ("".join(s if s not in signs else " " for s in run) for run in _HAN.findall(spared))
        lengths = (len(piece) for run in runs for piece in run.split())
        return sum(_LONE if length == 1 else length for length in lengths)


def contradicts(said: str, told: Sequence[str]) -> bool:
    """Whether a clause denies what the passages say of the same thing, or says what they deny."""
    passages = [_Clause.read(one) for text in told for one in _CLAUSE.split(text) if one]
    return any(_contradicts(_Clause.read(one), passages) for one in _CLAUSE.split(said) if one)


def narrows(said: str, told: Sequence[str]) -> bool:
    """Whether the answer says "only" where no passage limits anything."""
    return _ONLY.search(said) is not None and not any(_LIMITED.search(text) for text in told)


def _contradicts(said: _Clause, passages: Sequence[_Clause]) -> bool:
    for head in said.denied:
        agreeing = [one for one in passages if head in one.denied or _leaves_out(one, said)]
        rivals = [one for one in passages if head in one.pairs and not one.denies]
        if rivals and not _is_nearer(said, head, agreeing, rivals):
            return True
    if said.denies:
        return False
    for head in {head for one in passages for head in one.denied if head in said.pairs}:
        agreeing = [one for one in passages if head in one.pairs and head not in one.denied]
        rivals = [one for one in passages if head in one.denied]
        if not _is_nearer(said, head, agreeing, rivals):
            return True
    return False


def _leaves_out(one: _Clause, said: _Clause) -> bool:
    """Whether a clause such as "not the business plan" is about what is said."""
    return one.is_open and bool(one.pairs & said.pairs)


def _is_nearer(
    said: _Clause, head: str, agreeing: Sequence[_Clause], rivals: Sequence[_Clause]
) -> bool:
    """Whether a clause speaks of what the agreeing ones do, at least as much as of the rivals'."""
    if not agreeing:
        return False
    own = said.pairs - {head}
    near = max(len(own & one.pairs) for one in agreeing)
    return all(len(own & one.pairs) <= near for one in rivals)


def _pairs(text: str) -> frozenset[str]:
    """Pairs of Chinese signs that stand side by side."""
    return frozenset(run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1))
