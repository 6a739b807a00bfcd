"""What is a stored entry, a state that it had, and an entry on its way in?"""

import hashlib
from dataclasses import dataclass

from bot.store.database import Row


@dataclass(frozen=True, slots=True)
class ContentRow:
    """An entry as it is stored.

    Args:
        base: '' = shared by all accounts, otherwise an open_kfid.
        body: JSON.
        origin: the file or import it came from, '' = none.
        edited: a person changed or removed it since it came from there.
        version: the content version that made it so; `put` and `remove` can insist on it.
        updated_at: Unix seconds.
        origin_hash: `digest_of` what the origin gave last, taken or not.
        offered: what the origin gives now and an edit keeps out, '' = nothing any more.
    """

    base: str
    id: str
    body: str
    origin: str
    edited: bool
    version: int
    updated_at: float
    by: str
    removed: bool = False
    origin_hash: str = ""
    offered: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A state that an entry had; `version` names it."""

    base: str
    id: str
    version: int
    body: str
    origin: str
    edited: bool
    removed: bool
    at: float
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """An entry as its origin gives it. `position` orders the entries of a base, ``None`` = last."""

    id: str
    body: str
    origin: str
    position: int | None = None


def digest_of(body: str | bytes) -> str:
    """A short digest by which a changed text is recognised."""
    data = body.encode() if isinstance(body, str) else body
    return hashlib.sha256(data).hexdigest()[:32]


def row_of(row: Row) -> ContentRow:
    """A row of `entries`."""
    return ContentRow(
        base=row["base"],
        id=row["id"],
        body=row["body"],
        origin=row["origin"],
        edited=bool(row["edited"]),
        version=row["version"],
        updated_at=row["updated_at"],
        by=row["updated_by"],
        removed=bool(row["removed"]),
        origin_hash=row["origin_hash"],
        offered=row["offered"],
    )


def change_of(row: Row) -> Change:
    """A row of `entry_history`."""
    return Change(
        base=row["base"],
        id=row["id"],
        version=row["version"],
        body=row["body"],
        origin=row["origin"],
        edited=bool(row["edited"]),
        removed=bool(row["removed"]),
        at=row["changed_at"],
        by=row["changed_by"],
        why=row["why"],
    )
