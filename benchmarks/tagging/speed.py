"""What does a message cost with many rules and a long lexicon, and what do they cost to build?

Time of the processor. Every call is counted; beside it stands the fastest of each message's calls,
which a shared machine has slowed down least.
"""

import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks.lexicon.labelled import shipped as shipped_words
from benchmarks.lexicon.speed import WORDS, many_words
from benchmarks.tagging.judges import AROUND, RULES
from benchmarks.tagging.messages import SPLITS, read_messages
from bot.app.tag_rules import build_rulebook
from bot.policy.lexicon import Direction, Lexicon
from handlers.tagging.looking import look
from handlers.tagging.rules import WANTS, Rulebook, TagRule
from knowledge.grammar import read_phrasing

MANY = 5000
ROUNDS = 6
_SYLLABLES = "云栖山河星月风雨花木金石玉兰梅竹松鹤龙凤麒麟海棠茉莉百合玫瑰牡丹青红紫白黑蓝橙绿"

Step = Callable[[str], object]


def print_speed() -> None:
    """Build many rules and a long lexicon, and look through every message of the sets with them."""
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    before, began = _megabytes(), time.process_time()
    shipped = build_rulebook([RULES])
    print(f"{len(shipped.rules)} shipped rules read and built in {_ms(began):.0f} ms")
    began = time.process_time()
    rules = [*shipped.rules, *_made(MANY - len(shipped.rules))]
    book = Rulebook(rules, shipped.ways, shipped.manner)
    print(f"{len(rules)} rules built in {_ms(began):.0f} ms, {_megabytes() - before:.0f} MB in all")
    before, began = _megabytes(), time.process_time()
    groups = many_words(WORDS, frozenset(Direction))
    lexicon = Lexicon([*shipped_words().groups, groups])
    lexicon.check("一", direction=Direction.IN)
    print(f"{WORDS} words built in {_ms(began):.0f} ms, {_megabytes() - before:.0f} MB")
    texts = [one.text for split in SPLITS for one in read_messages(split)]
    print(f"{len(texts)} messages, {sum(map(len, texts)) / len(texts):.0f} characters each")

    def words(text: str) -> object:
        return lexicon.check(text, direction=Direction.IN)

    _print("shipped rules", texts, lambda text: look(text, shipped, AROUND))
    _print(f"{MANY} rules", texts, lambda text: look(text, book, AROUND))
    _print(f"{WORDS} words", texts, words)
    _print("both together", texts, lambda text: (look(text, book, AROUND), words(text)))


def _print(name: str, texts: Sequence[str], step: Step) -> None:
    took: list[float] = []
    fastest = dict.fromkeys(texts, float("inf"))
    for text in texts:
        step(text)  # patterns are compiled and characters folded once
    for _ in range(ROUNDS):
        for text in texts:
            began = time.thread_time_ns()
            step(text)
            took.append((time.thread_time_ns() - began) / 1000)
            fastest[text] = min(fastest[text], took[-1])
    every, best = _shares(took), _shares(fastest.values())
    print(f"  {name:14} {every} us; the fastest of {ROUNDS} calls {best} us")


def _shares(took: Iterable[float]) -> str:
    ordered = sorted(took)
    middle, late = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {middle:4.0f}, p99 {late:4.0f}"


def _made(count: int) -> Iterator[TagRule]:
    """Rules as operators write them: a few product words each, most to be wanted."""
    chance = random.Random(5)
    for number in range(count):
        words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(4)]
        phrasings = tuple(read_phrasing(word, {}, str) for word in words)
        moods = frozenset((WANTS,)) if number % 3 else frozenset(("says", "asks", WANTS))
        yield TagRule(f"made-{number}", "1", f"意向：商品{number}", contains=phrasings, moods=moods)


def _ms(began: float) -> float:
    return 1000 * (time.process_time() - began)


def _megabytes() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 if sys.platform != "darwin" else 1024 * 1024)
