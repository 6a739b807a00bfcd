"""What do people have to decide about invitations, and who waits for it (R-3.5.5, PIPL 24)?

Rules of risk are opinions: a person may overrule them, and the inviter may ask for that. Facts,
such as who was a customer before, are no opinion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import Campaign
from bot.model.tasks import StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.store import Statement, Store
from bot.store.people import SAME_PERSON
from handlers.referral.rules import Standing, Why
from handlers.referral.store import Invite

APPEALED = (Why.RISK, Why.FRAUD, Why.OVER_CAP)
"""Reasons against which a person may decide."""

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


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided, and the inviter was not told."""

    invite: str
    counts: bool
    at: float


def reviewed(one: Invite, inviter: str, by: str, why: str, now: float) -> list[Statement]:
    """A person has decided; `one` stands as he decided. Closes the appeal when it was the last."""
    counts = one.standing in (Standing.VALID, Standing.PENDING)
    named = (one.id, one.state, inviter, int(counts), by, why, now)
    return [
        Statement(
            "INSERT INTO referral_reviews VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)"
            " ON CONFLICT (invite) DO UPDATE SET counts = ?4, by = ?5, why = ?6, at = ?7,"
            " told_at = NULL",
            named,
        ),
        Statement(_CLOSE, (now, one.state)),
    ]


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


async def undecided(facts: Store, state: str) -> int:
    """How many of a participant's invitations a person may still decide about."""
    row = await facts.database.fetch_one(
        f"SELECT COUNT(*) FROM referral_invites i WHERE i.state = ? AND {_UNDECIDED}", state
    )
    assert row is not None
    return int(row[0])


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
