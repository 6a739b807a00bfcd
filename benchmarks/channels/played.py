"""A company's customers over some months, made up from a seed, and what a count by hand says.

The count by hand knows nothing of the product's: it plays every second of every pair from the
events as they happened, and asks for each person whether they were there.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bot.model import CustomerAdded, CustomerDeleted
from bot.model.sales import Sale

DAY = 86_400.0
BEGIN = 1_780_000_000.0
DAYS = 150
ZONE = ZoneInfo("Asia/Shanghai")
CHANNELS = ("douyin", "store", "partner", "staff")
STATES = ("douyin", "dy2025", "store", "partner", "staff", "unheard-of", "")
MEANS = {"dy2025": "douyin", "unheard-of": "", **{name: name for name in CHANNELS}, "": ""}
MEMBERS = ("zhangsan", "lisi", "wangwu")


@dataclass
class Played:
    """What happened.

    Args:
        twins: customer → the customer that is the same person.
        wrote: customer and moment of each message.
        sales: every telling of every order.
        brought: member, customer and moment of each add that was a colleague's handing over.
        costs: channel and local day → 分, of those that were entered.
    """

    events: list[CustomerAdded | CustomerDeleted] = field(default_factory=list)
    twins: dict[str, str] = field(default_factory=dict)
    wrote: list[tuple[str, float]] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    brought: set[tuple[str, str, float]] = field(default_factory=set)
    costs: dict[tuple[str, str], int] = field(default_factory=dict)

    def person(self, customer: str) -> str:
        """The customer that stands for the person."""
        while customer in self.twins:
            customer = self.twins[customer]
        return customer

    def __len__(self) -> int:
        return len(self.events) + len(self.wrote) + len(self.sales)


def play(seed: int, events: int) -> Played:
    """At least so many events: adds (half ones, repeats), deletions, re-adds, handovers,
    orders, refunds."""
    chance, played, number = random.Random(seed), Played(), 0
    while len(played) < events:
        number += 1
        customer = f"wm_{number:06d}"
        if number > 1 and chance.random() < 0.05:
            played.twins[customer] = f"wm_{chance.randrange(1, number):06d}"
        at = BEGIN + chance.randrange(int(DAYS * DAY))
        for member in chance.sample(MEMBERS, chance.choice((1, 1, 1, 2))):
            at = _friendships(chance, played, member, customer, at + chance.randrange(1, 9000))
        for _ in range(chance.choice((0, 0, 1, 3))):
            played.wrote.append((customer, at - chance.randrange(int(40 * DAY))))
        if chance.random() < 0.4:
            _order(chance, played, customer, at)
    for channel in CHANNELS:
        for day in range(DAYS):
            if chance.random() < 0.95:  # now and then nobody has entered it
                played.costs[channel, local_day(BEGIN + day * DAY)] = chance.choice((0, 5_000, 31))
    return played


def local_day(at: float) -> str:
    """The date in Shanghai."""
    return datetime.fromtimestamp(at, ZONE).date().isoformat()


def _friendships(
    chance: random.Random, played: Played, member: str, customer: str, at: float
) -> float:
    """One pair: added, perhaps half at first, perhaps deleted and added again."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        state = chance.choice(STATES)
        if chance.random() < 0.3:
            played.events.append(_added(member, customer, state, at, half=True))
            at += chance.randrange(1, 5000)
        played.events.append(_added(member, customer, state, at))
        if chance.random() < 0.5:
            return at
        at += chance.randrange(1, int(45 * DAY))
        if chance.random() < 0.2:
            _hand_over(chance, played, member, customer, at)
            return at
        gone = CustomerDeleted(userid=member, external_userid=customer, by="customer", at=at)
        played.events.append(gone)
        at += chance.randrange(1, int(20 * DAY))
    return at


def _hand_over(
    chance: random.Random, played: Played, member: str, customer: str, at: float
) -> None:
    """The member goes, another one has the customer from then on; sometimes not for long."""
    other = chance.choice([one for one in MEMBERS if one != member])
    passed_on = CustomerDeleted(
        userid=member, external_userid=customer, by="staff", source="DELETE_BY_TRANSFER", at=at
    )
    played.events.append(passed_on)
    at += chance.choice((0.0, 0.0, 2.0))
    played.events.append(_added(other, customer, "", at))
    played.brought.add((other, customer, at))
    if chance.random() < 0.3:
        at += chance.randrange(1, int(40 * DAY))
        gone = CustomerDeleted(userid=other, external_userid=customer, by="customer", at=at)
        played.events.append(gone)


def _added(
    member: str, customer: str, state: str, at: float, *, half: bool = False
) -> CustomerAdded:
    return CustomerAdded(userid=member, external_userid=customer, state=state, at=at, half=half)


