"""What have members pressed on a card, or done on a page?"""

from bot.config import Config
from bot.model import AppMessageReceived, CardPressed, StaffAction
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import briefing, desk, store
from handlers.escalation.router import router
from knowledge import Library


@router.on(CardPressed)
async def pressed(turn: Turn, event: CardPressed, facts: Store) -> None:
    """Who pressed what on which card: it becomes an action about that customer."""
    card = await store.card(facts, event.task_id)
    if card is None or event.key not in (*briefing.ACTIONS, briefing.TELL):
        if event.task_id.startswith("case_"):
            turn.notify([event.userid], turn.phrases.say("escalation.staff_gone"))
        return
    store.card_can_change(turn, card.task_id, event.response_code)
    turn.forward(
        StaffAction(
            open_kfid=card.conversation.open_kfid,
            external_userid=card.conversation.external_userid,
            userid=event.userid,
            name=f"escalation.{event.key}",
            data={
                "case_id": card.case_id,
                "task_id": card.task_id,
                "response_code": event.response_code,
                "reason": next(iter(event.selected.get(briefing.WHY, ())), ""),
            },
        )
    )


@router.action("escalation.take")
async def take(
    turn: Turn, action: StaffAction, facts: Store, library: Library, config: Config
) -> None:
    """接单."""
    await desk.take(turn, facts, library, action, config.escalation.close_reasons)


@router.action("escalation.raise")
async def pass_on(turn: Turn, action: StaffAction, facts: Store) -> None:
    """转专家."""
    await desk.pass_on(turn, facts, action)


@router.action("escalation.later")
async def put_off(turn: Turn, action: StaffAction, facts: Store) -> None:
    """稍后处理."""
    await desk.put_off(turn, facts, action)


@router.action("escalation.back")
async def hand_back(turn: Turn, action: StaffAction, facts: Store) -> None:
    """交还."""
    await desk.hand_back(turn, facts, action)


@router.action("escalation.end")
async def end(
    turn: Turn, action: StaffAction, facts: Store, library: Library, config: Config
) -> None:
    """结束并交还机器人."""
    await desk.end(turn, facts, library, action, config.escalation.close_reasons)


@router.action("escalation.reason")
async def tell_reason(turn: Turn, action: StaffAction, facts: Store, config: Config) -> None:
    """提交原因."""
    await desk.tell_reason(turn, facts, action, config.escalation.close_reasons)


@router.on(AppMessageReceived)
async def note(turn: Turn, message: AppMessageReceived, facts: Store) -> None:
    """备注, written to the app."""
    prefix = turn.phrases.say("staff.note")
    if message.content.strip().startswith(prefix):
        said = message.content.strip().removeprefix(prefix).strip(" :：")
        await desk.take_note(turn, facts, message.userid, said)
