"""Was anything lost, doubled, overtaken or untrue? Told from what each phone received."""

from collections import Counter
from dataclasses import dataclass

from benchmarks.chaos.books import advertised_too_often, told_of, wrong_books
from benchmarks.chaos.crowd import Crowd, Waiting
from benchmarks.chaos.script import AGAIN, EXCHANGED, REWARDED, SOLD_OUT
from simulator.judge import judge, message_text
from simulator.records import HUMAN, QUEUED, Message
from simulator.scenery import PRESALE

_ALLOWED = frozenset(
    {
        *("slow_ack", "bad_ack", "hammering_while_throttled"),
        *("code_late", "welcome_late", "over_allowance"),
    }
)
"""The machine is shared; a full disk is answered with 503; whoever died in a block has forgotten
it, and asks once; a code's seconds are counted by a clock that was set; what was said after a
message that could not be pulled yet counts with it at WeCom, so that a sixth is refused, and held.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one run.

    Args:
        with_people: questions that a person had before the bot could answer.
        told: those that WeCom did not deliver, and people were told so.
        lost: everything else that has no answer.
    """

    asked: int
    answered: int
    with_people: int
    told: int
    lost: list[str]
    doubled: list[str]
    out_of_order: list[str]
    other: list[str]

    @property
    def problems(self) -> list[str]:
        """Everything that must not be."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "order": self.out_of_order}
        named = [f"{kind}: {one}" for kind, found in kinds.items() for one in found]
        return [*named, *self.other]


async def judged(crowd: Crowd) -> Found:
    """Look at everything, from outside and from inside."""
    sim = crowd.sim
    expected = {
        act.text: act.mark
        for part in crowd.script.parts
        for act in part.acts
        if act.kind == "ask"
    }  # fmt: skip
    verdict = judge(sim.transcript(), expected, also_allowed=("",))
    lost, with_people, told = await _unanswered(crowd, set(verdict.lost))
    return Found(
        asked=len(verdict.lost) + verdict.answered,
        answered=verdict.answered,
        with_people=with_people,
        told=told,
        lost=[*lost, *_taps_unanswered(crowd)],
        doubled=[*verdict.doubled, *_doubled(crowd)],
        out_of_order=verdict.out_of_order,
        other=[
            *_blamed(crowd),
            *_foreign(crowd),
            *advertised_too_often(sim, crowd.script),
            *await wrong_books(crowd.stand, sim, crowd.script),
        ],
    )


async def _unanswered(crowd: Crowd, silent: set[str]) -> tuple[list[str], int, int]:
    """Of questions without an answer: those that are lost, with people, with a case."""
    known, lost, with_people, told = await told_of(crowd.stand), [], 0, 0
    for part in crowd.script.parts:
        for message in _asked_by(crowd, part.customer):
            if (named := f"{part.customer}: {message_text(message.view())}") not in silent:
                continue
            if message.state in (QUEUED, HUMAN) or crowd.watched.came_to_people(
                part.customer, message.at
            ):
                with_people += 1
            elif part.customer in known and _failed_after(crowd, part.customer, message):
                told += 1
            else:
                lost.append(named)
    return lost, with_people, told


def _asked_by(crowd: Crowd, customer: str) -> list[Message]:
    messages = crowd.sim.conversation(PRESALE, customer).messages
    return [one for one in messages if one.sender == "customer"]


def _failed_after(crowd: Crowd, customer: str, asked: Message) -> bool:
    messages = crowd.sim.conversation(PRESALE, customer).messages
    return any(one.failed is not None and one.at >= asked.at for one in messages)


def _taps_unanswered(crowd: Crowd) -> list[str]:
    """Who said yes to an exchange and heard nothing of it."""

    def named(one: Waiting) -> bool:
        return EXCHANGED in one.wanted

    still = {one.part.customer for one in (*crowd.waiting, *crowd.given_up) if named(one)}
    found = []
    for customer in sorted(still):
        said = "\n".join(crowd.sim.said_by_bot(PRESALE, customer))
        if not any(words in said for words in (EXCHANGED, SOLD_OUT, AGAIN)):
            found.append(f"{customer}: the yes to an exchange")
    return found


def _doubled(crowd: Crowd) -> list[str]:
    """Codes, rewards and welcomes that came more than once."""
    found, seen = [], Counter[str]()
    for part in crowd.script.parts:
        said = crowd.sim.said_by_bot(PRESALE, part.customer)
        times = {words: sum(text.count(words) for text in said) for words in (EXCHANGED, REWARDED)}
        found += [f"{part.customer} read {words} {n} times" for words, n in times.items() if n > 1]
        seen.update(line for text in said for line in text.split("，") if EXCHANGED in line)
    found += [f"{line} was given {times} times" for line, times in seen.items() if times > 1]
    codes = crowd.sim.friends.welcome_codes.values()
    greeted = Counter((one.userid, one.external_userid) for one in codes if one.used_for)
    return found + [f"{pair} greeted {times} times" for pair, times in greeted.items() if times > 1]


def _blamed(crowd: Crowd) -> list[str]:
    """What WeCom, or somebody who looks on, holds against the product."""
    blamed = [one for one in crowd.sim.violations if one.kind not in _ALLOWED]
    seen = crowd.watched.told_untruths()
    return [*(f"{one.kind}: {one.detail}" for one in blamed), *seen]


def _foreign(crowd: Crowd) -> list[str]:
    """Answers to what this customer did not ask."""
    found = []
    for part in crowd.script.parts:
        marks = {act.mark for act in part.acts if act.kind == "ask"}
        for text in crowd.sim.said_by_bot(PRESALE, part.customer):
            _, is_answer, rest = text.partition("编号 ")
            if is_answer and rest[:5] not in marks:
                found.append(f"{part.customer} was told {rest[:5]}")
    return found