def _order(chance: random.Random, played: Played, customer: str, at: float) -> None:
    paid_at = at + chance.randrange(-int(50 * DAY), int(50 * DAY))
    amount = chance.randrange(100, 90_000)
    order = Sale(
        number=f"T{len(played.sales)}_{customer}",
        amount=amount,
        unionid=f"o_{customer}",
        paid_at=paid_at,
        changed_at=paid_at,
    )
    played.sales.append(order)
    if chance.random() < 0.3:
        refunded = chance.choice((amount, amount // 2))
        played.sales.append(
            msgspec.structs.replace(order, changed_at=paid_at + 999.0, refunded=refunded)
        )


# ---------------------------------------------------------------------- the count by hand


Period = tuple[str, str, int, int, int, int | None, float | None, float | None]
"""First and last day; adds, new people, revenue; cost, CAC, ROI."""


def in_periods(
    played: Played, days: Sequence[date], by: str, now: float
) -> dict[str, list[Period]]:
    """Each channel in each day, week (from Monday) or month among these days, plainly."""
    named = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}[by]
    found: dict[str, list[Period]] = {channel: [] for channel in (*CHANNELS, "")}
    for name in sorted({day.strftime(named) for day in days}):
        mine = [day for day in days if day.strftime(named) == name]
        since = datetime.combine(mine[0], time(), ZONE).timestamp()
        until = datetime.combine(mine[-1] + timedelta(1), time(), ZONE).timestamp()
        counts = counted(played, since, until, now)
        for channel, lines in found.items():
            line = counts.get(channel, {"adds": 0, "new": 0, "revenue": 0})
            adds, new, revenue = (int(str(line[key])) for key in ("adds", "new", "revenue"))
            entered = [played.costs.get((channel, day.isoformat())) for day in mine]
            known = [cost for cost in entered if cost is not None]
            cost = sum(known) if known else None
            whole = cost is not None and len(known) == len(mine)
            cac = cost / new if whole and cost is not None and new else None
            roi = revenue / cost if whole and cost else None
            lines.append(
                (mine[0].isoformat(), mine[-1].isoformat(), adds, new, revenue, cost, cac, roi)
            )
    return found


Log = dict[str, list[tuple[float, str]]]


def counted(played: Played, since: float, until: float, now: float) -> dict[str, dict[str, object]]:
    """The figures of each channel, plainly."""
    began, spans = _friends(played)
    kept = _kept(played)
    did: defaultdict[str, list[float]] = defaultdict(list)
    for customer, at in played.wrote:
        did[played.person(customer)].append(at)
    for who, orders in kept.items():
        did[who] += [at for at, _ in orders]
    result: dict[str, dict[str, object]] = {}
    for channel in {channel for lines in began.values() for _, channel in lines}:
        adds = sum(
            1
            for lines in began.values()
            for at, by in lines
            if by == channel and since <= at < until
        )
        new = {
            who: min(lines)[0]
            for who, lines in began.items()
            if min(lines)[1] == channel and since <= min(lines)[0] < until
        }
        if adds:
            shares = _shares(new, spans, kept, did, now)
            result[channel] = {"adds": adds, "new": len(new)} | shares
    return result


def _friends(played: Played) -> tuple[Log, dict[str, list[tuple[float, float]]]]:
    """Person → when by what they came, and person → from when to when they were there."""
    log: defaultdict[tuple[str, str], list[tuple[float, bool, str]]] = defaultdict(list)
    for event in played.events:
        added = isinstance(event, CustomerAdded)
        state = event.state if isinstance(event, CustomerAdded) else ""
        log[event.userid, event.external_userid].append((event.at, added, MEANS.get(state, "")))
    began: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for (member, customer), lines in log.items():
        who, friends_since = played.person(customer), None
        for at, added, channel in sorted(lines):
            if added and friends_since is None:
                friends_since = at
                if (member, customer, at) not in played.brought:
                    began[who].append((at, channel))
            elif not added and friends_since is not None:
                spans[who].append((friends_since, at))
                friends_since = None
        if friends_since is not None:
            spans[who].append((friends_since, float("inf")))
    return dict(began), dict(spans)


Orders = dict[str, list[tuple[float, int]]]


def _kept(played: Played) -> Orders:
    """Person → when they paid for what they kept, and how much, as told last."""
    last: dict[str, Sale] = {}
    for sale in sorted(played.sales, key=lambda one: one.changed_at):
        last[sale.number] = sale
    kept: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for sale in last.values():
        if sale.refunded < sale.amount and sale.paid_at is not None:
            order = (sale.paid_at, sale.amount - sale.refunded)
            kept[played.person(sale.unionid.removeprefix("o_"))].append(order)
    return kept


def _shares(
    new: dict[str, float],
    spans: dict[str, list[tuple[float, float]]],
    kept: Orders,
    did: dict[str, list[float]],
    now: float,
) -> dict[str, object]:
    found: dict[str, object] = {}
    for days in (7, 30):
        ripe = [who for who in new if new[who] + days * DAY <= now]
        there = 0
        for who in ripe:
            moment = new[who] + days * DAY
            there += any(a <= moment < b for a, b in spans.get(who, ()))
        found[f"net{days}"] = (there, len(ripe))
    found["converted"] = (
        sum(
            1
            for who, at in new.items()
            if kept.get(who) and at <= min(kept[who])[0] <= at + 30 * DAY
        ),
        len(new),
    )
    found["revenue"] = sum(
        amount
        for who, at in new.items()
        for paid_at, amount in kept.get(who, ())
        if at <= paid_at <= at + 30 * DAY
    )
    ripe = [who for who in new if new[who] + 7 * DAY <= now]
    found["interacted"] = (
        sum(any(new[who] <= at <= new[who] + 7 * DAY for at in did.get(who, ())) for who in ripe),
        len(ripe),
    )
    for days in (7, 30, 90):
        ripe = [who for who in new if new[who] + days * DAY <= now]
        count = 0
        for who in ripe:
            low, high = new[who] + (days - 7) * DAY, new[who] + days * DAY
            count += any(low < at <= high for at in did.get(who, ()))
        found[f"retained{days}"] = (count, len(ripe))
    quiet = [
        who
        for who in new
        if new[who] + 10 * DAY <= now
        and not any(new[who] <= at <= new[who] + 3 * DAY for at in did.get(who, ()))
    ]
    found["activated"] = (
        sum(
            any(new[who] + 3 * DAY < at <= new[who] + 10 * DAY for at in did.get(who, ()))
            for who in quiet
        ),
        len(quiet),
    )
    return found
