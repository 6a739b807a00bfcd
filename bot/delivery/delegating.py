"""How does a model find out what a customer asks, with which tools, and what comes of it?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

from bot.config import AccountSettings, Tool
from bot.delivery.consulting import TokenBudget
from bot.delivery.looking_up import ToolBox
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ModelUnavailable, ToolFailed
from bot.llm.agent import Agent, FoundOut
from bot.llm.agent_tools import AgentTool
from bot.model import Conversation, Delegate, Order
from bot.ports import Clock
from bot.routing.phrases import Phrases
from bot.routing.wording import ORDERS_CATEGORY, hours_text, order_lines
from bot.store import Parcel, Store
from knowledge import Audience, Library

log = structlog.get_logger(__name__)

AGENT = "agent"
"""Who wanted a call, in the audit."""

_TOKENS = 8000
"""Set aside for one message: a few requests of instructions, question and results."""

_ENTRIES, _ORDERS = 3, 5
_MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class AgentCourier:
    """Lets the model look things up. No answer is an answer too. It only reads.

    Args:
        agent: ``None`` when the configuration dropped it while a row waited.
        budget: ``None`` = it may cost what it likes.
    """

    store: Store
    agent: Agent | None
    desk: "Desk"
    clock: Clock
    budget: TokenBudget | None = None

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Ask once."""
        effect, customer = parcel.effect, parcel.conversation
        assert isinstance(effect, Delegate)
        assert customer is not None
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        result: dict[str, Any] = {"msgid": effect.msgid}
        if self.agent is None:
            return Ended("sent", result=result | {"why_not": "no agent"})
        now = self.clock.now()
        case = Case(self.desk, customer, now)
        if self.budget and not await self.budget.admits(customer.external_userid, _TOKENS, now):
            return Ended("sent", error="over budget", result=result | {"why_not": "budget"})
        tokens = 0
        try:
            found = await self.agent.find_out(
                effect.question, case.tools(), recent=effect.recent, who=effect.who
            )
            tokens = found.tokens or _TOKENS
        except ModelUnavailable as unavailable:
            log.warning("model.unavailable", error=str(unavailable), trace=parcel.trace_id)
            timed_out = isinstance(unavailable.__cause__, TimeoutError)
            tokens = _TOKENS if case.used or timed_out else 0  # what it cost so far nobody tells
            found = FoundOut(refused="unavailable")
        if self.budget:
            await self.budget.correct(customer.external_userid, tokens - _TOKENS, now)
        error = f"refused: {found.refused}" if found.refused else None
        return Ended("sent", error=error, result=result | {"found": case.told(found)})


@dataclass(frozen=True, slots=True)
class Desk:
    """What every case is worked with.

    Args:
        texts: how the tools are described (`prompts/llm/agent-tools.yaml`).
    """

    tools: ToolBox
    library: Library
    accounts: Callable[[str], AccountSettings]
    phrases: Phrases
    texts: Mapping[str, str]


