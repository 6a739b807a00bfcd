"""How does a test do with points what customers, members and the clock do?"""

from bot.delivery.ending import Ending
from bot.model import Conversation
from bot.store import Redeemed, Unit, UnitConflict
from bot.store.points import booked_back, earned, lots
from handlers.points import redeeming
from handlers.points.store import Exchange, listed
from tests.builders import a_message
from tests.points_model import COFFEE, EACH, MUG, PRICES, STOCK, Purses
from tests.referrals import Fair

HOUR_S = 3600.0


class Counter:
    """Plays acts on both: the product, and the purses that say what should come of them."""

    def __init__(self, fair: Fair, purses: Purses) -> None:
        self.fair, self.store, self.purses = fair, fair.store, purses
        self.gifts: list[tuple[str, str, int]] = []
        self.taps = self.redemptions = 0
        self.last: tuple[str, str, str] | None = None
        self.has_come_through = False

    async def gift(self, who: str, many: int, hours: float | None) -> None:
        """Points come from somewhere else."""
        now, named = self.fair.clock.now(), f"gift{len(self.gifts)}"
        ends = None if hours is None else now + hours * HOUR_S
        gift = {"source": "gift", "source_id": named}
        booked = earned(who, many, **gift, at=now, expires_at=ends)
        for _ in range(2):  # told twice
            await self.fair.writes(booked)
        self.gifts.append((who, named, many))
        self.purses.earns(who, many, named, float("inf") if ends is None else ends)

    async def tier(self, who: str, points: int, lasts_s: float) -> None:
        """A tier was paid in points, some time since the last act."""
        (one,) = [one for one in await self.store.points.of(who) if one.source == "referral"]
        assert one.at <= self.fair.clock.now()
        self.purses.earns(who, points, "tier", one.at + lasts_s)

    async def exchange(self, who: str, item: str) -> None:
        """He confirms."""
        self.taps += 1
        self.last = (who, item, f"points:yes:{item}:{PRICES[item]}:{self.taps:08d}")
        self.has_come_through = False
        await self.again()

    async def again(self) -> None:
        """He taps the same yes, once more if he did before: what came through comes once."""
        if self.last is not None:
            who, item, menu_id = self.last
            self.has_come_through = self.has_come_through or self.purses.exchanges(who, item)
            await self._tap(who, menu_id)

    async def _tap(self, who: str, menu_id: str) -> None:
        content = {"content": "确认兑换", "menu_id": menu_id}
        where = Conversation("wk_shop", who)
        message = a_message(of=where, content=content, sent_at=self.fair.clock.now())
        await self.fair.chat.dialogue.happen(message)
        await self.fair.chat.dialogue.catch_up()

    async def cancel(self) -> None:
        """The first mug that waits cannot be sent."""
        for place, (who, item, lives) in enumerate(self.purses.exchanged):
            if item != MUG or not lives:
                continue
            (one,) = [row for row in await listed(self.store, customer=who) if row.item == MUG
                      and row.standing is Exchange.RESERVED]  # fmt: skip
            back = await redeeming.cancelled(self.store, one, self.fair.clock.now(), "x", "y")
            await self.store.database.commit(Unit(back))
            self.purses.cancels(place)
            return

    async def look(self) -> None:
        """The service looks for what has ended."""
        config, clock = self.fair.chat.engine.config, self.fair.clock
        for _ in range(2):
            await Ending(self.store, config, clock, lambda _subject, _lane: None).look()
            await self.fair.chat.dialogue.catch_up()
        self.purses.ends(clock.now())

    async def unbook(self, number: int) -> None:
        """A gift is booked back by hand."""
        if not self.gifts:
            return
        who, named, many = self.gifts[number % len(self.gifts)]
        (posting,) = [one for one in await self.store.points.of(who) if one.source_id == named]
        now = self.fair.clock.now()
        back = booked_back(who, posting, at=now, by="x", why="y", expect=2)
        try:
            await self.fair.writes(back)
            done = True
        except UnitConflict:
            done = False
        assert done == self.purses.takes_back(who, named, many)

    async def till(self, who: str) -> None:
        """His first coffee is redeemed at a till."""
        for one in (await self.store.coupons.of(who))[:1]:
            now = self.fair.clock.now()
            self.redemptions += 1
            ref = f"t{self.redemptions}"
            was, _ = await self.store.coupons.redeem(one.code, by="till", ref=ref, now=now)
            fresh = one.code not in self.purses.redeemed
            assert was is (Redeemed.DONE if fresh else Redeemed.ALREADY)
            self.purses.redeemed.add(one.code)

    async def compare(self, people: tuple[str, ...], act: object) -> None:
        """Every balance, lot, stock and coupon is as it should be."""
        assert await self.store.points.total() == 0
        for who in people:
            balance = await self.store.points.balance(who)
            assert balance == self.purses.balance(who), (act, who)
            left = lots(await self.store.points.of(who))
            assert sum(one.left for one in left) == balance, (act, who)
            ends = sorted(one.expires_at or float("inf") for one in left for _ in range(one.left))
            assert ends == sorted(end for end, _ in self.purses.points.get(who, [])), (act, who)
            for item in (COFFEE, MUG):
                rows = [one for one in await listed(self.store, customer=who) if one.item == item]
                his = sum(one.standing is not Exchange.CANCELLED for one in rows)
                mine = sum(one == (who, item, True) for one in self.purses.exchanged)
                assert his == mine <= EACH[item], (act, who, item)
        given = sum(one[1] == COFFEE for one in self.purses.exchanged)
        free = await self.store.coupons.free(COFFEE, self.fair.clock.now())
        assert free == STOCK[COFFEE] - given, act
