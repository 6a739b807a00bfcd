"""What would an import change? Entries that were read, beside the rows that are there.

An entry keeps its id while its origin gives the same question, or nearly; what a person has edited
is never overwritten. The same files again change nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import msgspec

from bot.app.content import FILE, entries_of
from bot.store import ContentRow, Contents, Incoming, Statement, digest_of
from knowledge import FaqEntry, body_of
from knowledge.ingest import ORIGIN, Gathered, Origin, Skip
from knowledge.ingest.texts import question_key

_ALIKE = 0.75
_COMPARED = 200  # of each side: beyond that a reworded question is a new one


@dataclass(slots=True)
class ImportPlan:
    """What an import would do.

    Args:
        changed: before and after.
        removed: entries that their origin gives no more.
        kept: entries that a person edited, with what the origin gives now, ``None`` = nothing.
        skips: entries whose id belongs to another origin.
    """

    added: list[FaqEntry] = field(default_factory=list)
    changed: list[tuple[FaqEntry, FaqEntry]] = field(default_factory=list)
    unchanged: int = 0
    removed: list[FaqEntry] = field(default_factory=list)
    kept: list[tuple[FaqEntry, FaqEntry | None]] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    _incoming: list[Incoming] = field(default_factory=list)
    _offers: list[tuple[str, str]] = field(default_factory=list)

    def statements(
        self, contents: Contents, base: str, *, remove: bool, by: str, why: str, now: float
    ) -> list[Statement]:
        """One unit of it; empty when there is nothing to do.

        Args:
            remove: whether what vanished is removed.
        """
        gone = [entry.id for entry in self.removed] if remove else []
        taken = contents.take(base, self._incoming, gone=gone, by=by, why=why, now=now)
        return [*taken, *(contents.offer(base, name, body) for name, body in self._offers)]

    def take(self, entry: FaqEntry, origin: str, row: ContentRow | None) -> None:
        """An origin gives this entry, which was that row."""
        if row is not None:  # a row above may have come or gone: that alone is no change
            moved = msgspec.structs.replace(entry, place=_entry(row).place)
            same = body_of(moved) == row.body
            same = same or (row.edited and digest_of(body_of(moved)) == row.origin_hash)
            entry = moved if same else entry
        body = body_of(entry)
        if row is None or (row.removed and not row.edited):
            self.added.append(entry)
            self._incoming.append(Incoming(entry.id, body, origin))
        elif body == row.body or (row.edited and digest_of(body) == row.origin_hash):
            self.unchanged += 1
        elif row.edited:
            self.kept.append((_entry(row), entry))
            if body != row.offered:
                self._offers.append((row.id, body))
        else:
            self.changed.append((_entry(row), entry))
            self._incoming.append(Incoming(entry.id, body, origin))

    def lose(self, row: ContentRow) -> None:
        """No origin gives this row any more."""
        if not row.edited:
            self.removed.append(_entry(row))
        elif row.origin_hash:
            self.kept.append((_entry(row), None))
            self._offers.append((row.id, ""))


def plan_import(
    rows: Sequence[ContentRow], origins: Sequence[Origin], folders: Collection[str] = ()
) -> ImportPlan:
    """Compare what was read with what is there.

    Args:
        rows: all rows of the base, removed ones too.
        folders: beginnings of origins that were read as a whole: of those, what no file gives any
            more is removed with its file.
    """
    plan = ImportPlan()
    by_id = {row.id: row for row in rows}
    unread = {one.source.origin for one in origins if one.unread}
    read = {one.source.origin for one in origins} - unread
    seen: set[str] = set()
    for one in origins:
        own = [row for row in rows if row.origin == one.source.origin]
        for gathered, before in _matched(one, own):
            entry = gathered.entry
            row = before or by_id.get(entry.id)
            if entry.id in seen or (row and row.origin != one.source.origin and not row.removed):
                whose = row.origin.removeprefix(FILE).removeprefix(ORIGIN) if row else "别处"
                why = f"编号 {entry.id} 已经用在另一条上（{whose or '手写'}）"
                plan.skips.append(Skip(one.source.file, gathered.place, why))
                continue
            if row is not None:
                entry = msgspec.structs.replace(entry, id=row.id)
            seen.add(entry.id)
            plan.take(entry, one.source.origin, row)
    for row in rows:
        covered = row.origin in read or any(row.origin.startswith(one) for one in folders)
        if covered and row.origin not in unread and row.id not in seen and not row.removed:
            plan.lose(row)
    return plan


def _matched(one: Origin, own: Sequence[ContentRow]) -> list[tuple[Gathered, ContentRow | None]]:
    """Each entry with the row it was before: by id, by question, by answer, by likeness."""
    free = {row.id: row for row in own}
    pairs: list[tuple[Gathered, ContentRow | None]]
    pairs = [(gathered, free.pop(gathered.entry.id, None)) for gathered in one.found]
    before = {row.id: _entry(row) for row in free.values() if not row.removed}
    asked = {_key(entry): entry_id for entry_id, entry in before.items()}
    answered: dict[str, list[str]] = {}
    for entry_id, entry in before.items():
        answered.setdefault(entry.answer, []).append(entry_id)
    for at, (gathered, row) in enumerate(pairs):
        if row is None and (found := asked.get(_key(gathered.entry), "")) in free:
            pairs[at] = (gathered, free.pop(found))
    for at, (gathered, row) in enumerate(pairs):
        same = [i for i in answered.get(gathered.entry.answer, ()) if i in free]
        if row is None and len(same) == 1:
            pairs[at] = (gathered, free.pop(same[0]))
    missing = sum(row is None for _, row in pairs)
    left = {entry_id: entry for entry_id, entry in before.items() if entry_id in free}
    if missing <= _COMPARED and len(left) <= _COMPARED:
        for at, (gathered, row) in enumerate(pairs):
            if row is None and (like := _most_alike(gathered.entry, left)):
                left.pop(like)
                pairs[at] = (gathered, free.pop(like))
    return pairs


def _most_alike(entry: FaqEntry, left: dict[str, FaqEntry]) -> str | None:
    likeness = {
        entry_id: SequenceMatcher(None, entry.question, other.question).ratio()
        for entry_id, other in left.items()
        if other.kind == entry.kind == "faq"
    }
    best = max(likeness, key=lambda entry_id: likeness[entry_id], default=None)
    return best if best is not None and likeness[best] >= _ALIKE else None


def _key(entry: FaqEntry) -> tuple[object, ...]:
    key = question_key(entry.question)
    part = entry.answer if entry.kind == "passage" else ""
    return (key, part, entry.audience, entry.channels, entry.for_tags)


def _entry(row: ContentRow) -> FaqEntry:
    found = entries_of([row])
    return found[0] if found else FaqEntry(id=row.id, question="", answer="")
