"""Where the gate is not sure, a model chooses; whatever it does, the customer hears back once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.app import Engine, build_engine, couriers, open_store
from bot.commands.dialogue import Dialogue, PlayedMedia, shown
from bot.delivery.send import Sender
from bot.delivery.shedding import Shedding
from bot.errors import ModelUnavailable
from bot.model import (
    AnswerRequest,
    Attachment,
    Lane,
    MessageRecalled,
    ServiceState,
    Written,
    basis_of,
)
from bot.store import Arrival, Unit
from bot.telemetry import Metrics
from knowledge import FaqEntry, Library, Retriever
from tests.builders import a_config, a_customer, a_message
from tests.talk import PlayedClock

SHOP = (
    FaqEntry(id="ship-fee", question="运费多少钱", answer="满 99 元包邮。", category="物流"),
    FaqEntry(id="return-fee", question="退货运费谁出", answer="质量问题我们出。", category="售后"),
    FaqEntry(id="points", question="积分怎么用", answer="100 积分抵 1 元。", category="会员"),
)
UNSURE = "邮费谁付"
"""The gate would offer a menu for it."""
FAR = "怎么退货"
"""The gate would decline it, with candidates near by."""
HOPELESS = "abcdefg"


class FakeChatModel:
    """Chooses `chosen`, or fails with `failure`, after `meanwhile` was awaited; read `asked`."""

    def __init__(self) -> None:
        self.chosen: str | None = None
        self.written: Written | None = None
        self.failure: ModelUnavailable | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.asked: list[tuple[str, list[str]]] = []

    async def answer(self, request: AnswerRequest) -> Written:
        self.asked.append((request.question, [one.id for one in request.passages]))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        if self.failure:
            raise self.failure
        return self.written or Written(chosen=self.chosen)


class Shop:
    """A customer in a real engine, with a model to drive."""

    def __init__(self, engine: Engine, model: FakeChatModel, clock: PlayedClock) -> None:
        async def pass_time(until: float) -> None:
            clock.reach(until)

        self.engine, self.model, self.clock = engine, model, clock
        self.conversation = a_customer()
        self.dialogue = Dialogue(engine, self.conversation, pass_time)

    async def hears(self, text: str) -> list[str]:
        """What the bot says after this text."""
        self.dialogue.kf.sent.clear()
        await self.dialogue.say(text)
        return self.said()

    def said(self) -> list[str]:
        return [shown(payload)[0] for payload in self.dialogue.kf.sent]

    def menu(self) -> list[str]:
        return [item for payload in self.dialogue.kf.sent for item, _ in shown(payload)[1]]

    async def messages(self) -> list[tuple[str, str]]:
        rows = await self.engine.store.database.fetch(
            "SELECT outcome, handled_by FROM messages WHERE origin = 3 ORDER BY msgid"
        )
        return [(row["outcome"], row["handled_by"]) for row in rows]


def a_sender(shop: Shop) -> Sender:
    """Sends like the dialogue's own."""
    engine, dialogue = shop.engine, shop.dialogue
    return Sender(
        store=engine.store,
        couriers=couriers(engine, dialogue.kf, dialogue.staff, PlayedMedia()),
        woken=lambda _subject, _lane: None,
        clock=shop.clock,
        metrics=engine.metrics,
    )


OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def open_shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    engines: list[Engine] = []

    async def open_it(*, consults: bool = True, **sections: Any) -> Shop:
        llm = {"base_url": "http://127.0.0.1:9/v1", "model": "played"}
        config = a_config(tmp_path, llm=llm, **sections)
        model, clock = FakeChatModel(), PlayedClock()
        engine = build_engine(
            config,
            open_store(config),
            Library(Retriever(SHOP)),
            clock=clock,
            metrics=Metrics(),
            model=model if consults else None,
        )
        engines.append(engine)
        shop = Shop(engine, model, clock)
        await shop.dialogue.enter()
        return shop

    yield open_it
    for engine in engines:
        engine.close()


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()


async def test_the_entry_that_the_model_chose_is_said_word_by_word(shop: Shop) -> None:
    shop.model.chosen = "return-fee"
    assert await shop.hears(UNSURE) == ["质量问题我们出。"]
    assert shop.model.asked[0][0] == UNSURE
    assert await shop.messages() == [("answered", "faq.answer")]


