"""How does a test run a referral campaign? Friends who come and go, in a real engine."""

from typing import Any

from bot.config import Campaign
from bot.model import CustomerAdded, CustomerDeleted, Emitted
from bot.store import Statement, Unit
from handlers.referral import store as ledger
from handlers.referral.on_groups import TIED
from handlers.referral.rules import Phase, Standing
from handlers.referral.store import Participant
from tests.talk import Chat

DAY_S = 86_400.0
SPRING: dict[str, Any] = {
    "id": "spring",
    "name": "春日邀请",
    "start": "2026-11-01 00:00",
    "end": "2026-12-31 23:59",
    "tiers": [{"invites": 1, "reward": "five"}, {"invites": 3, "reward": "twenty"}],
    "rewards": {
        "five": {"kind": "code", "name": "5 元券", "pool": "five", "cost": 5},
        "twenty": {"kind": "points", "name": "200 积分", "points": 200, "cost": 20},
    },
    "receivers": ["zhangsan", "lisi"],
}


CLUB: dict[str, Any] = SPRING | {
    "mode": "group",
    "group": {"name": "会员福利群", "chats": ["wr_a", "wr_b"]},
}
"""The same, with groups that are joined."""


class Fair:
    """A campaign with the chat of its engine; events go to any customer's mailbox."""

    def __init__(self, chat: Chat, campaign: Campaign) -> None:
        self.chat, self.store, self.clock = chat, chat.store, chat.clock
        self.campaign = campaign

    async def writes(self, *statements: Statement) -> None:
        """Commit statements as they are."""
        await self.store.database.commit(Unit(list(statements)))

    async def opens(self, phase: Phase = Phase.OPEN, *, ago: float = DAY_S) -> None:
        """The campaign is described and opened a day ago, by default."""
        zone = self.chat.engine.dispatcher._setting.zone
        at = self.clock.now() - ago
        window = self.campaign.window(zone)
        await self.writes(
            ledger.put(self.campaign, window, "hand", at),
            ledger.turned(self.campaign.id, phase, "test", at),
        )

    async def turns(self, phase: Phase) -> None:
        """The campaign is something else from now on."""
        await self.writes(ledger.turned(self.campaign.id, phase, "test", self.clock.now()))

    async def codes(self, *codes: str, pool: str = "five") -> None:
        """Coupon codes are imported."""
        sql = "INSERT INTO coupons (pool, code, imported_at) VALUES (?, ?, 0)"
        await self.writes(*(Statement(sql, (pool, code)) for code in codes))

    async def invites(self, customer: str) -> str:
        """A customer takes part; returns the state of the code."""
        state = f"r_{customer}"
        at = (self.campaign.id, customer, state, "wk_shop", "", self.clock.now(), None, None)
        unit = Unit([ledger.joined(Participant(*at))])
        self.store.channels.claim(unit, state, ledger.KIND, state, self.clock.now())
        await self.store.database.commit(unit)
        return state

    async def adds(
        self,
        newcomer: str,
        *,
        by: str = "",
        member: str = "zhangsan",
        at: float | None = None,
        times: int = 1,
    ) -> None:
        """A newcomer adds a member by somebody's code."""
        state = f"r_{by}" if by else ""
        for _ in range(times):
            await self.chat.receives(
                CustomerAdded(
                    userid=member,
                    external_userid=newcomer,
                    at=self.clock.now() if at is None else at,
                    state=state,
                )
            )

    async def leaves(
        self,
        newcomer: str,
        *,
        by: Any = "customer",
        member: str = "zhangsan",
        at: float | None = None,
        times: int = 1,
    ) -> None:
        """A friendship ends."""
        for _ in range(times):
            await self.chat.receives(
                CustomerDeleted(
                    userid=member,
                    external_userid=newcomer,
                    at=self.clock.now() if at is None else at,
                    by=by,
                )
            )

    async def joins(
        self, newcomer: str, *, by: str = "", chat: str = "wr_a", at: float | None = None
    ) -> None:
        """A newcomer joins a group by somebody's code, as WeCom tells when it is asked."""
        state = f"r_{by}" if by else ""
        at = self.clock.now() if at is None else at
        await self._tied(newcomer, chat=chat, at=at, began=True, state=state)

    async def quits(
        self, newcomer: str, *, by: str = "customer", chat: str = "wr_a", at: float | None = None
    ) -> None:
        """A newcomer leaves a group, or is removed from it."""
        at = self.clock.now() if at is None else at
        await self._tied(newcomer, chat=chat, at=at, began=False, by=by)

    async def _tied(self, newcomer: str, **data: Any) -> None:
        await self.chat.receives(Emitted(name=TIED, data=data, external_userid=newcomer))

    async def counts(self, customer: str) -> dict[str, int]:
        """How many of a participant's invitations stand how, those without any left out."""
        found = await ledger.counts(self.store, f"r_{customer}")
        return {str(one): n for one, n in found.items() if n}

    async def valid(self, customer: str) -> int:
        """How many of them are valid."""
        return (await ledger.counts(self.store, f"r_{customer}"))[Standing.VALID]

    async def reasons(self, newcomer: str) -> list[str]:
        """Why each of a newcomer's adds stands as it does."""
        return [one.reason for one in await ledger.invites_of(self.store, [newcomer])]
