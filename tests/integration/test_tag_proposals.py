"""A model proposes tags after a case; nothing is put on before a person has accepted it."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import MODEL_PROMPTS, build_engine
from bot.app.tag_looks import build_proposing
from bot.commands import tags_proposals
from bot.delivery.tag_proposing import TagProposing
from bot.llm.opening import open_summariser
from bot.model.consents import Purpose
from bot.model.tags import TagSource
from bot.store.tag_proposals import TagProposals
from bot.telemetry import Metrics
from knowledge import Library, Retriever
from knowledge.fold import even_out
from tests.builders import a_config, a_customer, open_quickly, some_knowledge
from tests.model_cases import FORBIDS
from tests.model_server import FakeModelServer, fails, running_model, writes
from tests.talk import Chat, PlayedClock

RULES = """rules:
  - {id: cream, tag: "意向：面霜", mood: wants, contains: [面霜]}
  - {id: fee, tag: "关注：运费", contains: [运费]}
  - {id: child, tag: "年级：初一", contains: [初一]}
"""
GROUPS = [{"name": "意向"}, {"name": "关注"}, {"name": "年级", "purpose": "minor"}]
SAID = "脸干得起皮，电话 13812345678，有没有滋润点的"

OpenShop = Callable[..., Awaitable[tuple[Chat, TagProposing]]]


@pytest.fixture
async def played() -> AsyncIterator[FakeModelServer]:
    async with running_model() as started:
        yield started


@pytest.fixture
async def open_shop(home: Path, tmp_path: Path, played: FakeModelServer) -> AsyncIterator[OpenShop]:
    rules, engines = tmp_path / "rules.yaml", []
    rules.write_text(RULES, "utf-8")

    async def open_it(*, agrees: bool = True, **llm: Any) -> tuple[Chat, TagProposing]:
        given = {"base_url": played.url, "model": "played", "timeout_s": 5.0} | llm
        tagging = {"groups": GROUPS, "rules": [str(rules)], "proposals": True}
        config, clock, metrics = (
            a_config(home, llm=given, tagging=tagging),
            PlayedClock(),
            Metrics(),
        )
        engine = build_engine(
            *(config, open_quickly(config), Library(Retriever(some_knowledge()))),
            clock=clock,
            metrics=metrics,
            summariser=open_summariser(config, MODEL_PROMPTS, metrics, even_out, FORBIDS),
        )
        engines.append(engine)
        chat = Chat(engine, a_customer(), clock)
        await chat.enters()
        if agrees:
            await chat.agrees(Purpose.PROFILING_TAGS)
        await chat.says(SAID)
        now = clock.now()
        await chat.store.database.execute("UPDATE cases SET status = 'closed', closed_at = ?", now)
        proposing = build_proposing(engine)
        assert proposing is not None
        return chat, proposing

    yield open_it
    for engine in engines:
        await engine.aclose()


def proposes(*pairs: tuple[str, str]) -> Any:
    proposals = [{"tag": tag, "quote": quote} for tag, quote in pairs]
    return writes(json.dumps({"proposals": proposals}, ensure_ascii=False), tokens=300)


async def waiting(chat: Chat) -> list[str]:
    return [one.name for one in await TagProposals(chat.store).waiting(10)]


async def test_what_is_shown_by_the_customer_s_words_is_proposed_once_and_put_on_by_a_person(
    open_shop: OpenShop, played: FakeModelServer
) -> None:
    chat, proposing = await open_shop()
    who, now = chat.conversation.external_userid, chat.clock.now()
    played.answers = [
        proposes(
            ("意向：面霜", "脸干得起皮"),
            ("关注：运费", "运费多少"),  # he said no such thing
            ("年级：初一", "脸干得起皮"),  # nobody was asked about that
            ("意向：黄金", "脸干得起皮"),  # no tag of ours
        )
    ]
    assert await proposing.look() == 1
    assert await waiting(chat) == ["意向：面霜"]
    assert await chat.store.tags.names_of(who, now) == frozenset()
    request = played.requests[-1]
    assert request["tags"] == ["关注：运费", "意向：面霜"]
    assert "13812345678" not in played.bodies[-1]
    assert await proposing.look() == 0
    assert len(played.bodies) == 1

    out = io.StringIO()
    config = chat.engine.config
    assert await tags_proposals.show(config, out) == 0
    assert "意向：面霜" in out.getvalue()
    assert "13812345678" not in out.getvalue()
    accept = partial(tags_proposals.decide, config, who, ["意向：面霜"], out, accept=True)
    assert await accept(now=now + 60) == 0
    (tag,) = await chat.store.tags.of(who, now + 60)
    assert (tag.name, tag.source, tag.rule) == ("意向：面霜", TagSource.HUMAN, "proposed:model")
    assert tag.msgid
    assert await accept(now=now + 60) == 1


async def test_a_rejected_tag_is_not_proposed_again(
    open_shop: OpenShop, played: FakeModelServer
) -> None:
    chat, proposing = await open_shop()
    who, now = chat.conversation.external_userid, chat.clock.now()
    played.answers = [proposes(("意向：面霜", "脸干得起皮"))] * 2
    await proposing.look()
    assert await TagProposals(chat.store).reject(who, "意向：面霜", by="lisi", now=now)
    await chat.store.database.execute("DELETE FROM tag_proposing")
    assert await proposing.look() == 0
    assert played.requests[-1]["tags"] == ["关注：运费"]


@pytest.mark.parametrize("why", ["no consent", "over budget"])
async def test_the_model_is_not_asked(
    open_shop: OpenShop, played: FakeModelServer, why: str
) -> None:
    spent = {"tokens_per_day": 1000} if why == "over budget" else {}
    _, proposing = await open_shop(agrees=why != "no consent", **spent)
    assert await proposing.look() == 0
    assert played.bodies == []


async def test_a_model_that_fails_is_asked_later_and_a_withdrawal_meanwhile_wins(
    open_shop: OpenShop, played: FakeModelServer
) -> None:
    chat, proposing = await open_shop()
    played.answers = [fails(401), proposes(("意向：面霜", "脸干得起皮"))]
    assert await proposing.look() == 0
    (case,) = await TagProposals(chat.store).ended(chat.clock.now(), 5)
    ask = proposing.proposer.propose

    async def withdrawn_meanwhile(lines: Any, tags: Any) -> Any:
        found = await ask(lines, tags)
        await chat.says("别给我打标签")
        return found

    proposing.proposer.propose = withdrawn_meanwhile  # type: ignore[method-assign]
    assert await proposing.look() == 0
    assert await waiting(chat) == []
    assert case.external_userid == chat.conversation.external_userid
