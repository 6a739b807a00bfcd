"""What is known around an invitation, for its risk to be judged by?"""

from bot.store import Store
from handlers.referral.risk import HOUR_S, RECENT, Beside, Seen
from handlers.referral.store import Invite

MOST = 400
"""How many invitations around one are read; the limits of risk lie far below."""

_BESIDE = """
SELECT i.id, i.at,
    (SELECT MIN(e.at) FROM relation_events e WHERE e.external_userid = i.external_userid
        AND e.kind = 'deleted' AND e.detail LIKE 'customer%' AND e.at >= i.at) AS left_at,
    EXISTS (SELECT 1 FROM identities d WHERE d.external_userid = i.external_userid
        AND d.kind = 'unionid') AS has_unionid
FROM referral_invites i
WHERE i.state = ?1 AND (i.at BETWEEN ?2 - 43200 AND ?2 + 43200)
ORDER BY ABS(i.at - ?2) LIMIT ?3
"""
_TRIED = """
SELECT COUNT(DISTINCT state) FROM referral_invites WHERE external_userid IN ({marks})
"""
_USUAL = """
SELECT AVG(EXISTS (SELECT 1 FROM identities d WHERE d.external_userid = i.external_userid
    AND d.kind = 'unionid'))
FROM (SELECT external_userid FROM referral_invites WHERE campaign = ? ORDER BY at DESC LIMIT 500) i
"""


async def seen(facts: Store, one: Invite, hour: int) -> Seen:
    """What the ledger and the history of friendships tell around an invitation.

    Args:
        one: it need not be written yet.
        hour: of the local day in which it happened.
    """
    rows = await facts.database.fetch(_BESIDE, one.state, one.at, MOST)
    beside = [
        Beside(row["at"], row["left_at"], bool(row["has_unionid"]))
        for row in rows
        if row["id"] != one.id
    ]
    mine = next((row for row in rows if row["id"] == one.id), None)
    beside.append(Beside(one.at, mine["left_at"] if mine else None))
    customers = await facts.people.same_person(one.external_userid)
    marks = ",".join("?" * len(customers))
    tried = await facts.database.fetch_one(_TRIED.format(marks=marks), *customers)
    usual = 0.0
    if len(beside) >= RECENT // 2 and _are_close(beside, one.at):
        row = await facts.database.fetch_one(_USUAL, one.campaign)
        usual = float(row[0] or 0.0) if row else 0.0
    return Seen(
        at=one.at,
        hour=hour,
        beside=sorted(beside, key=lambda other: other.at),
        inviters_tried=max(1, tried[0] if tried else 1),
        unionids_usual=usual,
    )


def _are_close(beside: list[Beside], at: float) -> bool:
    return sum(abs(one.at - at) < HOUR_S for one in beside) >= RECENT // 2
