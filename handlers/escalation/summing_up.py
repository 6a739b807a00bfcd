"""What is the case about, in few words: a model's where one is configured, else the customer's own?

The model is asked while a servicer is being found, and nothing waits for it: a card that goes out
before shows the customer's own words, and what the model wrote then follows as a message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Case, EffectDone
from bot.model.cases import SEATED
from bot.routing import Turn
from bot.store import Store

SUMMARY = "escalation.summary"
"""Tag of what the model was asked for."""

SUMMED_UP = "summed_up"
"""Step of a case: its note is what the customer wants, and below it what he was told."""

_WORDS_CHARS = 80


@dataclass(frozen=True, slots=True)
class Summary:
    """What a model wrote of a case.

    Args:
        wants: what the customer's matter is.
        told: what he was told, empty = nothing.
    """

    wants: str
    told: str = ""

    def lines(self, turn: Turn) -> list[str]:
        """As the staff reads it."""
        read = [turn.phrases.say("escalation.summary_wants", what=self.wants)]
        if self.told:
            read.append(turn.phrases.say("escalation.summary_told", what=self.told))
        return read


async def arrived(turn: Turn, done: EffectDone) -> None:
    """The model has summed the case up, or could not: whoever has it already is told."""
    case, result = turn.cases.open, done.result
    wants, told = str(result.get("wants", "")), str(result.get("told", ""))
    if case is None or case.id != result.get("case_id") or not wants:
        return
    turn.cases.step(SUMMED_UP, note=f"{wants}\n{told}")
    if case.status in SEATED:
        read = Summary(wants, told).lines(turn)
        turn.notify([case.servicer], "\n".join([turn.phrases.say("escalation.summary"), *read]))


async def newest(facts: Store, case: Case) -> Summary | None:
    """What the model has written last of this case."""
    for step in reversed(await facts.cases.steps(case)):
        if step.name == SUMMED_UP and step.note:
            wants, _, told = step.note.partition("\n")
            return Summary(wants, told)
    return None


def in_own_words(asked: Sequence[str]) -> str:
    """What it is about, in the customer's own words: how it began, and what was said longest."""
    if not asked:
        return ""
    chosen = dict.fromkeys((asked[0], max(asked, key=len)))
    return "……".join(text[:_WORDS_CHARS] for text in chosen)
