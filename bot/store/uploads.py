"""Which files does WeCom hold for us already?"""

from bot.store.database import Database


class Uploads:
    """The uploads table: media_ids by the digest of what was uploaded."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def fresh(self, digest: str, since: float) -> str | None:
        """The media_id of what was uploaded after this moment."""
        row = await self._db.fetch_one(
            "SELECT media_id FROM uploads WHERE digest = ? AND uploaded_at > ?", digest, since
        )
        return str(row["media_id"]) if row else None

    async def uploaded_at(self, media_id: str) -> float | None:
        """When this media_id was given."""
        row = await self._db.fetch_one(
            "SELECT uploaded_at FROM uploads WHERE media_id = ?", media_id
        )
        return None if row is None else float(row["uploaded_at"])

    async def keep(self, digest: str, media_id: str, now: float) -> None:
        """Remember an upload; of two at once either will do."""
        await self._db.execute(
            "INSERT INTO uploads VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE"
            " SET media_id = excluded.media_id, uploaded_at = excluded.uploaded_at",
            *(digest, media_id, now),
        )
