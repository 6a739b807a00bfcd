"""Acceptance scenario r): opted out at 10:00:00, a send planned for 10:00:01 is blocked.

The send is planned in each way in which one can be: a timer of a behaviour, and a row that waits in
the outbox for its moment.
"""

from bot.model import Emitted, Lane, SendMessage, TimerDue
from bot.model.consents import Purpose, Standing
from bot.routing import Router, Stage, Turn
from bot.store import Draft, Unit, conversation_queue
from tests.conftest import OpenChat
from tests.talk import Chat

ADVERT = "新品八折，今天上架"


def a_campaign() -> Router:
    """Sends an advert when it is due; nothing of it knows of consent."""
    router = Router("adverts", stage=Stage.CAMPAIGN)

    @router.on(Emitted, tag="advert_planned")
    async def plan(turn: Turn, event: Emitted) -> None:
        turn.schedule("advert_due", float(event.data["after_s"]))

    @router.on(TimerDue, tag="advert_due")
    async def send(turn: Turn) -> None:
        turn.reply(ADVERT, purpose=Purpose.MARKETING)

    return router


async def plan_by_timer(chat: Chat, after_s: float) -> None:
    where = chat.conversation
    await chat.receives(
        Emitted(
            name="advert_planned",
            data={"after_s": after_s},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
    )


async def plan_in_the_outbox(chat: Chat, after_s: float) -> None:
    unit, now = Unit(), chat.clock.now()
    draft = Draft(
        subject=chat.conversation.subject,
        queue=conversation_queue(chat.conversation),
        conversation=chat.conversation,
        lane=Lane.REPLY,
        effect=SendMessage(payload={"msgtype": "text", "text": {"content": ADVERT}}),
        expires_at=now + 3600,
        purpose=Purpose.MARKETING,
    )
    await chat.store.outbox.post(unit, [draft], now)
    unit.add("UPDATE outbox SET next_at = ? WHERE purpose <> ''", now + after_s)
    await chat.store.database.commit(unit)


async def test_a_send_planned_for_the_next_second_goes_out_to_who_agreed(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(more=[a_campaign()])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await plan_by_timer(chat, 600)
    await plan_in_the_outbox(chat, 600)
    await chat.waits(seconds=599)
    assert chat.replies == []
    await chat.waits(seconds=2)
    assert chat.replies == [ADVERT, ADVERT], "the control: without a withdrawal they are sent"


async def test_opting_out_at_ten_stops_the_send_planned_for_a_second_past_ten(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(more=[a_campaign()])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await plan_by_timer(chat, 600)
    await plan_in_the_outbox(chat, 600)
    await chat.waits(seconds=599)
    await chat.says("退订")
    assert len(chat.replies) == 1, "acknowledged once"
    await chat.waits(seconds=2)
    assert chat.replies == []
    await chat.waits(hours=24)
    assert chat.replies == [], "and no word to win them back"
    rows = await chat.store.database.fetch("SELECT state, error FROM outbox WHERE purpose <> ''")
    assert [(row["state"], row["error"]) for row in rows] == [("cancelled", "no consent")]


async def test_a_withdrawal_between_the_turn_and_the_claim_holds_too(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_campaign()])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await plan_in_the_outbox(chat, 0)
    await chat.store.database.execute(
        "UPDATE consent_standing SET decision = ?", Standing.WITHDRAWN
    )
    await chat.waits(seconds=2)
    assert chat.replies == []