async def test_while_thousands_wait_the_model_is_left_out(shop: Shop) -> None:
    shop.model.chosen = "return-fee"
    engine = shop.engine
    shedding = Shedding(engine.store, engine.load, shop.clock, shed_from=10)
    unit, now = Unit(), shop.clock.now()
    waiting = [a_customer(f"wm_{n}") for n in range(10)]
    arrivals = [
        Arrival(one.subject, a_message(of=one, msgid=f"w{n}"), Lane.REPLY)
        for n, one in enumerate(waiting)
    ]
    await engine.store.mailbox.deliver(unit, arrivals, now)
    await engine.store.database.commit(unit)
    await shedding.look()
    [offered] = await shop.hears(UNSURE)
    assert shop.model.asked == []
    assert shop.menu(), "what there is without a model"
    assert offered != "质量问题我们出。"
    for one in waiting[:6]:
        await engine.store.database.execute(
            "UPDATE mailbox SET done_at = ? WHERE subject = ?", now, one.subject
        )
    await shedding.look()
    assert await shop.hears(UNSURE) == ["质量问题我们出。"]


async def test_an_exact_question_is_answered_without_the_model(shop: Shop) -> None:
    assert await shop.hears("运费多少钱？") == ["满 99 元包邮。"]
    assert shop.model.asked == []


async def test_a_question_far_from_everything_is_not_worth_asking(shop: Shop) -> None:
    await shop.hears(HOPELESS)
    assert shop.model.asked == []


@pytest.mark.parametrize("failure", [None, ModelUnavailable()])
@pytest.mark.parametrize("question", [UNSURE, FAR])
async def test_without_advice_the_customer_gets_what_there_is_without_a_model(
    open_shop: OpenShop, tmp_path: Path, question: str, failure: ModelUnavailable | None
) -> None:
    shop = await open_shop()
    shop.model.failure = failure
    said, menu = await shop.hears(question), shop.menu()
    assert len(shop.model.asked) == 1
    (tmp_path / "other").mkdir()
    url = f"sqlite:///{tmp_path / 'other' / 'concierge.db'}"
    plain = await open_shop(consults=False, storage={"url": url})
    assert (said, menu) == (await plain.hears(question), plain.menu())
    assert await shop.messages() == await plain.messages()


async def test_two_misses_in_a_row_bring_in_people_with_a_model_too(shop: Shop) -> None:
    shop.dialogue.kf.receiving = ["zhangsan"]
    await shop.hears(FAR)
    await shop.hears("费用")
    assert shop.dialogue.kf.state is ServiceState.HUMAN


async def test_later_messages_do_not_wait_for_the_model(shop: Shop) -> None:
    async def meanwhile() -> None:
        await shop.dialogue.say("积分怎么用")

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    assert await shop.hears(UNSURE) == ["100 积分抵 1 元。", f"「{UNSURE}」\n质量问题我们出。"]


async def test_an_answer_that_came_meanwhile_is_not_said_twice(shop: Shop) -> None:
    async def meanwhile() -> None:
        await shop.dialogue.say("退货运费谁出")

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    assert await shop.hears(UNSURE) == ["质量问题我们出。"]
    assert {outcome for outcome, _ in await shop.messages()} == {"answered"}


async def test_a_menu_that_came_meanwhile_is_no_answer(shop: Shop) -> None:
    async def meanwhile() -> None:
        shop.model.failure = ModelUnavailable()
        await shop.dialogue.say(UNSURE + "呀")
        shop.model.failure = None

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    assert (await shop.hears(UNSURE))[-1].endswith("质量问题我们出。")


async def test_a_message_that_was_recalled_meanwhile_is_not_answered(shop: Shop) -> None:
    message = shop.dialogue.message("text", {"content": UNSURE})

    async def meanwhile() -> None:
        recalled = MessageRecalled(
            open_kfid="wk_shop", external_userid="wm_lan", recall_msgid=message.msgid
        )
        await shop.dialogue.happen(recalled)

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    shop.dialogue.kf.sent.clear()
    await shop.dialogue.happen(message)
    assert shop.said() == []


async def test_once_a_person_has_taken_over_the_bot_is_silent(shop: Shop) -> None:
    async def meanwhile() -> None:
        await shop.dialogue.take_over("zhangsan")

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    assert await shop.hears(UNSURE) == []
    assert await shop.messages() == [("silent", "engine")]


async def test_a_customer_who_was_silenced_meanwhile_hears_nothing(shop: Shop) -> None:
    async def meanwhile() -> None:
        switches = shop.engine.store.switches
        await switches.turn_on(
            "silence", "customer", "wm_lan", by="test", reason="", now=shop.clock.now()
        )

    shop.model.chosen, shop.model.meanwhile = "return-fee", meanwhile
    assert await shop.hears(UNSURE) == []


