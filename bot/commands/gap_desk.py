"""Which gaps has the knowledge now, with everything that is known about them?

Reads all conversations that are kept, groups what was not simply answered, and remembers the
groups, so that a gap keeps its name from day to day.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from bot.app import (
    PROMPTS,
    bases_of,
    build_embedder,
    build_reading,
    build_retriever,
    entries_of,
    open_store,
    take_files,
    vectors_folder,
)
from bot.config import Config
from bot.errors import Misconfigured
from bot.llm.masking import Masker
from bot.ports import Embedder
from bot.routing.phrases import Phrases
from bot.store import ContentRow, Decided, Placed, Store, Written
from knowledge import Audience, FaqEntry, Retriever
from knowledge.dialogues import Line, Told, entry_said, read
from knowledge.embeddings import Vectors
from knowledge.fold import Fold, exact_key, tidy
from knowledge.gaps import GROWN, Asked, Gap, group, joint_vectors
from knowledge.reading import Reading

DAY_S = 86_400
_PEOPLE = 5  # origin of a servicer's message (wecom-api §3.8)


@dataclass(slots=True)
class Desk:
    """One base and its gaps.

    Args:
        name: of the base, '' = shared.
        rows: the entries as they are stored, by id.
        told: what was answered without complaint.
        now: Unix seconds.
    """

    config: Config
    store: Store
    name: str
    base: Retriever
    embedder: Embedder | None
    reading: Reading | None
    audience: Audience
    rows: dict[str, ContentRow]
    gaps: list[Gap]
    told: list[Told]
    now: float
    decided: dict[str, Decided]

    def is_open(self, gap: Gap) -> bool:
        """Whether a person has still to decide: rejected gaps come back when they have grown."""
        decided = self.decided.get(gap.id)
        if decided is None:
            return True
        if decided.state == "rejected":
            return len(gap.asked) >= GROWN * decided.size
        entry = self.base.get(decided.entry)
        if entry is None or gap.asked[-1].at > decided.at:
            return True
        fold = self.base.words.fold
        known = {exact_key(fold(text)) for text in entry.questions}
        return not any(exact_key(fold(one.text)) in known for one in gap.asked)

    def gap(self, gap_id: str) -> Gap:
        """The gap of this name.

        Raises:
            Misconfigured: there is none.
        """
        for gap in self.gaps:
            if gap.id == gap_id:
                return gap
        raise Misconfigured(f"没有缺口 {gap_id}，见 concierge faq gaps")

    async def votes(self, gap: Gap) -> Counter[str]:
        """Which entries customers, servicers and operators hold to be the answer."""
        said = await self.store.questions.votes(self.name, gap.id)
        return gap.votes + Counter(said.values())

    async def retriever(self, entries: Sequence[FaqEntry]) -> Retriever:
        """Another base over the same encoder, for a preview."""
        cache = vectors_folder(self.config)
        base = build_retriever(self.config, entries, self.embedder, cache, self.reading)
        await base.warm()
        return base

    def questions(self) -> list[tuple[str, str | None]]:
        """Every stored question with the entry known to be right, for a replay."""
        asked = [(one.text, one.entry) for gap in self.gaps for one in gap.asked]
        return [*((one.text, one.entry) for one in self.told), *asked]


@asynccontextmanager
async def desk(config: Config, name: str, now: float | None = None) -> AsyncIterator[Desk]:
    """Everything that is known of the gaps of a base.

    Raises:
        Misconfigured: no such base, or the keys do not open what is stored.
    """
    if name not in bases_of(config):
        raise Misconfigured(f"账号 {name} 没有自己的知识，它用共用的，不必写 --account")
    now = time.time() if now is None else now
    store = open_store(config)
    base: Retriever | None = None
    try:
        if not await store.contents.bases():
            await take_files(config, store.contents, now=now)
        rows = await store.contents.entries(name)
        cache = vectors_folder(config)
        embedder = build_embedder(config, cache)
        reading = build_reading(config)
        base = build_retriever(config, entries_of(rows), embedder, cache, reading)
        await base.warm()
        gaps, told = await _gaps(config, store, name, base, embedder, now=now)
        today = datetime.fromtimestamp(now, ZoneInfo(config.timezone)).date()
        yield Desk(
            config=config,
            store=store,
            name=name,
            base=base,
            embedder=embedder,
            reading=reading,
            audience=Audience(today=today, open_kfid=name),
            rows={row.id: row for row in rows},
            gaps=gaps,
            told=told,
            now=now,
            decided=await store.questions.decided(name),
        )
    finally:
        if base:
            base.close()
        store.close()


def masked(text: str) -> str:
    """The text without personal data."""
    return Masker().mask(text).text


async def _gaps(
    config: Config,
    store: Store,
    name: str,
    base: Retriever,
    embedder: Embedder | None,
    *,
    now: float,
) -> tuple[list[Gap], list[Told]]:
    since = now - config.retention.messages_days * DAY_S
    own = set(bases_of(config))
    written = [
        one
        for one in await store.questions.written(since)
        if (one.open_kfid if one.open_kfid in own else "") == name
    ]
    phrases = Phrases.load(PROMPTS)
    asked, told = read(
        map(_line, written),
        lambda text: phrases.heard("faq.unsolved", text),
        fold=base.words.fold,
    )
    by_key = {_key(one): one for one in written}
    placed = await store.questions.placed(since)
    asked = _with_entries(asked, base)
    before = [placed.get((by_key[a.key].open_kfid, by_key[a.key].msgid)) for a in asked]
    asked = [
        msgspec.structs.replace(one, gap=was.gap if was else "")
        for one, was in zip(asked, before, strict=True)
    ]
    dense, centre = await _vectors(asked, before, base.entries, embedder)
    gaps = _grouped(asked, dense, centre, base.words.fold)
    names = {one.key: gap.id for gap in gaps for one in gap.asked}
    await store.questions.place(
        Placed(
            open_kfid=by_key[one.key].open_kfid,
            msgid=by_key[one.key].msgid,
            external_userid=one.who,
            asked_at=one.at,
            gap=names[one.key],
            model=embedder.name if embedder else "",
            vector=dense[i].astype("<f4").tobytes() if dense is not None else b"",
        )
        for i, (one, was) in enumerate(zip(asked, before, strict=True))
        if was is None or was.gap != names[one.key] or was.model != getattr(embedder, "name", "")
    )
    return gaps, told


async def _vectors(
    asked: Sequence[Asked],
    before: Sequence[Placed | None],
    entries: Sequence[FaqEntry],
    embedder: Embedder | None,
) -> tuple[Vectors | None, Vectors | None]:
    """A row a question, from before or made now, and what this trade's texts have in common."""
    if embedder is None or not asked:
        return None, None
    known = {
        one.key: np.frombuffer(was.vector, "<f4")
        for one, was in zip(asked, before, strict=True)
        if was is not None and was.model == embedder.name and was.vector
    }
    missing = {one.key: tidy(one.text) for one in asked if one.key not in known}
    texts = list(dict.fromkeys(missing.values()))
    if texts:
        made = dict(zip(texts, await embedder.embed(texts, kind="query"), strict=True))
        known |= {key: made[text] for key, text in missing.items()}
    questions = [tidy(entry.question) for entry in entries[:256]]
    centre = (await embedder.embed(questions, kind="query")).mean(axis=0) if questions else None
    return np.stack([known[one.key] for one in asked]), centre


