"""How was a newcomer greeted by the member whose friend he became: once, late, or not at all?"""

from dataclasses import dataclass
from enum import StrEnum

from bot.store.database import Database, Row, Statement


class Greeted(StrEnum):
    """How far the welcome of a friendship is."""

    PLANNED = "planned"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHHELD = "withheld"  # the lexicon lets none of it be said
    NO_TEXT = "no_text"  # no welcome suits
    NO_CODE = "no_code"  # WeCom gave none: it greets itself, or they were chatting already
    MISSED = "missed"  # no callback told of the friendship
    AWAITED = "awaited"  # the customer has not agreed to chat archiving; that brings another code
    GONE = "gone"  # it had ended before we heard of it


_PLAN = """
INSERT INTO welcomes (userid, external_userid, since, state, welcome, is_return, decided_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (userid, external_userid, since) DO UPDATE SET state = excluded.state,
    welcome = excluded.welcome, is_return = excluded.is_return, decided_at = excluded.decided_at
WHERE welcomes.state IN ('no_code', 'missed', 'awaited')
"""


@dataclass(frozen=True, slots=True)
class WelcomeRow:
    """The welcome of one friendship."""

    userid: str
    external_userid: str
    since: float
    state: Greeted
    welcome: str
    is_return: bool
    errcode: int | None
    lacking: int
    decided_at: float
    sent_at: float | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing that comes later greets once more."""
        return self.state not in (Greeted.NO_CODE, Greeted.MISSED, Greeted.AWAITED)


class WelcomeRows:
    """The table `welcomes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, external_userid: str) -> list[WelcomeRow]:
        """Every welcome of a customer, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM welcomes WHERE external_userid = ? ORDER BY since, userid",
            external_userid,
        )
        return [_row(row) for row in rows]

    async def counts(self, since: float, until: float) -> dict[str, int]:
        """How many friendships of a span were greeted how."""
        rows = await self._db.scan(
            "SELECT state, COUNT(*) AS n FROM welcomes WHERE decided_at >= ? AND decided_at < ?"
            " GROUP BY state",
            *(since, until),
        )
        return {row["state"]: row["n"] for row in rows}


def _row(row: Row) -> WelcomeRow:
    values = dict(row)
    return WelcomeRow(
        **values | {"state": Greeted(values["state"]), "is_return": bool(values["is_return"])}
    )


def planned(
    pair: tuple[str, str],
    since: float,
    state: Greeted,
    now: float,
    *,
    welcome: str = "",
    returning: bool = False,
) -> Statement:
    """The statement that decides a welcome; `UnitConflict` when it is decided already."""
    userid, external_userid = pair
    params = (userid.lower(), external_userid, since, state, welcome, int(returning), now)
    return Statement(_PLAN, params, 1)


def came_out(
    pair: tuple[str, str],
    since: float,
    state: Greeted,
    *,
    errcode: int | None = None,
    lacking: int = 0,
    sent_at: float | None = None,
) -> Statement:
    """The statement that says what came of a planned one."""
    return Statement(
        "UPDATE welcomes SET state = ?, errcode = ?, lacking = ?, sent_at = ? WHERE userid = ?"
        " AND external_userid = ? AND since = ? AND state = 'planned'",
        (state, errcode, lacking, sent_at, pair[0].lower(), pair[1], since),
    )
