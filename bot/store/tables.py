"""Whose data is in which table, and how long is it kept?

Retention walks this list, as must whatever erases or exports a person's data; a table that is not
on it stops start-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import Misconfigured
from bot.store.database import Database

FOREVER = ""
MESSAGES, HANDLED, AUDIT = "messages_days", "handled_days", "audit_days"

_KEPT = (FOREVER, MESSAGES, HANDLED, AUDIT)


@dataclass(frozen=True, slots=True)
class Table:
    """What must be known of a table before it may hold anything.

    Args:
        key: columns of its primary key.
        person: column that names the customer (external_userid or subject), empty = nobody.
        sealed: columns that are sealed with the person's key.
        age: column that retention goes by (Unix seconds).
        kept: key of `retention` that says how long, `FOREVER` = until the person is erased.
    """

    name: str
    key: str
    person: str = ""
    sealed: tuple[str, ...] = ()
    age: str = ""
    kept: str = FOREVER


ENGINE_TABLES = (
    Table("persons", "person_id"),
    Table("customers", "external_userid", person="external_userid"),
    Table("accounts", "open_kfid"),
    Table("deliveries", "digest", age="received_at", kept=HANDLED),
    Table("hints", "open_kfid"),
    Table("conversations", "open_kfid, external_userid", person="external_userid"),
    Table(
        "messages",
        "open_kfid, msgid",
        person="external_userid",
        sealed=("body",),
        age="received_at",
        kept=MESSAGES,
    ),
    Table("mailbox", "id", person="subject", sealed=("body",), age="done_at", kept=HANDLED),
    Table("outbox", "id", person="subject", sealed=("body",), age="created_at", kept=MESSAGES),
    Table(
        "suggestions",
        "id",
        person="external_userid",
        sealed=("body",),
        age="created_at",
        kept=MESSAGES,
    ),
    Table("cases", "id", person="external_userid", age="closed_at", kept=MESSAGES),
    Table(
        "case_steps",
        "case_id, n",
        person="external_userid",
        sealed=("note",),
        age="at",
        kept=MESSAGES,
    ),
    Table("outreach", "id", person="external_userid", age="at", kept=MESSAGES),
    Table("switches", "kind, scope, key"),
    Table("servicers", "open_kfid, userid"),
    Table("media", "media_id", person="subject", age="kept_at", kept=MESSAGES),
    Table("orders", "number", person="external_userid", sealed=("body",)),
    Table("tool_calls", "id", age="at", kept=MESSAGES),
    Table("uploads", "digest", age="uploaded_at", kept=HANDLED),
    Table(
        "model_usage",
        "external_userid, day_at",
        person="external_userid",
        age="day_at",
        kept=HANDLED,
    ),
    Table("approvals", "kind, key, digest"),
    Table("content_version", "one"),
    Table("entries", "base, id"),
    Table("entry_history", "base, id, version"),
    Table("content_sources", "base, origin"),
    Table(
        "questions",
        "open_kfid, msgid",
        person="external_userid",
        sealed=("vector",),
        age="asked_at",
        kept=MESSAGES,
    ),
    Table(
        "identities",
        "external_userid, kind, key",
        person="external_userid",
        sealed=("body",),
    ),
    Table("merges", "id"),
    Table("kept_persons", "person_id"),
    Table("attributes", "external_userid, name", person="external_userid", sealed=("body",)),
    Table("touches", "external_userid", person="external_userid"),
    Table("changes", "id", person="external_userid", age="at", kept=MESSAGES),
    Table("followers", "name"),
    Table(
        "exposures",
        "experiment, external_userid",
        person="external_userid",
        age="at",
        kept=MESSAGES,
    ),
    Table("exports", "id"),
    Table("export_lines", "external_userid, export", person="external_userid"),
    Table("customer_tags", "external_userid, name", person="external_userid"),
    Table("tag_holds", "external_userid, name", person="external_userid"),
    Table("tag_history", "id", person="external_userid", age="at", kept=MESSAGES),
    Table(
        "tag_proposals",
        "external_userid, name",
        person="external_userid",
        age="at",
        kept=MESSAGES,
    ),
    Table("tag_proposing", "case_id", age="at", kept=HANDLED),
    Table("tag_runs", "id"),
    Table("tag_audits", "id"),
    Table("tag_audit_items", "audit, n", person="external_userid"),
    Table("gaps", "base, id"),
    Table("gap_votes", "base, gap, voter"),
    Table("consents", "id", person="external_userid", sealed=("evidence",)),
    Table("consent_standing", "external_userid, purpose", person="external_userid"),
    # names a customer by person_id only, which erasure makes meaningless
    Table("completeness", "source, account, day", age="day", kept=AUDIT),
    Table("alarms", "id", age="ended_at", kept=AUDIT),
    Table("incident_steps", "alarm, step"),
    Table("audit", "id", age="at", kept=AUDIT),
    Table("erasure_wishes", "external_userid", person="external_userid"),
    Table("erased_persons", "person_id"),
    Table("relations", "userid, external_userid", person="external_userid"),
    Table("relation_events", "external_userid, userid, at, kind", person="external_userid"),
    Table("relation_tags", "userid, external_userid, tag_id", person="external_userid"),
    Table("corp_tags", "tag_id"),
    Table("sales", "number", person="external_userid", sealed=("body",)),
    Table("channels", "id"),
    Table("channel_costs", "channel, day"),
    Table("landing_visits", "token", person="external_userid", age="at", kept=MESSAGES),
    Table("channel_states", "state"),
    Table("contact_ways", "channel"),
    Table("away_members", "userid"),
    Table("successions", "id"),
    Table("passed_customers", "succession, external_userid", person="external_userid"),
    Table("group_fill", "chat_id"),
    Table("group_joins", "external_userid, chat_id, joined_at", person="external_userid"),
    Table("entrances", "external_userid, open_kfid, scene", person="external_userid"),
    Table("contact_sync", "one"),
    Table(
        "staff_tasks",
        "id",
        person="external_userid",
        sealed=("text",),
        age="ended_at",
        kept=MESSAGES,
    ),
    Table(
        "mass_sends",
        "id",
        person="external_userid",
        sealed=("text",),
        age="ended_at",
        kept=MESSAGES,
    ),
    Table("personal_ways", "state"),
    Table("points_postings", "id", person="external_userid"),
    Table("points_ends", "txn", person="external_userid"),
    Table("coupons", "pool, code", person="external_userid"),
    Table(
        "staff_answers",
        "external_userid, client_id",
        person="external_userid",
        age="at",
        kept=HANDLED,
    ),
    Table(
        "suggestion_outcomes",
        "id",
        person="external_userid",
        sealed=("body",),
        age="at",
        kept=MESSAGES,
    ),
    Table(
        "colleague_replies",
        "id",
        person="external_userid",
        sealed=("body",),
        age="at",
        kept=MESSAGES,
    ),
    Table("quick_replies", "id"),
    Table("materials", "id"),
    Table("links", "token"),
    Table("link_sends", "token", person="external_userid", age="made_at", kept=MESSAGES),
    Table("link_opens", "token, at", person="external_userid", age="at", kept=MESSAGES),
    Table("web_sessions", "id", age="seen_at", kept=HANDLED),
    Table("oauth_states", "state", age="used_at", kept=HANDLED),
    Table("welcomes", "userid, external_userid, since", person="external_userid"),
    Table("group_welcome", "one"),
    Table("till_misses", "id", age="at", kept=HANDLED),
    Table("benefit_codes", "campaign, code", person="external_userid"),
    Table("moves", "direction"),
    Table("workers", "owner"),
    Table("leases", "name"),
    Table("schema_migrations", "name"),
)


def check_declared(database: Database, tables: Sequence[Table]) -> None:
    """Stop start-up when a table, or a column its declaration names, is not as declared.

    Raises:
        Misconfigured: names every such table.
    """
    declared = {table.name: table for table in tables}
    problems = [
        f"table {name} is not declared: add a Table(…) for it to its router's `tables`"
        for name in sorted(database.tables())
        if name not in declared
    ]
    for table in declared.values():
        columns = database.columns(table.name)
        named = {*table.key.split(", "), table.person, *table.sealed, table.age} - {""}
        if missing := named - columns:
            problems.append(f"table {table.name} lacks {', '.join(sorted(missing))}")
        if bool(table.age) != bool(table.kept) or table.kept not in _KEPT:
            problems.append(
                f"table {table.name}: age and kept go together, kept is one of {_KEPT[1:]}"
            )
    if problems:
        raise Misconfigured("; ".join(problems))
