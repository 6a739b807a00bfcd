"""How often has a rule been met that needs several times? The table of hits."""

from bot.routing import Turn
from bot.store import Statement, Store, Table

TABLES = (
    Table(
        "tag_hits",
        "rule, external_userid, source",
        person="external_userid",
        age="at",
        kept="messages_days",
    ),
)

_HIT = "INSERT INTO tag_hits (rule, external_userid, source, at) VALUES (?, ?, ?, ?)"
_ONCE = f"{_HIT} ON CONFLICT DO NOTHING"


async def counted(facts: Store, turn: Turn, rule: str, since: float, source: str) -> int:
    """How many messages or events have met a rule since then, this one not among them."""
    rows = await facts.database.fetch(
        "SELECT source FROM tag_hits WHERE rule = ? AND external_userid = ? AND at >= ?",
        *(rule, turn.external_userid, since),
    )
    sources = {row["source"] for row in rows}
    for statement in _noted(turn):
        if statement.params[0] == rule and statement.params[3] >= since:
            sources.add(statement.params[2])
    return len(sources - {source})


def note(turn: Turn, rule: str, source: str, at: float) -> None:
    """A rule was met once more; the same message or event counts once."""
    turn.record(_ONCE, rule, turn.external_userid, source, at)


async def met_by(facts: Store, turn: Turn, source: str) -> set[str]:
    """Rules that count this message or event."""
    rows = await facts.database.fetch(
        "SELECT rule FROM tag_hits WHERE external_userid = ? AND source = ?",
        *(turn.external_userid, source),
    )
    return {row["rule"] for row in rows}


def forget(turn: Turn, source: str) -> None:
    """A message counts no more."""
    turn.record(
        "DELETE FROM tag_hits WHERE external_userid = ? AND source = ?",
        *(turn.external_userid, source),
    )


def _noted(turn: Turn) -> list[Statement]:
    """What this turn has noted already: a burst is one turn."""
    decided = (turn.decisions.records, *turn.decisions.asides)
    return [one for some in decided for one in some if one.sql == _ONCE]
