"""Which flows is a customer in, and how far is each step? Statements for a turn's commit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.model.outreach import Reach
from bot.routing import Turn
from bot.store import Store, Table
from bot.store.database import Row
from bot.store.mass_sends import dropped
from handlers.flows.flow import Evidence, Flow, Step

TABLES = (
    Table("flow_runs", "id", person="external_userid"),
    Table("flow_steps", "run, step", person="external_userid"),
)

RUNNING, DONE, EXPIRED, REFUSED, CANCELLED = "running", "done", "expired", "refused", "cancelled"
STEP_DONE, SKIPPED, GIVEN_UP = "done", "skipped", "given_up"


@dataclass(frozen=True, slots=True)
class Run:
    """One customer in one flow."""

    id: str
    kind: str
    flow: str
    external_userid: str
    userid: str
    open_kfid: str
    channel: str
    version: str
    started_at: float
    expires_at: float
    step: str = ""
    state: str = RUNNING
    ended_at: float | None = None
    why: str = ""

    @property
    def is_running(self) -> bool:
        """Whether anything is still to come."""
        return self.state == RUNNING


@dataclass(frozen=True, slots=True)
class StepRow:
    """How far a step is.

    Args:
        reminded: when the customer was reminded of it.
        outcome: ``None`` = it is not over.
    """

    run: str
    step: str
    begun_at: float
    due_at: float
    reach: Reach
    why: str
    version: str
    asked_at: float | None
    reminded: tuple[float, ...]
    outcome: str | None
    ended_at: float | None
    evidence: str


def run_id(kind: str, external_userid: str) -> str:
    """The one run of a kind that a customer can have."""
    return "f" + hashlib.sha256(f"{kind}\0{external_userid}".encode()).hexdigest()[:16]


async def run(facts: Store, wanted: str) -> Run | None:
    """One run."""
    row = await facts.database.fetch_one("SELECT * FROM flow_runs WHERE id = ?", wanted)
    return Run(**dict(row)) if row else None


async def runs_of(facts: Store, external_userid: str) -> list[Run]:
    """Every run of a customer, oldest first."""
    rows = await facts.database.fetch(
        "SELECT * FROM flow_runs WHERE external_userid = ? ORDER BY started_at, id",
        external_userid,
    )
    return [Run(**dict(row)) for row in rows]


async def steps_of(facts: Store, wanted: str) -> list[StepRow]:
    """Every step of a run that was planned, in the order in which they came up.

    What WeCom has accepted is delivered, and what it could not deliver is not.
    """
    rows = await facts.database.fetch(
        "SELECT s.*, (SELECT b.state FROM outreach o JOIN outbox b ON b.msgid = o.msgid"
        " WHERE o.external_userid = s.external_userid AND o.feature = 'flow' AND o.refused = ''"
        " AND b.kind = 'SendMessage'"
        " AND o.ref = (SELECT r.flow FROM flow_runs r WHERE r.id = s.run) || '/' || s.step"
        " ORDER BY o.id DESC LIMIT 1) AS sent FROM flow_steps s WHERE s.run = ?"
        " ORDER BY s.begun_at, s.step",
        wanted,
    )
    return [_step(row) for row in rows]


async def has_had(facts: Store, kind: str, customers: Sequence[str]) -> bool:
    """Whether this person was ever in a flow of this kind."""
    marks = ",".join("?" * len(customers))
    row = await facts.database.fetch_one(
        f"SELECT 1 FROM flow_runs WHERE kind = ? AND external_userid IN ({marks})",
        *(kind, *customers),
    )
    return row is not None


async def busy_until(
    facts: Store, external_userid: str, but: str, moment: float, gap_s: float
) -> float:
    """The first moment from this one on with a gap to every step of other flows."""
    rows = await facts.database.fetch(
        "SELECT COALESCE(s.asked_at, s.due_at) AS at FROM flow_steps s WHERE s.external_userid = ?"
        " AND s.run <> ? AND COALESCE(s.outcome, '') <> 'skipped'"
        " AND COALESCE(s.asked_at, s.due_at) > ? ORDER BY at",
        *(external_userid, but, moment - gap_s),
    )
    for row in rows:
        if abs(row["at"] - moment) < gap_s:
            moment = row["at"] + gap_s
    return moment


def begin(turn: Turn, flow: Flow, started: Run) -> None:
    """A customer is in a flow now; `UnitConflict` when he is in one of this kind already."""
    turn.record(
        "INSERT INTO flow_runs (id, kind, flow, external_userid, userid, open_kfid, channel,"
        " version, started_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        *(started.id, flow.kind, flow.id, started.external_userid, started.userid),
        *(started.open_kfid, started.channel, flow.version),
        *(started.started_at, started.expires_at),
        expect=1,
    )


def plan(turn: Turn, one: Run, step: Step, begun_at: float, due_at: float) -> None:
    """A step is to come due; one that was said already stays as it is."""
    turn.record(
        "INSERT INTO flow_steps (run, step, external_userid, begun_at, due_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, step) DO UPDATE SET due_at = excluded.due_at,"
        " reach = CASE WHEN flow_steps.asked_at IS NULL THEN 'planned'"
        " ELSE flow_steps.reach END WHERE flow_steps.outcome IS NULL",
        *(one.id, step.id, one.external_userid, begun_at, due_at),
    )
    turn.record("UPDATE flow_runs SET step = ? WHERE id = ?", step.id, one.id)


def replan(turn: Turn, one: Run, version: str, expires_at: float) -> None:
    """What is still to come of a run follows this version of its flow."""
    turn.record(
        "UPDATE flow_runs SET version = ?, expires_at = ? WHERE id = ? AND state = 'running'",
        *(version, expires_at, one.id),
    )


async def outdated(facts: Store, flow: Flow, after: str, limit: int) -> list[tuple[str, str]]:
    """Runs that another version of a flow was planned by, and whose they are, in order of id.

    Args:
        after: id behind which it goes on.
    """
    rows = await facts.database.scan(
        "SELECT id, external_userid FROM flow_runs WHERE state = 'running' AND flow = ?"
        " AND version <> ? AND id > ? ORDER BY id LIMIT ?",
        *(flow.id, flow.version, after, limit),
    )
    return [(row["id"], row["external_userid"]) for row in rows]


def put_off(turn: Turn, row: StepRow, due_at: float) -> None:
    """A step comes due later."""
    turn.record(
        "UPDATE flow_steps SET due_at = ? WHERE run = ? AND step = ? AND outcome IS NULL",
        *(due_at, row.run, row.step),
    )


def said_at_once(turn: Turn, one: Run, step: Step, version: str) -> None:
    """A step that was planned in this turn is said in it."""
    turn.record(
        "UPDATE flow_steps SET asked_at = ?, version = ?, reach = 'delivered' WHERE run = ?"
        " AND step = ?",
        *(turn.now, version, one.id, step.id),
    )


def touched(
    turn: Turn, row: StepRow, reach: Reach, version: str = "", *, why: str = "", again: bool = False
) -> None:
    """How a touch stands now.

    Args:
        version: of the definition that was said, empty = nothing was.
        again: it was a reminder.
    """
    reminded = (*row.reminded, turn.now) if again else row.reminded
    asked_at = row.asked_at if row.asked_at is not None or not version else turn.now
    turn.record(
        "UPDATE flow_steps SET reach = ?, why = ?, asked_at = ?, reminded = ?,"
        " version = CASE ? WHEN '' THEN version ELSE ? END WHERE run = ? AND step = ?",
        *(reach, why, asked_at, msgspec.json.encode(reminded).decode(), version, version),
        *(row.run, row.step),
    )


def reached(turn: Turn, row: StepRow, reach: Reach, why: str) -> None:
    """What a member or WeCom told of a touch; what is blocked since then stays so."""
    turn.record(
        "UPDATE flow_steps SET reach = ?, why = ? WHERE run = ? AND step = ? AND reach <> ?",
        *(reach, why, row.run, row.step, Reach.BLOCKED),
    )


def drop_sends(turn: Turn, one: Run, ref: str, why: str) -> None:
    """Mass-send tasks of a step, or of the whole run, are wanted no more."""
    drop = dropped(one.external_userid, ref, why, turn.now)
    turn.record(drop.sql, *drop.params)


def end_step(
    turn: Turn, row: StepRow, outcome: str, evidence: Evidence | None, why: str = ""
) -> None:
    """A step is over, once."""
    kind = "" if evidence in (None, Evidence.NONE) else "verified"
    kind = "self-declared" if evidence is Evidence.DECLARED else kind
    turn.record(
        "UPDATE flow_steps SET outcome = ?, ended_at = ?, evidence = ?,"
        " why = CASE ? WHEN '' THEN why ELSE ? END WHERE run = ? AND step = ? AND outcome IS NULL",
        *(outcome, turn.now, kind, why, why, row.run, row.step),
        expect=1,
    )


def end_run(turn: Turn, one: Run, state: str, why: str = "") -> None:
    """A flow is over, once; what of it is not over is given up."""
    turn.record(
        "UPDATE flow_runs SET state = ?, ended_at = ?, why = ? WHERE id = ? AND state = 'running'",
        *(state, turn.now, why, one.id),
    )
    turn.record(
        "UPDATE flow_steps SET outcome = 'given_up', ended_at = ?, why = CASE why WHEN '' THEN ?"
        " ELSE why END WHERE run = ? AND outcome IS NULL",
        *(turn.now, why or state, one.id),
    )
    if state != DONE:
        drop_sends(turn, one, one.id, "flow_ended")


def write_at(turn: Turn, one: Run, open_kfid: str) -> None:
    """The customer writes here."""
    turn.record(
        "UPDATE flow_runs SET open_kfid = ? WHERE id = ? AND open_kfid <> ?",
        *(open_kfid, one.id, open_kfid),
    )


def _step(row: Row) -> StepRow:
    reach = Reach(row["reach"])
    if reach is Reach.PLANNED and row["sent"] == "sent":
        reach = Reach.DELIVERED
    elif reach is Reach.PLANNED and row["sent"] in ("dead", "expired", "cancelled", "held"):
        reach = Reach.IMPOSSIBLE
    return StepRow(
        *(row["run"], row["step"], row["begun_at"], row["due_at"], reach, row["why"]),
        *(row["version"], row["asked_at"]),
        tuple(msgspec.json.decode(row["reminded"])),
        *(row["outcome"], row["ended_at"], row["evidence"]),
    )
