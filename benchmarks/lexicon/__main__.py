"""How many texts that may not be said are found, and how many harmless ones are kept back?

python -m benchmarks.lexicon            the labelled texts, beside a plain search for the words
python -m benchmarks.lexicon --misses   also what went wrong
python -m benchmarks.lexicon --speed    60,000 words: microseconds, building, memory
"""

import argparse

from benchmarks.lexicon.labelled import report
from benchmarks.lexicon.speed import measure

parser = argparse.ArgumentParser()
parser.add_argument("--misses", action="store_true")
parser.add_argument("--speed", action="store_true")
given = parser.parse_args()
if given.speed:
    measure()
else:
    report(misses=given.misses)