def _grouped(
    asked: Sequence[Asked], dense: Vectors | None, centre: Vectors | None, fold: Fold
) -> list[Gap]:
    texts = [one.text for one in asked]
    return group(asked, joint_vectors(texts, dense, centre, fold=fold), fold=fold)


def _with_entries(asked: Sequence[Asked], base: Retriever) -> list[Asked]:
    """What servicers wrote, recognised where an entry says the same."""
    answers = [(entry.id, entry.answer) for entry in base.entries]
    said = [one for one in asked if one.answer and one.entry is None]
    found = dict(
        zip(
            (one.key for one in said),
            entry_said(answers, [one.answer for one in said], fold=base.words.fold)
            if answers
            else [],
            strict=False,
        )
    )
    return [msgspec.structs.replace(one, entry=one.entry or found.get(one.key)) for one in asked]


def _key(one: Written) -> str:
    return f"{one.open_kfid}/{one.msgid}"


def _line(one: Written) -> Line:
    because = one.because
    return Line(
        key=_key(one),
        conversation=f"{one.open_kfid}/{one.external_userid}",
        who=one.external_userid,
        at=one.sent_at,
        text=one.text,
        by_servicer=one.origin == _PEOPLE,
        tapped=one.menu_id,
        handled_by=one.handled_by,
        outcome=one.outcome,
        source=because.source if because else "",
        ref=because.ref if because else "",
    )
