"""Which servicers can take a session at an account now, as far as WeCom told us?"""

from collections.abc import Mapping

from bot.store.database import Database, Unit


class Servicers:
    """The servicers table: WeCom's list, kept current by `servicer_status_change`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def known(self, open_kfid: str) -> dict[str, bool]:
        """Whether each servicer of this account receives, by lower-cased userid."""
        rows = await self._db.fetch(
            "SELECT userid, receiving FROM servicers WHERE open_kfid = ?", open_kfid
        )
        return {row["userid"].lower(): bool(row["receiving"]) for row in rows}

    async def accounts(self) -> set[str]:
        """Accounts of which any servicer is known."""
        rows = await self._db.fetch("SELECT DISTINCT open_kfid FROM servicers")
        return {row["open_kfid"] for row in rows}

    def observe(
        self, unit: Unit, open_kfid: str, userid: str, receiving: bool, as_of: float
    ) -> None:
        """Add one servicer's status to the unit, unless something newer is known."""
        unit.add(
            "INSERT INTO servicers VALUES (?, ?, ?, ?) ON CONFLICT (open_kfid, userid)"
            " DO UPDATE SET receiving = excluded.receiving, as_of = excluded.as_of"
            " WHERE excluded.as_of >= servicers.as_of",
            *(open_kfid, userid, int(receiving), as_of),
        )

    async def replace(self, open_kfid: str, status: Mapping[str, bool], as_of: float) -> None:
        """Store a whole list as WeCom gave it; whoever is not on it is gone."""
        unit = Unit()
        unit.add("DELETE FROM servicers WHERE open_kfid = ? AND as_of <= ?", open_kfid, as_of)
        for userid, receiving in status.items():
            self.observe(unit, open_kfid, userid, receiving, as_of)
        await self._db.commit(unit)
