"""Which entry answers this question, and may it be said?"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from bot.ports import Embedder
from knowledge.building import Engine
from knowledge.embeddings import EmbeddingError, Vectors
from knowledge.entries import Audience, Decision, FaqEntry, Match, Verdict
from knowledge.evidence import Question
from knowledge.fold import exact_key
from knowledge.gate import Gate, Thresholds, decide, load_gate
from knowledge.ranking import TERM, judge, reread
from knowledge.reading import Reading
from knowledge.shelf import Candidate, Shelf
from knowledge.shelves import Shelves
from knowledge.words import NO_WORDS, Words

log = structlog.get_logger(__name__)

CHOICES = 3  # a menu of more is not read
TARGET_ERROR = 0.05
HOPELESS = 0.05  # probability below which no entry is read
STRANGE = 0.01  # error accepted of vectors that the gate was not fitted on

_RepeatKey = tuple[str, Audience, bool]


class Retriever:
    """Finds entries by exact phrasing, characters and meaning, and lets the gate decide.

    Ready as soon as it is made: until `warm` has ended, or without an embedder, answers are
    lexical. All methods belong to one event loop. 10,000 entries take 2 s to index: make it in a
    thread then.

    Args:
        embedder: what makes vectors, ``None`` = characters alone. It stays the caller's to close.
        cache_dir: where vectors (and Chroma's folder) are kept, ``None`` = nowhere.
        words: what the deployment holds to be the same, and what it never confuses.
        gate: what judges the evidence, ``None`` = the one that is shipped. With another encoder
            than it was fitted on it is strict, until `concierge gate train` has fitted another.
        reading: who reads the question together with the likeliest entries, ``None`` = nobody.
        target_error: share of answers that may be wrong.
        thresholds: bands to use whatever the gate says.
        engine: vector index, ``auto`` = numpy up to 20,000 rows and Chroma beyond.
        repeats: verdicts kept for questions that come again.
    """

    def __init__(
        self,
        entries: Iterable[FaqEntry],
        *,
        embedder: Embedder | None = None,
        cache_dir: Path | None = None,
        words: Words = NO_WORDS,
        gate: Gate | None = None,
        reading: Reading | None = None,
        target_error: float = TARGET_ERROR,
        thresholds: Thresholds | None = None,
        engine: Engine = "auto",
        repeats: int = 4096,
    ) -> None:
        self._words = words
        self._shelves = Shelves(
            entries,
            words=words,
            embedder=embedder,
            cache_dir=cache_dir,
            engine=engine,
            on_change=self._forget_all,
        )
        self._gate, self._target_error = gate or load_gate(), target_error
        if embedder and self._gate.encoder not in ("", embedder.name):
            log.warning("gate.other_encoder", fitted_on=self._gate.encoder, used=embedder.name)
            self._target_error = min(target_error, STRANGE)
        self._thresholds = thresholds
        self._reading = reading
        self._embedder = embedder
        self._repeats: OrderedDict[_RepeatKey, Verdict] = OrderedDict()
        self._max_repeats = repeats
        self._running: dict[_RepeatKey, asyncio.Task[Verdict]] = {}

    @property
    def version(self) -> str:
        """A hash of all entries."""
        return self._shelves.version

    @property
    def gate(self) -> Gate:
        """What judges the evidence."""
        return self._gate

    @property
    def words(self) -> Words:
        """The words of the deployment."""
        return self._words

    @property
    def encoder(self) -> str:
        """Whose vectors are compared, '' = nobody's."""
        return self._embedder.name if self._embedder else ""

    @property
    def reader(self) -> str:
        """Who reads what is left open, '' = nobody."""
        return self._reading.name if self._reading else ""

    @property
    def ready(self) -> bool:
        """Whether questions can be answered."""
        return True

    @property
    def vectors_ready(self) -> bool:
        """Whether meaning counts too."""
        return self._shelves.have_vectors

    @property
    def is_lexical_only(self) -> bool:
        """Whether meaning will never count, because there is no embedder."""
        return self._embedder is None

    @property
    def entries(self) -> Sequence[FaqEntry]:
        """All entries, in the order of the files."""
        return list(self._shelves.by_id.values())

    def get(self, entry_id: str) -> FaqEntry | None:
        """The entry of this id."""
        return self._shelves.by_id.get(entry_id)

    def featured(self, audience: Audience, n: int) -> list[FaqEntry]:
        """Up to n entries for the welcome menu, in the order of the files."""
        return [e for e in self._shelves.by_id.values() if e.featured and e.is_for(audience)][:n]

    async def ask(self, text: str, audience: Audience) -> Verdict:
        """What knowledge has to say to a customer's question."""
        exact = exact_key(self._words.fold(text))
        if verdict := self._exactly(exact, audience):
            return verdict
        key = (exact, audience, self.vectors_ready)
        if verdict := self._repeats.get(key):
            self._repeats.move_to_end(key)
            return msgspec.structs.replace(verdict, how="cached")
        if key not in self._running:
            task = asyncio.create_task(self._judge(text, audience, key))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # Shielded: the same question of another customer may wait for the same answer.
        return await asyncio.shield(self._running[key])

    def has_exactly(self, text: str, audience: Audience) -> bool:
        """Whether exactly one entry asks just this: then `ask` answers with it."""
        return self._exactly(exact_key(self._words.fold(text)), audience) is not None

    async def search(self, text: str, audience: Audience, k: int = 10) -> list[Match]:
        """The k nearest entries with scores and evidence, whatever the gate thinks."""
        matches, _ = await self._search(Question.of(text, self._words), audience, k)
        return matches

    async def change(self, upserts: Sequence[FaqEntry], removed: Collection[str] = ()) -> None:
        """Make changes visible at once: they stand on a small shelf beside the large one.

        Their vectors are waited for a moment (about 20 ms each); where that is not enough, or the
        embedder fails, they count by their characters until the vectors are there. Where many have
        changed, everything is built anew in the background of answering.
        """
        await self._shelves.change(upserts, removed)

    async def warm(self) -> None:
        """Embed what the disk cache lacks, then let meaning count. Cancel it at any time.

        Progress is kept on disk after every batch. While the embedder gives no vectors this
        tries again, for as long as it takes.
        """
        if self._embedder is None:
            log.info("knowledge.lexical_only", entries=len(self._shelves.by_id))
            return
        await self._shelves.warm()
        log.info(
            "knowledge.vectors_ready",
            entries=len(self._shelves.by_id),
            model=self._embedder.name,
        )

    def close(self) -> None:
        """Release threads and files. The embedder stays open."""
        self._shelves.close()

    # ------------------------------------------------------------------ asking

    def _forget_all(self) -> None:
        self._repeats.clear()
        self._running.clear()  # who waits for them still gets them

    def _forget(self, key: _RepeatKey, done: "asyncio.Task[Verdict]") -> None:
        if self._running.get(key) is done:  # not what was asked anew since something changed
            del self._running[key]

    async def _judge(self, text: str, audience: Audience, key: _RepeatKey) -> Verdict:
        shelves = self._shelves.now
        matches, how = await self._search(Question.of(text, self._words), audience, CHOICES)
        verdict = Verdict(self._decide(matches), tuple(matches), how)
        stands = self._shelves.now is shelves
        if stands and (how == "hybrid") == key[2]:  # not what was found while the embedder failed
            self._repeats[key] = verdict
            if len(self._repeats) > self._max_repeats:
                self._repeats.popitem(last=False)
        return verdict

    def bands(self, match: Match) -> Thresholds:
        """Where the bands begin for a match that was judged as this one was."""
        return self._thresholds or self._gate.thresholds(match.variant, self._target_error)

    def _decide(self, matches: Sequence[Match]) -> Decision:
        if not matches:
            return Decision.DECLINE
        decision = decide([match.score for match in matches], self.bands(matches[0]))
        # A part of a document is no answer until somebody chose it, and of terms that exclude
        # each other the wrong one is none however much else fits.
        is_for_choosing = matches[0].entry.kind == "passage" or TERM in matches[0].why
        return Decision.OFFER if decision is Decision.ANSWER and is_for_choosing else decision

    async def _search(
        self, question: Question, audience: Audience, k: int
    ) -> tuple[list[Match], Literal["hybrid", "lexical"]]:
        vector = await self._vector(question.text) if self.vectors_ready else None
        while True:
            shelves = self._shelves.now
            with contextlib.ExitStack() as used:
                for shelf in shelves:
                    used.enter_context(shelf.in_use())
                found = await self._found(shelves, question, vector, audience, k)
            if shelves is self._shelves.now:  # else something was changed or removed meanwhile
                return found

    async def _found(
        self,
        shelves: Sequence[Shelf],
        question: Question,
        vector: Vectors | None,
        audience: Audience,
        k: int,
    ) -> tuple[list[Match], Literal["hybrid", "lexical"]]:
        """What all shelves hold by meaning; by characters where one of them has no vectors yet.

        Then what has changed is said where characters alone suffice; else the others are asked by
        meaning. Entries judged by different evidence are never ranked against each other.
        """
        embedded = [shelf for shelf in shelves if shelf.dense or not shelf.entries]
        is_whole = len(embedded) == len(shelves)
        if vector is None or not is_whole:
            near = [await shelf.by_characters(question.key, audience) for shelf in shelves]
            matches = self._judged(question, near, k)
            says = self._decide(matches) is Decision.ANSWER
            if vector is None or (says and matches[0].entry.id in self._shelves.changed):
                return matches, "lexical"
        near = [await s.by_meaning(question.key, vector, audience) for s in embedded if s.entries]
        return await self._read(question, near, k), "hybrid"

    async def _read(
        self, question: Question, near: Sequence[Sequence[Candidate]], k: int
    ) -> list[Match]:
        """What stands first, read where that may change what is done with it."""
        if self._reading is None:
            return self._judged(question, near, k)
        most = self._reading.most
        matches = self._judged(question, near, max(k, most))
        if self._is_open(matches):
            read = await self._reading.of(question.text, [m.entry for m in matches[:most]])
            if read:
                matches = reread(matches, read, self._gate)
        return matches[:k]

    def _is_open(self, matches: Sequence[Match]) -> bool:
        """Whether the evidence neither suffices for the strictest nor rules everything out."""
        likely = [match.score for match in matches[:CHOICES]]
        if max(likely, default=0.0) < HOPELESS:
            return False
        strictest = self._gate.thresholds(matches[0].variant, STRANGE)
        return decide(likely, strictest) is not Decision.ANSWER

    def _judged(
        self, question: Question, found: Sequence[Sequence[Candidate]], k: int
    ) -> list[Match]:
        return judge(
            question,
            [candidate for shelf in found for candidate in shelf],
            k,
            gate=self._gate,
            index=self._shelves.now[0].lexical,
            entries=len(self._shelves.by_id),
            words=self._words,
            named=frozenset().union(*(shelf.lexical.named for shelf in self._shelves.now)),
        )

    async def _vector(self, text: str) -> Vectors | None:
        if self._embedder is None or not text:
            return None
        try:
            vector: Vectors = (await self._embedder.embed([text], kind="query"))[0]
        except EmbeddingError as error:
            log.warning("knowledge.embedding_failed", error=str(error))
            return None
        return vector

    def _exactly(self, key: str, audience: Audience) -> Verdict | None:
        """The answer when exactly one entry asks just this."""
        entries = [one for one in self._shelves.asking(key) if one.is_for(audience)]
        if len(entries) == 1 and entries[0].kind != "passage":
            return Verdict(Decision.ANSWER, (Match(entries[0], 1.0, {"exact": key}),), "exact")
        return None