async def test_an_entry_that_is_gone_by_now_is_not_said(shop: Shop) -> None:
    shop.model.chosen = "withdrawn"
    assert shop.engine.phrases.say("faq.offer") in (await shop.hears(UNSURE))[0]


async def test_a_model_nobody_got_to_ask_in_time_is_gone_without(shop: Shop) -> None:
    """The row expired, e.g. while the service was down: the turn is told, and goes on."""
    message = shop.dialogue.message("text", {"content": UNSURE})
    unit, now = Unit(), shop.clock.now()
    arrival = Arrival(message.conversation.subject, message, Lane.REPLY, sent_at=now)
    await shop.engine.store.mailbox.deliver(unit, [arrival], now)
    await shop.engine.store.database.commit(unit)
    queues: dict[str, Lane] = {}
    await shop.engine.dispatcher.drain(
        arrival.subject, queues.__setitem__, lambda _subject, _lane: None
    )
    shop.clock.reach(now + 3600)
    shop.dialogue.kf.sent.clear()
    for queue in queues:
        await a_sender(shop).send_queue(queue)
    await shop.dialogue.settle([arrival.subject])
    assert shop.model.asked == []
    assert shop.engine.phrases.say("faq.offer") in shop.said()[0]


async def test_a_burst_is_answered_at_once_as_far_as_it_can_be(shop: Shop) -> None:
    shop.model.chosen = "return-fee"
    shop.dialogue.kf.sent.clear()
    await shop.dialogue.happen(
        shop.dialogue.message("text", {"content": "积分怎么用"}),
        shop.dialogue.message("text", {"content": UNSURE}),
    )
    assert shop.said() == ["100 积分抵 1 元。", "质量问题我们出。"]


async def test_a_proposal_stays_a_proposal(open_shop: OpenShop) -> None:
    shop = await open_shop(autonomy={"categories": {"售后": "suggest"}})
    shop.model.chosen = "return-fee"
    said = await shop.hears(UNSURE)
    assert not any("质量问题我们出。" in text for text in said)
    rows = await shop.engine.store.suggestions.of(shop.conversation)
    assert [row["handled_by"] for row in rows] == ["faq.answer"]
    assert await shop.messages() == [("suggested", "faq.answer")]


async def test_what_the_bot_may_not_speak_of_does_not_reach_the_model(
    open_shop: OpenShop,
) -> None:
    shop = await open_shop(autonomy={"categories": {"售后": "off"}})
    await shop.hears(UNSURE)
    assert "return-fee" not in shop.model.asked[0][1]


async def test_a_flood_counts_a_message_once(open_shop: OpenShop) -> None:
    shop = await open_shop(routing={"flood_messages": 2})
    shop.model.chosen = "return-fee"
    await shop.hears("积分怎么用")
    assert await shop.hears(UNSURE) == ["质量问题我们出。"]


async def test_the_evidence_names_the_model(shop: Shop) -> None:
    shop.model.chosen = "return-fee"
    await shop.hears(UNSURE)
    row = await shop.engine.store.database.fetch_one("SELECT because FROM messages")
    assert row is not None
    assert '"source":"model","ref":"return-fee"' in row["because"]


async def test_the_same_question_twice_is_answered_once(shop: Shop) -> None:
    shop.model.chosen = "return-fee"
    shop.dialogue.kf.sent.clear()
    await shop.dialogue.happen(
        shop.dialogue.message("text", {"content": UNSURE}),
        shop.dialogue.message("text", {"content": UNSURE + "？"}),
    )
    assert sum("质量问题我们出。" in text for text in shop.said()) == 1


async def test_what_belongs_to_an_entry_follows_the_model_s_words_too(shop: Shop) -> None:
    link = Attachment(kind="link", title="运费表", url="https://example.com/fee")
    entry = msgspec.structs.replace(SHOP[1], attachments=(link,))
    await shop.engine.library.everything.change([entry])
    shop.model.written = Written(
        chosen=entry.id, answer="是质量问题的话我们出。", used_ids=(entry.id,),
        basis=basis_of([entry.answer]),
    )  # fmt: skip
    said = await shop.hears(UNSURE)
    assert "是质量问题的话我们出。" in said[0]
    assert "https://example.com/fee" in said[-1]
