"""What reaches a customer when the model lies, fails or obeys somebody else? Over HTTP, whole.

The gate is made unsure of everything, so that each question goes to the model; what the customer
then reads is compared with what there is without a model and with the entries word for word.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from bot.app import MODEL_PROMPTS, Engine, build_engine
from bot.commands.dialogue import Dialogue, shown
from bot.config import Config
from bot.llm.breaker import CircuitBreaker
from bot.llm.chooser import Chooser
from bot.llm.opening import open_model
from bot.llm.writer import Writer
from bot.model import Conversation
from bot.telemetry import Metrics
from knowledge import Audience, Decision, FaqEntry, Library, Match, Retriever, Verdict
from knowledge.fold import even_out
from tests.builders import a_config, open_quickly
from tests.model_cases import FORBIDS, Case, honest, lies
from tests.model_server import FakeModelServer, fails, hangs, running_model, sends, writes
from tests.talk import PlayedClock

LEAKED = (MODEL_PROMPTS / "write.md").read_text("utf-8").splitlines()[-5].removeprefix("7. ")
LIES = lies(LEAKED)
HONEST = honest()
TROUBLES = {
    "empty": writes(""),
    "null": writes(None),
    "429": fails(429),
    "500": fails(500),
    "503": fails(503),
    "401": fails(401),
    "hang": hangs,
    "html": sends("<html>bad gateway</html>", "text/html"),
    "not json": sends("data: {"),
    "no choices": sends('{"choices": []}'),
}


class Unsure(Retriever):
    """Offers its entries to every question."""

    async def ask(self, text: str, audience: Audience, *, lexical: bool = False) -> Verdict:
        """Each of them is as likely."""
        matches = tuple(Match(entry, 0.5, {}) for entry in self.entries)
        return Verdict(Decision.OFFER, matches, "lexical")


class Stage:
    """A shop, a model to be played, and as many customers as there are cases."""

    def __init__(self, engine: Engine, played: FakeModelServer, clock: PlayedClock) -> None:
        self.engine, self.played, self.clock = engine, played, clock
        self.dialogues: dict[str, Dialogue] = {}
        self.edited: dict[str, str] = {}
        self.costs = 0

    async def hears(self, case: Case, customer: str = "") -> str:
        """All that a customer, by default a new one, reads after the question."""
        entries = [
            FaqEntry(id=entry_id, question=question, answer=answer)
            for entry_id, (question, answer) in case.passages.items()
        ]
        self.engine.library.everything = Unsure(entries)
        self.played.answers = [
            TROUBLES.get(case.trouble) or writes(case.raw, case.finish, self.costs)
        ]
        if self.edited:
            changed = [
                msgspec.structs.replace(one, answer=self.edited.get(one.id, one.answer))
                for one in entries
            ]

            async def edited_first(request: dict[str, Any]) -> web.StreamResponse:
                self.engine.library.everything = Unsure(changed)
                return await writes(case.raw)(request)

            self.played.answers = [edited_first]
        dialogue = await self.dialogue(customer or f"{len(self.dialogues)}")
        dialogue.kf.sent.clear()
        await dialogue.say(case.question)
        return "\n".join(shown(payload)[0] for payload in dialogue.kf.sent)

    async def dialogue(self, customer: str) -> Dialogue:
        if customer not in self.dialogues:
            # each at an account of its own: dialogues number their messages from one
            where = Conversation(f"wk_{customer}", f"wm_{customer}")
            self.dialogues[customer] = Dialogue(self.engine, where, self.pass_time)
            await self.dialogues[customer].enter()
        return self.dialogues[customer]

    async def because(self) -> str:
        row = await self.engine.store.database.fetch_one(
            "SELECT because FROM messages ORDER BY received_at DESC, msgid DESC LIMIT 1"
        )
        return row["because"] if row else ""

    async def pass_time(self, until: float) -> None:
        self.clock.reach(until)


def a_setting(home: Path, played: FakeModelServer, **llm: object) -> Config:
    given = {"base_url": played.url, "model": "played", "timeout_s": 5.0}
    return a_config(home, llm=given | llm)


@pytest.fixture
async def played() -> AsyncIterator[FakeModelServer]:
    async with running_model() as started:
        yield started


@pytest.fixture
async def model(home: Path, played: FakeModelServer) -> AsyncIterator[Writer | Chooser]:
    metrics = Metrics()
    breaker = CircuitBreaker(failures=1000)
    config = a_setting(home, played, timeout_s=1.5)
    opened = open_model(config, MODEL_PROMPTS, metrics, even_out, FORBIDS, breaker=breaker)
    assert opened is not None
    await opened.warm()
    yield opened
    await opened.aclose()


def an_engine(config: Config, clock: PlayedClock, model: Writer | Chooser) -> Engine:
    library = Library(Unsure([]))
    return build_engine(
        config, open_quickly(config), library, clock=clock, metrics=model.metrics, model=model
    )


@pytest.fixture
def stage(home: Path, played: FakeModelServer, model: Writer) -> Iterator[Stage]:
    clock = PlayedClock()
    engine = an_engine(a_setting(home, played), clock, model)
    yield Stage(engine, played, clock)
    engine.close()


def plainly(case: Case) -> Case:
    """The same question while the model cannot be reached."""
    return Case(case.kind, case.question, case.passages, trouble="401")


async def test_no_lie_reaches_a_customer(stage: Stage) -> None:
    """What is said instead is an entry word for word, or what there is without a model."""
    reached = []
    for case in LIES:
        said = await stage.hears(case)
        without = await stage.hears(plainly(case))
        verbatim = {answer for _, answer in case.passages.values()}
        if any(poison in said.replace(case.question, "") for poison in case.poison) or (
            said not in {without, *verbatim}
        ):
            reached.append((case.kind, case.raw, said))
    assert reached == []
    assert len(LIES) >= 60


async def test_an_honest_answer_gets_through(stage: Stage) -> None:
    label = stage.engine.phrases.say("engine.model_label")
    lost = []
    for case in HONEST:
        said = await stage.hears(case)
        if said != f"{label}\n\n{case.shown}":
            lost.append((case.kind, case.shown, said))
    assert len(HONEST) >= 60
    assert len(lost) <= len(HONEST) * 0.05, lost


async def test_a_refusal_is_counted_and_kept_as_a_reason(stage: Stage) -> None:
    lie = next(case for case in LIES if case.kind == "invented price")
    await stage.hears(lie)
    assert '"refused":"number"' in await stage.because()
    rendered = stage.engine.metrics.render().decode()
    assert 'concierge_model_refusals_total{reason="number"} 1.0' in rendered
    rows = await stage.engine.store.database.fetch("SELECT error FROM outbox WHERE kind='Consult'")
    assert [row["error"] for row in rows] == ["refused: number"]


async def test_an_entry_that_was_edited_meanwhile_is_said_as_it_is_now(stage: Stage) -> None:
    case = HONEST[0]
    stage.edited = {next(iter(case.passages)): "全国包邮。"}
    assert await stage.hears(case) == "全国包邮。"


async def test_the_version_of_the_prompt_is_kept(stage: Stage, model: Writer) -> None:
    await stage.hears(HONEST[0])
    because = await stage.because()
    assert '"how":"written"' in because
    assert f'"prompt":"{model.prompt_of("").version}"' in because


async def test_the_request_holds_what_was_written_before_and_no_personal_data(
    stage: Stage,
) -> None:
    case = HONEST[0]
    await stage.hears(case, "lan")
    await (await stage.dialogue("lan")).say("我是13812345678，那退呢")
    asked = stage.played.requests[-1]
    assert asked["recent"] == [case.question]
    assert asked["question"] == "我是[手机号1]，那退呢"
    assert "13812345678" not in stage.played.bodies[-1]
    assert asked["you_are"] == "云栖优选智能助手"


async def test_names_come_back_in_the_answer(stage: Stage) -> None:
    raw = '{"answer": "[姓名1]您好，用冷水手洗。", "used_ids": ["wash"], "enough": true}'
    case = Case("name", "我叫王小明，怎么洗", {"wash": ("怎么洗", "用冷水手洗。")}, raw)
    said = await stage.hears(case)
    if "[姓名1]" in stage.played.requests[-1]["question"]:
        assert "王小明您好，用冷水手洗。" in said
    assert "[姓名1]" not in said


async def test_spent_tokens_are_spent_after_a_restart_too(
    home: Path, played: FakeModelServer, model: Writer
) -> None:
    clock, config = PlayedClock(), a_setting(home, played, customer_tokens_per_day=4000)
    asked = []
    for start in range(2):
        engine = an_engine(config, clock, model)
        stage = Stage(engine, played, clock)
        for number in range(3):
            # another account, the same customer
            where = Conversation(f"wk_{start}{number}", "wm_lan")
            stage.dialogues["lan"] = Dialogue(engine, where, stage.pass_time)
            await stage.hears(HONEST[0], "lan")
            asked.append(len(played.requests))
        engine.close()
    assert asked == [1, 2, 2, 2, 2, 2]
    assert 'model_calls_total{result="over_budget"} 4.0' in model.metrics.render().decode()


async def test_another_day_is_another_budget(
    home: Path, played: FakeModelServer, model: Writer
) -> None:
    clock, config = PlayedClock(), a_setting(home, played, tokens_per_day=2500)
    engine = an_engine(config, clock, model)
    stage = Stage(engine, played, clock)
    await stage.hears(HONEST[0])
    await stage.hears(HONEST[0])
    assert len(played.requests) == 1
    clock.reach(clock.now() + 86_400)
    await stage.hears(HONEST[0])
    assert len(played.requests) == 2
    engine.close()


async def test_the_cost_that_the_server_tells_counts(stage: Stage) -> None:
    stage.costs = 777
    await stage.hears(HONEST[0], "lan")
    rows = await stage.engine.store.database.fetch(
        "SELECT external_userid, tokens FROM model_usage"
    )
    assert {row["external_userid"]: row["tokens"] for row in rows} == {"": 777, "wm_lan": 777}


async def test_a_call_that_failed_costs_nothing(stage: Stage) -> None:
    await stage.hears(plainly(HONEST[0]), "lan")
    rows = await stage.engine.store.database.fetch("SELECT tokens FROM model_usage")
    assert [row["tokens"] for row in rows] == [0, 0]


async def test_many_customers_at_once_do_not_overdraw(stage: Stage) -> None:
    usage, day = stage.engine.store.model_usage, 0.0
    spent = await asyncio.gather(
        *(usage.reserve(f"wm_{n}", day, 100, customer_most=1000, most=1000) for n in range(30))
    )
    assert sorted(spent) == [""] * 10 + ["day"] * 20
    assert await usage.of("", day) == 1000
    await usage.correct("wm_0", day, -40)
    assert (await usage.of("", day), await usage.of("wm_0", day)) == (960, 60)


async def test_whose_tokens_are_spent_is_told(stage: Stage) -> None:
    usage = stage.engine.store.model_usage
    assert await usage.reserve("wm_a", 0.0, 100, customer_most=50, most=1000) == "customer"
    assert await usage.of("", 0.0) == 0
