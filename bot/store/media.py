"""Where is a customer's picture, voice or file kept once WeCom has forgotten it?"""

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from bot.model import Conversation
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

_WRITTEN_BEFORE_ITS_ROW_S = 3600.0
"""A file younger than this may still get its row."""


@dataclass(frozen=True, slots=True)
class Download:
    """What WeCom answered to `media/get`."""

    content: bytes
    content_type: str
    filename: str


class MediaStore:
    """Sealed files in a folder, one per media_id, and the table that lists them."""

    def __init__(self, database: Database, vault: Vault, folder: Path) -> None:
        self._db, self._vault, self.folder = database, vault, folder

    async def has(self, media_id: str) -> bool:
        """Whether this medium is kept already."""
        return (
            await self._db.fetch_one("SELECT 1 FROM media WHERE media_id = ?", media_id)
        ) is not None

    def write(self, subject: str, media_id: str, download: Download) -> Path:
        """Seal the content into its file (repeatable); the subject's key must be ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{hashlib.sha256(media_id.encode()).hexdigest()[:32]}.sealed"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(self._vault.seal(subject, download.content))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return path

    def record(
        self,
        unit: Unit,
        conversation: Conversation,
        media_id: str,
        *,
        msgid: str,
        msgtype: str,
        path: Path,
        download: Download,
        now: float,
    ) -> None:
        """Add the kept medium to the unit."""
        unit.add(
            "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(media_id, conversation.subject, conversation.open_kfid, msgid, msgtype, path.name),
            *(download.content_type, len(download.content), now),
        )

    async def forget_orphans(self) -> int:
        """Delete files that no row names, half-written ones too; returns how many."""
        rows = await self._db.scan("SELECT path FROM media")
        return await asyncio.to_thread(self._forget, {row["path"] for row in rows})

    def _forget(self, named: set[str]) -> int:
        files = (path for path in self.folder.glob("*") if path.suffix in (".sealed", ".part"))
        orphans = [path for path in files if path.name not in named]
        old = time.time() - _WRITTEN_BEFORE_ITS_ROW_S
        gone = [path for path in orphans if path.stat().st_mtime < old]
        for path in gone:
            path.unlink()
        return len(gone)

    def read(self, row: Row) -> bytes:
        """The content of a kept medium; the subject's key must be ready."""
        return self._vault.open(row["subject"], (self.folder / row["path"]).read_bytes())

    async def of_subject(self, subject: str) -> list[Row]:
        """What is kept of a customer, newest first."""
        return await self._db.fetch(
            "SELECT * FROM media WHERE subject = ? ORDER BY kept_at DESC LIMIT 100", subject
        )
