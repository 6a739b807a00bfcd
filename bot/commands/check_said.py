"""Which texts hold words that keep them from being said until a person has released them?"""

from collections.abc import Iterator
from pathlib import Path

from bot.app import LEXICON, PROMPTS, imported_lists, known_texts, lexicon_in, preview
from bot.app.approving import Standing, standings, states_of
from bot.app.lexicon import FileProblem
from bot.app.sensitive import sensitive_tags
from bot.app.tag_rules import rulebook_in
from bot.config import Config, Problem, Safety
from bot.policy.lexicon import Decision, Lexicon
from bot.routing.phrases import Phrases
from bot.store import Approval, Approvals, KnownText
from bot.store.opening import open_existing

CONFIG = "config"


def lexicon_of(config: Config | None, prompts: Path) -> tuple[Lexicon, list[FileProblem]]:
    """The lexicon of a configuration, or what is shipped where there is none, and its problems."""
    safety = config.safety if config else Safety()
    more = imported_lists(config) if config else []
    return lexicon_in(safety, more, shipped=prompts / LEXICON.name)


def tag_problems(config: Config, lexicon: Lexicon) -> Iterator[Problem]:
    """Sensitive names of groups, and of tags that rules put on."""
    tags = [rule.tag for rule in rulebook_in(config.tagging.rules)[0].rules]
    yield from sensitive_tags(config.tagging, lexicon, tags)


async def watched_texts(config: Config, lexicon: Lexicon) -> list[str]:
    """Every text that is not said as it is, of prompts, knowledge and configuration."""
    async with preview(config) as contents:
        texts = await known_texts(config, contents, Phrases.load(PROMPTS))
    texts += _configured(config)
    states = states_of(await approvals_of(config))
    return [
        f"{one.known.name}：{_found(one)}"
        for one in standings(texts, states, lexicon)
        if one.verdict.decision in (Decision.REVIEW, Decision.BLOCK) and not one.state.may_be_said
    ]


async def approvals_of(config: Config) -> list[Approval]:
    """What was decided in the configured database, if there is one yet."""
    database = open_existing(config.storage)
    if database is None:
        return []
    try:
        return await Approvals(database).all() if database.columns("approvals") else []
    finally:
        database.close()


def _configured(config: Config) -> Iterator[KnownText]:
    named = {"company.name": config.company.name}
    named |= {f"accounts.{key}.persona": one.persona for key, one in config.accounts.items()}
    for key, text in named.items():
        if text:
            yield KnownText(CONFIG, key, text)


def _found(one: Standing) -> str:
    words = dict.fromkeys(f"{found.kind}“{found.text}”" for found in one.verdict.found)
    return "、".join(words)
