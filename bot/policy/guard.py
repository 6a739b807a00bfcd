"""May a text be said: as it is, changed, after a person has looked, or not at all? (R-15.9)"""

import hashlib
from collections.abc import Iterable, Sequence

from bot.policy.lexicon import Decision, Found, Lexicon, Verdict, masked

RETIRED = "retired"
"""Kind of what is found where a person has withdrawn a text."""

_REMEMBERED = 10_000


class Guard:
    """Judges what is said, by the lexicon and by what people have approved.

    Texts in which nothing was found are remembered by their digest, so that those known beforehand
    cost a look-up where a customer waits for them.

    Args:
        approved: pieces of texts with watched words that a person has approved: in them these words
            may be said.
        retired: pieces by which texts are known that must not be said any more.
        separate: groups of tags that are put on only with a consent of their own.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        approved: Iterable[str] = (),
        retired: Iterable[str] = (),
        *,
        separate: frozenset[str] = frozenset(),
    ) -> None:
        self._clean: set[bytes] = set()
        self._separate = separate
        self.follow(lexicon, approved, retired)

    def follow(
        self, lexicon: Lexicon, approved: Iterable[str] = (), retired: Iterable[str] = ()
    ) -> None:
        """Judge by these words and decisions from now on."""
        self.lexicon = lexicon
        self._approved = tuple(dict.fromkeys(approved))
        self._retired = tuple(dict.fromkeys(retired))
        self._clean.clear()

    def learn(self, texts: Iterable[str]) -> None:
        """Judge texts before they are wanted."""
        for text in texts:
            self.check(text)

    def check(self, text: str) -> Verdict:
        """What becomes of the text."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._clean:
            return Verdict(Decision.ALLOW, (), text)
        verdict = self.lexicon.check(text)
        if withdrawn := list(_places(text, self._retired)):
            return self._withdrawn(text, verdict, withdrawn)
        if not verdict.found:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(digest)
            return verdict
        return self._without_approved(text, verdict)

    def softened(self, text: str) -> str:
        """The text with all that may not be said as it is replaced: for what must be said."""
        verdict = self.check(text)
        return masked(text, verdict.found, everything=True)

    def masked(self, text: str) -> str:
        """The text with what is to be masked replaced, for members of staff: a notice that does
        not reach them helps nobody, and the rest is theirs to read.
        """
        return self.check(text).text

    def may_tag(self, name: str) -> bool:
        """Whether a tag of this name may be put on with the consent its group asks for (R-4.8)."""
        group = name.partition("：")[0]
        return group in self._separate or not self.lexicon.sensitive_kind(name)

    def _withdrawn(self, text: str, verdict: Verdict, places: Sequence[tuple[int, int]]) -> Verdict:
        found = (
            Found(start, end, text[start:end], text[start:end], RETIRED, Decision.BLOCK, RETIRED)
            for start, end in places
        )
        return Verdict(Decision.BLOCK, (*verdict.found, *found), verdict.text)

    def _without_approved(self, text: str, verdict: Verdict) -> Verdict:
        spans = list(_places(text, self._approved))
        found = tuple(
            one
            for one in verdict.found
            if not any(start <= one.start and one.end <= end for start, end in spans)
        )
        if len(found) == len(verdict.found):
            return verdict
        strictest = max((one.decision for one in found), key=_strictness, default=Decision.ALLOW)
        return Verdict(strictest, found, masked(text, found))


def _places(text: str, pieces: Sequence[str]) -> Iterable[tuple[int, int]]:
    for piece in pieces:
        start = text.find(piece)
        while start >= 0:
            yield start, start + len(piece)
            start = text.find(piece, start + 1)


def _strictness(decision: Decision) -> int:
    return decision.strictness