@dataclass(slots=True)
class Case:
    """One message: the tools, bound to its customer, and what was used of them."""

    desk: Desk
    customer: Conversation
    now: float
    used: dict[str, None] = field(default_factory=dict)
    categories: dict[str, None] = field(default_factory=dict)
    hands_over: bool = False

    def tools(self) -> list[AgentTool]:
        """What the model may use: nothing that speaks of what the bot may not speak of."""
        own = [
            self._own("search_knowledge", self._search, query=True),
            self._own("business_hours", self._hours),
            self._own("hand_over", self._hand_over),
        ]
        if self._may_speak_of(ORDERS_CATEGORY):
            own.append(self._own("my_orders", self._my_orders, number=False))
        names = {tool.name for tool in own}
        configured = self.desk.tools.tools.items()
        return own + [
            self._configured(name, tool)
            for name, tool in configured
            if tool.orders is None and name not in names
        ]

    def told(self, found: FoundOut) -> dict[str, Any]:
        """What the turn is told, JSON-able."""
        return {
            "answer": found.answer,
            "hand_over": self.hands_over,
            "categories": list(self.categories),
            "used": list(self.used),
            "refused": found.refused,
            "prompt": found.prompt,
        }

    # ------------------------------------------------------------------ the tools

    async def _search(self, arguments: Mapping[str, Any]) -> str:
        query = arguments.get("query")
        if not isinstance(query, str) or not 0 < len(query) <= _MAX_QUERY:
            raise ToolFailed("arguments", "query")
        today = _local(self.desk, self.now).date()
        where = self.customer.open_kfid
        audience = Audience(today=today, open_kfid=where)
        matches = await self.desk.library.of(where).search(query, audience, _ENTRIES)
        entries = [one.entry for one in matches if self._may_speak_of(one.entry.category)]
        self.categories |= dict.fromkeys(entry.category for entry in entries)
        told = [f"{entry.question}\n{entry.answer}" for entry in entries]
        return "\n\n".join(told) or self.desk.texts["nothing"]

    async def _my_orders(self, arguments: Mapping[str, Any]) -> str:
        number = arguments.get("number") or ""
        if not isinstance(number, str):
            raise ToolFailed("arguments", "number")
        orders = await self.desk.tools.orders_of(self.customer, AGENT)
        self.categories[ORDERS_CATEGORY] = None
        if number:
            orders = [one for one in orders if number.strip() in _numbers(one)]
        say = self.desk.phrases.say
        told = [
            "\n".join(order_lines(self.desk.phrases, one, lambda at: _local(self.desk, at)))
            for one in orders[:_ORDERS]
        ]
        return "\n\n".join(told) or say("orders.not_found" if number else "orders.none")

    async def _hours(self, _: Mapping[str, Any]) -> str:
        account, texts = self.desk.accounts(self.customer.open_kfid), self.desk.texts
        hours = hours_text(self.desk.phrases, account)
        if not hours:
            return texts["always"]
        state = texts["open_now" if account.is_open(self.now) else "closed_now"]
        return f"{texts['hours'].format(hours=hours)}\n{state}"

    async def _hand_over(self, _: Mapping[str, Any]) -> str:
        self.hands_over = True
        return self.desk.texts["handed"]

    # ------------------------------------------------------------------ how they are bound

    def _own(
        self, name: str, work: Callable[[Mapping[str, Any]], Any], **parameters: bool
    ) -> AgentTool:
        async def call(arguments: Mapping[str, Any]) -> str:
            self.used[name] = None
            if set(arguments) - set(parameters):
                asked = self._audited(_refuse("one is not known"), name, arguments)
            elif name == "my_orders":
                asked = work(arguments)  # the tool box writes it down
            else:
                asked = self._audited(work(arguments), name, arguments)
            return await _quietly(asked)

        return AgentTool(
            name,
            self.desk.texts[name],
            call,
            {one: {"type": "string", "description": self.desk.texts[one]} for one in parameters},
            tuple(one for one, required in parameters.items() if required),
        )

    def _configured(self, name: str, tool: Tool) -> AgentTool:
        async def call(arguments: Mapping[str, Any]) -> str:
            self.used[name], self.categories[""] = None, None
            asked = self.desk.tools.ask(name, arguments, self.customer, AGENT)
            return await _quietly(asked)

        return AgentTool(
            name,
            tool.description,
            call,
            {
                one: {"type": argument.type, "description": argument.description}
                for one, argument in tool.arguments.items()
            },
            tuple(one for one, argument in tool.arguments.items() if argument.required),
        )

    def _audited(self, work: Any, name: str, arguments: Mapping[str, Any]) -> Any:
        return self.desk.tools.audited(work, name, arguments, self.customer, AGENT)

    def _may_speak_of(self, category: str) -> bool:
        account = self.desk.accounts(self.customer.open_kfid)
        return account.autonomy.for_category(category) != "off"


async def _quietly(work: Any) -> str:
    """The text for the model; a failure is one too."""
    try:
        found = await work
    except ToolFailed as failed:
        return f"failed: {failed.reason}"
    if isinstance(found, str):
        return found
    try:
        return msgspec.json.encode(found).decode()
    except (msgspec.EncodeError, UnicodeEncodeError, RecursionError):
        return "failed: unreadable"


async def _refuse(why: str) -> str:
    raise ToolFailed("arguments", why)


def _numbers(order: Order) -> set[str]:
    return {order.number, *(one.number for one in order.shipments)} - {""}


def _local(desk: Desk, moment: float) -> datetime:
    return datetime.fromtimestamp(moment, desk.tools.zone)
