"""How does a test read what became of a case, and play several customers at one desk?"""

from collections.abc import Sequence
from typing import Any

from bot.commands.dialogue import shown
from bot.model import Case, Conversation, Emitted, ServicerStatusChanged, ServiceState, StaffAction
from bot.store import Unit
from bot.wecom.kf import CustomerProfile, Kf, Servicer, Servicers
from handlers.escalation.store import Ticket, ticket_of
from tests.builders import a_customer
from tests.talk import Chat

ASSIGNED = "已为您转接人工客服，请稍候。同事能看到我们刚才的对话，您不用重复说明。"
LATER = "您之前要找人工客服，同事现在可以接待您了，请稍候。"
INTRODUCTION = "您好，我是云栖优选智能助手，由 AI 为您解答；需要人工服务请回复“人工”。"
SHIP_TIME = "现货 48 小时内发出。"


class SharedKf(Kf):
    """One WeCom for the customers of several chats; drive it through each chat's `wecom`.

    Whoever receives at the first chat receives for all.
    """

    def __init__(self, chats: Sequence[Chat]) -> None:
        self._first = chats[0].wecom
        self._of = {chat.conversation: chat.wecom for chat in chats}

    async def send(self, conversation: Conversation, msgid: str, payload: dict[str, Any]) -> str:
        return await self._of[conversation].send(conversation, msgid, payload)

    async def send_on_event(self, code: str, msgid: str, payload: dict[str, Any]) -> str:
        whose, _, own = code.partition("/")
        to = next(kf for where, kf in self._of.items() if where.external_userid == whose)
        return await to.send_on_event(own, msgid, payload)

    async def get_state(self, conversation: Conversation) -> tuple[ServiceState, str | None]:
        return await self._of[conversation].get_state(conversation)

    async def list_servicers(self, open_kfid: str) -> Servicers:
        return Servicers(tuple(Servicer(userid, True) for userid in self._first.receiving))

    async def batch_get_customers(self, external_userids: Sequence[str]) -> list[CustomerProfile]:
        return await self._first.batch_get_customers(external_userids)

    async def trans(
        self, conversation: Conversation, state: ServiceState, servicer: str | None = None
    ) -> str | None:
        code = await self._of[conversation].trans(conversation, state, servicer)
        return code and f"{conversation.external_userid}/{code}"


async def others_beside(chat: Chat, *names: str) -> list[Chat]:
    """More customers of the same shop, served at the same desk."""
    others = [Chat(chat.engine, a_customer(name), chat.clock) for name in names]
    for one in others:
        await one.enters()
    shared = SharedKf([chat, *others])
    for one in (chat, *others):
        one.dialogue.connect(shared)
        one.staff = one.dialogue.staff = chat.staff
        one.dialogue.connect(shared)
    return others


def heard(chat: Chat) -> list[str]:
    """What this customer was told while another one's step was played."""
    return [shown(payload)[0] for payload in chat.wecom.sent]


def told(chat: Chat, userid: str) -> list[str]:
    """What a member was told in this step."""
    return [text for members, text in chat.staff.sent if userid in members]


async def case_of(chat: Chat) -> Case:
    """The newest case of this customer."""
    where = chat.conversation
    row = await chat.store.database.fetch_one(
        "SELECT id FROM cases WHERE open_kfid = ? AND external_userid = ?"
        " ORDER BY opened_at DESC LIMIT 1",
        *(where.open_kfid, where.external_userid),
    )
    assert row is not None
    case = await chat.store.cases.get(row["id"])
    assert case is not None
    return case


async def steps_of(chat: Chat) -> list[str]:
    """What happened to the newest case."""
    return [step.name for step in await chat.store.cases.steps(await case_of(chat))]


async def open_ticket_of(chat: Chat) -> Ticket | None:
    """The open ticket of this customer."""
    return await ticket_of(chat.store, chat.conversation)


def wants(chat: Chat, reason: str = "asked", **data: Any) -> Emitted:
    """Another behaviour wants a person for this customer."""
    where = chat.conversation
    return Emitted(
        name="escalate",
        data={"reason": reason} | data,
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )


def action(chat: Chat, name: str, userid: str = "zhangsan", **data: Any) -> StaffAction:
    """What a member does on a page."""
    where = chat.conversation
    return StaffAction(
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
        userid=userid,
        name=f"escalation.{name}",
        data=data,
    )


async def servicer_is(chat: Chat, userid: str, *, receiving: bool) -> None:
    """A servicer starts or stops receiving, and WeCom tells of it."""
    there = {one for one in chat.wecom.receiving if one != userid}
    chat.wecom.receiving = sorted(there | {userid} if receiving else there)
    chat._forget()
    unit, where = Unit(), chat.conversation.open_kfid
    chat.store.servicers.observe(unit, where, userid, receiving, chat.clock.now())
    await chat.store.database.commit(unit)
    await chat.dialogue.happen(
        ServicerStatusChanged(
            open_kfid=where,
            servicer_userid=userid,
            status=1 if receiving else 2,
            sent_at=chat.clock.now(),
        )
    )
    chat._look()
