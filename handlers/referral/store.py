"""Which campaigns, participants and invitations are there? Reads, and statements for a commit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from bot.config import Campaign
from bot.store import RelationEvent, Statement, Store, Table
from bot.store.database import Row
from bot.store.tables import MESSAGES
from handlers.referral import groups
from handlers.referral.rules import GROUP, Phase, Standing, Terms, Tie

KIND = "referral"
"""Kind of the states that mean a participant."""

TABLES = (
    Table("referral_campaigns", "id"),
    Table("referral_phases", "campaign, at"),
    Table("referral_participants", "campaign, external_userid", person="external_userid"),
    Table("referral_invites", "id", person="external_userid"),
    Table("referral_steps", "id", person="external_userid"),
    Table("referral_grants", "id", person="external_userid"),
    Table(
        *("referral_addresses", "grant_id", "external_userid", ("body",)),
        age="given_at",
        kept="messages_days",
    ),
    Table(
        "referral_receipts",
        "external_userid, kind, mark",
        person="external_userid",
        age="at",
        kept=MESSAGES,
    ),
    Table("referral_reviews", "invite", person="external_userid"),
    Table("referral_appeals", "state, at", person="external_userid"),
    Table("referral_group_ties", "external_userid, place, at, began", person="external_userid"),
    Table("referral_declared", "campaign, external_userid, what", person="external_userid"),
    Table("referral_acts", "state, hour", person="external_userid"),
    Table("referral_changes", "campaign, at"),
    Table("referral_looks", "campaign, at", age="at", kept="messages_days"),
    Table("referral_advice", "id"),
    Table("referral_barred", "external_userid", person="external_userid"),
)

_CREDITED = "standing <> 'refused'"

INVITED = f"""
INSERT INTO referral_invites (id, campaign, state, external_userid, userid, at, noted_at, standing,
    reason, signals, thaws_at, changed_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?7
WHERE ?8 = 'refused' OR (
    (SELECT COUNT(*) FROM referral_invites i WHERE i.state = ?3 AND i.{_CREDITED}
        AND i.at >= ?12 AND i.at < ?12 + 86400) < ?13
    AND (?14 IS NULL OR (SELECT COUNT(*) FROM referral_invites i WHERE i.campaign = ?2
        AND i.{_CREDITED}) < ?14))
"""
"""An add by a participant's code; the caps are asked for again when it is written."""

_STEP = """
INSERT INTO referral_steps (invite, external_userid, at, standing, reason, by)
VALUES (?, ?, ?, ?, ?, ?)
"""
_MOVE = """
UPDATE referral_invites SET standing = ?, reason = ?, signals = ?, thaws_at = ?, changed_at = ?,
    reviewed_by = CASE ? WHEN '' THEN reviewed_by ELSE ? END
WHERE id = ? AND standing = ? AND thaws_at = ?
"""
_JOIN = """
INSERT INTO referral_participants (campaign, external_userid, state, open_kfid, arm, joined_at)
VALUES (?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign with what happened to it."""

    campaign: Campaign
    terms: Terms
    origin: str

    @property
    def phase(self) -> Phase:
        """What it is now, as far as anybody decided."""
        return self.terms.phases[-1][1] if self.terms.phases else Phase.DRAFT


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who invites.

    Args:
        state: of his code.
        invited_at: when he last asked for his poster, ``None`` = never.
        closed_at: when his code was deleted.
    """

    campaign: str
    external_userid: str
    state: str
    open_kfid: str
    arm: str
    joined_at: float
    invited_at: float | None
    closed_at: float | None


@dataclass(frozen=True, slots=True)
class Invite:
    """An add by a participant's code."""

    id: str
    campaign: str
    state: str
    external_userid: str
    userid: str
    at: float
    noted_at: float
    standing: Standing
    reason: str
    signals: str
    reviewed_by: str
    thaws_at: float

    @property
    def is_credited(self) -> bool:
        """Whether it was credited, whatever became of it."""
        return self.standing is not Standing.REFUSED

    @property
    def is_into_group(self) -> bool:
        """Whether a group was joined, and no member added."""
        return self.userid.startswith(GROUP)


# ---------------------------------------------------------------------- campaigns


async def campaigns(facts: Store) -> list[Known]:
    """Every campaign, those that begin first at the top."""
    rows = await facts.database.fetch("SELECT * FROM referral_campaigns ORDER BY start_at, id")
    return [await _known(facts, row) for row in rows]


async def campaign(facts: Store, campaign_id: str) -> Known | None:
    """One campaign, or ``None``."""
    row = await facts.database.fetch_one(
        "SELECT * FROM referral_campaigns WHERE id = ?", campaign_id
    )
    return await _known(facts, row) if row else None


async def running(facts: Store, now: float) -> list[Known]:
    """The campaigns that run at this moment."""
    return [one for one in await campaigns(facts) if one.terms.runs_at(now)]


async def excluding(facts: Store, known: Known) -> set[str]:
    """The campaigns among which a person is credited once."""
    word = known.campaign.exclusive
    if word is None:
        return {known.campaign.id}
    every = await campaigns(facts)
    return {one.campaign.id for one in every if one.campaign.exclusive == word}


def put(campaign: Campaign, window: tuple[float, float], origin: str, now: float) -> Statement:
    """A campaign, or what is different about it; what was reached before stays reached."""
    definition = campaign.model_dump_json(exclude_defaults=True)
    return Statement(
        "INSERT INTO referral_campaigns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)"
        " ON CONFLICT (id) DO UPDATE SET definition = ?2, origin = ?3, start_at = ?4, end_at = ?5,"
        " changed_at = ?6 WHERE referral_campaigns.definition <> ?2"
        " OR referral_campaigns.origin <> ?3",
        (campaign.id, definition, origin, *window, now),
    )


def changed(campaign: Campaign, by: str, why: str, now: float) -> Statement:
    """The log of an edit, to be written before `put` in one commit; a first description is none."""
    definition = campaign.model_dump_json(exclude_defaults=True)
    return Statement(
        "INSERT INTO referral_changes SELECT id, ?1, ?2, ?3, definition, ?4 FROM referral_campaigns"
        " WHERE id = ?5 AND definition <> ?4",
        (now, by, why, definition, campaign.id),
    )


def turned(campaign_id: str, phase: Phase, by: str, now: float, why: str = "") -> Statement:
    """The campaign is something else from now on."""
    return Statement(
        "INSERT INTO referral_phases VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (campaign, at) DO UPDATE SET phase = excluded.phase, by = excluded.by,"
        " why = excluded.why",
        (campaign_id, now, phase, by, why),
    )


async def _known(facts: Store, row: Row) -> Known:
    campaign = Campaign.model_validate_json(row["definition"])
    phases = await facts.database.fetch(
        "SELECT at, phase FROM referral_phases WHERE campaign = ? ORDER BY at", campaign.id
    )
    terms = Terms(
        start=row["start_at"],
        end=row["end_at"],
        phases=tuple((one["at"], Phase(one["phase"])) for one in phases),
        pool=await _pool(facts, campaign),
        freeze_s=campaign.freeze_s,
        observe_s=campaign.observe_days * 86_400.0,
        members_only=campaign.new_to == "members",
        mutual=campaign.mutual,
        corp_users=campaign.corp_users,
        daily_cap=campaign.daily_cap,
        cap=campaign.cap,
    )
    return Known(campaign, terms, row["origin"])


async def _pool(facts: Store, campaign: Campaign) -> frozenset[str]:
    if campaign.by_group:
        return frozenset(GROUP + one for one in campaign.chats)
    return campaign.friends_of | await facts.successions.successors_of(campaign.friends_of)


# ---------------------------------------------------------------------- who invites


async def participant(facts: Store, campaign_id: str, customer: str) -> Participant | None:
    """The participant that a person is in a campaign, by whichever of his ids he joined."""
    for one in await facts.people.same_person(customer):
        row = await facts.database.fetch_one(
            "SELECT * FROM referral_participants WHERE campaign = ? AND external_userid = ?",
            *(campaign_id, one),
        )
        if row is not None:
            return Participant(*row)
    return None


async def by_state(facts: Store, state: str) -> Participant | None:
    """Whose code that is, ``None`` = no participant's."""
    row = await facts.database.fetch_one(
        "SELECT * FROM referral_participants WHERE state = ?", state
    )
    return Participant(*row) if row else None


def joined(who: Participant) -> Statement:
    """Somebody takes part."""
    named = (who.campaign, who.external_userid, who.state, who.open_kfid, who.arm, who.joined_at)
    return Statement(_JOIN, named, 1)


def acted(who: Participant, now: float) -> list[Statement]:
    """He asked for his poster: an invite action (R-3.5.4), kept once an hour."""
    act = (who.state, int(now // 3600), now, who.campaign, who.external_userid)
    return [
        Statement(
            "UPDATE referral_participants SET invited_at = ? WHERE state = ?", (now, who.state)
        ),
        Statement("INSERT INTO referral_acts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", act),
    ]


def closed(who: Participant, now: float) -> Statement:
    """His code is deleted."""
    return Statement(
        "UPDATE referral_participants SET closed_at = ? WHERE state = ?", (now, who.state)
    )


async def is_barred(facts: Store, customers: Iterable[str]) -> bool:
    """Whether the person may not invite."""
    for one in customers:
        sql = "SELECT 1 FROM referral_barred WHERE external_userid = ?"
        if await facts.database.fetch_one(sql, one):
            return True
    return False


# ---------------------------------------------------------------------- invitations


async def invites_of(facts: Store, customers: Sequence[str]) -> list[Invite]:
    """Every add of a person by anybody's code, in every campaign."""
    rows = await facts.database.fetch(
        f"SELECT * FROM referral_invites WHERE external_userid IN ({_marks(customers)})"
        " ORDER BY at, noted_at, id",
        *customers,
    )
    return [invite_in(row) for row in rows]


async def invite(facts: Store, invite_id: str) -> Invite | None:
    """One of them."""
    row = await facts.database.fetch_one("SELECT * FROM referral_invites WHERE id = ?", invite_id)
    return invite_in(row) if row else None


async def through(facts: Store, state: str) -> list[Invite]:
    """Every add by a participant's code, by time."""
    rows = await facts.database.fetch(
        "SELECT * FROM referral_invites WHERE state = ? ORDER BY at, noted_at, id", state
    )
    return [invite_in(row) for row in rows]


async def counts(facts: Store, state: str) -> dict[Standing, int]:
    """How many of a participant's invitations stand how; a query, never a counter."""
    rows = await facts.database.fetch(
        "SELECT standing, COUNT(*) AS n FROM referral_invites WHERE state = ? GROUP BY standing",
        state,
    )
    found = {Standing(row["standing"]): int(row["n"]) for row in rows}
    return {one: found.get(one, 0) for one in Standing}


async def credited(facts: Store, campaign_id: str, *, state: str = "", since: float = 0.0) -> int:
    """How many a campaign, or one participant on the day that begins at `since`, was credited."""
    if state:
        row = await facts.database.fetch_one(
            f"SELECT COUNT(*) FROM referral_invites WHERE state = ? AND {_CREDITED}"
            " AND at >= ? AND at < ? + 86400",
            *(state, since, since),
        )
    else:
        row = await facts.database.fetch_one(
            f"SELECT COUNT(*) FROM referral_invites WHERE campaign = ? AND {_CREDITED}", campaign_id
        )
    assert row is not None
    return int(row[0])


def moved(before: Invite, after: Invite, now: float, by: str = "") -> list[Statement]:
    """An invitation stands differently now, with the step that says so.

    Whoever decides on other facts is told (`UnitConflict`).

    Args:
        by: who decided, empty = the rules did.
    """
    return [
        Statement(
            _MOVE,
            (
                *(after.standing, after.reason, after.signals, after.thaws_at, now, by, by),
                *(before.id, before.standing, before.thaws_at),
            ),
            1,
        ),
        stepped(after, now, by),
    ]


def stepped(invite: Invite, now: float, by: str = "") -> Statement:
    """A line of its history."""
    named = (invite.id, invite.external_userid, now, invite.standing, invite.reason, by)
    return Statement(_STEP, named)


# ---------------------------------------------------------------------- history


async def history(facts: Store, customers: Iterable[str]) -> list[Tie]:
    """What happened between a person and all members, and the groups of campaigns."""
    ties = []
    for customer in customers:
        ties += [tie for one in await facts.contacts.history(customer) if (tie := _tie(one))]
        ties += await groups.ties_of(facts, customer)
    return ties


def _tie(event: RelationEvent) -> Tie | None:
    if event.kind in ("added", "half"):
        return Tie(event.at, event.noted_at, event.userid, True, event.state)
    if event.kind == "deleted":
        by = event.detail.partition(" ")[0]
        return Tie(event.at, event.noted_at, event.userid, False, by=by)
    return None


def invite_in(row: Row) -> Invite:
    """The invitation that a row of `referral_invites` is."""
    values = {key: row[key] for key in Invite.__dataclass_fields__}
    return Invite(**values | {"standing": Standing(row["standing"])})


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


encode = msgspec.json.Encoder().encode
