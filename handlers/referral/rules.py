"""When does an invitation count, and how long? Pure (R-3.5.1 to R-3.5.3).

What becomes of an invitation follows from the whole history of its person, so that events that
come twice, late or out of order lead to the same end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.config import Tier

CORP_USER = "wo"
"""How an external_userid of another company's WeCom begins (wecom-api §4.1)."""


GROUP = "group:"
"""Before a chat_id, where a group takes the place of a member."""


class Standing(StrEnum):
    """How an invitation stands."""

    REFUSED = "refused"
    REVIEW = "review"
    PENDING = "pending"
    VALID = "valid"
    REVOKED = "revoked"


class Why(StrEnum):
    """The condition that was not met (R-3.5.1), or what ended it (R-3.5.2)."""

    NOT_RUNNING = "not_running"
    SELF_INVITE = "self_invite"
    NOT_NEW = "not_new"
    ALREADY_CREDITED = "already_credited"
    BARRED = "barred"
    RING = "ring"
    CORP_USER = "corp_user"
    OVER_CAP = "over_cap"
    RISK = "risk"
    DELETED = "deleted"
    FRAUD = "fraud"


class Phase(StrEnum):
    """What a campaign is."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Tie:
    """An event between the person and a member, or a group that he joined or left.

    Args:
        at: WeCom's moment, `noted_at` when we learnt of it.
        userid: of the member, lower-cased; of a group its id behind `GROUP`.
        began: they became friends; otherwise that ended.
        state: of the code that was used.
        by: who ended it: ``customer``, ``staff``, ``unknown``.
    """

    at: float
    noted_at: float
    userid: str
    began: bool
    state: str = ""
    by: str = ""

    @property
    def in_group(self) -> bool:
        """Whether it is about a group."""
        return self.userid.startswith(GROUP)


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of a campaign by which an invitation lives.

    Args:
        start, end: Unix seconds, both within.
        phases: moment and phase, oldest first; before the first it is a draft.
        pool: members (lower-cased) whose friendship keeps it alive; in the group mode the groups.
        members_only: a newcomer is new to these, not to the company.
    """

    start: float
    end: float
    phases: tuple[tuple[float, Phase], ...]
    pool: frozenset[str]
    freeze_s: float = 86_400.0
    observe_s: float = 7 * 86_400.0
    members_only: bool = False
    mutual: bool = False
    corp_users: bool = False
    daily_cap: int = 50
    cap: int | None = None

    def runs_at(self, moment: float) -> bool:
        """Whether it ran at a moment (R-3.5.1, first condition)."""
        phase = Phase.DRAFT
        for at, one in self.phases:
            if at <= moment:
                phase = one
        return phase is Phase.OPEN and self.start <= moment <= self.end


@dataclass(frozen=True, slots=True)
class Added:
    """An add by a participant's code, and what is known around it.

    Args:
        history: of the person, the add itself among it.
        inviter, newcomer: every external_userid of each person.
        credited: whether the person was credited in this campaign, or one that excludes it.
        barred: the inviter is staff, or on the list of those who may not invite.
        invited_by_newcomer: the inviter came through the newcomer, over however many.
        today: what the inviter was credited with on that day, `total` the campaign.
    """

    at: float
    state: str
    history: Sequence[Tie]
    inviter: frozenset[str]
    newcomer: frozenset[str]
    credited: bool = False
    barred: bool = False
    invited_by_newcomer: bool = False
    today: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Life:
    """What has become of an invitation that was credited.

    Args:
        revoked_at: when its person left, ``None`` = is still with us, or came back.
        thaws_at: from when on it is valid.
        returned_at: when the person came back by the same code.
    """

    revoked_at: float | None
    thaws_at: float
    returned_at: frozenset[float] = frozenset()


def why_not(added: Added, terms: Terms) -> Why | None:
    """The first condition of R-3.5.1 that is not met; risk comes after.

    Whoever was credited before is no newcomer either: that he was credited says more.

    Returns:
        ``None`` when it is credited.
    """
    over = added.today >= terms.daily_cap or (terms.cap is not None and added.total >= terms.cap)
    conditions = (
        (terms.runs_at(added.at), Why.NOT_RUNNING),
        (not added.inviter & added.newcomer, Why.SELF_INVITE),
        (not added.credited, Why.ALREADY_CREDITED),
        (is_new(added.at, added.history, terms), Why.NOT_NEW),
        (not added.barred, Why.BARRED),
        (terms.mutual or not added.invited_by_newcomer, Why.RING),
        (terms.corp_users or not _of_a_company(added.newcomer), Why.CORP_USER),
        (not over, Why.OVER_CAP),
    )
    return next((why for met, why in conditions if not met), None)


def is_new(at: float, history: Iterable[Tie], terms: Terms) -> bool:
    """Whether nobody (of the members that count) knew the person before; ends prove it too."""
    return not any(
        one.at < at and (not terms.members_only or one.userid in terms.pool) for one in history
    )


def life(at: float, state: str, userid: str, history: Iterable[Tie], terms: Terms) -> Life:
    """What became of an invitation that was credited for an add, as the history tells (R-3.5.2).

    Only the customer's own deletion, within the observation, with no friend left in the pool, takes
    it back; only a return by the same code while the campaign runs makes it pending again.
    """
    observed_until = terms.end + terms.observe_s
    pool = terms.pool | {userid}
    friends: set[str] = set()
    revoked_at: float | None = None
    thaws_at, returned = at + terms.freeze_s, set()
    for one in sorted(history, key=_order):
        if one.userid not in pool:
            continue
        if one.began:
            friends.add(one.userid)
            came_back = revoked_at is not None and one.state == state
            if came_back and terms.runs_at(one.at):
                revoked_at, thaws_at = None, one.at + terms.freeze_s
                returned.add(one.at)
            continue
        friends.discard(one.userid)
        left = one.by == "customer" and not friends and at <= one.at <= observed_until
        if left and revoked_at is None:
            revoked_at = one.at
    return Life(revoked_at, thaws_at, frozenset(returned))


def reached(tiers: Iterable[Tier], valid: int) -> list[Tier]:
    """Every tier that so many valid invitations reach: by at least, never by exactly (R-3.5.3)."""
    return [one for one in tiers if valid >= one.invites]


def missing(tiers: Iterable[Tier], valid: int) -> tuple[Tier, int] | None:
    """The next tier and how many invitations it still takes, ``None`` = all are reached."""
    ahead = [one for one in tiers if valid < one.invites]
    return (ahead[0], ahead[0].invites - valid) if ahead else None


def _of_a_company(customers: Iterable[str]) -> bool:
    return any(one.startswith(CORP_USER) for one in customers)


def _order(one: Tie) -> tuple[float, float, bool]:
    return one.at, one.noted_at, not one.began
