"""How far has each kf account been pulled, and which callbacks are known already?"""

from dataclasses import dataclass

from bot.store.database import Database, Unit


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A kf account and its place in WeCom's stream.

    Args:
        first_started_at: what was sent earlier is history: stored, not answered.
    """

    open_kfid: str
    name: str
    cursor: str
    first_started_at: float


@dataclass(frozen=True, slots=True)
class Hint:
    """An account that has something to pull: the newest token, first and last told."""

    open_kfid: str
    token: str
    first_received_at: float
    received_at: float


class Accounts:
    """The accounts table, the callback deliveries and the hints they carried."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[AccountRow]:
        """Every account that was ever pulled."""
        rows = await self._db.fetch(
            "SELECT open_kfid, name, cursor, first_started_at FROM accounts ORDER BY open_kfid"
        )
        return [AccountRow(*row) for row in rows]

    async def get(self, open_kfid: str) -> AccountRow | None:
        """One account, or ``None`` when it was never seen."""
        row = await self._db.fetch_one(
            "SELECT open_kfid, name, cursor, first_started_at FROM accounts WHERE open_kfid = ?",
            open_kfid,
        )
        return AccountRow(*row) if row else None

    async def register(self, open_kfid: str, name: str, now: float) -> AccountRow:
        """Remember an account; its first start fixes where history ends."""
        await self._db.execute(
            "INSERT INTO accounts (open_kfid, name, first_started_at) VALUES (?, ?, ?)"
            " ON CONFLICT (open_kfid) DO UPDATE SET"
            " name = CASE excluded.name WHEN '' THEN accounts.name ELSE excluded.name END",
            *(open_kfid, name, now),
        )
        row = await self.get(open_kfid)
        assert row is not None
        return row

    def advance(self, unit: Unit, account: AccountRow, cursor: str, now: float) -> None:
        """Add the new cursor to the unit, on condition that nobody else has moved it."""
        unit.add(
            "UPDATE accounts SET cursor = ?, pulled_at = ? WHERE open_kfid = ? AND cursor = ?",
            *(cursor, now, account.open_kfid, account.cursor),
            expect=1,
        )

    def see(self, unit: Unit, digest: bytes, now: float) -> None:
        """Add to the unit that this delivery was accepted; a known one is a `UnitConflict`."""
        unit.add(
            "INSERT INTO deliveries (digest, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            *(digest, now),
            expect=1,
        )

    def hint(self, unit: Unit, open_kfid: str, token: str, now: float) -> None:
        """Add to the unit that this account has something to pull."""
        unit.add(
            "INSERT INTO hints (open_kfid, token, first_received_at, received_at)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (open_kfid) DO UPDATE SET token = excluded.token,"
            " received_at = excluded.received_at",
            *(open_kfid, token, now, now),
        )

    async def open_hints(self) -> list[Hint]:
        """The hints that were not pulled yet."""
        rows = await self._db.fetch(
            "SELECT open_kfid, token, first_received_at, received_at FROM hints"
        )
        return [Hint(*row) for row in rows]

    async def hints(self) -> list[tuple[str, str, float]]:
        """Account, newest token and first arrival of the hints that were not pulled yet."""
        rows = await self._db.fetch("SELECT open_kfid, token, first_received_at FROM hints")
        return [tuple(row) for row in rows]

    def clear_hint(self, unit: Unit, open_kfid: str, received_until: float) -> None:
        """Add to the unit that hints up to this moment are pulled."""
        unit.add(
            "DELETE FROM hints WHERE open_kfid = ? AND received_at <= ?",
            *(open_kfid, received_until),
        )
