"""How does a test play the end of a case, and read what became of the survey?"""

from typing import Any

from bot.model import Emitted, ServiceState, SessionChanged
from bot.routing import Router, Stage, Turn
from tests.talk import Chat

CASE, OTHER = "0123456789abcdef", "fedcba9876543210"
INTRODUCTION = "您好，我是云栖优选智能助手，由 AI 为您解答；需要人工服务请回复“人工”。\n\n"
ITEMS = ["5 分 · 非常满意", "4 分 · 满意", "3 分 · 一般", "2 分 · 不满意", "1 分 · 很不满意"]


def listener() -> tuple[Router, list[dict[str, Any]]]:
    """A behaviour that notes who asked for a person, and what it was told."""
    router, heard = Router("listener", stage=Stage.HUMAN), []

    @router.on(Emitted, tag="escalate")
    async def escalated(turn: Turn, event: Emitted) -> None:
        heard.append(event.data)

    return router, heard


def told(chat: Chat, name: str, **data: Any) -> Emitted:
    """What the escalation behaviour tells about a case of this customer."""
    where = chat.conversation
    return Emitted(
        name=name, data=data, open_kfid=where.open_kfid, external_userid=where.external_userid
    )


def closed(chat: Chat, case_id: str = CASE, **data: Any) -> Emitted:
    """A case has ended."""
    given = {"by": "servicer", "outcome": "ended", "served_level": 2, "end_code": "", "code_at": 0}
    return told(chat, "case_closed", case_id=case_id, **given | data)


async def ends_with_code(chat: Chat, case_id: str = CASE, code: str = "end-1") -> None:
    """A servicer served the customer and has ended the session just now."""
    await chat.take_over()
    await chat.end()
    await chat.receives(closed(chat, case_id, end_code=code, code_at=chat.clock.now()))


async def the_case(chat: Chat) -> str:
    (row,) = await chat.store.database.fetch("SELECT id FROM cases")
    return str(row["id"])


async def ends(chat: Chat, code: str = "end-1") -> None:
    """The servicer ends the session in the client, and WeCom gives a code for one message."""
    where = chat.conversation
    chat.wecom.state, chat.wecom.servicer = ServiceState.ENDED, None
    await chat.receives(
        SessionChanged(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            sent_at=chat.clock.now(),
            change_type=3,
            old_servicer_userid="zhangsan",
            msg_code=code,
        )
    )


async def solved(chat: Chat, case_id: str = CASE) -> None:
    """The customer has said that the bot solved it."""
    await chat.receives(told(chat, "case_solved", case_id=case_id))


async def row_of(chat: Chat, case_id: str = CASE) -> dict[str, Any]:
    row = await chat.store.database.fetch_one("SELECT * FROM ratings WHERE case_id = ?", case_id)
    return dict(row) if row else {}


async def asked(chat: Chat, case_id: str = CASE) -> tuple[str, str]:
    row = await row_of(chat, case_id)
    return row["asked_how"], row["why_not"]


async def reason_of(chat: Chat, case_id: str = CASE) -> str:
    sealed = (await row_of(chat, case_id))["reason"]
    if sealed is None:
        return ""
    assert "慢".encode() not in sealed
    return chat.store.vault.open(chat.conversation.subject, sealed).decode()


async def cases_of(chat: Chat) -> int:
    return len(await chat.store.database.fetch("SELECT id FROM cases"))


async def taps_id(chat: Chat, menu_id: str, text: str = "5 分 · 非常满意") -> None:
    await chat.sends("text", {"content": text, "menu_id": menu_id})
