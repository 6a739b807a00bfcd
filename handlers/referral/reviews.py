"""What do people have to decide about invitations, and who waits for it (R-3.5.5, PIPL 24)?

Rules of risk are opinions: a person may overrule them, and the inviter may ask for that. Facts,
such as who was a customer before, are no opinion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.config import Campaign
from bot.model.tasks import StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.store import Statement, Store
from bot.store.people import SAME_PERSON
from handlers.referral import store
from handlers.referral.rules import Standing, Why
from handlers.referral.store import Invite

APPEALED = (Why.RISK, Why.FRAUD, Why.OVER_CAP)
"""Reasons against which a person may decide."""

ACCEPTED = "referral_accepted"
"""Emitted to a newcomer: a person lets the invitation that he is count (``invite``)."""

QUEUE = "referral_review"
"""Kind of the task by which a member is asked to see to what waits."""

_UNDECIDED = (
    "i.reason IN ('risk', 'fraud', 'over_cap') AND i.standing <> 'valid'"
    " AND NOT EXISTS (SELECT 1 FROM referral_reviews r WHERE r.invite = i.id)"
)
_CLOSE = f"""
UPDATE referral_appeals SET closed_at = ?1 WHERE state = ?2 AND closed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM referral_invites i WHERE i.state = ?2 AND {_UNDECIDED})
"""


_HELD = f"""
SELECT i.id, i.state, i.campaign, i.noted_at, p.external_userid, a.at AS appealed_at
FROM referral_invites i JOIN referral_participants p ON p.state = i.state
LEFT JOIN referral_appeals a ON a.state = i.state AND a.closed_at IS NULL
WHERE i.standing = 'review' OR (i.state IN (SELECT state FROM referral_appeals
    WHERE closed_at IS NULL) AND {_UNDECIDED})
ORDER BY CASE WHEN a.at IS NULL THEN 1 ELSE 0 END, i.noted_at, i.id LIMIT ?
"""
_MOST = 500
"""So many are looked at for the list; those behind come up when some are decided."""


@dataclass(frozen=True, slots=True)
class Held:
    """An inviter some of whose invitations wait for a person.

    Args:
        invites: their ids.
        since: when the first of them was noted.
        appealed_at: when he asked for a person, ``None`` = he did not.
    """

    external_userid: str
    campaign: str
    invites: tuple[str, ...]
    since: float
    appealed_at: float | None


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided, and the inviter was not told."""

    invite: str
    counts: bool
    at: float


async def obstacle(facts: Store, one: Invite) -> str:
    """What no person can overrule: ``facts``, or that the newcomer is ``credited`` to somebody.

    Returns:
        Empty when a person may let it count.
    """
    if one.reason not in APPEALED:
        return "facts"
    known = await store.campaign(facts, one.campaign)
    among = await store.excluding(facts, known) if known else {one.campaign}
    customers = await facts.people.same_person(one.external_userid)
    every = await store.invites_of(facts, customers)
    taken = (it.is_credited and it.id != one.id and it.campaign in among for it in every)
    return "credited" if any(taken) else ""


def as_decided(one: Invite, *, counts: bool, by: str, now: float) -> Invite:
    """How an invitation stands once a person has decided; what was refused stays refused."""
    if counts:
        standing = Standing.PENDING if now < one.thaws_at else Standing.VALID
        return replace(one, standing=standing, reason="reviewed", reviewed_by=by)
    if one.standing is Standing.REFUSED:
        return one
    return replace(one, standing=Standing.REVOKED, reason=Why.FRAUD)


def decided(
    one: Invite, after: Invite, inviter: str, told: tuple[str, str], now: float
) -> list[Statement]:
    """A person has decided that it stands as `after`; closes the appeal when it was the last.

    Whoever decides on other facts is told (`UnitConflict`).

    Args:
        told: by whom it was decided, and why.
    """
    counts = after.standing in (Standing.VALID, Standing.PENDING)
    named = (one.id, one.state, inviter, int(counts), *told, now)
    return [
        *store.moved(one, after, now, told[0]),
        Statement(
            "INSERT INTO referral_reviews VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)"
            " ON CONFLICT (invite) DO UPDATE SET counts = ?4, by = ?5, why = ?6, at = ?7,"
            " told_at = NULL",
            named,
        ),
        Statement(_CLOSE, (now, one.state)),
    ]


async def waiting(facts: Store) -> list[Held]:
    """Whose invitations wait for a person: who asked for it first, then who waits longest."""
    found: dict[str, Held] = {}
    for row in await facts.database.fetch(_HELD, _MOST):
        one = found.get(row["state"])
        if one is None:
            ids, since = (row["id"],), row["noted_at"]
            one = Held(row["external_userid"], row["campaign"], ids, since, row["appealed_at"])
        else:
            one = replace(one, invites=(*one.invites, row["id"]))
        found[row["state"]] = one
    return list(found.values())


async def open_ones(facts: Store, state: str) -> set[str]:
    """Those of a participant's invitations about which a person may still decide."""
    rows = await facts.database.fetch(
        f"SELECT i.id FROM referral_invites i WHERE i.state = ? AND {_UNDECIDED}", state
    )
    return {row["id"] for row in rows}


async def ask_to_look(turn: Turn, facts: Store, campaign: Campaign) -> None:
    """Ask a member to see to the queue, once a day and campaign."""
    task = StaffTask(
        id=task_id(QUEUE, campaign.id, f"{turn.today}"),
        kind=QUEUE,
        member=campaign.receivers[0],
        text=turn.phrases.say("referral.task_review", campaign=campaign.id),
        reason=f"referral:{campaign.id}:review",
        due_at=turn.now,
        on_time_s=2 * 86_400.0,
        expires_at=turn.now + 14 * 86_400.0,
    )
    await ask_staff(turn, facts, task)


def told(one: Review, now: float) -> Statement:
    """The inviter knows; `UnitConflict` when it was decided anew meanwhile."""
    return Statement(
        "UPDATE referral_reviews SET told_at = ? WHERE invite = ? AND at = ?",
        (now, one.invite, one.at),
        1,
    )


def appealed(state: str, inviter: str, now: float) -> Statement:
    """The inviter asks for a person; once, while nobody has looked."""
    return Statement(
        "INSERT INTO referral_appeals SELECT ?1, ?2, ?3, NULL WHERE NOT EXISTS (SELECT 1"
        " FROM referral_appeals a WHERE a.state = ?1 AND a.closed_at IS NULL)",
        (state, inviter, now),
    )


async def untold(facts: Store, customer: str) -> list[Review]:
    """What was decided about a person's invitations and not said to him."""
    rows = await facts.database.fetch(
        "SELECT invite, counts, at FROM referral_reviews"
        f" WHERE external_userid IN {SAME_PERSON} AND told_at IS NULL ORDER BY at, invite",
        customer,
    )
    return [Review(row["invite"], bool(row["counts"]), row["at"]) for row in rows]


async def waits_since(facts: Store, state: str) -> float | None:
    """Since when the inviter waits for a person, ``None`` = he does not."""
    row = await facts.database.fetch_one(
        "SELECT at FROM referral_appeals WHERE state = ? AND closed_at IS NULL", state
    )
    return float(row["at"]) if row else None


def refused_by(invites: Sequence[Invite]) -> dict[str, int]:
    """How many do not count, by reason, the most frequent first."""
    found: dict[str, int] = {}
    for one in invites:
        if one.standing in (Standing.REFUSED, Standing.REVOKED, Standing.REVIEW):
            found[one.reason] = found.get(one.reason, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
