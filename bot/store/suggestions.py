"""What would the bot have said where it only proposes? (autonomy `suggest`)"""

import msgspec

from bot.model import Conversation, Reply
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

_encode = msgspec.json.Encoder().encode


class Suggestions:
    """The suggestions table."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    def add(
        self, unit: Unit, conversation: Conversation, reply: Reply, *, handled_by: str, now: float
    ) -> None:
        """Add a proposal to the unit; the subject's key must be ready."""
        because = _encode(reply.because).decode() if reply.because else None
        unit.add(
            "INSERT INTO suggestions (open_kfid, external_userid, created_at, handled_by, because,"
            " body) VALUES (?, ?, ?, ?, ?, ?)",
            *(conversation.open_kfid, conversation.external_userid, now, handled_by, because),
            self._vault.seal(conversation.subject, _encode(reply)),
        )

    async def of(self, conversation: Conversation) -> list[Row]:
        """A conversation's proposals, newest first; bodies stay sealed."""
        return await self._db.fetch(
            "SELECT * FROM suggestions WHERE open_kfid = ? AND external_userid = ?"
            " ORDER BY id DESC LIMIT 50",
            *(conversation.open_kfid, conversation.external_userid),
        )
