"""How often does a message get the right tags? Precision and recall of each tag, beside substrings.

python -m benchmarks.tagging                    the tables of dev, test and blind
python -m benchmarks.tagging --totals           their last lines alone
python -m benchmarks.tagging --split dev --wrong   and every message that was tagged wrongly
python -m benchmarks.tagging --speed            what a message costs with 5,000 rules
"""

import argparse
from pathlib import Path

from benchmarks.tagging.judges import Judge, by_product, by_substrings, by_words
from benchmarks.tagging.messages import SPLITS, Message, Score, baseline, read_messages
from benchmarks.tagging.speed import print_speed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tagging")
    parser.add_argument("--split", choices=SPLITS, action="append", help="default: all")
    parser.add_argument("--totals", action="store_true", help="the totals alone")
    parser.add_argument("--wrong", action="store_true", help="list what was tagged wrongly")
    parser.add_argument("--speed", action="store_true", help="time and memory instead")
    parser.add_argument("--vectors", type=Path, default=Path("var/benchmarks"), help="a folder")
    arguments = parser.parse_args()
    if arguments.speed:
        print_speed()
        return
    everything = [message for split in SPLITS for message in read_messages(split)]
    judges: dict[str, Judge] = {"substrings": by_substrings(), "words": by_words()}
    if product := by_product(everything, arguments.vectors):
        judges["product"] = product
    for split in arguments.split or SPLITS:
        messages = read_messages(split)
        if messages:
            _print(split, messages, judges, totals=arguments.totals)
            if arguments.wrong:
                _print_wrong(messages, list(judges.values())[-1])


def _print(split: str, messages: list[Message], judges: dict[str, Judge], *, totals: bool) -> None:
    scores = {name: {tag: Score() for tag in baseline()} for name in judges}
    for message in messages:
        for name, judge in judges.items():
            found = judge(message)
            for tag, score in scores[name].items():
                score.add(wanted=tag in message.tags, found=tag in found)
    print(f"\n{split}: {len(messages)} messages")
    head = "".join(f"  {n + ' precision':21}{n + ' recall':21}" for n in judges)
    print(f"{'n':>4}{head}  tag")
    for tag in () if totals else baseline():
        _row(tag, [scores[name][tag] for name in judges])
    whole = {name: Score() for name in judges}
    for name, by_tag in scores.items():
        for score in by_tag.values():
            whole[name].merge(score)
    _row("all", list(whole.values()))


def _row(tag: str, scores: list[Score]) -> None:
    wanted = scores[0].hit + scores[0].missed
    shown = "".join(f"  {one.precision:21}{one.recall:21}" for one in scores)
    print(f"{wanted:4}{shown}  {tag}")


def _print_wrong(messages: list[Message], judge: Judge) -> None:
    for message in messages:
        found = judge(message)
        missed, false = message.tags - found, found - message.tags
        if missed or false:
            marks = [*(f"-{tag}" for tag in sorted(missed)), *(f"+{tag}" for tag in sorted(false))]
            print(f"    {' '.join(marks)}    {message.text}")


if __name__ == "__main__":
    main()
