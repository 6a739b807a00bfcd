"""Whom did we write to who had not asked? One budget of a person, whoever uses it (R-10.2)."""

from bot.model.outreach import MONTH_S, Budget, Made, Outreach
from bot.store.database import Database, Row, Unit
from bot.store.people import SAME_PERSON

_COUNTS = """
o.refused = '' AND o.withdrawn_at IS NULL AND NOT EXISTS (SELECT 1 FROM outbox b
    WHERE b.msgid = o.msgid AND b.kind <> 'MakeMassSend'
      AND b.state IN ('dead', 'cancelled', 'expired', 'held'))
  AND NOT EXISTS (SELECT 1 FROM mass_sends m
    WHERE m.id = o.msgid AND m.state IN ('blocked', 'impossible'))
  AND NOT EXISTS (SELECT 1 FROM staff_tasks t
    WHERE t.id = o.msgid AND t.state IN ('skipped', 'expired'))
"""
"""What was planned counts until it has come to nothing; a mass-send task, until WeCom says so.
`withdrawn_at` is of rows from before tasks were found by their id.
"""

_LAST = (
    "(SELECT COALESCE(MAX(o.id), 0) FROM outreach o WHERE o.refused = ''"
    f" AND o.external_userid IN {SAME_PERSON})"
)
_COLUMNS = (
    "(external_userid, at, feature, ref, reason, promo, priority, refused, msgid)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
)
NOT_ASKED = -1
"""Instead of what was planned last: an earlier plan of the same unit has asked."""

_PLAN = f"INSERT INTO outreach {_COLUMNS} WHERE ?10 < 0 OR {_LAST} = ?10"
_REFUSE = f"""
INSERT INTO outreach {_COLUMNS} WHERE NOT EXISTS (SELECT 1 FROM outreach o
    WHERE o.external_userid = ?1 AND o.feature = ?3 AND o.ref = ?4 AND o.refused = ?8
      AND o.at > ?2 - 86400)
"""


class Outreaches:
    """Every touch, planned or refused."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def budget(self, external_userid: str, now: float) -> Budget:
        """What counts against the person that this customer is."""
        # first: whatever is planned between these reads makes the commit fail, never unseen
        last = await self._db.fetch_one(f"SELECT {_LAST} AS id", external_userid)
        rows = await self._db.fetch(
            f"SELECT o.at, o.promo FROM outreach o WHERE o.external_userid IN {SAME_PERSON}"
            f" AND o.at > ?2 AND {_COUNTS} ORDER BY o.at, o.id",
            *(external_userid, now - MONTH_S),
        )
        wrote = await self._db.fetch_one(
            "SELECT MAX(c.customer_wrote_at) AS at FROM conversations c"
            f" WHERE c.external_userid IN {SAME_PERSON}",
            external_userid,
        )
        return Budget(
            tuple(Made(row["at"], bool(row["promo"])) for row in rows),
            wrote["at"] or None if wrote else None,
            last["id"] if last else 0,
        )

    def plan(
        self, unit: Unit, external_userid: str, one: Outreach, at: float, *, last: int, msgid: str
    ) -> None:
        """Add to the unit what takes from the budget; the unit fails if others planned meanwhile.

        Args:
            last: as the budget said it, or `NOT_ASKED`.
            msgid: of the outbox row that carries it, or id of the task.
        """
        unit.add(_PLAN, *_row(external_userid, one, at, "", msgid), last, expect=1)

    def refuse(self, unit: Unit, external_userid: str, one: Outreach, at: float, why: str) -> None:
        """Note what was not done and why; the same is noted once a day."""
        unit.add(_REFUSE, *_row(external_userid, one, at, why, ""))

    async def summary(self, since: float) -> list[Row]:
        """How many touches counted, and how many were refused for what, by feature."""
        return await self._db.scan(
            "SELECT o.feature, o.refused, o.promo, COUNT(*) AS n,"
            " COUNT(DISTINCT o.external_userid) AS customers FROM outreach o"
            f" WHERE o.at >= ? AND (o.refused <> '' OR {_COUNTS})"
            " GROUP BY o.feature, o.refused, o.promo ORDER BY o.feature, o.refused, o.promo",
            since,
        )

    async def left(self, since: float) -> tuple[int, int]:
        """Friends who deleted us since then, of all who were friends then or since (D53)."""
        row = await self._db.fetch_one(
            "SELECT COUNT(*) FILTER (WHERE deleted_at >= ?1 AND deleted_by = 'customer') AS gone,"
            " COUNT(*) AS n"
            " FROM relations WHERE deleted_at IS NULL OR deleted_at >= ?1",
            since,
        )
        return (row["gone"], row["n"]) if row else (0, 0)


def _row(
    external_userid: str, one: Outreach, at: float, refused: str, msgid: str
) -> tuple[object, ...]:
    return (
        *(external_userid, at, one.feature, one.ref, one.reason, int(one.promo)),
        *(int(one.priority), refused, msgid),
    )
