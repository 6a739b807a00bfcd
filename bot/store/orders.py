"""Which orders does a customer have, as far as they were imported or told?"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from bot.model import Conversation, Order, Shipment
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

_encode = msgspec.json.Encoder().encode
_AT_ONCE = 200
_LIMIT = 50


class _Sealed(msgspec.Struct, frozen=True, omit_defaults=True):
    title: str = ""
    shipments: tuple[Shipment, ...] = ()


class OrderWritten(StrEnum):
    """What writing an order came to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


_decode = msgspec.json.Decoder(_Sealed).decode


class OrdersTable:
    """The orders table: number, status, amount and time are plain, what was bought is sealed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def has_rows(self) -> bool:
        """Whether there is any order to be found."""
        return await self._db.fetch_one("SELECT 1 FROM orders LIMIT 1") is not None

    async def of(self, external_userid: str) -> list[Order]:
        """The customer's last 50 orders, newest first."""
        rows = await self._db.fetch(
            "SELECT * FROM orders WHERE external_userid = ?"
            " ORDER BY COALESCE(paid_at, changed_at) DESC, number DESC LIMIT ?",
            *(external_userid, _LIMIT),
        )
        await self._vault.ready({_subject(external_userid) for _ in rows})
        return [self._open(row) for row in rows]

    async def write(
        self, orders: Sequence[tuple[str, Order]], now: float
    ) -> Mapping[str, OrderWritten]:
        """Write orders, each with the external_userid of its customer; a repeat changes nothing.

        Returns:
            What became of each number.
        """
        became: dict[str, OrderWritten] = {}
        for start in range(0, len(orders), _AT_ONCE):
            some = orders[start : start + _AT_ONCE]
            await self._vault.ready(_subject(customer) for customer, _ in some)
            unit = Unit()
            for customer, order in some:
                known = await self._known(order.number)
                if known == (customer, order):
                    became.setdefault(order.number, OrderWritten.SAME)
                    continue
                became[order.number] = OrderWritten.CHANGED if known else OrderWritten.NEW
                self._put(unit, customer, order, now)
            await self._db.commit(unit)
        return became

    async def _known(self, number: str) -> tuple[str, Order] | None:
        row = await self._db.fetch_one("SELECT * FROM orders WHERE number = ?", number)
        if row is None:
            return None
        await self._vault.ready([_subject(row["external_userid"])])
        return row["external_userid"], self._open(row)

    def _put(self, unit: Unit, customer: str, order: Order, now: float) -> None:
        sealed = _Sealed(order.title, order.shipments)
        unit.add(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET"
            " external_userid = excluded.external_userid, status = excluded.status,"
            " amount = excluded.amount, paid_at = excluded.paid_at,"
            " changed_at = excluded.changed_at, body = excluded.body",
            *(order.number, customer, order.status, order.amount, order.paid_at, now),
            self._vault.seal(_subject(customer), _encode(sealed)),
        )

    def _open(self, row: Row) -> Order:
        sealed = _decode(self._vault.open(_subject(row["external_userid"]), row["body"]))
        return Order(
            number=row["number"],
            status=row["status"],
            title=sealed.title,
            amount=row["amount"],
            paid_at=row["paid_at"],
            shipments=sealed.shipments,
        )


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject
