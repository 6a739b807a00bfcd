"""Which values of a customer may stand in an answer, and where are they fetched when one is needed?

A turn reads what is kept here; what it lacks is looked up while the message waits, once in a while.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.delivery.looking_up import ToolBox
from bot.errors import ToolFailed, WeComError
from bot.model import Conversation, Order
from bot.model.people import Attribute
from bot.ports import Clock, ValueSource
from bot.store import Store, Unit
from bot.wecom.kf import Kf

log = structlog.get_logger(__name__)

ORDER_S = 60.0
"""How long an order's state is told without asking again: long enough for one answer."""

NICKNAME_S = 7 * 24 * 3600.0
UNKNOWN_S = 3600.0
"""A nickname that WeCom did not tell is not asked for again so soon."""

NICKNAME = "nickname"
_KEPT_CUSTOMERS = 10_000

ORDER_NAMES = (
    *("order.last.number", "order.last.status", "order.last.title"),
    *("order.last.shipment", "order.last.event"),
)


@dataclass(slots=True)
class KeptValues:
    """Values that were looked up lately, in memory; a `ValueSource`."""

    prefix: str
    lasts_s: float
    clock: Clock
    _kept: OrderedDict[str, tuple[float, Mapping[str, str]]] = field(default_factory=OrderedDict)

    async def values(self, conversation: Conversation, names: Sequence[str]) -> Mapping[str, str]:
        """What was found, while it is new."""
        at, found = self._kept.get(conversation.external_userid, (0.0, {}))
        return found if self.clock.now() - at < self.lasts_s else {}

    async def is_fresh(self, conversation: Conversation) -> bool:
        """Whether it was looked up so lately that there is no use in asking again."""
        at, _ = self._kept.get(conversation.external_userid, (0.0, {}))
        return self.clock.now() - at < self.lasts_s

    def keep(self, external_userid: str, found: Mapping[str, str]) -> None:
        """Remember what was found, also that it was nothing."""
        self._kept[external_userid] = (self.clock.now(), found)
        self._kept.move_to_end(external_userid)
        while len(self._kept) > _KEPT_CUSTOMERS:
            self._kept.popitem(last=False)


@dataclass(slots=True)
class StoredNickname:
    """The nickname, sealed with the person's key; a `ValueSource`."""

    store: Store
    clock: Clock
    prefix: str = "profile"
    _asked: KeptValues = field(init=False)

    def __post_init__(self) -> None:
        self._asked = KeptValues(self.prefix, UNKNOWN_S, self.clock)

    async def values(self, conversation: Conversation, names: Sequence[str]) -> Mapping[str, str]:
        """The nickname as it was told last."""
        known = await self._known(conversation)
        return {"profile.name": known.value} if known else {}

    async def is_fresh(self, conversation: Conversation) -> bool:
        """Whether it was told, or not told, so lately that there is no use in asking again."""
        known = await self._known(conversation)
        if known and self.clock.now() - known.at < NICKNAME_S:
            return True
        return await self._asked.is_fresh(conversation)

    async def keep(self, external_userid: str, nickname: str) -> None:
        """Store it; an empty one is only remembered for a while."""
        self._asked.keep(external_userid, {})
        if not nickname:
            return
        unit = Unit()
        told = Attribute(
            external_userid=external_userid,
            name=NICKNAME,
            value=nickname,
            source="kf",
            by="wecom",
            at=self.clock.now(),
        )
        await self.store.profiles.set(unit, told)
        await self.store.database.commit(unit)

    async def _known(self, conversation: Conversation) -> Attribute | None:
        attributes = await self.store.profiles.of(conversation.external_userid)
        return next((one for one in attributes if one.name == NICKNAME), None)


@dataclass(frozen=True, slots=True)
class FetchedValues:
    """Where fetched values are kept for the turns to read."""

    orders: KeptValues
    nickname: StoredNickname

    @classmethod
    def of(cls, store: Store, clock: Clock) -> "FetchedValues":
        """Nothing is known of orders yet, and the nicknames that are stored."""
        return cls(KeptValues("order", ORDER_S, clock), StoredNickname(store, clock))

    @property
    def sources(self) -> tuple[ValueSource, ...]:
        """As turns read them."""
        return (self.orders, self.nickname)


@dataclass(frozen=True, slots=True)
class ValueFinder:
    """Looks up the values that an answer names. What cannot be had is left out."""

    box: ToolBox
    kf: Kf
    kept: FetchedValues

    async def find(self, customer: Conversation, names: Iterable[str], wanted_by: str) -> None:
        """Keep what is found where a turn reads it."""
        prefixes = {name.partition(".")[0] for name in names}
        orders, nickname = self.kept.orders, self.kept.nickname
        if orders.prefix in prefixes:
            orders.keep(customer.external_userid, await self._of_orders(customer, wanted_by))
        if nickname.prefix in prefixes:
            told = await self._nickname(customer)
            await nickname.keep(customer.external_userid, told)

    async def _of_orders(self, customer: Conversation, wanted_by: str) -> Mapping[str, str]:
        try:
            orders = await self.box.orders_of(customer, wanted_by)
        except ToolFailed:
            return {}  # audited and logged there
        return _values_of(orders[0]) if orders else {}

    async def _nickname(self, customer: Conversation) -> str:
        try:
            profiles = await self.kf.batch_get_customers([customer.external_userid])
        except WeComError as error:
            log.warning("nickname.unknown", error=str(error))
            return ""
        mine = [one for one in profiles if one.external_userid == customer.external_userid]
        return mine[0].nickname.strip() if mine else ""


def _values_of(order: Order) -> dict[str, str]:
    """The newest order in the words of its source; what is not told is left out."""
    sent = order.shipments[0] if order.shipments else None
    values = (
        *(order.number, order.status, order.title),
        f"{sent.carrier} {sent.number}".strip() if sent else "",
        sent.last_event if sent else "",
    )
    return {name: value for name, value in zip(ORDER_NAMES, values, strict=True) if value}
