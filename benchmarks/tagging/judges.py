"""Who decides which tags a message gives: the obvious words anywhere, or the shipped rules?"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.tagging.messages import Message, baseline
from bot.app.tag_rules import build_rulebook
from handlers.tagging.circumstances import Around
from handlers.tagging.looking import look

RULES = Path(__file__).resolve().parents[2] / "prompts" / "tagging"
AROUND = Around(datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai")))


def by_substrings() -> Callable[[Message], frozenset[str]]:
    """The baseline: a tag's words anywhere in the text."""
    words = baseline()

    def judge(message: Message) -> frozenset[str]:
        return frozenset(t for t, some in words.items() if any(w in message.text for w in some))

    return judge


def by_rules() -> Callable[[Message], frozenset[str]]:
    """The shipped rules of all trades at once."""
    book = build_rulebook([RULES])

    def judge(message: Message) -> frozenset[str]:
        return look(message.text, book, AROUND).tags

    return judge
