"""What may other systems read of customers? `GET /api/v1/customers`, with a token, page by page.

Ids, tags, channels and times; of attributes only those that are neither personal nor sensitive.
Every page is written into the audit, and nobody reads everybody in a minute (R-15.6).
"""

from collections import deque
from collections.abc import Mapping

import msgspec
from aiohttp import web

from bot.model.people import ATTRIBUTES
from bot.ports import Clock
from bot.store import AuditEntry, Store, Unit
from bot.store.listing import Listed, Listing, Wanted
from bot.web.bearer import failed, refusal

PATH = "/api/v1/customers"
MOST = 200
PAGES_PER_MINUTE = 60

_FILTERS = frozenset(("tag", "channel", "updated_since", "after", "limit"))


class CustomersEndpoint:
    """Customers as JSON (docs/how-to/follow-customers.md).

    Args:
        token: what a caller must show as a bearer; empty = there is no such address.
    """

    def __init__(self, store: Store, token: str, clock: Clock) -> None:
        self._store, self._token, self._clock = store, token.encode(), clock
        self._listing = Listing(store.database)
        self._pages: deque[float] = deque()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [web.get(PATH, self._customers, allow_head=False)]

    async def _customers(self, request: web.Request) -> web.Response:
        if (refused := refusal(request, self._token)) is not None:
            return refused
        now = self._clock.now()
        if (wait_s := self._wait_s(now)) > 0:
            after = {"Retry-After": str(int(wait_s) + 1)}
            return failed(429, f"at most {PAGES_PER_MINUTE} pages a minute", after)
        try:
            wanted = _wanted(request.query)
        except ValueError as error:
            return failed(400, str(error))
        found = await self._listing.page(wanted, now)
        told = [await self._told(one, now) for one in found]
        await self._note(wanted, len(told), now)
        following = found[-1].external_userid if len(found) == wanted.limit else None
        body = msgspec.json.encode({"customers": told, "next": following})
        return web.Response(body=body, content_type="application/json")

    def _wait_s(self, now: float) -> float:
        while self._pages and self._pages[0] <= now - 60:
            self._pages.popleft()
        if len(self._pages) >= PAGES_PER_MINUTE:
            return self._pages[0] + 60 - now
        self._pages.append(now)
        return 0.0

    async def _told(self, one: Listed, now: float) -> dict[str, object]:
        return await customer_as_json(self._store, one, now)

    async def _note(self, wanted: Wanted, count: int, now: float) -> None:
        asked = " ".join(
            part for part in (wanted.tag, wanted.channel, f"after={wanted.after}") if part
        )
        unit = Unit()
        entry = AuditEntry(
            at=now,
            actor="api",
            action="customers.read",
            subject="customers",
            why=asked,
            result=str(count),
        )
        self._store.audit.note(unit, entry)
        await self._store.database.commit(unit)


async def customer_as_json(store: Store, one: Listed, now: float) -> dict[str, object]:
    """What may leave of a customer without anybody asking for more."""
    customer = one.external_userid
    touch = await store.profiles.touched(customer)
    known = await store.profiles.of(customer)
    tags = await store.tags.of(customer, now)
    return {
        "external_userid": customer,
        "person": one.person,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "first_channel": touch.first_channel if touch else "",
        "last_channel": touch.last_channel if touch else "",
        "tags": [
            {"name": tag.name, "source": tag.source, "at": tag.at, "expires_at": tag.expires_at}
            for tag in tags
        ],
        "attributes": {
            each.name: each.value for each in known if not ATTRIBUTES[each.name].kind.is_sealed
        },
    }


def _wanted(query: Mapping[str, str]) -> Wanted:
    if unknown := set(query) - _FILTERS:
        raise ValueError(f"there is no filter {min(unknown)}")
    limit = _number(query, "limit", MOST)
    if limit not in range(1, MOST + 1):
        raise ValueError(f"limit must be a whole number from 1 to {MOST}")
    return Wanted(
        tag=query.get("tag", ""),
        channel=query.get("channel", ""),
        updated_since=_number(query, "updated_since", 0.0),
        after=query.get("after", ""),
        limit=int(limit),
    )


def _number(query: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(query.get(name, default))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e12:
        raise ValueError(f"{name} must be a number")
    return number
