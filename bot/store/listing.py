"""Which customers are there, page by page? What lists, exports and other systems read."""

from dataclasses import dataclass

from bot.store.database import Database

_PAGE = """
SELECT * FROM (SELECT c.external_userid, COALESCE(k.kept, c.person_id) AS person, c.created_at,
    MAX(c.created_at,
        COALESCE((SELECT MAX(g.at) FROM changes g WHERE g.external_userid = c.external_userid), 0),
        COALESCE((SELECT MAX(v.customer_wrote_at) FROM conversations v
                  WHERE v.external_userid = c.external_userid), 0)) AS updated_at
FROM customers c LEFT JOIN kept_persons k ON k.person_id = c.person_id
WHERE c.external_userid > ?1 AND (?7 = '' OR c.external_userid = ?7)
  AND (?2 = '' OR EXISTS (SELECT 1 FROM customer_tags t WHERE t.external_userid = c.external_userid
       AND t.name = ?2 AND (t.expires_at IS NULL OR t.expires_at > ?3)))
  AND (?4 = '' OR EXISTS (SELECT 1 FROM touches u WHERE u.external_userid = c.external_userid
       AND (?4 IN (u.first_channel, u.last_channel) OR EXISTS (SELECT 1 FROM channel_states s
         WHERE s.kind = 'channel' AND s.id = ?4 AND s.state IN (u.first_channel, u.last_channel)))))
) found
WHERE ?5 <= 0 OR updated_at >= ?5 ORDER BY external_userid LIMIT ?6
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which customers to list.

    Args:
        channel: by which they came first or last: its id, or a state or scene itself.
        updated_since: who wrote or was changed since then.
        after: the last external_userid of the page before.
    """

    tag: str = ""
    channel: str = ""
    updated_since: float = 0.0
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer, and the person they are."""

    external_userid: str
    person: str
    created_at: float
    updated_at: float


class Listing:
    """Reads customers in the order of their ids."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def page(self, wanted: Wanted, now: float) -> list[Listed]:
        """The next page."""
        rows = await self._db.scan(
            _PAGE,
            *(wanted.after, wanted.tag, now, wanted.channel, wanted.updated_since, wanted.limit),
            "",
        )
        return [Listed(**dict(row)) for row in rows]

    async def only(self, external_userid: str) -> list[Listed]:
        """This customer, if there is such a one."""
        rows = await self._db.fetch(_PAGE, "", "", 0.0, "", 0.0, 1, external_userid)
        return [Listed(**dict(row)) for row in rows]
