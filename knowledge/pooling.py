"""What are an entry's own questions, and what customers were heard to ask, worth together?

The best one alone would count for an entry that is asked about in many loose ways: whatever one
asks, something sounds like it. Where every question is worded anew that lowers R@1 (.58 to .55 in
ten days on the authored sets), and this does not. Where customers repeat themselves, what was
learned in ten days of `benchmarks.learning` on six authored sets, pooled in different ways, gives
R@1 of what was heard in other words, and of what was never worded alike: .615 and .648 without it,
.803 and .685 by the best one alone, .816 and .682 this way, .825 and .678 by a softmax over all
phrasings; weights that grow with the likeness add nothing. What is asked nearly word for word wins
all the same.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float32])

HEARD = 0.3  # weight of what was heard; the own questions keep the rest
LESS = 0.2  # what a phrasing that was heard is worth less, alone


def pooled(own: Number, heard: Number) -> Number:
    """The score of an entry.

    Args:
        own: likeness of the best of its own questions, 0 to 1.
        heard: likeness of the best phrasing that was heard, 0 = there is none.
    """
    mixed = (1 - HEARD) * own + HEARD * np.maximum(own, heard)
    best: Number = np.maximum(mixed, heard - LESS)
    return best
