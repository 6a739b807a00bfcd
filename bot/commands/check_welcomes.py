"""Can the welcomes and the steps of flows be said as they are written?"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bot.app.approving import known_welcome, pieces_of, state_of, states_of, unreleased
from bot.app.flows import flows_in
from bot.app.welcomes import welcomes_in
from bot.commands.check_said import lexicon_of
from bot.config import Config, Problem
from bot.policy.lexicon import Decision, Lexicon
from bot.store import Approval


def welcome_problems(
    config: Config, prompts: Path, decided: Sequence[Approval]
) -> Iterator[Problem | str]:
    """What is wrong with the files, what the lexicon would not let be said (R-2.5), and what no
    person has released.
    """
    found, problems = welcomes_in(config.welcome.sources)
    yield from problems
    lexicon, _ = lexicon_of(config, prompts)
    states = states_of(decided)
    held = unreleased(found, states, config.safety.approval)
    for one in found:
        known = known_welcome(one)
        texts = (one.text, one.without, one.tail, *(a.title for a in one.attachments))
        if one.id in held:
            how = f"concierge approve review {known.name}，再 approve"
            yield f"welcomes {one.id}：没有批准，不会说，客户听到的是别的欢迎语或没有；应为：{how}"
        elif not state_of(known, states).may_be_said:
            yield from _watched(f"welcomes {one.id}", texts, lexicon)
    named = {one.id for one in found}
    for channel in config.channels.codes:
        if channel.welcome and channel.welcome not in named:
            yield f"channels.codes {channel.id}：没有叫 {channel.welcome} 的欢迎语"


def flow_problems(config: Config, prompts: Path) -> Iterator[Problem | str]:
    """The same of flows."""
    found, problems = flows_in(config.flows.sources)
    yield from problems
    lexicon, _ = lexicon_of(config, prompts)
    for flow in found:
        yield from _watched(f"flows {flow.id}", (flow.reward_text, flow.no_reward_text), lexicon)
        for step in flow.steps:
            texts = (
                step.text,
                *step.variants.values(),
                step.done_text,
                step.remind_text,
                step.friend_text,
            )
            yield from _watched(f"flows {flow.id}/{step.id}", (*texts, step.button), lexicon)
            if step.experiment and step.experiment not in config.experiments:
                yield f"flows {flow.id}/{step.id}：没有 experiments.{step.experiment}"


def _watched(name: str, texts: Iterable[str], lexicon: Lexicon) -> Iterator[str]:
    for piece in dict.fromkeys(piece for text in texts for piece in pieces_of(text)):
        verdict = lexicon.check(piece)
        if verdict.decision in (Decision.REVIEW, Decision.BLOCK):
            words = "、".join(dict.fromkeys(hit.text for hit in verdict.found))
            yield f"{name}：有要当心的词 {words}，这句不会发；应为：换个说法"
