"""Print how well campaigns are judged: `python -m benchmarks.referral [wording]`."""

import sys

from benchmarks.referral import wording

if __name__ == "__main__":
    wanted = sys.argv[1:] or ["wording"]
    if "wording" in wanted:
        wording.main()
