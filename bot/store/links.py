"""Which links of ours were sent to whom, where do they lead, and who opened them (C29)?

Where a link leads is stored and never comes from whoever asks. Its token is a keyed hash: the same
material sent by the same member to the same customer is the same link, and nobody can guess one.
"""

from dataclasses import dataclass

from bot.store.database import Database, Row, Statement, Unit
from bot.store.vault import Vault

OPENED = "INSERT INTO link_opens (token, at, external_userid, material) VALUES (?, ?, ?, ?)"
"""Token, moment, customer and material; of customers who have agreed to it."""

TOLD = "UPDATE link_sends SET told_at = ? WHERE token = ?"


@dataclass(frozen=True, slots=True)
class Sent:
    """A link that was made for one customer.

    Args:
        open_kfid: at which account, empty = in a chat between friends.
        userid: who sends it.
        sent_at: when he has sent it, as his page says.
        told_at: when he was last told that it was opened.
    """

    token: str
    external_userid: str
    open_kfid: str
    userid: str
    material: str
    sent_at: float | None
    told_at: float | None


@dataclass(frozen=True, slots=True)
class Traced:
    """What is known of one material and one customer.

    Args:
        sent_at: when anybody last sent it to him.
        opened_at: when he last opened it.
    """

    sent_at: float | None
    opened_at: float | None


class Links:
    """The tables of links, of whom they were sent to, and of their being opened."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def make(self, unit: Unit, sent: Sent, url: str, now: float) -> str:
        """Add what keeps a link.

        Args:
            sent: for whom; its token is left out.
            url: where it leads, for good.

        Returns:
            Its token.
        """
        whose = f"{sent.material}\0{url}\0{sent.external_userid}\0{sent.userid.lower()}"
        token = await self._vault.look_up_key("link", whose)
        unit.add(
            "INSERT INTO links (token, material, url, made_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (token) DO NOTHING",
            *(token, sent.material, url, now),
        )
        unit.add(
            "INSERT INTO link_sends (token, external_userid, open_kfid, userid, material, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (token) DO UPDATE SET"
            " made_at = excluded.made_at, open_kfid = excluded.open_kfid",
            *(token, sent.external_userid, sent.open_kfid, sent.userid, sent.material, now),
        )
        return token

    async def target(self, token: str) -> tuple[str, str] | None:
        """Where a link leads, and to which material."""
        row = await self._db.fetch_one("SELECT url, material FROM links WHERE token = ?", token)
        return (row["url"], row["material"]) if row else None

    async def sent(self, token: str) -> Sent | None:
        """For whom it was made; ``None`` = nobody, or somebody who was erased."""
        row = await self._db.fetch_one("SELECT * FROM link_sends WHERE token = ?", token)
        return _sent(row) if row else None

    def reported(self, external_userid: str, material: str, userid: str, now: float) -> Statement:
        """A member's page says that it was sent."""
        return Statement(
            "UPDATE link_sends SET sent_at = ? WHERE external_userid = ? AND material = ?"
            " AND LOWER(userid) = ?",
            (now, external_userid, material, userid.lower()),
        )

    def counted(self, unit: Unit, material: str) -> None:
        """A link was opened, by whomever."""
        unit.add("UPDATE materials SET opens = opens + 1 WHERE id = ?", material)

    async def traces(self, external_userid: str) -> dict[str, Traced]:
        """What was sent to a customer, and what he opened of it, by material."""
        rows = await self._db.fetch(
            "SELECT s.material, MAX(s.sent_at) AS sent_at, MAX(o.at) AS opened_at"
            " FROM link_sends s LEFT JOIN link_opens o ON o.token = s.token"
            " WHERE s.external_userid = ? GROUP BY s.material",
            external_userid,
        )
        return {row["material"]: Traced(row["sent_at"], row["opened_at"]) for row in rows}


def _sent(row: Row) -> Sent:
    return Sent(
        *(row["token"], row["external_userid"], row["open_kfid"], row["userid"], row["material"]),
        *(row["sent_at"], row["told_at"]),
    )
