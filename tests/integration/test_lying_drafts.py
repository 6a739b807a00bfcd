"""A draft of a model that lies, fails or obeys somebody else is not shown to members either.

The cases are those of `test_lying_model.py`; here a person has the session, and nobody is sent
anything.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import Engine
from bot.commands.dialogue import Dialogue
from bot.llm.chooser import Chooser
from bot.llm.writer import Writer
from bot.model import Conversation, Emitted, MessageReceived
from bot.routing.suggesting import DRAFT, DRAFT_WANTED
from bot.store import KeptReply
from knowledge import Audience, FaqEntry, Match
from tests.integration.test_lying_model import (
    HONEST,
    LIES,
    TROUBLES,
    Unsure,
    a_setting,
    an_engine,
    model,
    played,
)
from tests.model_cases import Case
from tests.model_server import FakeModelServer, writes
from tests.talk import PlayedClock

__all__ = ["model", "played"]


class Found(Unsure):
    """Finds its entries for every question."""

    async def search(self, text: str, audience: Audience, k: int = 10) -> list[Match]:
        """Each of them is as likely."""
        return [Match(entry, 0.5, {}) for entry in self.entries]


class Desk:
    """Customers whose sessions a servicer has; `drafts` what the model would have him say."""

    def __init__(self, engine: Engine, played: FakeModelServer, clock: PlayedClock) -> None:
        self.engine, self.played, self.clock = engine, played, clock
        self.customers = 0
        self.sent: list[object] = []

    async def drafts(self, case: Case) -> list[KeptReply]:
        """What is kept of the model's for the question of a case."""
        entries = [
            FaqEntry(id=entry_id, question=question, answer=answer)
            for entry_id, (question, answer) in case.passages.items()
        ]
        self.engine.library.everything = Found(entries)
        self.customers += 1
        where = Conversation(f"wk_{self.customers}", f"wm_{self.customers}")
        dialogue = Dialogue(self.engine, where, self.pass_time)
        dialogue.kf.receiving = ["zhangsan"]
        await dialogue.enter()
        await dialogue.say("转人工")
        before = len(dialogue.kf.sent)
        asked = dialogue.message("text", {"content": case.question})
        assert isinstance(asked, MessageReceived)
        await dialogue.happen(asked)
        self.played.answers = [TROUBLES.get(case.trouble) or writes(case.raw, case.finish)]
        wish = Emitted(
            name=DRAFT_WANTED,
            data={"msgid": asked.msgid},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
        await dialogue.happen(wish)
        self.sent += dialogue.kf.sent[before:]
        kept = await self.engine.store.suggestions.kept_for(where, asked.msgid)
        return [one for one in kept if one.reply.because and one.reply.because.source == DRAFT]

    async def pass_time(self, until: float) -> None:
        self.clock.reach(until)


@pytest.fixture
def desk(
    home: Path, played: FakeModelServer, model: Writer | Chooser, clock: PlayedClock
) -> Iterator[Desk]:
    engine = an_engine(a_setting(home, played, timeout_s=1.5), clock, model)
    yield Desk(engine, played, clock)
    engine.close()


async def test_no_lie_is_shown_to_a_member(desk: Desk) -> None:
    """What is kept is an entry word for word, or nothing; and nothing is sent to anybody."""
    shown = []
    for case in LIES:
        verbatim = {answer for _, answer in case.passages.values()}
        said = [one.reply.text for one in await desk.drafts(case)]
        shown += [(case.kind, case.raw, text) for text in said if text not in verbatim]
    assert shown == []
    assert desk.sent == []


async def test_an_honest_draft_is_kept_with_what_it_rests_on(desk: Desk) -> None:
    lost = []
    for case in HONEST:
        kept = await desk.drafts(case)
        if [one.reply.text for one in kept] != [case.shown]:
            lost.append((case.kind, case.shown, kept))
            continue
        because = kept[0].reply.because
        assert because is not None
        assert because.ref in case.passages
        assert because.detail["titles"]
        assert kept[0].reply.written_by_model
    assert len(lost) <= len(HONEST) * 0.05, lost
    assert desk.sent == []
