"""How do knowledge files become rows, and how do rows become what the bot knows?

A file is read when it has changed. It wins over the rows that came from files, never over what a
person has written: that is a conflict, and `check` lists it.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import msgspec
import structlog

from bot.app.approving import Releases, known_entry, known_replies, known_welcome
from bot.app.engine import build_embedder, build_gate, open_database
from bot.app.lexicon_following import LexiconFollower
from bot.app.reading import build_reading
from bot.app.welcomes import welcomes_in
from bot.app.words import build_words
from bot.config import Config
from bot.policy.guard import Guard
from bot.ports import Embedder
from bot.routing.phrases import Phrases
from bot.store import (
    ContentRow,
    Contents,
    Database,
    Incoming,
    KnownText,
    Statement,
    Unit,
    digest_of,
)
from bot.store.migrate import ENGINE_MIGRATIONS, migrate, migrations_of
from bot.store.opening import open_existing
from bot.store.sqlite import SqliteDatabase
from knowledge import EntryProblem, FaqEntry, Library, Retriever, body_of, entry_of, load_entries
from knowledge.embeddings import Remembering
from knowledge.loader import files_of
from knowledge.reading import Reading

log = structlog.get_logger(__name__)

FILE = "file:"
"""Origins that begin so are files of `knowledge.sources`."""

_READ_AS = "1"
"""Raised when the same file is to be read again because it is understood differently now."""

_COPIED = ("content_version", "entries", "content_sources")


@dataclass(slots=True)
class Taken:
    """What reading the files has changed."""

    changed: int = 0
    removed: int = 0
    kept_out: int = 0
    problems: list[EntryProblem] = field(default_factory=list)


def bases_of(config: Config) -> dict[str, tuple[Path, ...]]:
    """Every base with its sources: '' = shared, otherwise the open_kfid of an account."""
    own = {
        open_kfid: config.for_account(open_kfid).sources
        for open_kfid, account in config.accounts.items()
        if account.knowledge is not None
    }
    return {"": config.knowledge.sources} | own


async def take_files(config: Config, contents: Contents, *, now: float) -> Taken:
    """Read the files that have changed into rows: one unit for each base, done twice it is once."""
    taken = Taken()
    for base, sources in bases_of(config).items():
        problems: list[EntryProblem] = []
        digests = await asyncio.to_thread(_digests, sources, problems)
        known = await contents.sources(base)
        if digests == {name: known[name] for name in known if name.startswith(FILE)}:
            continue
        entries, problems = await asyncio.to_thread(load_entries, sources)
        taken.problems += problems
        rows = {row.id: row for row in await contents.all_of(base)}
        plan = _Plan(base, contents, rows, {p.file for p in problems if not p.place}, now, taken)
        statements = [*plan.statements(entries), *plan.sources(digests, known)]
        await contents.commit(statements)
    return taken


@dataclass(slots=True)
class _Plan:
    """What the files of one base change in its rows.

    Args:
        failed: files and folders that could not be read at all; their rows stay.
    """

    base: str
    contents: Contents
    rows: Mapping[str, ContentRow]
    failed: Collection[str]
    now: float
    taken: Taken

    def statements(self, entries: Sequence[FaqEntry]) -> Iterator[Statement]:
        offers: list[Statement] = []
        changed: list[Incoming] = []
        for position, entry in enumerate(entries, 1):
            # Without its place: a folder that moves changes nothing.
            origin, body = FILE + entry.source, body_of(msgspec.structs.replace(entry, source=""))
            match self._verdict(self.rows.get(entry.id), origin, body):
                case "take":
                    changed.append(Incoming(entry.id, body, origin, position))
                case "offer":
                    offers.append(self.contents.offer(self.base, entry.id, body))
        gone = self._gone({entry.id for entry in entries}, offers)
        self.taken.changed += len(changed)
        self.taken.removed += len(gone)
        yield from self.contents.take(
            self.base, changed, gone=gone, by="files", why="读入文件", now=self.now
        )
        self.taken.kept_out += len(offers)
        yield from offers
        yield from self.contents.put_in_order(
            self.base, [(entry.id, at) for at, entry in enumerate(entries, 1)]
        )

    def _verdict(self, row: ContentRow | None, origin: str, body: str) -> str:
        if row is None or (row.edited and not row.removed and row.body == body):
            return "take"
        if row.origin_hash == digest_of(body) and (row.edited or row.origin == origin):
            return "leave"
        return "offer" if row.edited or not row.origin.startswith(FILE) else "take"

    def _gone(self, ids: Collection[str], offers: list[Statement]) -> list[str]:
        """Rows of files that no file holds any more."""
        gone: list[str] = []
        for row in self.rows.values():
            if row.id in ids or not row.origin.startswith(FILE) or self._has_failed(row.origin):
                continue
            if not row.edited and not row.removed:
                gone.append(row.id)
            elif row.edited and not row.removed and row.origin_hash:
                offers.append(self.contents.offer(self.base, row.id, ""))
        return gone

    def _has_failed(self, origin: str) -> bool:
        file = Path(origin.removeprefix(FILE))
        return any(str(path) in self.failed for path in (file, *file.parents))

    def sources(self, digests: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Statement]:
        for origin, digest in digests.items():
            if not self._has_failed(origin):
                yield self.contents.read(self.base, origin, digest, now=self.now)
        for origin in known:
            if origin.startswith(FILE) and origin not in digests and not self._has_failed(origin):
                yield self.contents.forget(self.base, origin)


def _digests(sources: Sequence[Path], problems: list[EntryProblem]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files_of(sources, problems):
        with contextlib.suppress(OSError):  # the reader says what is wrong
            found[f"{FILE}{file}"] = digest_of(_READ_AS.encode() + file.read_bytes())
    return found


async def build_library(
    config: Config, contents: Contents, cache: Path | None, releases: Releases | None = None
) -> Library:
    """The knowledge of every account, as its rows say.

    Args:
        cache: folder of the vector cache, ``None`` = vectors are not kept.
        releases: which of it may be said, ``None`` = all that is approved in its row.
    """
    encoder = build_embedder(config, cache)
    embedder = Remembering(encoder) if encoder else None
    reading = build_reading(config)
    bases: dict[str, Retriever] = {}
    for base in bases_of(config):
        entries = entries_of(await contents.entries(base))
        if releases is not None:
            entries = releases.admitted(base, entries)

        def build(entries: Sequence[FaqEntry] = entries) -> Retriever:
            return build_retriever(config, entries, embedder, cache, reading)

        bases[base] = await asyncio.to_thread(build)
    return Library(bases.pop(""), bases, embedder, reading)


async def known_texts(config: Config, contents: Contents, phrases: Phrases) -> list[KnownText]:
    """Every text that is known before it is said: of prompts, welcomes, and knowledge."""
    entries = [
        known_entry(base, entry)
        for base in bases_of(config)
        for entry in entries_of(await contents.entries(base))
    ]
    welcomes = map(known_welcome, welcomes_in(config.welcome.sources)[0])
    return [*known_replies(phrases), *welcomes, *entries]


def build_retriever(
    config: Config,
    entries: Sequence[FaqEntry],
    embedder: Embedder | None,
    cache: Path | None,
    reading: Reading | None = None,
) -> Retriever:
    """A base that decides as this deployment does: its words, its gate, its accepted error."""
    return Retriever(
        entries,
        embedder=embedder,
        cache_dir=cache,
        words=build_words(),
        gate=build_gate(config),
        reading=reading,
        target_error=config.knowledge.target_error,
    )


def entries_of(rows: Sequence[ContentRow]) -> list[FaqEntry]:
    """The entries that these rows hold; a row that cannot be read is logged and left out."""
    entries: list[FaqEntry] = []
    for row in rows:
        try:
            entry = entry_of(row.body)
        except msgspec.DecodeError as error:
            log.error("content.unreadable", base=row.base, id=row.id, error=str(error))
            continue
        source = entry.source or row.origin.removeprefix(FILE)
        entries.append(msgspec.structs.replace(entry, source=source))
    return entries


@dataclass(slots=True)
class Follower:
    """Brings what any process has committed to the running knowledge.

    Args:
        seen: the content version that the library was built from, or an earlier one.
        releases: what people have released to be said.
        guard: judges by them.
        lists: looks after the lists of words that the guard judges by.
    """

    contents: Contents
    library: Library
    seen: int
    releases: Releases | None = None
    guard: Guard | None = None
    lists: LexiconFollower | None = None

    async def look(self) -> None:
        """Apply what changed since the last look."""
        if self.lists is not None:
            await self.lists.look()
        version = await self.contents.version()
        if version == self.seen:
            return
        rows = await self.contents.changes_since(self.seen)
        rows += await self._released({(row.base, row.id) for row in rows})
        by_base = sorted(rows, key=lambda row: row.base)
        for base, group in groupby(by_base, key=lambda row: row.base):
            changed = list(group)
            if (retriever := self.library.base(base)) is None:
                continue
            removed = {row.id for row in changed if row.removed}
            entries = entries_of([row for row in changed if not row.removed])
            if self.releases is not None:
                entries = self.releases.admitted(base, entries)
            await retriever.change(entries, removed)
            log.info("content.applied", base=base, entries=len(changed), version=version)
        self.seen = version

    async def _released(self, known: Collection[tuple[str, str]]) -> list[ContentRow]:
        """Rows of entries of which people decided since the last look whether they are said."""
        if self.releases is None or self.guard is None:
            return []
        decided = await self.releases.follow(self.guard)
        rows = [await self.contents.get(*one) for one in decided if one not in known]
        return [row for row in rows if row is not None]


@contextmanager
def opened_contents(config: Config) -> Iterator[Contents]:
    """The content of the configured database, for commands; needs no key.

    Raises:
        Misconfigured: no such database.
    """
    database = open_database(config)
    try:
        yield Contents(database)
    finally:
        database.close()


@asynccontextmanager
async def preview(config: Config) -> AsyncIterator[Contents]:
    """What the content will be after the next start, in a database that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="concierge-") as folder:
        database = SqliteDatabase(Path(folder) / "content.db")
        try:
            database.run_script("PRAGMA synchronous = OFF")
            migrate(database, migrations_of("engine", ENGINE_MIGRATIONS))
            if live := open_existing(config.storage):
                with contextlib.closing(live):
                    await _copy(live, database)
            contents = Contents(database)
            await take_files(config, contents, now=time.time())
            yield contents
        finally:
            database.close()


async def _copy(live: Database, database: Database) -> None:
    """Copy the rows of content, if that database has any yet."""
    unit = Unit()
    for table in _COPIED:
        if not live.columns(table):  # older than content: nothing to copy
            return
        unit.add(f"DELETE FROM {table}")
        for row in await live.scan(f"SELECT * FROM {table}"):
            marks = ", ".join("?" * len(row))
            unit.add(f"INSERT INTO {table} ({', '.join(row.keys())}) VALUES ({marks})", *row)
    await database.commit(unit)
