"""Can the welcomes be said as they are written?"""

from collections.abc import Iterator
from pathlib import Path

from bot.app.approving import pieces_of
from bot.app.welcomes import welcomes_in
from bot.commands.check_said import lexicon_of
from bot.config import Config, Problem
from bot.policy.lexicon import Decision


def welcome_problems(config: Config, prompts: Path) -> Iterator[Problem | str]:
    """What is wrong with the files, and what the lexicon would not let be said (R-2.5)."""
    found, problems = welcomes_in(config.welcome.sources)
    yield from problems
    lexicon, _ = lexicon_of(config, prompts)
    for one in found:
        texts = (one.text, one.without, one.tail, *(a.title for a in one.attachments))
        for piece in dict.fromkeys(piece for text in texts for piece in pieces_of(text)):
            verdict = lexicon.check(piece)
            if verdict.decision in (Decision.REVIEW, Decision.BLOCK):
                words = "、".join(dict.fromkeys(hit.text for hit in verdict.found))
                yield f"welcomes {one.id}：有要当心的词 {words}，这条不会发；应为：换个说法"
