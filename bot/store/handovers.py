"""Who looks after the customers of a member who leaves, or gets another job (C07)?

Whoever starts a handover, an admin in the console or the API, WeCom tells its outcome: the old
friendship ends by transfer and another begins, or it says why not. What it told is read here.
"""

from dataclasses import dataclass

from bot.store.database import Database

_STATES = """
SELECT CASE
    WHEN EXISTS (SELECT 1 FROM relations o WHERE o.external_userid = r.external_userid
        AND o.userid <> r.userid AND o.deleted_at IS NULL
        AND o.userid NOT IN (SELECT a.userid FROM away_members a)) THEN 'taken_over'
    WHEN r.deleted_by = 'customer' THEN 'left'
    WHEN r.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM relation_events t
        WHERE t.external_userid = r.external_userid AND t.userid = r.userid AND t.kind = 'deleted'
        AND t.detail LIKE '%DELETE_BY_TRANSFER%') THEN 'ended'
    ELSE COALESCE((SELECT CASE f.detail WHEN 'customer_refused' THEN 'refused' ELSE 'failed' END
        FROM relation_events f WHERE f.external_userid = r.external_userid
        AND f.userid = r.userid AND f.kind = 'transfer_failed'
        AND f.at >= COALESCE(r.added_at, 0) ORDER BY f.at DESC LIMIT 1), 'waiting') END AS state,
    COUNT(*) AS customers
FROM relations r WHERE r.userid = ? GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """How far a member's customers are.

    Args:
        taken_over: a colleague who is there has them as a friend.
        waiting: nobody has, and nothing was told of it.
        refused: the customer did not want to be handed over.
        failed: it failed for another reason, such as a full colleague.
        left: the customer ended the friendship before.
        ended: a member did, without handing over.
    """

    taken_over: int = 0
    waiting: int = 0
    refused: int = 0
    failed: int = 0
    left: int = 0
    ended: int = 0

    @property
    def covered(self) -> tuple[int, int]:
        """Of how many that are still ours somebody looks after how many."""
        return self.taken_over, self.taken_over + self.waiting + self.refused + self.failed


async def handover_of(database: Database, userid: str) -> Handover:
    """How far the customers of a member are, by what WeCom told."""
    rows = await database.scan(_STATES, userid.lower())
    return Handover(**{row["state"]: row["customers"] for row in rows})
