"""How often is the right answer among the three that a servicer is shown?

    python -m benchmarks.suggesting            the authored sets
    python -m benchmarks.suggesting FOLDER …   other sets (faq.jsonl, queries.jsonl)

Every question is a conversation of its own. Split by time: of each set's questions, in an order
drawn once, the first 60 % were answered by colleagues, the rest is asked now; no conversation is on
both sides, and what is asked word for word as before is left out. Twice: where the knowledge holds
every answer, and where it lacks half of the entries, so that only colleagues have ever given those.
Prints hit@3 with the knowledge alone, the naive baseline that always shows the three most sent
answers, and knowledge and colleagues together.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from bot.app import open_store
from bot.app.lexicon import build_lexicon
from bot.config import Config
from bot.config.requirements import keygen
from bot.model import Conversation
from bot.policy.guard import Guard
from bot.routing.suggesting import Colleagues, Suggester
from bot.store import Store, Unit
from bot.telemetry import configure_logging
from knowledge import Audience, FaqEntry, Library, Retriever
from knowledge.fold import exact_key, fold

SETS = Path(__file__).parent / "sets"
PAST = 0.6
NOW = 1_795_140_000.0
AUDIENCE = Audience(today=date(2026, 11, 20), open_kfid="wk")


class Asked(NamedTuple):
    """One question and the entry that answers it."""

    text: str
    entry: str


class Hits(NamedTuple):
    """How many of so many questions had the right answer among the three."""

    questions: int
    knowledge: int
    popular: int
    together: int


def read(folder: Path) -> tuple[list[FaqEntry], list[Asked]]:
    """Entries and in-scope questions of a set; an entry without an answer is given a name."""
    entries = []
    for line in (folder / "faq.jsonl").read_text("utf-8").splitlines():
        one = msgspec.json.decode(line)
        answer = one.get("answer") or f"关于{one['question']}的答复，编号{one['id']}。"
        entries.append(
            FaqEntry(
                id=one["id"],
                question=one["question"],
                similar=tuple(one.get("similar", ())),
                answer=answer,
            )
        )
    asked = [
        Asked(one["query"], one["faq_id"])
        for one in map(
            msgspec.json.decode, (folder / "queries.jsonl").read_text("utf-8").splitlines()
        )
        if one["faq_id"]
    ]
    return entries, asked


def split(asked: Sequence[Asked], dice: random.Random) -> tuple[list[Asked], list[Asked]]:
    """What was asked before, and what is asked now."""
    order = list(asked)
    dice.shuffle(order)
    cut = round(PAST * len(order))
    known = {exact_key(fold(one.text)) for one in order[:cut]}
    return order[:cut], [one for one in order[cut:] if exact_key(fold(one.text)) not in known]


async def measure(folder: Path, lacking: bool, seed: int = 7) -> Hits:
    """One set, with all of its entries or with half of them."""
    entries, asked = read(folder)
    dice = random.Random(f"{folder.name} {seed}")
    past, now = split(asked, dice)
    answers = {entry.id: entry.answer for entry in entries}
    half = {entry.id for entry in dice.sample(entries, len(entries) // 2)} if lacking else set()
    known = [entry for entry in entries if entry.id not in half]
    with tempfile.TemporaryDirectory() as home:
        config = Config.model_validate(
            {
                "storage": {"url": f"sqlite:///{home}/c.db"},
                "security": {"encryption_key": keygen()},
                "embeddings": {"provider": "none"},
            }
        )
        store = open_store(config)
        try:
            guard, library = Guard(build_lexicon(config)), Library(Retriever(known))
            alone = Suggester(store, library, guard, Colleagues(store))
            before = [await _texts(alone, one.text) for one in now]
            await _learn(store, past, answers)
            both = replace(alone, colleagues=Colleagues(store))
            after = [await _texts(both, one.text) for one in now]
        finally:
            store.close()
    often = {entry for entry, _ in Counter(one.entry for one in past).most_common(3)}
    return Hits(
        len(now),
        sum(answers[one.entry] in said for one, said in zip(now, before, strict=True)),
        sum(one.entry in often for one in now),
        sum(answers[one.entry] in said for one, said in zip(now, after, strict=True)),
    )


async def _texts(suggester: Suggester, text: str) -> list[str]:
    return [one.text for one in await suggester.propose(text, AUDIENCE, NOW)]


async def _learn(store: Store, past: Sequence[Asked], answers: dict[str, str]) -> None:
    unit = Unit()
    for n, one in enumerate(past):
        where = Conversation("wk", f"wm_{n}")
        unit.statements.append(
            await store.suggested.learned(
                *(where, f"m{n}", one.text, answers[one.entry]), userid="zhangsan", at=NOW - n
            )
        )
    await store.database.commit(unit)


async def report(folders: Sequence[Path]) -> None:
    """Print the table."""
    print("| set | questions | lacking | knowledge | most sent | with colleagues |")
    print("| --- | --- | --- | --- | --- | --- |")
    totals = {False: Hits(0, 0, 0, 0), True: Hits(0, 0, 0, 0)}
    for folder in folders:
        for lacking in (False, True):
            hits = await measure(folder, lacking)
            totals[lacking] = Hits(*(a + b for a, b in zip(totals[lacking], hits, strict=True)))
            if len(folders) < 8:
                _line(folder.name, lacking, hits)
    for lacking, hits in totals.items():
        _line("all", lacking, hits)


def _line(name: str, lacking: bool, hits: Hits) -> None:
    shares = " | ".join(f"{one / max(1, hits.questions):.3f}" for one in hits[1:])
    print(f"| {name} | {hits.questions} | {'half' if lacking else 'nothing'} | {shares} |")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suggesting")
    parser.add_argument("folders", nargs="*", type=Path)
    configure_logging("error", "console")
    given = parser.parse_args().folders
    folders = [path.parent for one in given for path in sorted(one.rglob("faq.jsonl"))]
    asyncio.run(report(folders or sorted(path for path in SETS.iterdir() if path.is_dir())))


if __name__ == "__main__":
    main()
