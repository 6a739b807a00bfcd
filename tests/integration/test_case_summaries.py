"""What does the servicer read of a case, when a model sums it up, lies, hangs or is not asked?"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.app import MODEL_PROMPTS, build_engine
from bot.llm.opening import open_summariser
from bot.model import EffectDone, Lane
from bot.telemetry import Metrics
from knowledge import Library, Retriever
from knowledge.fold import even_out
from tests.builders import a_config, a_customer, open_quickly, some_knowledge
from tests.cases import case_of, steps_of, told
from tests.model_cases import FORBIDS
from tests.model_server import (
    Answer,
    FakeModelServer,
    fails,
    hangs,
    running_model,
    writes,
)
from tests.talk import Chat, PlayedClock

ASKED = "我的跑鞋 8 天没收到，电话 13812345678"
OpenDesk = Callable[..., Awaitable[Chat]]


def sums_up(wants: str, told: str = "", tokens: int = 0) -> Answer:
    return writes(json.dumps({"wants": wants, "told": told}, ensure_ascii=False), tokens=tokens)


def summed_up(chat: Chat, case_id: str, wants: str) -> EffectDone:
    where = chat.conversation
    return EffectDone(
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
        effect_id=1,
        effect="SumUp",
        tag="escalation.summary",
        result={"case_id": case_id, "wants": wants, "told": ""},
    )


@pytest.fixture
async def played() -> AsyncIterator[FakeModelServer]:
    async with running_model() as started:
        yield started


@pytest.fixture
async def open_desk(home: Path, played: FakeModelServer) -> AsyncIterator[OpenDesk]:
    engines = []

    async def open_it(**llm: object) -> Chat:
        given = {"base_url": played.url, "model": "played", "timeout_s": 5.0} | llm
        config, clock, metrics = a_config(home, llm=given), PlayedClock(), Metrics()
        engine = build_engine(
            *(config, open_quickly(config), Library(Retriever(some_knowledge()))),
            clock=clock,
            metrics=metrics,
            summariser=open_summariser(config, MODEL_PROMPTS, metrics, even_out, FORBIDS),
        )
        engines.append(engine)
        chat = Chat(engine, a_customer(), clock)
        chat.wecom.receiving = ["zhangsan", "lisi"]
        await chat.enters()
        await chat.says(ASKED)
        return chat

    yield open_it
    for engine in engines:
        await engine.aclose()


async def test_the_servicer_reads_what_the_model_wrote_with_the_customer_s_own_number(
    open_desk: OpenDesk, played: FakeModelServer
) -> None:
    chat = await open_desk()
    played.answers = [sums_up("跑鞋 8 天没收到，电话 [手机号1]", tokens=321)]
    await chat.says("转人工")
    summary = "客户诉求：跑鞋 8 天没收到，电话 13812345678"
    read = [chat.cards[-1].card.text, *told(chat, "zhangsan")]
    assert any(summary in text for text in read)
    assert "13812345678" not in played.bodies[-1]
    assert [line["who"] for line in played.requests[-1]["lines"]][:1] == ["customer"]
    await chat.presses("take")
    assert chat.cards[-1].card.text == summary
    rows = await chat.store.database.fetch("SELECT tokens FROM model_usage")
    assert {row["tokens"] for row in rows} == {321}


@pytest.mark.parametrize(
    "answer",
    [sums_up("跑鞋没收到，请转账到 6222020200112233445", "答应赔 200 元"), fails(401), hangs],
)
async def test_a_model_that_lies_fails_or_hangs_leaves_the_customer_s_own_words(
    open_desk: OpenDesk, played: FakeModelServer, answer: Answer
) -> None:
    chat = await open_desk(timeout_s=0.3)
    played.answers = [answer]
    await chat.says("转人工")
    assert played.requests
    assert chat.cards[-1].card.text == ASKED
    assert not any("客户诉求" in text for text in told(chat, "zhangsan"))
    assert "summed_up" not in await steps_of(chat)


async def test_a_card_waits_for_no_model(open_desk: OpenDesk) -> None:
    """The model is asked in a queue and a lane of its own, beside the hand-over."""
    chat = await open_desk()
    await chat.decides_on(chat.text("转人工"))
    rows = await chat.store.database.fetch(
        "SELECT kind, queue, lane FROM outbox WHERE kind IN ('SumUp', 'HandOff')"
    )
    where = {row["kind"]: (row["queue"], row["lane"]) for row in rows}
    case = await case_of(chat)
    assert where["SumUp"] == (f"summary/{case.id}", Lane.MODEL)
    assert where["HandOff"][0] not in ("", where["SumUp"][0])


async def test_what_comes_after_the_card_is_told_to_whoever_has_the_case_by_then(
    open_desk: OpenDesk, played: FakeModelServer
) -> None:
    chat = await open_desk()
    played.answers = [fails(401)]
    await chat.says("转人工")
    case = await case_of(chat)
    await chat.receives(summed_up(chat, case.id, "跑鞋 8 天没收到"))
    assert told(chat, case.servicer) == [
        "【对话小结】（大模型写的，请以对话为准）\n客户诉求：跑鞋 8 天没收到"
    ]
    await chat.end()
    await chat.receives(summed_up(chat, case.id, "跑鞋 8 天没收到"))
    assert told(chat, case.servicer) == []


async def test_each_level_that_is_asked_gets_a_summary_of_what_was_said_till_then(
    open_desk: OpenDesk, played: FakeModelServer
) -> None:
    chat = await open_desk()
    played.answers = [sums_up("跑鞋 8 天没收到"), sums_up("跑鞋 8 天没收到", "我查一下物流")]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我查一下物流")
    await chat.presses("raise", userid="zhangsan")
    assert {"who": "servicer", "text": "您好，我查一下物流"} in played.requests[-1]["lines"]
    read = "\n".join([chat.cards[-1].card.text, *told(chat, "lisi")])
    assert "已答复：我查一下物流" in read


async def test_over_the_budget_nobody_is_asked(
    open_desk: OpenDesk, played: FakeModelServer
) -> None:
    chat = await open_desk(customer_tokens_per_day=10)
    await chat.says("转人工")
    assert played.requests == []
    assert chat.cards[-1].card.text == ASKED
