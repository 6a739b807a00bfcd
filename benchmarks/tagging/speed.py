"""What does a message cost with many rules, and what do they cost to build?"""

import random
import resource
import sys
import time
from collections.abc import Iterator

from benchmarks.tagging.judges import AROUND, RULES
from benchmarks.tagging.messages import SPLITS, read_messages
from bot.app.tag_rules import build_rulebook
from handlers.tagging.looking import look
from handlers.tagging.rules import WANTS, Rulebook, TagRule
from knowledge.grammar import read_phrasing

MANY = 5000
ROUNDS = 6
_SYLLABLES = "云栖山河星月风雨花木金石玉兰梅竹松鹤龙凤麒麟海棠茉莉百合玫瑰牡丹青红紫白黑蓝橙绿"


def print_speed() -> None:
    """Build many rules and look through every message of the sets, several times."""
    before = _megabytes()
    began = time.perf_counter()
    shipped = build_rulebook([RULES])
    print(f"{len(shipped.rules)} shipped rules read and built in {_ms(began):.0f} ms")
    began = time.perf_counter()
    rules = [*shipped.rules, *_made(MANY - len(shipped.rules))]
    book = Rulebook(rules, shipped.ways, shipped.manner)
    print(f"{len(rules)} rules built in {_ms(began):.0f} ms, {_megabytes() - before:.0f} MB")
    texts = [one.text for split in SPLITS for one in read_messages(split)]
    for name, one in (("shipped", shipped), (f"{MANY} rules", book)):
        took = sorted(_took(texts, one))
        middle, late = took[len(took) // 2], took[len(took) * 99 // 100]
        print(f"{name}: {len(texts)} messages, p50 {middle:.0f} us, p99 {late:.0f} us")


def _took(texts: list[str], book: Rulebook) -> Iterator[float]:
    for text in texts:
        best = float("inf")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            look(text, book, AROUND)
            best = min(best, time.perf_counter() - began)
        yield best * 1e6


def _made(count: int) -> Iterator[TagRule]:
    """Rules as operators write them: a few product words each, most to be wanted."""
    chance = random.Random(5)
    for number in range(count):
        words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(4)]
        phrasings = tuple(read_phrasing(word, {}, str) for word in words)
        moods = frozenset((WANTS,)) if number % 3 else frozenset(("says", "asks", WANTS))
        yield TagRule(f"made-{number}", "1", f"意向：商品{number}", contains=phrasings, moods=moods)


def _ms(began: float) -> float:
    return 1000 * (time.perf_counter() - began)


def _megabytes() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 if sys.platform != "darwin" else 1024 * 1024)
