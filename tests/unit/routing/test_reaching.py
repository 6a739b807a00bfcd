"""Whatever reaches out takes from one budget of the person, whoever else does so at that moment."""

import asyncio
from typing import Any

from bot.delivery.intake import subject_of
from bot.model import Conversation, Emitted, Lane, TimerDue
from bot.model.consents import Purpose, Standing
from bot.model.outreach import Outreach, Priority
from bot.model.tasks import StaffTask, task_id
from bot.policy.outreach import Refused
from bot.routing import Router, Says, Stage, Turn
from bot.routing.assigning import ask_staff
from bot.routing.outreach import REFUSED, Reaching
from bot.store import Arrival, Store, Unit
from tests.builders import a_customer, a_message
from tests.conftest import OpenChat
from tests.talk import Chat

NEWS = "本周上新，老客户九折。"


def a_campaign(heard: list[dict[str, Any]] | None = None, **wanted: Any) -> Router:
    """Writes to a customer when told to, and hears what is refused."""
    router = Router("campaign", stage=Stage.CAMPAIGN)

    @router.on(TimerDue, tag="campaign.send")
    async def send(turn: Turn) -> None:
        outreach = Outreach(feature="campaign", **wanted) if wanted else None
        turn.reply(NEWS, purpose=Purpose.MARKETING, outreach=outreach)

    @router.on(Emitted, tag=REFUSED)
    async def refused(event: Emitted) -> None:
        if heard is not None:
            heard.append(event.data)

    return router


async def sends(chat: Chat, times: int = 1) -> None:
    """The campaign comes due for the customer."""
    unit, now = Unit(), chat.clock.now()
    for n in range(times):
        timer = due(chat.conversation, n)
        await chat.store.mailbox.schedule(unit, chat.conversation.subject, timer, now, now=now)
    await chat.store.database.commit(unit)
    await chat.waits(seconds=1)


def due(of: Conversation, n: int) -> TimerDue:
    """The campaign's timer of a customer."""
    return TimerDue(
        name="campaign.send",
        key=str(n),
        open_kfid=of.open_kfid,
        external_userid=of.external_userid,
    )


async def rows(chat: Chat) -> list[tuple[str, str]]:
    found = await chat.store.database.fetch("SELECT ref, refused FROM outreach ORDER BY id")
    return [(row["ref"], row["refused"]) for row in found]


async def test_a_second_advertisement_of_the_day_is_not_sent_and_its_sender_told(
    open_chat: OpenChat,
) -> None:
    heard: list[dict[str, Any]] = []
    chat = await open_chat(more=[a_campaign(heard, ref="autumn", reason="上新")])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await sends(chat)
    assert chat.replies == [NEWS]
    await sends(chat)
    assert chat.replies == []
    assert await rows(chat) == [("autumn", ""), ("autumn", Refused.DAY)]
    [told] = heard
    assert told["why"] == Refused.DAY
    assert told["ref"] == "autumn"
    assert 86_390 < told["until"] - chat.clock.now() < 86_400


async def test_an_advertisement_that_names_no_outreach_takes_from_the_budget_too(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(more=[a_campaign()])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await sends(chat, times=3)
    assert chat.replies == [NEWS]
    assert await rows(chat) == [("campaign.send", "")], "what is said at once is one message"
    await sends(chat)
    assert chat.replies == []


async def test_what_a_customer_asks_for_is_no_touch(open_chat: OpenChat) -> None:
    router = Router("offers", stage=Stage.GUARD)

    @router.message(Says("greeting.hello"))
    async def offer(turn: Turn) -> None:
        turn.reply(NEWS, purpose=Purpose.MARKETING)

    chat = await open_chat(more=[router])
    await chat.agrees(Purpose.MARKETING)
    for _ in range(2):
        await chat.says("你好")
        assert chat.replies[-1].endswith(NEWS)
    assert await rows(chat) == []


async def test_what_came_to_nothing_is_given_back(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_campaign(reason="上新")])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await sends(chat)
    await chat.store.database.execute("UPDATE outbox SET state = 'dead' WHERE purpose <> ''")
    await sends(chat)
    assert chat.replies == [NEWS]


