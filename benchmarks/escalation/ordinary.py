"""How often would an ordinary question be given to people, and how often does knowledge answer?"""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.escalation.deciding import Deciding, Prepared
from bot.app import ESCALATION_EXAMPLES, examples_in
from handlers.escalation.listening import BODILY, GRAVE, gives_way
from handlers.escalation.rules import weigh
from knowledge import Audience, Retriever, load_entries

SETS = Path(__file__).parents[1] / "sets"
RIGHTLY = Path(__file__).parent / "ordinary.txt"
"""Those of the questions that do need a person, as one person read them."""


class Trade(NamedTuple):
    """The questions of one trade and the entries that answer them."""

    faq: Path
    questions: Sequence[str]


def trades() -> list[Trade]:
    """All of them, without the questions that were shipped as examples."""
    examples = examples_in(ESCALATION_EXAMPLES)[0]
    sides = (text for one in examples.classes.values() for side in one for text in side)
    learned = {*examples.ordinary, *sides}
    found = []
    for file in sorted(SETS.glob("*/queries.jsonl")):
        lines = file.read_text("utf-8").splitlines()
        asked = [json.loads(line)["query"] for line in lines]
        found.append(Trade(file.parent / "faq.jsonl", [q for q in asked if q not in learned]))
    return found


def rates(deciding: Deciding, embedder: Prepared, *, show: bool) -> list[str]:
    """Of all questions, how many are given to people: by words alone, and as the product does."""
    words, both, product, wrongly = (Counter[str]() for _ in range(4))
    right = set(RIGHTLY.read_text("utf-8").splitlines())
    asked = 0
    for trade in trades():
        asked += len(trade.questions)
        to_ask = []
        for text in trade.questions:
            said = weigh(text, deciding.rules).hits
            words.update({"any", *said} if said else ())
            found = deciding.found(text)
            both.update({"any", *found} if found else ())
            if found:
                reason = max(found, key=lambda one: deciding.rules.standings[one].priority)
                to_ask.append((text, reason, reason in said))
        for text, reason in asyncio.run(_not_known(trade.faq, to_ask, deciding, embedder)):
            product.update({"any", reason})
            if text not in right:
                wrongly.update({"any", reason})
            if show:
                print(f"    {'right' if text in right else 'wrong'} {reason:14} {text}")
    names = ["any", *sorted(both.keys() - {"any"})]
    columns = "".join(f"{one:>9}" for one in ("words", "both", "product", "wrongly"))
    head = f"\n{asked} ordinary questions\n{'class':16}{columns}"
    return [head, *(f"{n:16}" + _row(n, asked, words, both, product, wrongly) for n in names)]


def _row(name: str, asked: int, *counts: Counter[str]) -> str:
    return "".join(f"{one[name] / asked:9.2%}" for one in counts)


async def _not_known(
    faq: Path, found: Sequence[tuple[str, str, bool]], deciding: Deciding, embedder: Prepared
) -> list[tuple[str, str]]:
    """What the knowledge of the trade does not answer instead (handlers.escalation.listening)."""
    base = Retriever(load_entries([faq])[0], embedder=embedder, cache_dir=embedder.folder)
    await base.warm()
    left = []
    for text, reason, is_said in found:
        verdict = await base.ask(text, Audience(today=datetime.now(UTC).date()))
        priority = deciding.rules.standings[reason].priority
        is_kept = reason == "asked" or priority >= (GRAVE if is_said else BODILY)
        is_known = not is_kept and gives_way(priority, verdict, is_said=is_said)
        if not is_known:
            left.append((text, reason))
    base.close()
    return left
