"""How are the company's systems asked on behalf of a turn, so that the turn always hears back?"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import structlog

from bot.config import Tool
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ToolFailed, WeComError
from bot.model import ORDERS, VALUES, Conversation, LookUp, Order
from bot.model.people import IdentityKind
from bot.ports import Clock
from bot.store import Parcel, Store
from bot.telemetry import Metrics
from bot.tools import HttpTools, fields_in, orders_in
from bot.wecom.kf import Kf

log = structlog.get_logger(__name__)

T = TypeVar("T")

FindValues = Callable[[Conversation, Sequence[str], str], Awaitable[None]]
"""Fetches values of a customer and keeps them where a turn reads them."""

OWN = (ORDERS, "search_knowledge", "business_hours", "hand_over")
"""What may be asked beside the configured tools."""

OWN_ORDER = "errands.own_order"
"""Who wanted the orders that an errand was checked against, in the audit."""


@dataclass(frozen=True, slots=True)
class ToolBox:
    """Asks one of the company's systems about one customer; every call is written down.

    Args:
        http: what asks the configured tools.
        tools: as configured, by name.
        zone: of times that name none.
    """

    store: Store
    http: HttpTools
    tools: Mapping[str, Tool]
    kf: Kf
    clock: Clock
    metrics: Metrics
    zone: ZoneInfo

    async def orders_of(self, customer: Conversation, wanted_by: str) -> list[Order]:
        """The customer's own orders: from the tool that serves them, else from our table.

        Raises:
            ToolFailed: they could not be had; that is not "none".
        """
        name = next((name for name, tool in self.tools.items() if tool.orders), None)
        if name is None:
            found = self.store.orders.of(customer.external_userid)
        else:
            found = self._orders_at(name, customer)
        return await self.audited(found, name or ORDERS, {}, customer, wanted_by)

    async def ask(
        self, name: str, arguments: Mapping[str, Any], customer: Conversation, wanted_by: str
    ) -> Any:
        """What a configured tool answers, as far as its configuration shows it.

        Raises:
            ToolFailed: no such tool, arguments that do not fit, or no readable answer in time.
        """
        asked = self._ask(name, arguments, customer)
        return await self.audited(asked, name, arguments, customer, wanted_by)

    async def _ask(self, name: str, arguments: Mapping[str, Any], customer: Conversation) -> Any:
        if name not in self.tools or self.tools[name].writes:
            raise ToolFailed("arguments", "no such tool")
        tool = self.tools[name]
        identity = await self._identity(tool, customer)
        return fields_in(tool, await self.http.ask(name, arguments, identity))

    async def change(
        self,
        name: str,
        arguments: Mapping[str, Any],
        customer: Conversation,
        wanted_by: str,
        key: str,
    ) -> None:
        """Have a tool that writes do its work, once; the customer has confirmed it.

        Raises:
            ToolFailed: as `HttpTools.change`.
        """
        work = self._change(name, arguments, customer, key)
        await self.audited(work, name, arguments, customer, wanted_by)

    async def _change(
        self, name: str, arguments: Mapping[str, Any], customer: Conversation, key: str
    ) -> None:
        tool = self.tools[name]
        try:
            identity = await self._identity(tool, customer)
            await self._check_own(tool, arguments, customer)
        except ToolFailed as failed:
            failed.reached = False
            raise
        await self.http.change(name, arguments, identity, key)

    async def _check_own(
        self, tool: Tool, arguments: Mapping[str, Any], customer: Conversation
    ) -> None:
        """Whoever filled it in: nothing is done to somebody else's order."""
        named = {arguments.get(one) for one, is_ in tool.arguments.items() if is_.own_order}
        if named := named - {None}:
            orders = await self.orders_of(customer, OWN_ORDER)
            if named - {order.number for order in orders}:
                raise ToolFailed("arguments", "no order of this customer")

    async def _orders_at(self, name: str, customer: Conversation) -> list[Order]:
        tool = self.tools[name]
        identity = await self._identity(tool, customer)
        answer = await self.http.ask(name, {}, identity)
        try:
            return orders_in(tool, answer, identity or "", self.zone)
        except (AttributeError, LookupError, TypeError, ValueError) as error:  # it is foreign
            raise ToolFailed("unreadable", type(error).__name__) from None

    async def _identity(self, tool: Tool, customer: Conversation) -> str | None:
        """Who the customer is in the other system: from WeCom, never from what anybody says."""
        if tool.identity != "unionid":
            return customer.external_userid
        try:
            profiles = await self.kf.batch_get_customers([customer.external_userid])
        except WeComError as error:
            raise ToolFailed("unreachable", f"unionid: {error}") from error
        mine = [one for one in profiles if one.external_userid == customer.external_userid]
        unionid = mine[0].unionid if mine else None
        if unionid:
            await self._learn(customer.external_userid, unionid)
        return unionid

    async def _learn(self, external_userid: str, unionid: str) -> None:
        """Note who the customer is: another account's customer may be the same person."""
        people, kind = self.store.people, IdentityKind.UNIONID
        if external_userid not in await people.find(kind, unionid):
            now = self.clock.now()
            await people.identify(external_userid, kind, unionid, source="kf", at=now)

    async def audited(
        self,
        work: Awaitable[T],
        tool: str,
        arguments: Mapping[str, Any],
        customer: Conversation,
        wanted_by: str,
    ) -> T:
        """Await a call, and write down that it was made and how it ended."""
        started, outcome = time.perf_counter(), "cancelled"
        try:
            found = await work
            outcome = "ok"
            return found
        except ToolFailed as failed:
            outcome = failed.reason
            log.warning("tool.failed", tool=tool, error=str(failed))
            raise
        finally:
            ms = round((time.perf_counter() - started) * 1000)
            known = tool in self.tools or tool in OWN
            self.metrics.tool_calls.labels(tool if known else "unknown", outcome).inc()
            self.metrics.tool_seconds.observe(ms / 1000)
            await self.store.tool_calls.record(
                customer.external_userid,
                tool,
                wanted_by=wanted_by,
                arguments=arguments,
                outcome=outcome,
                ms=ms,
                at=self.clock.now(),
                trace_id=structlog.contextvars.get_contextvars().get("trace_id", ""),
            )


@dataclass(frozen=True, slots=True)
class LookUpCourier:
    """Looks up what a turn wants to know. No answer is an answer too.

    Its rows have a queue each and share the model's lane, so that a system that hangs delays
    nothing else that the customer waits for. It only reads: a repeat is harmless.

    Args:
        find_values: for the look-up of `VALUES`.
    """

    store: Store
    tools: ToolBox
    clock: Clock
    find_values: FindValues

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Ask once; a customer who waits is told sooner that it failed than after retries."""
        effect = parcel.effect
        assert isinstance(effect, LookUp)
        assert parcel.conversation is not None
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        result: dict[str, Any] = {"msgid": effect.msgid}
        try:
            if effect.name == ORDERS:
                orders = await self.tools.orders_of(parcel.conversation, parcel.handled_by)
                result["found"] = msgspec.to_builtins(orders)
            elif effect.name == VALUES:
                await self.find_values(parcel.conversation, effect.names, parcel.handled_by)
                result["found"] = {}
            else:
                result["found"] = await self.tools.ask(
                    effect.name, {}, parcel.conversation, parcel.handled_by
                )
        except ToolFailed as failed:
            return Ended("sent", error=str(failed), result=result | {"why_not": failed.reason})
        return Ended("sent", result=result)
