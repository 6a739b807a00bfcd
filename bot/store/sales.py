"""Which orders were paid, by whom as far as we know, and which wait for their buyer?

An order is written once by its number; of two tellings the later one holds, in whatever order they
come (R-1.7). Whose it is follows from unionid, then from a verified phone, and is looked for again
as people become known.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from bot.errors import Conflict, Unreadable
from bot.model import Conversation, Emitted, Lane
from bot.model.people import IdentityKind, normal_phone
from bot.model.sales import ORDER_PAID, Sale
from bot.store.database import Database, Row, Unit, UnitConflict
from bot.store.mailbox import Arrival, Mailbox
from bot.store.people import People
from bot.store.vault import Vault

_CORP = "corp"
_TRIES = 5
_AT_ONCE = 100

_PUT = """
INSERT INTO sales (number, shop, status, amount, refunded, paid_at, changed_at, external_userid,
    matched_by, matched_at, unmatched_why, unionid_key, phone_key, body, received_at, told_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (number) DO UPDATE SET shop = ?2, status = ?3, amount = ?4, refunded = ?5,
    paid_at = ?6, changed_at = ?7, external_userid = ?8, matched_by = ?9, matched_at = ?10,
    unmatched_why = ?11, unionid_key = ?12, phone_key = ?13, body = ?14, told_at = ?16
WHERE sales.changed_at = ?17 AND sales.external_userid = ?18
"""

_PERSON = "COALESCE(k.kept, c.person_id)"
_FOUND = f"""
SELECT s.number FROM sales s WHERE s.external_userid = '' AND (
    EXISTS (SELECT 1 FROM identities i WHERE i.kind = 'unionid' AND i.key = s.unionid_key)
    OR 1 = (SELECT COUNT(DISTINCT {_PERSON}) FROM identities i
            JOIN customers c ON c.external_userid = i.external_userid
            LEFT JOIN kept_persons k ON k.person_id = c.person_id
            WHERE i.kind = 'phone' AND i.key = s.phone_key))
LIMIT ?
"""


class Taken(StrEnum):
    """What telling of an order came to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Match:
    """Whose an order is.

    Args:
        by: ``customer``, ``unionid``, ``phone`` or ``hand``; empty = nobody's.
        why: it is nobody's: ``no_identity``, ``unknown`` or ``ambiguous``.
    """

    external_userid: str = ""
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class KnownSale:
    """An order with what is known of it; unionid and phone are not kept as they were told."""

    sale: Sale
    match: Match
    matched_at: float | None
    unionid_key: str
    phone_key: str
    received_at: float
    told_at: float | None


class _Goods(msgspec.Struct, frozen=True, omit_defaults=True):
    title: str = ""
    categories: tuple[str, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Goods).decode


class Sales:
    """The table `sales`."""

    def __init__(self, database: Database, vault: Vault, people: People, mailbox: Mailbox) -> None:
        self._db, self._vault, self._people, self._mailbox = database, vault, people, mailbox

    # ------------------------------------------------------------------ reading

    async def get(self, number: str) -> KnownSale | None:
        """An order, or ``None``."""
        row = await self._db.fetch_one("SELECT * FROM sales WHERE number = ?", number)
        return await self._opened(row) if row else None

    async def unmatched(self, limit: int = 50, after: str = "") -> list[KnownSale]:
        """Orders whose buyer is not known, by number."""
        rows = await self._db.scan(
            "SELECT * FROM sales WHERE external_userid = '' AND number > ? ORDER BY number LIMIT ?",
            *(after, limit),
        )
        return [await self._opened(row) for row in rows]

    async def match_counts(self) -> dict[str, int]:
        """How many orders were matched by what (``unionid`` …), or not, and why."""
        rows = await self._db.scan(
            "SELECT CASE external_userid WHEN '' THEN unmatched_why ELSE matched_by END AS what,"
            " COUNT(*) AS n FROM sales GROUP BY 1"
        )
        return {row["what"]: row["n"] for row in rows}

    # ------------------------------------------------------------------ writing

    async def take(self, sale: Sale, now: float) -> Taken:
        """Write what is told of an order; a repeat, or something older, changes nothing.

        Whoever bought it is told of in their mailbox, once, as soon as it is paid and they are
        known.
        """
        for _ in range(_TRIES):
            known = await self.get(sale.number)
            if known and sale.changed_at < known.sale.changed_at:
                return Taken.OLDER
            keys = await self._keys(sale, known)
            match = known.match if known and known.match.by else await self._match(sale, keys)
            told = replace(
                known or _unknown(sale, now),
                sale=_without_identity(sale),
                match=match,
                unionid_key=keys[0],
                phone_key=keys[1],
            )
            is_same = known is not None and told == replace(
                known, sale=msgspec.structs.replace(known.sale, changed_at=sale.changed_at)
            )
            if is_same and told == known:
                return Taken.SAME
            try:
                await self._write(told, known, now)
            except UnitConflict:  # told twice at once
                continue
            if is_same:  # said once more, later: that it is so still
                return Taken.SAME
            return Taken.CHANGED if known else Taken.NEW
        raise Conflict(f"order {sale.number} is changed by others again and again")

    async def take_all(self, sales: Iterable[Sale], now: float) -> Counter[Taken]:
        """Write many, side by side, so that they share the price of a commit.

        Tellings of one order are written one after another.
        """
        by_number: defaultdict[str, list[Sale]] = defaultdict(list)
        for sale in sales:
            by_number[sale.number].append(sale)

        async def one_order(tellings: Sequence[Sale]) -> list[Taken]:
            return [await self.take(each, now) for each in tellings]

        groups, became = list(by_number.values()), Counter[Taken]()
        for begin in range(0, len(groups), _AT_ONCE):
            done = await asyncio.gather(*map(one_order, groups[begin : begin + _AT_ONCE]))
            became.update(each for some in done for each in some)
        return became

    async def belongs_to(self, number: str, external_userid: str, now: float) -> bool:
        """A person says whose an order is; returns whether it was nobody's."""
        known = await self.get(number)
        if known is None or known.match.by:
            return False
        await self._write(replace(known, match=Match(external_userid, "hand")), known, now)
        return True

    async def match_again(self, now: float, limit: int = 200) -> int:
        """Give orders to the buyers who became known; returns how many."""
        rows = await self._db.scan(_FOUND, limit)
        given = 0
        for row in rows:
            known = await self.get(row["number"])
            if known is None or known.match.by:
                continue
            match = await self._match(known.sale, (known.unionid_key, known.phone_key))
            if match.by:
                try:
                    await self._write(replace(known, match=match), known, now)
                except UnitConflict:
                    continue
                given += 1
        return given

    async def _write(self, told: KnownSale, known: KnownSale | None, now: float) -> None:
        sale, match = told.sale, told.match
        tell = bool(match.by) and sale.counts and told.told_at is None
        subject = _subject(match.external_userid)
        await self._vault.ready([subject])
        goods = _encode(_Goods(sale.title, sale.categories))
        was_at = known.sale.changed_at if known else sale.changed_at
        unit = Unit()
        unit.add(
            _PUT,
            *(sale.number, sale.shop, sale.status, sale.amount, sale.refunded, sale.paid_at),
            *(sale.changed_at, match.external_userid, match.by),
            *((told.matched_at or now) if match.by else None, match.why),
            *(told.unionid_key, told.phone_key, self._vault.seal(subject, goods)),
            *(told.received_at, now if tell else told.told_at),
            *(was_at, known.match.external_userid if known else match.external_userid),
            expect=1,
        )
        if tell:
            await self._mailbox.deliver(unit, [_paid(sale, match.external_userid)], now)
        await self._db.commit(unit)

    async def _keys(self, sale: Sale, known: KnownSale | None) -> tuple[str, str]:
        unionid, phone = sale.unionid, normal_phone(sale.phone)
        return (
            await self._vault.look_up_key(IdentityKind.UNIONID, unionid)
            if unionid
            else (known.unionid_key if known else ""),
            await self._vault.look_up_key(IdentityKind.PHONE, phone)
            if phone
            else (known.phone_key if known else ""),
        )

    async def _match(self, sale: Sale, keys: tuple[str, str]) -> Match:
        """The buyer: named by the shop, else by unionid, else by a phone that one person has."""
        if sale.external_userid and await self._people.known(sale.external_userid):
            return Match(sale.external_userid, "customer")
        if not any(keys):
            return Match(why="no_identity")
        for kind, key in zip((IdentityKind.UNIONID, IdentityKind.PHONE), keys, strict=True):
            found = await self._with_key(kind, key) if key else []
            if len({row["person"] for row in found}) == 1:
                return Match(found[0]["external_userid"], kind)
            if found:
                return Match(why="ambiguous")
        return Match(why="unknown")

    async def _with_key(self, kind: IdentityKind, key: str) -> list[Row]:
        return await self._db.fetch(
            f"SELECT i.external_userid, {_PERSON} AS person FROM identities i"
            " JOIN customers c ON c.external_userid = i.external_userid"
            " LEFT JOIN kept_persons k ON k.person_id = c.person_id"
            " WHERE i.kind = ? AND i.key = ? ORDER BY c.created_at, i.external_userid",
            *(kind, key),
        )

    async def _opened(self, row: Row) -> KnownSale:
        subject = _subject(row["external_userid"])
        await self._vault.ready([subject])
        try:
            goods = _decode(self._vault.open(subject, row["body"])) if row["body"] else _Goods()
        except (Unreadable, msgspec.DecodeError):
            goods = _Goods()
        return KnownSale(
            sale=Sale(
                number=row["number"],
                shop=row["shop"],
                status=row["status"],
                amount=row["amount"],
                refunded=row["refunded"],
                paid_at=row["paid_at"],
                changed_at=row["changed_at"],
                title=goods.title,
                categories=goods.categories,
            ),
            match=Match(row["external_userid"], row["matched_by"], row["unmatched_why"]),
            matched_at=row["matched_at"],
            unionid_key=row["unionid_key"],
            phone_key=row["phone_key"],
            received_at=row["received_at"],
            told_at=row["told_at"],
        )


def _unknown(sale: Sale, now: float) -> KnownSale:
    return KnownSale(sale, Match(), None, "", "", now, None)


def _without_identity(sale: Sale) -> Sale:
    """What is kept of it in the row itself."""
    return msgspec.structs.replace(sale, unionid="", phone="", external_userid="")


def _paid(sale: Sale, external_userid: str) -> Arrival:
    data = {
        "number": sale.number,
        "shop": sale.shop,
        "amount": sale.amount,
        "category": list(sale.categories),
    }
    event = Emitted(name=ORDER_PAID, data=data, external_userid=external_userid)
    key = f"{ORDER_PAID}:{sale.number}"
    return Arrival(_subject(external_userid), event, Lane.BACKGROUND, key, sale.paid_at or 0.0)


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject if external_userid else _CORP
