"""Who decides which tags a message gives: obvious words, the rules' words, or meaning too?"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.escalation.deciding import Prepared
from benchmarks.tagging.messages import Message, baseline
from bot.app import build_tag_rules
from bot.app.tag_rules import build_rulebook
from bot.config import Tagging, TagGroup
from handlers.tagging.circumstances import Around
from handlers.tagging.in_force import TagRules
from handlers.tagging.looking import look
from handlers.tagging.meant import meant_by
from knowledge.embeddings import OfflineEmbedder

RULES = Path(__file__).resolve().parents[2] / "prompts" / "tagging"
AROUND = Around(datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai")))

Judge = Callable[[Message], frozenset[str]]


def by_substrings() -> Judge:
    """The baseline: a tag's words anywhere in the text."""
    words = baseline()

    def judge(message: Message) -> frozenset[str]:
        return frozenset(t for t, some in words.items() if any(w in message.text for w in some))

    return judge


def by_words() -> Judge:
    """The shipped rules of all trades at once, by their words alone."""
    book = build_rulebook([RULES])

    def judge(message: Message) -> frozenset[str]:
        return look(message.text, book, AROUND).tags

    return judge


def by_product(messages: Sequence[Message], folder: Path) -> Judge | None:
    """Words and meaning, as the product does; ``None`` without an encoder."""
    encoder = OfflineEmbedder.open(folder=folder)
    if encoder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    groups = {name.partition("：")[0] for name in baseline()}
    settings = Tagging(groups=tuple(TagGroup(name=one) for one in groups), rules=(RULES,))
    embedder = Prepared(encoder, folder, [message.text for message in messages])
    rules = build_tag_rules(settings, embedder)
    meant = asyncio.run(_meant(rules, messages, folder))
    encoder.close()

    def judge(message: Message) -> frozenset[str]:
        return look(message.text, rules.book, AROUND).tags | meant[message.text]

    return judge


async def _meant(
    rules: TagRules, messages: Sequence[Message], folder: Path
) -> Mapping[str, frozenset[str]]:
    await rules.meaning.learn(folder)
    found = {}
    for message in messages:
        looked = look(message.text, rules.book, AROUND)
        meant = await meant_by(message.text, looked, rules, AROUND)
        found[message.text] = frozenset(rule.tag for rule in meant)
    return found
