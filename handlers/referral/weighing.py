"""What is known around an invitation, for its risk to be judged by?"""

from collections.abc import Mapping, Sequence

from bot.store import Statement, Store
from bot.store.database import Row
from handlers.referral import store
from handlers.referral.addresses import Address
from handlers.referral.risk import FEW, HOUR_S, RECENT, SILENT_S, Beside, Seen, Ties
from handlers.referral.store import Invite

MOST = 400
"""How many invitations around one are read; the limits of risk lie far below."""

MOST_TIED = 80
"""How many people around an inviter are looked at for rings."""

ADDRESS, PHONE = "address", "phone"

_BESIDE = """
SELECT i.id, i.at FROM referral_invites i
WHERE i.state = ?1 AND (i.at BETWEEN ?2 - 43200 AND ?2 + 43200)
ORDER BY ABS(i.at - ?2) LIMIT ?3
"""
_NEAR = """
SELECT i.id, i.external_userid,
    (SELECT MIN(l.at) FROM (SELECT e.at FROM relation_events e
            WHERE e.external_userid = i.external_userid AND e.kind = 'deleted'
            AND e.detail LIKE 'customer%' AND i.userid NOT LIKE 'group:%'
        UNION ALL SELECT t.at FROM referral_group_ties t
            WHERE t.external_userid = i.external_userid AND t.place = i.userid AND t.began = 0
            AND t.by = 'customer') l WHERE l.at >= i.at) AS left_at,
    EXISTS (SELECT 1 FROM identities d WHERE d.external_userid = i.external_userid
        AND d.kind = 'unionid') AS has_unionid
FROM referral_invites i WHERE i.id IN ({marks})
"""
_TRIED = """
SELECT external_userid, COUNT(DISTINCT state) AS n FROM referral_invites
WHERE external_userid IN ({marks}) GROUP BY external_userid
"""
_TRIED_BY_ONE = """
SELECT COUNT(DISTINCT state) FROM referral_invites WHERE external_userid IN ({marks})
"""
_USUAL = """
SELECT AVG(CASE WHEN EXISTS (SELECT 1 FROM identities d
    WHERE d.external_userid = i.external_userid AND d.kind = 'unionid') THEN 1.0 ELSE 0.0 END)
FROM (SELECT external_userid FROM referral_invites WHERE campaign = ? ORDER BY at DESC LIMIT 500) i
"""
_SILENT = """
SELECT COUNT(*) AS n, SUM(CASE WHEN EXISTS (SELECT 1 FROM conversations c
    WHERE c.external_userid = i.external_userid AND c.customer_wrote_at > 0) THEN 0 ELSE 1 END)
    AS silent
FROM (SELECT external_userid FROM referral_invites WHERE {whose} = ? AND at <= ?
    ORDER BY at DESC LIMIT {most}) i
"""
_CAME_BY = """
SELECT p.external_userid AS a, i.external_userid AS b FROM referral_invites i
JOIN referral_participants p ON p.state = i.state WHERE i.external_userid IN ({marks})
"""
_BROUGHT = """
SELECT p.external_userid AS a, i.external_userid AS b FROM referral_participants p
JOIN referral_invites i ON i.state = p.state WHERE p.external_userid IN ({marks}) LIMIT 400
"""
_SHARING = """
SELECT mine.kind, COUNT(DISTINCT other.external_userid) AS n FROM referral_receipts mine
JOIN referral_receipts other ON other.kind = mine.kind AND other.mark = mine.mark
WHERE mine.external_userid IN ({marks}) AND other.external_userid NOT IN ({marks})
GROUP BY mine.kind, mine.mark
"""


async def seen(facts: Store, one: Invite, hour: int) -> Seen:
    """What the ledger, the friendships and our messages tell around an invitation.

    Args:
        one: it need not be written yet.
        hour: of the local day in which it happened.
    """
    rows = await facts.database.fetch(_BESIDE, one.state, one.at, MOST)
    near = await _near(facts, [row["id"] for row in rows[: RECENT + 1]])
    mine = near.get(one.id)
    customers = await facts.people.same_person(one.external_userid)
    people = list({one.external_userid, *(row["external_userid"] for row in near.values())})
    tried = await _tried(facts, people)
    own = await facts.database.fetch_one(_TRIED_BY_ONE.format(marks=_marks(customers)), *customers)
    tries = max(1, own[0] if own else 1)
    beside = [_beside(row, near, tried) for row in rows if row["id"] != one.id]
    beside.append(Beside(one.at, mine["left_at"] if mine else None, None, tries))
    inviter = await store.by_state(facts, one.state)
    inviters = await facts.people.same_person(inviter.external_userid) if inviter else []
    silent, usually_silent = await _silence(facts, one)
    return Seen(
        at=one.at,
        hour=hour,
        beside=sorted(beside, key=lambda other: other.at),
        inviters_tried=tries,
        unionids_usual=await _usual(facts, one, beside),
        ties=await _ties(facts, inviters, customers, people),
        same_address=await _sharing(facts, inviters, ADDRESS),
        same_phone=await _sharing(facts, inviters, PHONE),
        silent=silent,
        silent_usual=usually_silent,
    )