async def test_nobody_is_woken_at_night(open_chat: OpenChat) -> None:
    heard: list[dict[str, Any]] = []
    chat = await open_chat(more=[a_campaign(heard, reason="上新")])
    await chat.says("多久发货")
    await chat.agrees(Purpose.MARKETING)
    await chat.waits(hours=12)  # from ten in the morning to ten in the evening
    await sends(chat)
    assert chat.replies == []
    [told] = heard
    assert told["why"] == Refused.QUIET
    await chat.waits(seconds=told["until"] - chat.clock.now())
    await sends(chat)
    assert chat.replies == [NEWS]


async def test_a_handler_may_ask_before_it_decides(open_chat: OpenChat) -> None:
    router, asked = Router("tasks", stage=Stage.CAMPAIGN), []
    call = Outreach(feature="tasks", ref="call", reason="三天没有互动", priority=Priority.RECALL)

    @router.on(TimerDue, tag="outcall.call")
    async def give(turn: Turn, reaching: Reaching, facts: Store) -> None:
        found = await reaching.refusal(turn, call)
        asked.append(found.why if found else "")
        if found is None:
            await ask_staff(turn, facts, a_task(turn.now), call)

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    for _ in range(2):
        unit, now = Unit(), chat.clock.now()
        timer = TimerDue(name="outcall.call", open_kfid="", external_userid="")
        await chat.store.mailbox.schedule(unit, chat.conversation.subject, timer, now, now=now)
        await chat.store.database.commit(unit)
        await chat.waits(seconds=1)
    assert asked == ["", Refused.DAY]
    assert await rows(chat) == [("call", ""), ("call", Refused.DAY)]
    budget = await chat.store.outreach.budget("wm_lan", chat.clock.now())
    assert len(budget.made) == 1
    (card,) = chat.cards
    await chat.presses(card.card.buttons[1].key)  # what nobody does was no touch
    budget = await chat.store.outreach.budget("wm_lan", chat.clock.now())
    assert budget.made == ()


def a_task(now: float) -> StaffTask:
    return StaffTask(
        id=task_id("call", "wm_lan"),
        kind="sop",
        member="zhangsan",
        text="打个电话",
        reason="三天没有互动",
        due_at=now,
        on_time_s=3600.0,
        expires_at=now + 86_400.0,
        external_userid="wm_lan",
    )


async def test_of_two_hundred_attempts_at_the_last_touch_one_is_sent(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_campaign(reason="上新")])
    await chat.says("多久发货")
    store, now = chat.store, chat.clock.now()
    others = [a_customer(f"wm_{n}") for n in range(10)]
    unit = Unit()
    for one in others:
        message = a_message(of=one, sent_at=now)
        await store.mailbox.deliver(unit, [Arrival(one.subject, message, Lane.REPLY)], now)
    await store.database.commit(unit)

    async def drain(subject: str) -> None:
        await chat.engine.dispatcher.drain(subject, lambda *_: None, lambda *_: None)

    for one in others:
        await drain(one.subject)
        await store.people.merge(
            "wm_lan", one.external_userid, evidence="hand", by="zhangsan", at=now
        )
    await chat.agrees(Purpose.MARKETING)
    unit = Unit()
    for one in others:
        for n in range(20):
            timer = due(one, n)
            await store.mailbox.schedule(unit, subject_of(timer), timer, now, now=now)
    await store.database.commit(unit)
    await asyncio.gather(*(drain(one.subject) for one in others))
    [sent] = await store.database.fetch("SELECT COUNT(*) AS n FROM outbox WHERE purpose <> ''")
    assert sent["n"] == 1
    left = await store.database.fetch(
        "SELECT COUNT(*) AS n FROM mailbox WHERE done_at IS NULL AND parked_at IS NULL"
        " AND retry_at > ?",
        now,
    )
    assert left[0]["n"] == 0, "nobody who came too late failed for it"


async def test_a_withdrawn_consent_is_told_before_the_budget(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_campaign(reason="上新")])
    await chat.says("多久发货")
    await chat.decides(Purpose.MARKETING, Standing.WITHDRAWN)
    await sends(chat)
    assert chat.replies == []
    assert await rows(chat) == []
