"""What do we know about a conversation: who owns it, and how much may still be said?"""

from dataclasses import dataclass

from bot.model import Conversation, Ownership, ServiceState
from bot.store.database import Database, Unit
from bot.store.outbox import conversation_queue

_WITH_PEOPLE = """
SELECT COALESCE(a.name, c.open_kfid) AS name, c.state_as_of AS since
FROM conversations c LEFT JOIN accounts a ON a.open_kfid = c.open_kfid
WHERE c.service_state IN (2, 3)
"""

_SPENT = """
SELECT (SELECT COUNT(*) FROM outbox WHERE open_kfid = ? AND external_userid = ?
          AND window_msgid = ? AND kind = 'SendMessage' AND state IN ('claimed', 'sent'))
     + (SELECT COUNT(*) FROM outbox WHERE queue = ? AND kind = 'SendMessage'
          AND state IN ('pending', 'claimed') AND state = 'pending') AS n
"""


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What a turn knows of its conversation.

    Args:
        window_msgid: the customer's last message; sends are charged to it.
        customer_wrote_at: WeCom's time of that message, 0 = never.
        disclosed_at: when this session's customer was told that an assistant answers.
        channel: code of the channel by which the customer came last, empty = unknown.
        version: -1 for a conversation that is not stored yet.
    """

    conversation: Conversation
    ownership: Ownership
    window_msgid: str = ""
    customer_wrote_at: float = 0.0
    disclosed_at: float | None = None
    channel: str = ""
    version: int = -1


class Conversations:
    """The conversations table."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def facts(self, conversation: Conversation) -> ConversationFacts:
        """What is known now; an unknown conversation has `version` -1."""
        row = await self._db.fetch_one(
            "SELECT * FROM conversations WHERE open_kfid = ? AND external_userid = ?",
            *(conversation.open_kfid, conversation.external_userid),
        )
        if row is None:
            return ConversationFacts(conversation, Ownership())
        state = row["service_state"]
        return ConversationFacts(
            conversation,
            Ownership(
                None if state is None else ServiceState(state),
                row["servicer_userid"],
                row["state_as_of"],
            ),
            row["window_msgid"],
            row["customer_wrote_at"],
            row["disclosed_at"],
            row["channel"],
            row["version"],
        )

    async def last_of(self, external_userid: str) -> Conversation:
        """In which conversation the customer wrote last, without an account where there is none."""
        row = await self._db.fetch_one(
            "SELECT open_kfid FROM conversations WHERE external_userid = ?"
            " ORDER BY customer_wrote_at DESC, open_kfid LIMIT 1",
            external_userid,
        )
        return Conversation(row["open_kfid"] if row else "", external_userid)

    def save(self, unit: Unit, before: ConversationFacts, after: ConversationFacts) -> None:
        """Add to the unit the new facts, on condition that nobody changed them since `before`."""
        conversation, ownership = after.conversation, after.ownership
        values = (
            *(ownership.state, ownership.servicer, ownership.as_of),
            *(after.window_msgid, after.customer_wrote_at, after.disclosed_at, after.channel),
        )
        key = (conversation.open_kfid, conversation.external_userid)
        if before.version < 0:
            unit.add(
                "INSERT INTO conversations (service_state, servicer_userid, state_as_of,"
                " window_msgid, customer_wrote_at, disclosed_at, channel, open_kfid,"
                " external_userid)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(*values, *key),
                expect=1,
            )
            return
        unit.add(
            "UPDATE conversations SET service_state = ?, servicer_userid = ?, state_as_of = ?,"
            " window_msgid = ?, customer_wrote_at = ?, disclosed_at = ?, channel = ?,"
            " version = version + 1"
            " WHERE open_kfid = ? AND external_userid = ? AND version = ?",
            *(*values, *key, before.version),
            expect=1,
        )

    def observe_state(
        self,
        unit: Unit,
        before: ConversationFacts,
        state: ServiceState,
        servicer: str | None,
        now: float,
    ) -> None:
        """Add to the unit what WeCom said about the owner, if nothing happened meanwhile."""
        conversation = before.conversation
        if before.version < 0:
            unit.add(
                "INSERT INTO conversations (open_kfid, external_userid, service_state,"
                " servicer_userid, state_as_of) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(conversation.open_kfid, conversation.external_userid, state, servicer, now),
            )
            return
        unit.add(
            "UPDATE conversations SET service_state = ?, servicer_userid = ?, state_as_of = ?,"
            " version = version + 1 WHERE open_kfid = ? AND external_userid = ? AND version = ?",
            *(state, servicer, max(now, before.ownership.as_of)),
            *(conversation.open_kfid, conversation.external_userid, before.version),
        )

    def moved(
        self,
        unit: Unit,
        conversation: Conversation,
        state: ServiceState,
        now: float,
        servicer: str | None = None,
    ) -> None:
        """Add to the unit that WeCom has moved the session at our wish, whatever else is new.

        A turn that is being decided meanwhile meets other facts and is decided again.
        """
        unit.add(
            "UPDATE conversations SET service_state = ?, servicer_userid = ?,"
            " state_as_of = MAX(?, state_as_of), version = version + 1,"
            " disclosed_at = CASE WHEN ? = 1 THEN NULL ELSE disclosed_at END"
            " WHERE open_kfid = ? AND external_userid = ?",
            *(state, servicer, now, state is ServiceState.ENDED),
            *(conversation.open_kfid, conversation.external_userid),
        )

    async def spent(self, conversation: Conversation, window_msgid: str) -> int:
        """How many of the five messages of this window are sent or promised (wecom-api §3.10).

        What is held is neither: nothing sends it later.
        """
        row = await self._db.fetch_one(
            _SPENT,
            *(conversation.open_kfid, conversation.external_userid, window_msgid),
            conversation_queue(conversation),
        )
        return int(row["n"]) if row else 0

    async def owned_by(self, servicer: str) -> list[tuple[str, float]]:
        """Name of the account and since when, of each conversation this servicer has."""
        rows = await self._db.fetch(
            _WITH_PEOPLE + " AND c.service_state = 3 AND lower(c.servicer_userid) = lower(?)"
            " ORDER BY c.state_as_of",
            servicer,
        )
        return [(row["name"], row["since"]) for row in rows]

    async def queued(self) -> list[tuple[str, float]]:
        """Name of the account and since when, of each conversation that waits in the pool."""
        rows = await self._db.fetch(
            _WITH_PEOPLE + " AND c.service_state = 2 ORDER BY c.state_as_of LIMIT 200"
        )
        return [(row["name"], row["since"]) for row in rows]