async def receipts(facts: Store, customer: str, one: Address, at: float) -> list[Statement]:
    """Note where a prize is sent to, so that the same place and phone of others are seen."""
    return [
        await receipt(facts, customer, ADDRESS, one.address, at),
        await receipt(facts, customer, PHONE, one.phone, at),
    ]


async def receipt(facts: Store, customer: str, kind: str, value: str, at: float) -> Statement:
    """Note what somebody gave for a prize, so that the same given by others is seen.

    Args:
        kind: `ADDRESS` or `PHONE`; `value` as it was given, only a keyed hash of it is kept.
    """
    plain = "".join(value.split()).lower()
    mark = await facts.vault.look_up_key(f"referral_{kind}", plain)
    sql = "INSERT INTO referral_receipts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return Statement(sql, (customer, kind, mark, at))


# ---------------------------------------------------------------------- one family each


async def _near(facts: Store, ids: Sequence[str]) -> dict[str, Row]:
    if not ids:
        return {}
    rows = await facts.database.fetch(_NEAR.format(marks=_marks(ids)), *ids)
    return {row["id"]: row for row in rows}


def _beside(row: Row, near: Mapping[str, Row], tried: Mapping[str, int]) -> Beside:
    """Another one; of those that are farther the moment alone is looked at."""
    known = near.get(row["id"])
    if known is None:
        return Beside(row["at"])
    tries = tried.get(known["external_userid"], 1)
    return Beside(row["at"], known["left_at"], bool(known["has_unionid"]), tries)


async def _tried(facts: Store, people: Sequence[str]) -> dict[str, int]:
    rows = await facts.database.fetch(_TRIED.format(marks=_marks(people)), *people)
    return {row["external_userid"]: row["n"] for row in rows}


async def _usual(facts: Store, one: Invite, beside: Sequence[Beside]) -> float:
    """Share of the campaign's newcomers whose unionid is known, where it matters."""
    if sum(abs(other.at - one.at) < HOUR_S for other in beside) < RECENT // 2:
        return 0.0
    row = await facts.database.fetch_one(_USUAL, one.campaign)
    return float(row[0] or 0.0) if row else 0.0


async def _silence(facts: Store, one: Invite) -> tuple[float | None, float]:
    """Share of the inviter's newcomers who in a week wrote nothing, and of the campaign's."""
    until = one.at - SILENT_S
    sql = _SILENT.format(whose="state", most=50)
    mine = await facts.database.fetch_one(sql, one.state, until)
    if mine is None or mine["n"] < RECENT // 2:
        return None, 0.0
    sql = _SILENT.format(whose="campaign", most=500)
    every = await facts.database.fetch_one(sql, one.campaign, until)
    assert every is not None
    return mine["silent"] / mine["n"], every["silent"] / every["n"]


async def _ties(
    facts: Store, inviter: Sequence[str], newcomer: Sequence[str], near: Sequence[str]
) -> Ties:
    """Who came by whose code among those around the inviter, two steps far."""
    if not inviter:
        return Ties()
    first = list(dict.fromkeys((*inviter, *newcomer, *near)))
    ties = await _tied(facts, first, first[len(inviter) :])
    people = dict.fromkeys((*first, *(end for tie in sorted(ties) for end in tie)))
    group = list(people)[:MOST_TIED]
    ties |= await _tied(facts, group, group[len(inviter) :])
    within = {(a, b) for a, b in ties if a in group and b in group and a != b}
    within |= {(inviter[0], one) for one in first[len(inviter) :]}
    mutual = any(a in newcomer and b in inviter for a, b in within)
    if len(group) < FEW:
        return Ties(len(group), 0, is_mutual=mutual)
    return Ties(len(group), max(0, len(within) - (len(group) - 1)), is_mutual=mutual)


async def _tied(facts: Store, came: Sequence[str], brought: Sequence[str]) -> set[tuple[str, str]]:
    """By whose codes some came, and who came by the codes of some."""
    rows: list[Row] = []
    if came:
        rows += await facts.database.fetch(_CAME_BY.format(marks=_marks(came)), *came)
    if brought:
        rows += await facts.database.fetch(_BROUGHT.format(marks=_marks(brought)), *brought)
    return {(row["a"], row["b"]) for row in rows}


async def _sharing(facts: Store, inviter: Sequence[str], kind: str) -> int:
    """How many others gave the same address, or phone, as the inviter."""
    if not inviter:
        return 0
    sql = _SHARING.format(marks=_marks(inviter))
    rows = await facts.database.fetch(sql, *inviter, *inviter)
    return max((row["n"] for row in rows if row["kind"] == kind), default=0)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
