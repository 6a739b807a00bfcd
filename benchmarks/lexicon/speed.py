"""What does a text cost with 60,000 words? Time of the processor: the machine may be shared."""

import json
import random
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.lexicon.labelled import samples, shipped
from bot.policy.lexicon import Decision, Direction, Lexicon, WordGroup

WORDS = 60_000
OUT = frozenset({Direction.OUT})
_TEXTS = 4000


def measure() -> None:
    """Print microseconds per text, the time to build, and memory."""
    groups = [*shipped().groups, many_words(WORDS)]
    tracemalloc.start()
    started = time.process_time()
    lexicon = Lexicon(groups)
    lexicon.check("一")
    built = time.process_time() - started
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    started = time.process_time()
    again = Lexicon(groups)
    again.check("一")
    print(f"{WORDS} words of the bench and those that are shipped")
    print(f"built in {time.process_time() - started:.2f} s ({built:.2f} s while traced)")
    print(f"{held / 1e6:.0f} MB of Python objects; {_resident_mb():.0f} MB resident in all")
    _print("customers' questions", lexicon, list(_said("queries.jsonl", "query")))
    _print("shops' answers", lexicon, list(_said("faq.jsonl", "answer")))
    _print("full of look-alikes", lexicon, _crowded(60))
    _print("the same, 2,000 long", lexicon, _crowded(2000))


def _print(name: str, lexicon: Lexicon, texts: Sequence[str]) -> None:
    spent: list[float] = []
    for text in texts:
        lexicon.check(text)  # characters are folded once
    for _ in range(max(1, _TEXTS // len(texts))):
        for text in texts[:_TEXTS]:
            started = time.thread_time_ns()
            lexicon.check(text)
            spent.append((time.thread_time_ns() - started) / 1000)
    spent.sort()
    p50, p99 = spent[len(spent) // 2], spent[len(spent) * 99 // 100]
    length = sum(map(len, texts)) / len(texts)
    print(f"  {name:<21} {length:6.0f} characters  p50 {p50:7.1f} µs  p99 {p99:7.1f} µs")


def _said(name: str, key: str) -> Iterator[str]:
    """What people wrote in the 32 businesses of `benchmarks/sets`."""
    for file in sorted((Path(__file__).parents[1] / "sets").glob(f"*/{name}")):
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)[key]


def _crowded(length: int) -> list[str]:
    """Harmless texts that hold watched words, one after the other."""
    chosen = random.Random(2)
    texts = [one.text for one in samples() if one.label == "harmless"]
    return ["，".join(chosen.choices(texts, k=length // 8))[:length] for _ in range(100)]


def many_words(count: int, directions: frozenset[Direction] = OUT) -> WordGroup:
    """Words of two to six characters, of those that shops use."""
    chosen = random.Random(1)
    signs = sorted({sign for one in samples() for sign in one.text if "一" <= sign <= "鿿"})
    words: dict[str, str] = {}
    while len(words) < count:
        words["".join(chosen.choices(signs, k=chosen.choice((3, 4, 4, 5, 6))))] = ""
    return WordGroup("bench", Decision.REVIEW, words, directions, source="bench")


def _resident_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
