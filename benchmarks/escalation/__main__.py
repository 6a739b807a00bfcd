"""How often is a person brought in rightly? Precision and recall of each class, beside naive words.

python -m benchmarks.escalation             the table
python -m benchmarks.escalation --wrong     and every phrasing that was judged wrongly
"""

import argparse
from collections.abc import Callable

from benchmarks.escalation.naive import naive
from benchmarks.escalation.phrasings import SPLITS, Phrasings, Score, read_phrasings
from bot.app import build_rules
from bot.config import Escalation
from handlers.escalation.rules import weigh

Judge = Callable[[str, str], bool]
RULES = build_rules(Escalation())
TWO_OF_ONE = {"exposure": ("exposure", "exposure_major")}
"""A set of phrasings may be two classes: public exposure has its ordinary and its major one."""


def ruled(name: str, text: str) -> bool:
    """Whether the product's rules find the class in a text."""
    hits = weigh(text, RULES).hits
    return any(one in hits for one in TWO_OF_ONE.get(name, (name,)))


JUDGES: dict[str, Judge] = {"naive": naive, "rules": ruled}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.escalation")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrongly")
    parser.add_argument("--split", choices=SPLITS, action="append", help="default: all")
    arguments = parser.parse_args()
    sets = read_phrasings()
    for split in arguments.split or SPLITS:
        for name, judge in JUDGES.items():
            _print(split, name, judge, sets, wrong=arguments.wrong)


def _print(split: str, name: str, judge: Judge, sets: list[Phrasings], *, wrong: bool) -> None:
    rows, others = [], Score()
    for phrasings in sets:
        score = Score()
        for text, wanted in phrasings.of(split):
            score.add(text, wanted=wanted, found=judge(phrasings.name, text))
        if score.hit + score.missed + score.false + score.left:
            rows.append((phrasings.name, score))
            if phrasings.name != "asked":
                others.merge(score)
    if not rows:
        return
    print(f"\n{split}, {name}\n{'class':16}{'n+':>4}{'n-':>4}  {'precision':20}{'recall':20}")
    for title, score in [*rows, ("all but asked", others)]:
        n = score.hit + score.missed, score.false + score.left
        print(f"{title:16}{n[0]:4}{n[1]:4}  {score.precision:20}{score.recall:20}")
        for text, wanted in score.wrong if wrong else ():
            print(f"    {'missed' if wanted else 'false '} {text}")


if __name__ == "__main__":
    main()
