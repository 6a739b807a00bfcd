"""How does a model find out what a customer asks, with which tools, and what comes of it?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

from bot.config import AccountSettings, Tool, checked
from bot.delivery.consulting import TokenBudget
from bot.delivery.looking_up import ToolBox
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ModelUnavailable, ToolFailed
from bot.llm.agent import Agent, FoundOut
from bot.llm.agent_tools import AgentTool
from bot.model import Conversation, Delegate, Order
from bot.ports import Clock
from bot.routing.phrases import Phrases, fold
from bot.routing.wording import ERRANDS_CATEGORY, ORDERS_CATEGORY, hours_text, order_lines
from bot.store import Parcel, Store
from knowledge import Audience, Library

log = structlog.get_logger(__name__)

AGENT = "agent"
"""Who wanted a call, in the audit."""

PROPOSE, PROPOSES = "propose_", "agent.proposes"
"""How a tool that writes is called where it is only proposed, and who did so, in the audit."""

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
        case = Case(self.desk, customer, now, heard=[effect.question, *effect.recent])
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
    """One message: the tools, bound to its customer, and what was used of them.

    Args:
        heard: what the customer wrote, and what tools have told since.
        proposal: what is to be offered to the customer; the model does nothing by itself.
    """

    desk: Desk
    customer: Conversation
    now: float
    heard: list[str] = field(default_factory=list)
    proposal: dict[str, Any] = field(default_factory=dict)
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
        reading = [
            self._configured(name, tool)
            for name, tool in configured
            if tool.orders is None and tool.writes is None and name not in names
        ]
        return own + reading + self._proposing()

    def told(self, found: FoundOut) -> dict[str, Any]:
        """What the turn is told, JSON-able."""
        return {
            "answer": found.answer,
            "hand_over": self.hands_over,
            "proposal": self.proposal,
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

    async def _propose(self, name: str, tool: Tool, arguments: Mapping[str, Any]) -> str:
        """Note what the customer is to be asked; every value is theirs, or was told by a tool."""
        if self.proposal:
            raise ToolFailed("arguments", "one thing at a time")
        fitting = checked(tool, arguments)
        for one, value in fitting.items():
            argument = tool.arguments[one]
            if argument.own_order:
                orders = await self.desk.tools.orders_of(self.customer, AGENT)
                if str(value) not in {order.number for order in orders}:
                    raise ToolFailed("arguments", f"{one} is no order of this customer")
            elif argument.pattern is None and fold(str(value)) not in fold("\n".join(self.heard)):
                raise ToolFailed("arguments", f"{one} was not said by the customer")
        self.proposal = {"tool": name, "arguments": fitting}
        return self.desk.texts["proposed"]

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
            return await self._told(asked)

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
            return await self._told(asked)

        return AgentTool(name, tool.description, call, _parameters(tool), _required(tool))

    def _proposing(self) -> list[AgentTool]:
        """Tools that only ask the customer whether something be done."""
        if not self._may_speak_of(ERRANDS_CATEGORY, "auto"):
            return []
        tools = self.desk.tools.tools.items()
        return [self._proposes(name, tool) for name, tool in tools if tool.writes]

    def _proposes(self, name: str, tool: Tool) -> AgentTool:
        async def call(arguments: Mapping[str, Any]) -> str:
            self.used[f"{PROPOSE}{name}"] = None
            work = self._propose(name, tool, arguments)
            box = self.desk.tools
            return await _quietly(box.audited(work, name, arguments, self.customer, PROPOSES))

        description = self.desk.texts["propose"].format(what=tool.description)
        return AgentTool(f"{PROPOSE}{name}", description, call, _parameters(tool), _required(tool))

    async def _told(self, work: Any) -> str:
        text = await _quietly(work)
        self.heard.append(text)
        return text

    def _audited(self, work: Any, name: str, arguments: Mapping[str, Any]) -> Any:
        return self.desk.tools.audited(work, name, arguments, self.customer, AGENT)

    def _may_speak_of(self, category: str, *modes: str) -> bool:
        account = self.desk.accounts(self.customer.open_kfid)
        return account.autonomy.for_category(category) in (modes or ("auto", "suggest"))


def _parameters(tool: Tool) -> dict[str, dict[str, str]]:
    return {
        one: {"type": argument.type, "description": argument.description}
        for one, argument in tool.arguments.items()
    }


def _required(tool: Tool) -> tuple[str, ...]:
    return tuple(one for one, argument in tool.arguments.items() if argument.required)


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
