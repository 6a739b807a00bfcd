"""Print how well campaigns are judged: `python -m benchmarks.referral [wording] [fraud]`."""

import sys

from benchmarks.referral import fraud, wording

if __name__ == "__main__":
    wanted = sys.argv[1:] or ["wording", "fraud"]
    if "wording" in wanted:
        wording.main()
    if "fraud" in wanted:
        fraud.main()
