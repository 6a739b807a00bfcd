"""A toy behaviour for tests: a card for the colleagues, and what they press on it."""

from typing import Any

from bot.model import (
    Button,
    Card,
    CardPressed,
    Conversation,
    EffectDone,
    EffectFailed,
    MessageReceived,
    Reply,
    StaffAction,
)
from bot.routing import Router, Stage, Turn

CARD = Card(
    title="客户请求人工",
    desc="售后",
    quote="要退货",
    lines=(("等待", "2 分钟"),),
    buttons=(Button("take", "我来接"), Button("skip", "忽略", 2)),
)
FALLBACK = "有客户要人工：要退货"
GOODBYE = "感谢您的咨询，再见。"


class Desk:
    """Sends a card when a customer writes 叫人 and does what is pressed; read its lists.

    Args:
        userids: who gets the card.
    """

    def __init__(self, *userids: str) -> None:
        self.userids = userids or ("zhangsan", "lisi")
        self.known: dict[str, Conversation] = {}
        self.actions: list[tuple[str, str, str]] = []
        self.results: list[dict[str, Any]] = []
        self.failed: list[EffectFailed] = []
        self.router = self._router()

    def _router(self) -> Router:
        router = Router("toy", stage=Stage.GUARD)

        @router.message()
        async def call(turn: Turn, message: MessageReceived) -> None:
            if message.text == "叫人":
                task_id = f"toy_{message.msgid}"
                self.known[task_id] = turn.conversation
                turn.send_card(self.userids, CARD, task_id=task_id, fallback=FALLBACK, tag="toy")

        @router.on(CardPressed)
        async def pressed(turn: Turn, press: CardPressed) -> None:
            where = self.known[press.task_id]
            turn.forward(
                StaffAction(
                    open_kfid=where.open_kfid,
                    external_userid=where.external_userid,
                    userid=press.userid,
                    name=f"toy.{press.key}",
                    data={"code": press.response_code, "task_id": press.task_id},
                    client_id=press.response_code,
                )
            )

        @router.action("toy.take")
        async def take(turn: Turn, action: StaffAction) -> None:
            self.actions.append((turn.subject, action.userid, action.name))
            turn.update_card(
                action.data["code"],
                replace_name=f"{action.userid} 已接入",
                task_id=action.data["task_id"],
            )
            turn.end_session(tag="toy")

        @router.on(EffectDone, tag="toy")
        async def done(turn: Turn, told: EffectDone) -> None:
            self.results.append(told.result)
            if code := told.result.get("msg_code"):
                goodbye = Reply(text=GOODBYE)
                expires_at = told.result["at"] + 18
                turn.reply_by_code(code, goodbye, expires_at=expires_at, in_state=4)

        @router.on(EffectFailed, tag="toy")
        async def failed(_turn: Turn, told: EffectFailed) -> None:
            self.failed.append(told)

        return router
